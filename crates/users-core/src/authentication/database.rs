//! Users of database connections: signing up, and changing a forgotten password.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::{RequestBuilder, optional_property, property};
use crate::response::{decode_message, decode_model};
use bytes::Bytes;
use users_model::{NewSignup, SignupResponse};

/// Users of database connections: signing up, and changing a forgotten password.
///
/// Returned by [`AuthenticationClient::database`](crate::AuthenticationClient::database).
#[derive(Clone, Debug)]
pub struct DatabaseManager(pub(super) Client);

impl DatabaseManager {
    /// Signs up a user in a database connection. Auth0 sends a verification e-mail, and returns no token: log in afterwards.
    ///
    /// `POST /dbconnections/signup`. The application is the sign-up's `client_id`, or else the client's; it needs no secret. If the
    /// connection does not allow sign-ups, the error is a 400. So it is for an existing user, with the code `invalid_signup`, or
    /// `user_exists` if the tenant reports that. A password that the connection's policy does not allow is a 400 with the code
    /// `invalid_password`, and [`password_rules`](crate::model::ErrorBody::password_rules) of the
    /// [error's body](Error::error_body) lists the rules for a weak one. Not repeated where it may have been carried out.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// use users_core::model::NewSignup;
    ///
    /// let ada = NewSignup::new("Username-Password-Authentication").email("ada@example.com").password("Analytical Engine 1843");
    /// match auth.database().sign_up(ada).await {
    ///     Ok(ada) => println!("the user's id is auth0|{}", ada.bare_id().unwrap_or_default()),
    ///     Err(error) if error.code() == Some("invalid_password") => {
    ///         let rules = error.error_body().and_then(|body| body.password_rules());
    ///         for rule in rules.and_then(|rules| rules.rules).unwrap_or_default() {
    ///             println!("{}: {:?}", rule.text(), rule.verified);
    ///         }
    ///     }
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/signup/create-a-new-user>
    #[inline]
    pub fn sign_up(&self, signup: NewSignup) -> Call<SignUp> {
        let mut signup = signup;
        signup.client_id = signup.client_id.or_else(|| self.0.shared.client_id.clone());
        self.0.call(Ok(SignUp::new(signup)))
    }

    /// Sends an e-mail with a link to change the password. The password stays valid until the user opens the link and chooses
    /// another. Returns Auth0's message, which is the same for an address without a user.
    ///
    /// `POST /dbconnections/change_password`. The application is the client's unless set; it needs no secret. Not repeated where
    /// it may have been carried out. To get the link instead, see
    /// [`tickets().change_password`](crate::management::TicketsManager::change_password).
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// let message = auth.database().change_password("Username-Password-Authentication", "ada@example.com").await?;
    /// println!("{message}"); // We've just sent you an email to reset your password.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/change-password/change-password>
    pub fn change_password(
        &self,
        connection: impl Into<String>,
        email: impl Into<String>,
    ) -> Call<ChangePassword> {
        let mut operation = ChangePassword::new(connection, email);
        operation.client_id.clone_from(&self.0.shared.client_id);
        self.0.call(Ok(operation))
    }
}

operations! {
    /// `POST /dbconnections/signup`. See [`DatabaseManager::sign_up`](crate::authentication::DatabaseManager::sign_up).
    operation SignUp {
        Descriptor::post("database.sign_up", "/dbconnections/signup")
            .api(Api::Authentication)
            .without_access_token()
            .node("database.signUp");
        body { signup: NewSignup }
        request { sign_up_request }
        decode { decode_model: SignupResponse }
    }

    /// `POST /dbconnections/change_password`. See
    /// [`DatabaseManager::change_password`](crate::authentication::DatabaseManager::change_password).
    operation ChangePassword {
        Descriptor::post("database.change_password", "/dbconnections/change_password")
            .api(Api::Authentication)
            .without_access_token()
            .node("database.changePassword");
        arguments { connection: String, email: String }
        options {
            /// Sets the application, if it is not the client's. The link leads back to it.
            client_id: String,
            /// Sets the organization that the e-mail names, by its id.
            organization: String,
        }
        request { change_password_request }
        decode { decode_message: String }
    }
}

fn sign_up_request(operation: &SignUp, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
    let connection = operation.signup.connection.as_deref();
    request.not_blank("connection", connection.unwrap_or_default()).body(&operation.signup)
}

fn change_password_request(
    operation: &ChangePassword,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let ChangePassword { connection, email, client_id, organization } = operation;
    let request = request.not_blank("connection", connection).not_blank("email", email);
    request.properties(&[
        optional_property("client_id", client_id.as_ref()),
        property("connection", connection),
        property("email", email),
        optional_property("organization", organization.as_ref()),
    ])
}
