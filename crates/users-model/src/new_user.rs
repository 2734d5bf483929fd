//! Creating a user.

use crate::object::{object, setters};
use crate::{JsonObject, Secret};

object! {
    /// The body of `POST /users`. Only the fields that are set are sent.
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
        /// The name of the connection in which the user is created.
        pub connection: Option<String> = "connection",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// The user name.
        pub username: Option<String> = "username",
        /// The password. Auth0 checks it against the connection's policy.
        pub password: Option<Secret> = "password",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// The id within the provider. Auth0 generates one if it is absent.
        pub user_id: Option<String> = "user_id",
        /// Whether the e-mail address is verified.
        pub email_verified: Option<bool> = "email_verified",
        /// Whether the phone number is verified.
        pub phone_verified: Option<bool> = "phone_verified",
        /// Whether to send a verification e-mail.
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
        /// Whether the user is created blocked.
        pub blocked: Option<bool> = "blocked",
        /// Metadata that the user may read and change.
        pub user_metadata: Option<JsonObject> = "user_metadata",
        /// Metadata of applications, which the user may not change.
        pub app_metadata: Option<JsonObject> = "app_metadata",
    }
}

impl NewUser {
    /// Creates a user in the connection of this name.
    pub fn new(connection: impl Into<String>) -> Self {
        Self { connection: Some(connection.into()), ..Self::default() }
    }
}

setters!(NewUser {
    /// Sets the e-mail address: at most 64 characters before the `@` and 254 in all. Database connections store it in lower case.
    email: String,
    /// Sets the user name, for connections with user names: 1 to 128 characters, by default at most 15.
    username: String,
    /// Sets the password, 1 to 72 bytes. `Debug` does not show it, and it is zeroized on drop.
    password: Secret,
    /// Sets the phone number: `+` and 1 to 15 digits.
    phone_number: String,
    /// Sets the id within the provider, at most 255 characters without white space: `x` becomes `auth0|x`.
    user_id: String,
    /// Sets whether the e-mail address is verified. With `true`, no verification e-mail is sent.
    email_verified: bool,
    /// Sets whether the phone number is verified.
    phone_verified: bool,
    /// Sets whether Auth0 sends a verification e-mail. `true` unless set.
    verify_email: bool,
    /// Sets the full name, 1 to 300 characters.
    name: String,
    /// Sets the nickname, 1 to 300 characters.
    nickname: String,
    /// Sets the given name, 1 to 150 characters.
    given_name: String,
    /// Sets the family name, 1 to 150 characters.
    family_name: String,
    /// Sets the URL of a picture.
    picture: String,
    /// Sets whether the user is created blocked.
    blocked: bool,
    /// Sets the metadata that the user may read and change, from `JsonObject::from_value(&json!({…}))?` for example. Keys must not
    /// contain `.` or `$`.
    user_metadata: JsonObject,
    /// Sets the metadata of applications. Keys must not contain `.` or `$`.
    app_metadata: JsonObject,
});
