//! A user, as the Management API gives it.

use crate::object::object;
use crate::{Flag, Identity, JsonObject, Timestamp, UserId};

object! {
    /// A user of a tenant.
    ///
    /// Every field may be absent: `fields=` leaves out what was not asked for, and Auth0 omits what was never set.
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
        /// Whether the address is known to be the user's; text from some providers.
        pub email_verified: Option<Flag> = "email_verified",
        /// The user name, where the connection has user names.
        pub username: Option<String> = "username",
        /// The phone number, in E.164 form: `+` and up to 15 digits.
        pub phone_number: Option<String> = "phone_number",
        /// Whether the phone number is known to be the user's.
        pub phone_verified: Option<Flag> = "phone_verified",
        /// The full name; the e-mail address where none was given.
        pub name: Option<String> = "name",
        /// The nickname; the local part of the e-mail address where none was given.
        pub nickname: Option<String> = "nickname",
        /// The given name.
        pub given_name: Option<String> = "given_name",
        /// The family name.
        pub family_name: Option<String> = "family_name",
        /// The URL of a picture; a Gravatar address where none was given.
        pub picture: Option<String> = "picture",
        /// When the user was created. Never changes.
        pub created_at: Option<Timestamp> = "created_at",
        /// When the user last changed; a login counts as a change.
        pub updated_at: Option<Timestamp> = "updated_at",
        /// The accounts that belong to the user, the primary one first.
        pub identities: Option<Vec<Identity>> = "identities",
        /// What the user may read and change.
        pub user_metadata: Option<JsonObject> = "user_metadata",
        /// What applications keep about the user.
        pub app_metadata: Option<JsonObject> = "app_metadata",
        /// The multi-factor providers that the user has enrolled in.
        pub multifactor: Option<Vec<String>> = "multifactor",
        /// When the multi-factor enrolments last changed.
        pub multifactor_last_modified: Option<Timestamp> = "multifactor_last_modified",
        /// The address of the last login, IPv4 or IPv6.
        pub last_ip: Option<String> = "last_ip",
        /// The moment of the last login.
        pub last_login: Option<Timestamp> = "last_login",
        /// When the password last changed.
        pub last_password_reset: Option<Timestamp> = "last_password_reset",
        /// How often the user has logged in.
        pub logins_count: Option<u64> = "logins_count",
        /// Whether an administrator has blocked the user. Blocks by brute-force protection do not count here.
        pub blocked: Option<bool> = "blocked",
    }
}
