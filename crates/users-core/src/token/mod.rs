//! Where access tokens come from.

mod cached;
mod client_credentials;
mod fixed;

pub(crate) use cached::FETCH_TIMEOUT;
pub use client_credentials::ClientCredentials;
pub(crate) use client_credentials::{Assertion, Credential, Proof};
pub use fixed::{StaticToken, TokenFn, token_fn};

use crate::Error;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use users_model::Secret;

/// Gives the access token that a client sends.
///
/// A source is asked before every attempt, so it should keep its token; [`ClientCredentials`] and [`token_fn`] do.
///
/// ```
/// use async_trait::async_trait;
/// use users_core::{AccessToken, Error, TokenSource};
///
/// #[derive(Debug)]
/// struct FromEnvironment;
///
/// #[async_trait]
/// impl TokenSource for FromEnvironment {
///     async fn token(&self) -> Result<AccessToken, Error> {
///         std::env::var("AUTH0_TOKEN")
///             .map(AccessToken::new)
///             .map_err(|error| Error::new(users_core::ErrorKind::Token, format!("AUTH0_TOKEN: {error}")))
///     }
///
///     async fn refused(&self, _token: &AccessToken) {}
/// }
/// ```
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// A token that should work now.
    async fn token(&self) -> Result<AccessToken, Error>;

    /// The server refused this token (401). If [`token`](Self::token) gives another one next, the request is sent again
    /// with it, once.
    async fn refused(&self, token: &AccessToken);
}

#[async_trait]
impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    async fn token(&self) -> Result<AccessToken, Error> {
        (**self).token().await
    }

    async fn refused(&self, token: &AccessToken) {
        (**self).refused(token).await;
    }
}

/// An access token, and for how long it works if that is known. `Debug` hides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    secret: Secret,
    lifetime: Option<Duration>,
}

impl AccessToken {
    /// A token of unknown lifetime.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self { secret: token.into(), lifetime: None }
    }

    /// States for how long it works, from now.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The token itself.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// For how long it worked when it was made, if that is known.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }
}
