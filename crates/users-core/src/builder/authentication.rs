//! Settings of clients of the Authentication API.

use crate::builder::{AuthenticationApi, ClientBuilder};
use users_model::Secret;

impl<T: AuthenticationApi> ClientBuilder<T> {
    /// Sends all requests to the domain's alias for client certificates, `mtls.{domain}`, for an application that authenticates
    /// itself by the certificate of the transport
    /// ([mTLS](https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-mtls)).
    ///
    /// The certificate is set on the transport, as by `HyperTransportBuilder::client_certificate_pem` of `users-hyper`. An IP
    /// address and `localhost` have no alias. For an alias of another name, set it as the [`base_url`](Self::base_url) instead.
    pub fn use_mtls(mut self) -> Self {
        self.use_mtls = true;
        self
    }

    /// Sets the client id of the application, for calls that do not set one.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets the secret of the application, for calls that authenticate it and set no other. Public applications have none.
    pub fn client_secret(mut self, client_secret: impl Into<Secret>) -> Self {
        self.client_secret = Some(client_secret.into());
        self
    }
}
