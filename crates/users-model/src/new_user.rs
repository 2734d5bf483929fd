//! A user that is to be created.

use crate::object::{object, setters};
use crate::{JsonObject, Secret};

object! {
    /// What `POST /users` takes. Only what is set is sent.
    ///
    /// ```
    /// use users_model::NewUser;
    ///
    /// let user = NewUser::new("Username-Password-Authentication")
    ///     .email("ada@example.com")
    ///     .password("correct horse battery staple")
    ///     .verify_email(false);
    /// assert_eq!(
    ///     serde_json::to_string(&user)?,
    ///     r#"{"connection":"Username-Password-Authentication","email":"ada@example.com","password":"correct horse battery staple","verify_email":false}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct NewUser {
        /// The connection that the user is created in, by name.
        pub connection: Option<String> = "connection",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// The user name.
        pub username: Option<String> = "username",
        /// The password. Auth0 checks it against the connection's policy.
        pub password: Option<Secret> = "password",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// The id within the provider; Auth0 makes one up if this is absent.
        pub user_id: Option<String> = "user_id",
        /// Whether the address is known to be the user's.
        pub email_verified: Option<bool> = "email_verified",
        /// Whether the phone number is known to be the user's.
        pub phone_verified: Option<bool> = "phone_verified",
        /// Whether to send a verification mail.
        pub verify_email: Option<bool> = "verify_email",
        /// The full name.
        pub name: Option<String> = "name",
        /// The nickname.
        pub nickname: Option<String> = "nickname",
        /// The given name.
        pub given_name: Option<String> = "given_name",
        /// The family name.
        pub family_name: Option<String> = "family_name",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// Whether the user is blocked from the start.
        pub blocked: Option<bool> = "blocked",
        /// What the user may read and change.
        pub user_metadata: Option<JsonObject> = "user_metadata",
        /// What applications keep about the user.
        pub app_metadata: Option<JsonObject> = "app_metadata",
    }
}

impl NewUser {
    /// A user in the connection of this name.
    pub fn new(connection: impl Into<String>) -> Self {
        Self { connection: Some(connection.into()), ..Self::default() }
    }
}

setters!(NewUser {
    /// The e-mail address: at most 64 characters before the `@` and 254 in all. Database connections keep it in lower case.
    email: String,
    /// The user name, for connections that have user names: 1 to 128 characters, by default at most 15.
    username: String,
    /// The password, 1 to 72 bytes. It is hidden in `Debug` and wiped when dropped.
    password: Secret,
    /// The phone number: `+` and 1 to 15 digits.
    phone_number: String,
    /// The id within the provider, at most 255 characters without white space: `x` becomes `auth0|x`.
    user_id: String,
    /// Whether the address is known to be the user's. `true` also means that no verification mail is sent.
    email_verified: bool,
    /// Whether the phone number is known to be the user's.
    phone_verified: bool,
    /// Whether Auth0 sends a verification mail; it does so unless told not to.
    verify_email: bool,
    /// The full name, 1 to 300 characters.
    name: String,
    /// The nickname, 1 to 300 characters.
    nickname: String,
    /// The given name, 1 to 150 characters.
    given_name: String,
    /// The family name, 1 to 150 characters.
    family_name: String,
    /// The URL of a picture.
    picture: String,
    /// Whether the user is blocked from the start.
    blocked: bool,
    /// What the user may read and change. Keys hold neither `.` nor `$`.
    user_metadata: JsonObject,
    /// What applications keep about the user. Keys hold neither `.` nor `$`.
    app_metadata: JsonObject,
});
