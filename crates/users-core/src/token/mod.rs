//! Sources of access tokens.

mod cached;
mod fixed;
mod flight;
mod renewal;

pub(crate) use cached::{Cached, FETCH_TIMEOUT};
pub use fixed::{StaticToken, TokenFn, token_fn};

use crate::error::{Error, ErrorKind};
use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderValue;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use users_model::Secret;

/// Provides the access token that a client sends.
///
/// The client calls [`token`](Self::token) before a request is queued, and again before it is sent if it had to wait. A source
/// should therefore cache its token, as [`ClientCredentials`](crate::ClientCredentials) and [`token_fn`] do. A failure ends the
/// call with the error of the source, which should be of kind [`Token`](crate::ErrorKind::Token).
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
///             // The error of `var` may quote the value.
///             .map_err(|_| Error::new(users_core::ErrorKind::Token, "AUTH0_TOKEN is not set"))
///     }
///
///     async fn rejected(&self, _token: &AccessToken) {}
/// }
/// ```
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// Returns a token that is valid now.
    async fn token(&self) -> Result<AccessToken, Error>;

    /// Reports that a 401 rejected this token. If [`token`](Self::token) then returns another one, the request is repeated with
    /// it, once.
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

/// An access token and its lifetime, if known. `Debug` does not show the token. Clones share one token.
#[derive(Clone)]
pub struct AccessToken {
    token: Arc<Token>,
    lifetime: Option<Duration>,
}

struct Token {
    secret: Secret,
    /// The value of the `Authorization` header, made when the token is first sent.
    bearer: OnceLock<HeaderValue>,
    /// Whether a server has accepted it.
    is_accepted: AtomicBool,
}

/// The text of a header value, zeroized with the last copy of it.
struct Bearer(Secret);

impl AsRef<[u8]> for Bearer {
    fn as_ref(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

impl AccessToken {
    /// Creates a token of unknown lifetime.
    pub fn new(token: impl Into<Secret>) -> Self {
        let token =
            Token { secret: token.into(), bearer: OnceLock::new(), is_accepted: AtomicBool::new(false) };
        Self { token: Arc::new(token), lifetime: None }
    }

    /// Sets how long the token is valid, from now.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Refuses a token that cannot be sent: one that is blank, or has control characters or characters outside ASCII.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let text = self.token.secret.expose();
        let why = if text.trim().is_empty() {
            "the access token is empty"
        } else if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Ok(());
        } else {
            "the access token contains a line end or another character that is not printable ASCII"
        };
        Err(Error::new(ErrorKind::Token, why))
    }

    /// Records that the server accepted this token.
    pub(crate) fn accept(&self) {
        self.token.is_accepted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.token.is_accepted.load(Ordering::Relaxed)
    }

    /// The value of the `Authorization` header, marked so that nothing prints it.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, Error> {
        if let Some(value) = self.token.bearer.get() {
            return Ok(value.clone());
        }
        let text = Bearer(Secret::new(format!("Bearer {}", self.token.secret.expose())));
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).map_err(|_| {
            Error::invalid("the access token contains characters that are not allowed in a header")
        })?;
        value.set_sensitive(true);
        Ok(self.token.bearer.get_or_init(|| value).clone())
    }

    /// Whether both are clones of one token, or equal.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.token, &other.token) || self.token.secret == other.token.secret
    }

    /// Returns the token.
    pub fn secret(&self) -> &Secret {
        &self.token.secret
    }

    /// Returns the lifetime of the token from its creation, if known.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) && self.lifetime == other.lifetime
    }
}

impl Eq for AccessToken {}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("secret", &self.token.secret)
            .field("lifetime", &self.lifetime)
            .field("is_accepted", &self.token.is_accepted)
            .finish()
    }
}
