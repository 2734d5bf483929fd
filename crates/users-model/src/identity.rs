//! The accounts that belong to a user.

use crate::object::object;
use crate::{Flag, IdentityId, Provider, Secret};

object! {
    /// One account of a user: a database entry, a social login, an enterprise directory.
    pub struct Identity {
        /// The connection that the account is in.
        pub connection: Option<String> = "connection",
        /// The id within the provider, without the provider's prefix.
        pub user_id: Option<IdentityId> = "user_id",
        /// The kind of identity provider.
        pub provider: Option<Provider> = "provider",
        /// Whether the provider is a social one.
        pub is_social: Option<bool> = "isSocial",
        /// What the account said of its user. Present where accounts are linked.
        pub profile_data: Option<ProfileData> = "profileData",
        /// The provider's access token; only with the scope `read:user_idp_tokens`.
        pub access_token: Option<Secret> = "access_token",
        /// The secret that belongs to an OAuth 1 access token; only with the scope `read:user_idp_tokens`.
        pub access_token_secret: Option<Secret> = "access_token_secret",
        /// The provider's refresh token; only with the scope `read:user_idp_tokens`.
        pub refresh_token: Option<Secret> = "refresh_token",
    }
}

object! {
    /// What a linked account said of its user.
    pub struct ProfileData {
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// Whether the address is known to be the user's; text from some providers.
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
        /// Whether the phone number is known to be the user's.
        pub phone_verified: Option<Flag> = "phone_verified",
    }
}
