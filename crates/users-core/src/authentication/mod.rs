//! The Authentication API: sign-ups, logins, tokens, user profiles and impersonation.
//!
//! An [`AuthenticationClient`] returns the managers, whose methods return [calls](crate::Call):
//!
//! | Method | Manager | For |
//! |---|---|---|
//! | [`users()`](AuthenticationClient::users) | [`UsersManager`] | the profile of a token's user, and impersonation |
//! | [`database()`](AuthenticationClient::database) | [`DatabaseManager`] | sign-ups, and changes of forgotten passwords |
//! | [`oauth()`](AuthenticationClient::oauth) | [`OAuthManager`] | grants of tokens, and the revocation of refresh tokens |
//! | [`passwordless()`](AuthenticationClient::passwordless) | [`PasswordlessManager`] | logins by a code that is sent by e-mail or SMS |
//!
//! [`ClientCredentials`] is the source of access tokens that a client of the Management API uses. It authenticates the application by a
//! secret, or by an [`AssertionSource`] that signs (private-key JWT): [`ClientBuilder::client_credentials`] and
//! [`ClientBuilder::client_assertion`] make one.
//!
//! The other types of this module are [operations](crate::Operation), one for each endpoint, such as [`GetInfo`].

pub(crate) mod application;
pub(crate) mod assertion;
pub(crate) mod client_credentials;
pub(crate) mod database;
pub(crate) mod oauth;
pub(crate) mod passwordless;
pub(crate) mod token;
pub(crate) mod users;

pub use assertion::{AssertionRequest, AssertionSource, assertion_fn};
pub use client_credentials::ClientCredentials;
pub use database::{ChangePassword, DatabaseManager, SignUp};
pub use oauth::{AuthorizationCodeGrant, OAuthManager, PasswordGrant, RefreshTokenGrant, RevokeRefreshToken};
pub use passwordless::{
    LoginWithEmail, LoginWithSms, PasswordlessManager, SendPasswordlessEmail, SendPasswordlessSms,
};
pub use token::RequestToken;
pub use users::{GetInfo, Impersonate, UsersManager};

use crate::builder::{ApiClient, AuthenticationApi, ClientBuilder, sealed::Sealed};
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Api;
use crate::operation::Operation;
use crate::rest::RestClient;
use crate::transport::HttpTransport;

/// A client of a tenant's Authentication API. Cloning is cheap; clones share the transport.
///
/// ```
/// use users_core::AuthenticationClient;
/// # use users_core::{Body, HttpTransport, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
///
/// let client = AuthenticationClient::builder(my_transport()).domain("tenant.eu.auth0.com").client_id("my app").build()?;
/// # let _ = client;
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuthenticationClient {
    client: Client,
}

impl AuthenticationClient {
    /// Returns a builder of a client on this transport.
    pub fn builder(transport: impl HttpTransport) -> ClientBuilder<Self> {
        ClientBuilder::new(transport)
    }

    /// Returns the operations on users.
    pub fn users(&self) -> UsersManager {
        UsersManager::from_client(self.client.clone())
    }

    /// Returns the operations on users of database connections: signing up, and changing a forgotten password.
    pub fn database(&self) -> DatabaseManager {
        DatabaseManager(self.client.clone())
    }

    /// Returns the grants of tokens, and the revocation of refresh tokens.
    pub fn oauth(&self) -> OAuthManager {
        OAuthManager(self.client.clone())
    }

    /// Returns the logins without a password.
    pub fn passwordless(&self) -> PasswordlessManager {
        PasswordlessManager(self.client.clone())
    }

    /// Calls any [`Operation`] of this API, one that was written outside this crate included.
    ///
    /// ```
    /// # async fn example(client: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// use users_core::authentication::GetInfo;
    ///
    /// let value = client.call(GetInfo::new("access token")).await?;
    /// # let _ = value;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<O: Operation>(&self, operation: O) -> Call<O> {
        self.client.call(Ok(operation))
    }

    /// Calls any path, by its template.
    pub fn rest(&self, template: impl Into<String>) -> RestClient {
        RestClient::new(self.client.clone(), Api::Authentication, template)
    }
}

impl Sealed for AuthenticationClient {
    fn from_client(client: Client) -> Self {
        Self { client }
    }
}

impl ApiClient for AuthenticationClient {
    const API: Api = Api::Authentication;
}

impl AuthenticationApi for AuthenticationClient {}
