//! A token that is kept, fetched once however many wait, and renewed early.

use super::AccessToken;
use crate::clock::within;
use crate::{Clock, Error, Instant, TransportError};
use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How early a token is renewed: this long before it expires, and up to as long again by chance.
const LEEWAY: Duration = Duration::from_secs(60);
/// How long one fetch may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a failed early renewal is left alone, while the old token works.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

pub(super) type Fetch =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<AccessToken, Error>> + Send>> + Send + Sync>;
type Outcome = Result<AccessToken, Arc<Error>>;
type Flight = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The current token and the fetch of the next one.
pub(super) struct Cached(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    fetch: Fetch,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// Weak, so that a fetch ends when nobody waits for it any more, and the next caller begins afresh.
    flight: Option<WeakShared<Flight>>,
    not_before: Option<Instant>,
}

struct Current {
    token: AccessToken,
    renew_at: Instant,
    expires_at: Instant,
}

impl Cached {
    pub(super) fn new(clock: Arc<dyn Clock>, fetch: Fetch) -> Self {
        Self(Arc::new(Inner { clock, fetch, state: Mutex::default() }))
    }

    pub(super) async fn token(&self) -> Result<AccessToken, Error> {
        let (flight, fallback) = match self.0.plan() {
            Plan::Use(token) => return Ok(token),
            Plan::Wait { flight, fallback } => (flight, fallback),
        };
        match (flight.await, fallback) {
            (Ok(token), _) | (Err(_), Some(token)) => Ok(token),
            (Err(error), None) => Err(Error::token(error)),
        }
    }

    pub(super) fn refused(&self, token: &AccessToken) {
        let mut state = self.0.state();
        // Another call may have renewed it meanwhile; then the new one stays.
        if state.current.as_ref().is_some_and(|current| current.token.secret() == token.secret()) {
            state.current = None;
        }
    }
}

enum Plan {
    Use(AccessToken),
    Wait { flight: Shared<Flight>, fallback: Option<AccessToken> },
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole, so one that a panic interrupted elsewhere is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(self: &Arc<Self>) -> Plan {
        let now = self.clock.now();
        let mut state = self.state();
        let working = state.current.as_ref().filter(|current| now < current.expires_at);
        let fallback = working.map(|current| current.token.clone());
        let is_fresh = working.is_some_and(|current| now < current.renew_at);
        let flight = state.flight.as_ref().and_then(WeakShared::upgrade);
        match (fallback, flight) {
            (Some(token), None) if is_fresh || state.not_before.is_some_and(|moment| now < moment) => {
                Plan::Use(token)
            }
            // It still works, and somebody else is renewing it.
            (Some(token), Some(_)) => Plan::Use(token),
            (None, Some(flight)) => Plan::Wait { flight, fallback: None },
            (fallback, None) => {
                let flight: Flight = Box::pin(Arc::clone(self).renew());
                let flight = flight.shared();
                state.flight = flight.downgrade();
                Plan::Wait { flight, fallback }
            }
        }
    }

    async fn renew(self: Arc<Self>) -> Outcome {
        let started = self.clock.now();
        let fetched = match within(&*self.clock, Some(FETCH_TIMEOUT), (self.fetch)()).await {
            Ok(fetched) => fetched,
            Err(_) => Err(Error::transport(TransportError::timeout(format!(
                "the token did not come within {} s",
                FETCH_TIMEOUT.as_secs()
            )))),
        };
        let jitter = Duration::from_millis(self.clock.random() % 60_000);
        let now = self.clock.now();
        let mut state = self.state();
        state.flight = None;
        match fetched {
            Ok(token) => {
                state.not_before = None;
                state.current = token.lifetime().map(|lifetime| {
                    // A short life is used for half at least.
                    let early = (LEEWAY + jitter).min(lifetime / 2);
                    Current {
                        token: token.clone(),
                        renew_at: started + lifetime.saturating_sub(early),
                        expires_at: started + lifetime,
                    }
                });
                Ok(token)
            }
            Err(error) => {
                state.not_before = Some(now + PAUSE_AFTER_FAILURE);
                Err(Arc::new(error))
            }
        }
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cached(…)")
    }
}
