//! A token that is kept, fetched once however many wait, and renewed early.

use super::AccessToken;
use crate::clock::within;
use crate::{Clock, Error, ErrorKind, Instant, TransportError, trace};
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How early a token is renewed: this long before it expires, and up to as long again by chance.
const LEEWAY: Duration = Duration::from_secs(60);
/// How long one fetch may take.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call whose token still works waits for its early renewal. It goes on with the old one then, and later calls help the
/// renewal along as they pass.
const EARLY_PATIENCE: Duration = Duration::from_millis(500);
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
    /// The fetch that is under way, and when it began. There is no task of its own: whoever waits for it moves it on.
    flight: Option<(Shared<Flight>, Instant)>,
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
        let flight = match self.0.plan() {
            Plan::Use(token) => return Ok(token),
            Plan::Glance { flight, fallback } => {
                return Ok(flight.now_or_never().and_then(Result::ok).unwrap_or(fallback));
            }
            Plan::Renew { flight, fallback } => {
                let waited = within(&*self.0.clock, Some(EARLY_PATIENCE), flight.clone()).await;
                if let Ok(Ok(token)) = waited {
                    return Ok(token);
                }
                if self.0.still_works(&fallback) {
                    return Ok(fallback);
                }
                flight
            }
            Plan::Wait(flight) => flight,
        };
        flight.await.map_err(Error::token)
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
    /// It is good.
    Use(AccessToken),
    /// It works, and somebody else is renewing it: only look whether that is done.
    Glance { flight: Shared<Flight>, fallback: AccessToken },
    /// It works, and this call is the one to renew it.
    Renew { flight: Shared<Flight>, fallback: AccessToken },
    /// There is none that works.
    Wait(Shared<Flight>),
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole, so one that a panic interrupted elsewhere is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn still_works(&self, token: &AccessToken) -> bool {
        let now = self.clock.now();
        let state = self.state();
        state.current.as_ref().is_some_and(|current| current.token == *token && now < current.expires_at)
    }

    fn plan(self: &Arc<Self>) -> Plan {
        let now = self.clock.now();
        let mut state = self.state();
        let working = state.current.as_ref().filter(|current| now < current.expires_at);
        let is_fresh = working.is_some_and(|current| now < current.renew_at);
        let fallback = working.map(|current| current.token.clone());
        // One that everybody left is as good as gone after this time.
        let flight = state.flight.as_ref().filter(|(_, began)| now.saturating_since(*began) <= FETCH_TIMEOUT);
        match (fallback, flight) {
            (Some(token), _) if is_fresh => Plan::Use(token),
            (Some(fallback), Some((flight, _))) => Plan::Glance { flight: flight.clone(), fallback },
            (Some(token), None) if state.not_before.is_some_and(|moment| now < moment) => Plan::Use(token),
            (None, Some((flight, _))) => Plan::Wait(flight.clone()),
            (fallback, None) => {
                let flight: Flight = Box::pin(self.renew());
                let flight = flight.shared();
                state.flight = Some((flight.clone(), now));
                match fallback {
                    Some(fallback) => Plan::Renew { flight, fallback },
                    None => Plan::Wait(flight),
                }
            }
        }
    }

    /// The fetch of the next token. It holds the cache weakly, for the cache holds it.
    fn renew(self: &Arc<Self>) -> impl Future<Output = Outcome> + Send + use<> {
        let (cache, clock, fetch) = (Arc::downgrade(self), Arc::clone(&self.clock), (self.fetch)());
        async move {
            let started = clock.now();
            // A closure that panics must not take every later call with it.
            let fetch = AssertUnwindSafe(fetch).catch_unwind();
            let fetched = match within(&*clock, Some(FETCH_TIMEOUT), fetch).await {
                Ok(Ok(fetched)) => fetched,
                Ok(Err(_)) => Err(Error::new(ErrorKind::Token, "the source of tokens panicked")),
                Err(_) => Err(Error::transport(TransportError::timeout(format!(
                    "the token did not come within {} s",
                    FETCH_TIMEOUT.as_secs()
                )))),
            };
            match cache.upgrade() {
                Some(cache) => cache.keep(started, fetched),
                None => fetched.map_err(Arc::new),
            }
        }
    }

    fn keep(&self, started: Instant, fetched: Result<AccessToken, Error>) -> Outcome {
        let jitter = Duration::from_millis(self.clock.random() % 60_000);
        let now = self.clock.now();
        let mut state = self.state();
        state.flight = None;
        match fetched {
            Ok(token) => {
                trace::token_renewed(token.lifetime());
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
                let old_one_works = state.current.as_ref().is_some_and(|current| now < current.expires_at);
                trace::token_not_renewed(&error, old_one_works);
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
