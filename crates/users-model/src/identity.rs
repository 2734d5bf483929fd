//! Identities: the accounts of a user.

use crate::object::object;
use crate::{Flag, IdentityId, Provider, Secret};

object! {
    /// An account of a user: in a database, a social provider or an enterprise directory.
    pub struct Identity {
        /// The name of the account's connection.
        pub connection: Option<String> = "connection",
        /// The id within the provider, without the provider's prefix.
        pub user_id: Option<IdentityId> = "user_id",
        /// The type of the identity provider.
        pub provider: Option<Provider> = "provider",
        /// Whether the provider is a social one.
        pub is_social: Option<bool> = "isSocial",
        /// The profile of a linked account.
        pub profile_data: Option<ProfileData> = "profileData",
        /// The provider's access token. Returned only with the scope `read:user_idp_tokens`.
        pub access_token: Option<Secret> = "access_token",
        /// The secret of an OAuth 1 access token. Returned only with the scope `read:user_idp_tokens`.
        pub access_token_secret: Option<Secret> = "access_token_secret",
        /// The provider's refresh token. Returned only with the scope `read:user_idp_tokens`.
        pub refresh_token: Option<Secret> = "refresh_token",
    }
}

object! {
    /// The profile of a linked account.
    pub struct ProfileData {
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// Whether the e-mail address is verified. Some providers send a string.
        pub email_verified: Option<Flag> = "email_verified",
        /// The full name.
        pub name: Option<String> = "name",
        /// The user name.
        pub username: Option<String> = "username",
        /// The given name.
        pub given_name: Option<String> = "given_name",
        /// The family name.
        pub family_name: Option<String> = "family_name",
        /// The nickname.
        pub nickname: Option<String> = "nickname",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// Whether the phone number is verified.
        pub phone_verified: Option<Flag> = "phone_verified",
    }
}
