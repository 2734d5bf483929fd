//! Client assertions: signed JWTs by which an application authenticates itself (private-key JWT).

use crate::error::Error;
use async_trait::async_trait;
use std::fmt;
use std::future::Future;
use std::time::SystemTime;
use users_model::Secret;

/// Makes the client assertions of an application: JWTs signed by its private key.
///
/// `users-hyper` has `PrivateKeyJwt`, which signs with a key in PEM form. Implement this trait, or use [`assertion_fn`], for a key
/// that stays in a key management service. An assertion is sent once, so a new one is requested for each attempt to obtain an
/// access token. A failure ends the call with the error of the source, which should be of kind
/// [`Token`](crate::ErrorKind::Token).
///
/// The [claims](https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-private-key-jwt) that
/// Auth0 requires: `iss` and `sub` (the client id), `aud` (the tenant), `exp` (at most 5 minutes from now), and `jti` (unique, at
/// most 64 characters).
#[async_trait]
pub trait AssertionSource: fmt::Debug + Send + Sync + 'static {
    /// Returns a new assertion.
    async fn assertion(&self, request: &AssertionRequest) -> Result<Secret, Error>;
}

/// What a client assertion states.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssertionRequest {
    /// The client id: the claims `iss` and `sub`.
    pub client_id: String,
    /// The URL of the tenant with a trailing slash, `https://tenant.eu.auth0.com/`: the claim `aud`.
    pub audience: String,
    /// The time of the client's clock: the claim `iat`, from which `exp` counts.
    pub now: SystemTime,
}

impl AssertionRequest {
    /// Creates a request, to call a source without a client.
    pub fn new(client_id: impl Into<String>, audience: impl Into<String>, now: SystemTime) -> Self {
        Self { client_id: client_id.into(), audience: audience.into(), now }
    }
}

/// Returns a source of assertions that calls a closure.
///
/// ```
/// use users_core::{ManagementClient, assertion_fn};
/// # use users_core::{AssertionRequest, Body, Error, HttpTransport, model::Secret, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
/// # async fn sign_remotely(request: AssertionRequest) -> Result<Secret, Error> { Ok(Secret::from(request.audience)) }
///
/// let client = ManagementClient::builder(my_transport())
///     .domain("tenant.eu.auth0.com")
///     .client_assertion("client id", assertion_fn(|request| async { sign_remotely(request).await }))
///     .build()?;
/// # let _ = client;
/// # Ok::<(), users_core::Error>(())
/// ```
pub fn assertion_fn<F, R>(sign: F) -> impl AssertionSource
where
    F: Fn(AssertionRequest) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Secret, Error>> + Send + 'static,
{
    AssertionFn(sign)
}

struct AssertionFn<F>(F);

impl<F> fmt::Debug for AssertionFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("assertion_fn(…)")
    }
}

#[async_trait]
impl<F, R> AssertionSource for AssertionFn<F>
where
    F: Fn(AssertionRequest) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Secret, Error>> + Send + 'static,
{
    async fn assertion(&self, request: &AssertionRequest) -> Result<Secret, Error> {
        (self.0)(request.clone()).await
    }
}
