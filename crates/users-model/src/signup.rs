//! Signing up.

use crate::flag::Flag;
use crate::object::{object, setters};
use crate::{JsonObject, Secret};

object! {
    /// The body of `POST /dbconnections/signup`. Only the fields that are set are sent.
    ///
    /// ```
    /// use users_model::NewSignup;
    ///
    /// let signup = NewSignup::new("Username-Password-Authentication").email("ada@example.com").password("correct horse battery staple");
    /// assert_eq!(
    ///     serde_json::to_string(&signup)?,
    ///     r#"{"connection":"Username-Password-Authentication","email":"ada@example.com","password":"correct horse battery staple"}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct NewSignup {
        /// The application. Defaults to the client's `client_id`; Auth0 takes the tenant's global client if there is none.
        pub client_id: Option<String> = "client_id",
        /// The name of the database connection.
        pub connection: Option<String> = "connection",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// The user name.
        pub username: Option<String> = "username",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// The password. Auth0 checks it against the connection's policy.
        pub password: Option<Secret> = "password",
        /// The full name.
        pub name: Option<String> = "name",
        /// The given name.
        pub given_name: Option<String> = "given_name",
        /// The family name.
        pub family_name: Option<String> = "family_name",
        /// The nickname.
        pub nickname: Option<String> = "nickname",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// Metadata that the user may read and change.
        pub user_metadata: Option<JsonObject> = "user_metadata",
    }
}

impl NewSignup {
    /// Signs up in the database connection of this name.
    pub fn new(connection: impl Into<String>) -> Self {
        Self { connection: Some(connection.into()), ..Self::default() }
    }
}

setters!(NewSignup {
    /// Sets the application, if it is not the client's.
    client_id: String,
    /// Sets the e-mail address.
    email: String,
    /// Sets the user name, for connections with user names.
    username: String,
    /// Sets the phone number, for connections with phone numbers: `+` and 1 to 15 digits.
    phone_number: String,
    /// Sets the password. `Debug` does not show it, and it is zeroized on drop.
    password: Secret,
    /// Sets the full name.
    name: String,
    /// Sets the given name.
    given_name: String,
    /// Sets the family name.
    family_name: String,
    /// Sets the nickname.
    nickname: String,
    /// Sets the URL of a picture.
    picture: String,
    /// Sets the metadata: at most 10 texts, each of at most 500 characters, under keys of at most 100.
    user_metadata: JsonObject,
});

object! {
    /// The user that has signed up, as `POST /dbconnections/signup` returns it: with the identifiers that were sent.
    pub struct SignupResponse {
        /// The id within the connection. [`bare_id`](Self::bare_id) returns it under each of its names.
        pub id: Option<String> = "_id",
        /// The id within the connection, as some tenants name it.
        pub plain_id: Option<String> = "id",
        /// The id, as some custom databases name it.
        pub user_id: Option<String> = "user_id",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// Whether the e-mail address is verified.
        pub email_verified: Option<Flag> = "email_verified",
        /// The user name.
        pub username: Option<String> = "username",
        /// The phone number.
        pub phone_number: Option<String> = "phone_number",
        /// Whether the phone number is verified.
        pub phone_verified: Option<Flag> = "phone_verified",
        /// The full name.
        pub name: Option<String> = "name",
        /// The given name.
        pub given_name: Option<String> = "given_name",
        /// The family name.
        pub family_name: Option<String> = "family_name",
        /// The nickname.
        pub nickname: Option<String> = "nickname",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// Metadata that the user may read and change.
        pub user_metadata: Option<JsonObject> = "user_metadata",
    }
}

impl SignupResponse {
    /// Returns the id within the connection: `_id`, or else `id` or `user_id`. The user's id is `auth0|` followed by it.
    ///
    /// ```
    /// use users_model::SignupResponse;
    ///
    /// let signup: SignupResponse = serde_json::from_str(r#"{"_id":"507f1f77bcf86cd799439020","email":"ada@example.com"}"#)?;
    /// assert_eq!(signup.bare_id(), Some("507f1f77bcf86cd799439020"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn bare_id(&self) -> Option<&str> {
        self.id.as_deref().or(self.plain_id.as_deref()).or(self.user_id.as_deref())
    }
}
