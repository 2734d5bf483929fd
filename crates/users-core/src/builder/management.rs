//! Settings of clients of the Management API.

use crate::authentication::assertion::AssertionSource;
use crate::authentication::client_credentials::{Credential, Proof};
use crate::builder::{ClientBuilder, Credentials, ManagementApi};
use crate::token::TokenSource;
use std::sync::Arc;
use users_model::Secret;

impl<T: ManagementApi> ClientBuilder<T> {
    /// Requests access tokens for a machine-to-machine application, authenticated by its secret.
    pub fn client_credentials(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
    ) -> Self {
        self.set_client_credentials(client_id.into(), client_secret.into());
        self
    }

    /// Requests access tokens for a machine-to-machine application, authenticated by a signed assertion (private-key JWT). Each
    /// attempt to obtain a token uses a new assertion, issued by `source` for the tenant's domain at the time of the client's
    /// [`clock`](Self::clock).
    ///
    /// The source is a `PrivateKeyJwt` of `users-hyper`, which signs with a key in PEM form, or a closure
    /// ([`assertion_fn`](crate::assertion_fn)).
    pub fn client_assertion(mut self, client_id: impl Into<String>, source: impl AssertionSource) -> Self {
        let proof = Proof::Assertion(Arc::new(source));
        self.credentials = Some(Credentials::Client(Credential { client_id: client_id.into(), proof }));
        self
    }

    /// Requests access tokens for a machine-to-machine application, authenticated by the client certificate of the transport
    /// ([mTLS](https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-mtls)).
    ///
    /// The certificate is set on the transport, as by `HyperTransportBuilder::client_certificate_pem` of `users-hyper`. mTLS
    /// requires a custom domain, and therefore an [`audience`](Self::audience).
    ///
    /// Tokens are requested from the domain's alias, `https://mtls.{domain}/oauth/token`, and all other requests are sent to the
    /// domain itself. An IP address and `localhost` have no alias: tokens are requested from the host itself.
    ///
    /// ```
    /// use users_core::ManagementClient;
    /// # use users_core::{Body, HttpTransport, transport_fn};
    /// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
    ///
    /// let client = ManagementClient::builder(my_transport())
    ///     .domain("login.example.com")
    ///     .audience("https://tenant.eu.auth0.com/api/v2/")
    ///     .mtls_credentials("client id")
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn mtls_credentials(mut self, client_id: impl Into<String>) -> Self {
        let credential = Credential { client_id: client_id.into(), proof: Proof::Certificate };
        self.credentials = Some(Credentials::Client(credential));
        self
    }

    /// Wraps the source of access tokens that another method sets, [`client_credentials`](Self::client_credentials) for example:
    /// to share its tokens among processes, as `RedisTokenSource` of `users-redis` does, or to observe it. The closure is called by
    /// [`build`](Self::build).
    ///
    /// ```
    /// use async_trait::async_trait;
    /// use std::sync::Arc;
    /// use users_core::{AccessToken, Error, ManagementClient, TokenSource};
    /// # use users_core::{Body, HttpTransport, transport_fn};
    /// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
    ///
    /// #[derive(Debug)]
    /// struct Logged(Arc<dyn TokenSource>);
    ///
    /// #[async_trait]
    /// impl TokenSource for Logged {
    ///     async fn token(&self) -> Result<AccessToken, Error> {
    ///         self.0.token().await
    ///     }
    ///
    ///     async fn rejected(&self, token: &AccessToken) {
    ///         eprintln!("a 401 rejected the access token");
    ///         self.0.rejected(token).await;
    ///     }
    /// }
    ///
    /// let client = ManagementClient::builder(my_transport())
    ///     .domain("tenant.eu.auth0.com")
    ///     .client_credentials("client id", "client secret")
    ///     .wrap_token_source(Logged)
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn wrap_token_source<S: TokenSource>(
        mut self,
        wrap: impl FnOnce(Arc<dyn TokenSource>) -> S + Send + Sync + 'static,
    ) -> Self {
        self.wrap_token_source = Some(Box::new(|source| Arc::new(wrap(source))));
        self
    }

    /// Limits the rate of requests, to leave a part of the tenant's allowance to other programs: in requests per second, counted over
    /// all clones of the client and all its operations. The requests of one second may be sent at once. Requests for access tokens
    /// are not counted. No limit but the tenant's unless set.
    ///
    /// This is [`AdaptivePacer::max_rate`](crate::AdaptivePacer::max_rate) of the client's own pacer. Where a pacer is
    /// [set](Self::pacer), set its own limit instead.
    ///
    /// ```
    /// use users_core::ManagementClient;
    /// # use users_core::{Body, HttpTransport, transport_fn};
    /// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
    ///
    /// let client =
    ///     ManagementClient::builder(my_transport()).domain("tenant.eu.auth0.com").token("token").max_rate(5.0).build()?;
    /// # let _ = client;
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn max_rate(mut self, per_second: f64) -> Self {
        self.max_rate = Some(per_second);
        self
    }

    /// Sets the audience of requested tokens, `https://{tenant domain}/api/v2/`. Required with a custom domain.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }
}
