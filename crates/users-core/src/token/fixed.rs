//! Tokens from the caller: a fixed one, or a closure.

use super::cached::Cached;
use super::{AccessToken, TokenSource};
use crate::clock::Clock;
use crate::error::Error;
use async_trait::async_trait;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use users_model::Secret;

/// A fixed token. It is never renewed.
#[derive(Clone, Debug)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// Creates a source that always returns this token.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self(AccessToken::new(token))
    }

    pub(crate) fn from_token(token: AccessToken) -> Self {
        Self(token)
    }
}

#[async_trait]
impl TokenSource for StaticToken {
    async fn token(&self) -> Result<AccessToken, Error> {
        Ok(self.0.clone())
    }

    async fn rejected(&self, _token: &AccessToken) {}
}

/// Returns a token source that calls a closure, to take tokens from a cache or a vault.
///
/// A token with [`expires_in`](AccessToken::expires_in) is cached and renewed early, with one call of the closure for all
/// requests that wait for it. A token without a lifetime is not cached: the closure is called before every request.
///
/// ```
/// use users_core::{AccessToken, SystemClock, token_fn};
///
/// let source = token_fn(SystemClock::new(), || async { Ok(AccessToken::new("from my vault")) });
/// # let _ = source;
/// ```
pub fn token_fn<F, R>(clock: impl Clock, fetch: F) -> TokenFn
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<AccessToken, Error>> + Send + 'static,
{
    TokenFn(Cached::new(Arc::new(clock), Box::new(move || Box::pin(fetch()))))
}

/// A token source made by [`token_fn`].
pub struct TokenFn(Cached);

impl fmt::Debug for TokenFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("token_fn(…)")
    }
}

#[async_trait]
impl TokenSource for TokenFn {
    async fn token(&self) -> Result<AccessToken, Error> {
        self.0.token().await
    }

    async fn rejected(&self, token: &AccessToken) {
        self.0.rejected(token);
    }
}
