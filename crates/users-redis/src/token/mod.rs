//! Tokens: one access token for all processes that use an application of a tenant.

mod key;
mod outage;
mod sharing;
mod wire;

pub use key::{TokenKey, TokenKeyError};

use crate::store::RedisStore;
use crate::when::WhenUnavailable;
use async_trait::async_trait;
use sharing::Sharing;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use users_core::{AccessToken, Error, SystemClock, TokenFn, TokenSource, token_fn};

/// Shares one access token between processes: one of them fetches it from its own source, all use it.
///
/// ```
/// use users_core::ManagementClient;
/// use users_redis::{RedisStore, RedisTokenSource, TokenKey};
/// # use users_core::{Body, HttpTransport, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
/// # let key_from_my_vault = "3q2+78r+ur6t8A0AAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
///
/// let store = RedisStore::open("redis://127.0.0.1:6379")?;
/// let key = TokenKey::from_base64(key_from_my_vault)?;
/// let client = ManagementClient::builder(my_transport())
///     .domain("tenant.eu.auth0.com")
///     .client_credentials("client-id", "client secret")
///     .wrap_token_source(move |source| {
///         RedisTokenSource::new(&store, "tenant.eu.auth0.com/client-id", source, &key)
///     })
///     .build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A source of your own is passed to [`new`](Self::new), and the result to
/// [`token_source`](users_core::ClientBuilder::token_source).
///
/// - **Cost**: each process keeps the token in memory. It asks Redis when it has none, and 60 to 120 s before its token expires (at
///   most half of what is left of its lifetime).
/// - **Renewal**: the first process that asks Redis later than 300 s before the token expires, or half of its lifetime, fetches the
///   next one; the others use the old one meanwhile. If that process ends, or takes longer than 5 s, another one fetches.
/// - **A 401** drops the token for all processes, once: a process that has another token by then keeps it, and one whose token was
///   dropped takes the new one. Ten tokens may be dropped at once, then one every 10 s: a server that rejects new tokens is likely to
///   reject the next one.
/// - **Failures**: after a failure, no process fetches for one second, and those that wait try again. One that sees a second failure,
///   or has waited for 6 to 8 s, fails with an error of kind [`Token`](users_core::ErrorKind::Token) that quotes the failure of the
///   other process, or fetches for itself if there was none.
/// - **Redis unavailable**: the token comes from the source of this process at once, and Redis is tried again after 0.3 to 2.5 s. No
///   call fails for that reason, unless [`WhenUnavailable::Fail`] is [set](Self::when_unavailable).
/// - **Secrecy**: the token lies in Redis encrypted with AES-256-GCM-SIV, bound to its entry and version. A value that cannot be
///   decrypted counts as absent. Keys expire with the token, or a minute after their last change.
///
/// All times are Redis's, so the clocks of the processes do not matter. The expiry is counted from before the token was requested.
///
/// The source should be used by nothing else, since a token that it returns for the first time counts as new. A source with a cache
/// of its own, such as [`ClientCredentials`](users_core::authentication::ClientCredentials), is fine. A token without a
/// [lifetime](AccessToken::lifetime) is not shared: then every call asks the source.
pub struct RedisTokenSource {
    sharing: Arc<Sharing>,
    when_unavailable: WhenUnavailable,
    /// The cache of this process, made at the first call.
    local: Mutex<Option<Arc<TokenFn>>>,
}

impl RedisTokenSource {
    /// Shares the tokens of a source under a name, the domain of the tenant and the id of the application for example. Processes
    /// that give the same name and key, in stores with the same prefix, share a token, so their sources must be equivalent: the same
    /// application, audience and scopes. Nothing is sent until the first call.
    pub fn new(store: &RedisStore, name: &str, source: impl TokenSource, key: &TokenKey) -> Self {
        Self {
            sharing: Arc::new(Sharing::new(store, name, Arc::new(source), key)),
            when_unavailable: WhenUnavailable::default(),
            local: Mutex::default(),
        }
    }

    /// Sets what a call does that needs a token while Redis is unavailable: by default it uses the source of this process. A call for
    /// which this process has a valid token does not need Redis.
    #[must_use]
    pub fn when_unavailable(mut self, policy: WhenUnavailable) -> Self {
        self.when_unavailable = policy;
        self
    }

    /// Why Redis is not used at present, if it is not: the error of the last exchange.
    pub fn unavailable(&self) -> Option<String> {
        self.sharing.unavailable().map(|cause| cause.to_string())
    }

    fn local(&self) -> Arc<TokenFn> {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (sharing, policy) = (Arc::clone(&self.sharing), self.when_unavailable);
            Arc::new(token_fn(SystemClock::new(), move || Arc::clone(&sharing).token(policy)))
        };
        Arc::clone(local.get_or_insert_with(new))
    }

    /// Begins with an empty cache, unless another call has done so. A cache delays the fetch after a failed one, by up to a minute;
    /// after an outage of Redis it must not.
    fn renew_local(&self, old: &Arc<TokenFn>) {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if local.as_ref().is_some_and(|local| Arc::ptr_eq(local, old)) {
            *local = None;
        }
    }
}

#[async_trait]
impl TokenSource for RedisTokenSource {
    async fn token(&self) -> Result<AccessToken, Error> {
        let local = self.local();
        let outcome = local.token().await;
        // It failed, so there is no valid token in the cache.
        let must_recover = self.when_unavailable == WhenUnavailable::Fail;
        if must_recover && outcome.is_err() && self.sharing.unavailable().is_some() {
            self.renew_local(&local);
        }
        outcome
    }

    async fn rejected(&self, token: &AccessToken) {
        self.sharing.rejected(token);
        self.local().rejected(token).await;
        // Its cache may have the same token.
        self.sharing.source.rejected(token).await;
    }
}

impl fmt::Debug for RedisTokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTokenSource")
            .field("entry", &self.sharing.entry())
            .field("when_unavailable", &self.when_unavailable)
            .field("unavailable", &self.unavailable())
            .finish_non_exhaustive()
    }
}
