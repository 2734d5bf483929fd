//! Where access tokens come from.

mod cached;
mod fixed;
mod flight;
mod renewal;

pub(crate) use cached::{Cached, FETCH_TIMEOUT};
pub use fixed::{StaticToken, TokenFn, token_fn};

use crate::error::{Error, ErrorKind};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use users_model::Secret;

/// Provides the access token that a client sends.
///
/// The client calls [`token`](Self::token) once before a request is queued, and again before it is sent if it had to wait; a
/// source should therefore cache its token, as [`ClientCredentials`](crate::ClientCredentials) and [`token_fn`] do. A failure ends the call with an
/// error of kind [`Token`](crate::ErrorKind::Token).
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
///     async fn rejected(&self, _token: &AccessToken) {}
/// }
/// ```
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// A token that should work now.
    async fn token(&self) -> Result<AccessToken, Error>;

    /// Reports that a response with status 401 rejected this token. If [`token`](Self::token) gives another one next, the
    /// request is sent again with it, once.
    async fn rejected(&self, token: &AccessToken);
}

#[async_trait]
impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    async fn token(&self) -> Result<AccessToken, Error> {
        (**self).token().await
    }

    async fn rejected(&self, token: &AccessToken) {
        (**self).rejected(token).await;
    }
}

/// An access token and its lifetime, if that is known. `Debug` hides the token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    secret: Secret,
    lifetime: Option<Duration>,
    /// Whether a server has accepted it; shared by its clones.
    is_accepted: Arc<AtomicBool>,
}

impl AccessToken {
    /// A token of unknown lifetime.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self { secret: token.into(), lifetime: None, is_accepted: Arc::default() }
    }

    /// Sets how long it is valid, from now.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Whether it can be sent: ASCII text that is not blank and has no control characters.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let text = self.secret.expose();
        let why = if text.trim().is_empty() {
            "the access token is empty"
        } else if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Ok(());
        } else {
            "the access token holds a line end or another character that no token has"
        };
        Err(Error::new(ErrorKind::Token, why))
    }

    /// A response showed that the server took this token for valid.
    pub(crate) fn accept(&self) {
        self.is_accepted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.is_accepted.load(Ordering::Relaxed)
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

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.secret == other.secret && self.lifetime == other.lifetime
    }
}

impl Eq for AccessToken {}
