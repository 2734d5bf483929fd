//! A source of tokens that counts them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::{
    AccessToken, Clock as _, Error, ErrorKind, SystemClock, TokenSource, async_trait, token_fn,
};

/// Issues a new token for each request. Clones are the same issuer.
#[derive(Clone, Debug)]
pub struct Issuer(Arc<State>);

#[derive(Debug)]
struct State {
    lifetime: Option<Duration>,
    takes: Duration,
    requested: AtomicUsize,
    issued: AtomicUsize,
    failure: Mutex<Option<String>>,
}

impl Issuer {
    /// Issues tokens of this lifetime, each after this time.
    pub fn new(lifetime: Option<Duration>, takes: Duration) -> Self {
        Self(Arc::new(State {
            lifetime,
            takes,
            requested: AtomicUsize::new(0),
            issued: AtomicUsize::new(0),
            failure: Mutex::default(),
        }))
    }

    /// Issues tokens for a day, each after 50 ms.
    pub fn daily() -> Self {
        Self::new(Some(Duration::from_secs(86_400)), Duration::from_millis(50))
    }

    /// A source that keeps its token in a cache of its own, as `ClientCredentials` does.
    pub fn cached(&self) -> impl TokenSource + use<> {
        let this = self.clone();
        token_fn(SystemClock::new(), move || {
            let this = this.clone();
            async move { this.token().await }
        })
    }

    /// The number of requests, and how many of them were granted a token.
    pub fn requested(&self) -> usize {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// The number of tokens.
    pub fn issued(&self) -> usize {
        self.0.issued.load(Ordering::SeqCst)
    }

    /// Lets the next requests fail, or succeed again.
    pub fn fail(&self, why: Option<&str>) {
        *self.0.failure.lock().unwrap() = why.map(ToOwned::to_owned);
    }
}

#[async_trait]
impl TokenSource for Issuer {
    async fn token(&self) -> Result<AccessToken, Error> {
        self.0.requested.fetch_add(1, Ordering::SeqCst);
        SystemClock::new().sleep(self.0.takes).await;
        if let Some(why) = &*self.0.failure.lock().unwrap() {
            return Err(Error::new(ErrorKind::Status, why.clone()));
        }
        let number = self.0.issued.fetch_add(1, Ordering::SeqCst) + 1;
        let token = AccessToken::new(format!("confidential-token-{number}"));
        Ok(match self.0.lifetime {
            Some(lifetime) => token.expires_in(lifetime),
            None => token,
        })
    }

    async fn rejected(&self, _token: &AccessToken) {}
}
