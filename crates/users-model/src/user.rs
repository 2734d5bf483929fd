//! A user of the Management API.

use crate::object::object;
use crate::{Flag, Identity, JsonObject, Timestamp, UserId};

object! {
    /// A user of a tenant.
    ///
    /// Every field may be absent: `fields=` selects the returned attributes, and Auth0 omits attributes that were never set.
    /// Attributes that an identity provider adds at the root (`locale`, `upn`, …) are in `unknown`.
    ///
    /// ```
    /// use users_model::User;
    ///
    /// let user: User = serde_json::from_str(r#"{"user_id":"auth0|1","email":"ada@example.com","locale":"en"}"#)?;
    /// assert_eq!(user.email.as_deref(), Some("ada@example.com"));
    /// assert_eq!(user.unknown.get::<String>("locale")?.as_deref(), Some("en"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct User {
        /// The id: the first identity's provider, `|`, and the id within that provider.
        pub user_id: Option<UserId> = "user_id",
        /// The e-mail address; lower case in database connections.
        pub email: Option<String> = "email",
        /// Whether the e-mail address is verified. Some providers send a string.
        pub email_verified: Option<Flag> = "email_verified",
        /// The user name, if the connection has user names.
        pub username: Option<String> = "username",
        /// The phone number, in E.164 form: `+` and up to 15 digits.
        pub phone_number: Option<String> = "phone_number",
        /// Whether the phone number is verified.
        pub phone_verified: Option<Flag> = "phone_verified",
        /// The full name. Defaults to the e-mail address.
        pub name: Option<String> = "name",
        /// The nickname. Defaults to the local part of the e-mail address.
        pub nickname: Option<String> = "nickname",
        /// The given name.
        pub given_name: Option<String> = "given_name",
        /// The family name.
        pub family_name: Option<String> = "family_name",
        /// The URL of a picture. Defaults to a Gravatar.
        pub picture: Option<String> = "picture",
        /// When the user was created. Never changes.
        pub created_at: Option<Timestamp> = "created_at",
        /// When the user was last changed. A login counts as a change.
        pub updated_at: Option<Timestamp> = "updated_at",
        /// The accounts of the user, the primary one first.
        pub identities: Option<Vec<Identity>> = "identities",
        /// Metadata that the user may read and change.
        pub user_metadata: Option<JsonObject> = "user_metadata",
        /// Metadata of applications, which the user may not change.
        pub app_metadata: Option<JsonObject> = "app_metadata",
        /// The multi-factor providers that the user has enrolled in.
        pub multifactor: Option<Vec<String>> = "multifactor",
        /// When the multi-factor enrollments were last changed.
        pub multifactor_last_modified: Option<Timestamp> = "multifactor_last_modified",
        /// The IP address of the last login, IPv4 or IPv6.
        pub last_ip: Option<String> = "last_ip",
        /// When the user last logged in.
        pub last_login: Option<Timestamp> = "last_login",
        /// When the password was last changed.
        pub last_password_reset: Option<Timestamp> = "last_password_reset",
        /// The number of logins.
        pub logins_count: Option<u64> = "logins_count",
        /// Whether an administrator has blocked the user. Blocks by brute-force protection are not included.
        pub blocked: Option<bool> = "blocked",
    }
}
