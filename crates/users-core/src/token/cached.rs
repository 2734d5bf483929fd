//! A cached token: one fetch for all calls that wait for it, and early renewal.
//!
//! A fetch is polled only by the call that started it, so it never depends on another caller's runtime. The other calls wait for
//! its outcome, each with its own time limit. If the polling call is dropped, the fetch is handed over to a waiting call; a fetch
//! that is no longer polled is replaced.

use super::AccessToken;
use super::flight::{Fetching, Flight, Outcome, Waiting};
use super::renewal::{Backoff, Rejections};
use crate::clock::within;
use crate::clock::{Clock, Instant};
use crate::error::{Error, ErrorKind};
use crate::trace;
use crate::transport::{Sent, TransportError, TransportErrorKind};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long before it expires a token is renewed; a random time up to the same length is added.
const LEEWAY: Duration = Duration::from_secs(60);
/// The time limit of a fetch, and of waiting for one.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call with a valid token waits for the early renewal that it started. Later calls continue the renewal.
const EARLY_TIMEOUT: Duration = Duration::from_millis(500);
/// The delay before a failed early renewal is repeated, while the old token is valid.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The time limit of a fetch that was handed over: its connection may belong to a runtime that no longer exists.
const HANDOVER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a woken fetch may remain unpolled before it is replaced.
const UNPOLLED_TIMEOUT: Duration = Duration::from_millis(500);

pub(crate) type Fetch =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<AccessToken, Error>> + Send>> + Send + Sync>;

/// The current token and the fetch of the next one.
pub(crate) struct Cached {
    clock: Arc<dyn Clock>,
    fetch: Arc<Fetch>,
    state: Mutex<State>,
    flight: Flight,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// No early renewal before this moment.
    not_before: Option<Instant>,
    backoff: Backoff,
    rejections: Rejections,
}

struct Current {
    token: AccessToken,
    renew_at: Instant,
    expires_at: Instant,
}

/// The next step of a call that needs a token.
enum Plan {
    /// Use this token.
    Use(AccessToken),
    /// Fail: the last fetch failed recently.
    Fail(Arc<Error>),
    /// Fetch the next token. `valid` is the fallback.
    Fetch { number: u64, handed_over: Option<Fetching>, valid: Option<AccessToken> },
    /// Wait for the fetch of another call.
    Wait(Waiting),
}

impl Cached {
    pub(crate) fn new(clock: Arc<dyn Clock>, fetch: Fetch) -> Self {
        Self { clock, fetch: Arc::new(fetch), state: Mutex::default(), flight: Flight::default() }
    }

    pub(crate) async fn token(&self) -> Result<AccessToken, Error> {
        match self.plan() {
            Plan::Use(token) => Ok(token),
            plan => within(&*self.clock, Some(FETCH_TIMEOUT), self.fetch_or_wait(plan))
                .await
                .unwrap_or_else(|_| Err(Error::token(Arc::new(timed_out())))),
        }
    }

    /// Boxed, so that the future of a call that uses a cached token is small.
    fn fetch_or_wait(&self, mut plan: Plan) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(async move {
            loop {
                match plan {
                    Plan::Use(token) => return Ok(token),
                    Plan::Fail(error) => return Err(Error::token(error)),
                    Plan::Fetch { number, handed_over, valid } => {
                        if let Some(outcome) = self.fetch(number, handed_over, valid).await {
                            return outcome.map_err(Error::token);
                        }
                    }
                    Plan::Wait(waiting) => {
                        if let Some(outcome) = waiting.outcome(&*self.clock, UNPOLLED_TIMEOUT).await {
                            return outcome.map_err(Error::token);
                        }
                    }
                }
                plan = self.plan();
            }
        })
    }

    fn plan(&self) -> Plan {
        let now = self.clock.now();
        let state = self.state();
        let valid = state.current.as_ref().filter(|current| now < current.expires_at);
        let is_due = valid.is_none_or(|current| now >= current.renew_at);
        let valid = valid.map(|current| current.token.clone());
        let is_paused = state.not_before.is_some_and(|moment| now < moment);
        let lead = match &valid {
            Some(token) if !is_due || is_paused => return Plan::Use(token.clone()),
            Some(token) => match self.flight.lead() {
                Some(lead) => Ok(lead),
                // Another call renews it.
                None => return Plan::Use(token.clone()),
            },
            None => match state.backoff.error(now) {
                Some(error) => return Plan::Fail(error),
                None => self.flight.lead_or_wait(),
            },
        };
        match lead {
            Err(waiting) => Plan::Wait(waiting),
            Ok((number, handed_over)) => {
                let is_recent = |fetching: &Fetching| now.saturating_since(fetching.began) <= FETCH_TIMEOUT;
                Plan::Fetch { number, handed_over: handed_over.filter(is_recent), valid }
            }
        }
    }

    /// Fetches the next token, or continues a fetch that was handed over. `None` if the fetch was abandoned: the caller plans
    /// again.
    async fn fetch(
        &self,
        number: u64,
        handed_over: Option<Fetching>,
        valid: Option<AccessToken>,
    ) -> Option<Outcome> {
        let time = match (&valid, &handed_over) {
            // Poll a renewal that another call has started.
            (Some(_), Some(_)) => Some(Duration::ZERO),
            (Some(_), None) => Some(EARLY_TIMEOUT),
            (None, Some(_)) => Some(HANDOVER_TIMEOUT),
            (None, None) => None,
        };
        let fetching = handed_over.unwrap_or_else(|| self.begin());
        let began = fetching.began;
        let is_handed_over = time == Some(HANDOVER_TIMEOUT);
        let mut leading = self.flight.leading(number, fetching);
        match within(&*self.clock, time, leading.outcome()).await {
            // It may depend on a runtime that no longer exists.
            Ok(None | Some(Err(_))) if is_handed_over => leading.abandon(),
            Ok(fetched) => {
                leading.finish();
                let panicked = || Err(Error::new(ErrorKind::Token, "the token source panicked").transient());
                let outcome = self.keep(number, began, fetched.unwrap_or_else(panicked));
                return Some(
                    outcome.or_else(|error| valid.filter(|token| self.is_valid(token)).ok_or(error)),
                );
            }
            // Dropping `leading` hands the early renewal over to the next call.
            Err(_) if valid.is_some() => {}
            // It may wait for a connection that never responds.
            Err(_) => leading.abandon(),
        }
        valid.filter(|token| self.is_valid(token)).map(Ok)
    }

    fn is_valid(&self, token: &AccessToken) -> bool {
        let now = self.clock.now();
        self.state()
            .current
            .as_ref()
            .is_some_and(|current| current.token == *token && now < current.expires_at)
    }

    fn begin(&self) -> Fetching {
        let (clock, fetch) = (Arc::clone(&self.clock), Arc::clone(&self.fetch));
        let future = async move {
            // A closure may panic before it returns a future, and the future may panic.
            let fetched = pin!(async { fetch().await });
            within(&*clock, Some(FETCH_TIMEOUT), fetched).await.unwrap_or_else(|_| Err(timed_out()))
        };
        let future = AssertUnwindSafe(future).catch_unwind().map(Result::ok);
        Fetching { began: self.clock.now(), future: Box::pin(future) }
    }

    /// Stores the result of a fetch and passes it to the calls that wait for it.
    fn keep(&self, number: u64, began: Instant, fetched: Result<AccessToken, Error>) -> Outcome {
        let random = self.clock.random();
        let now = self.clock.now();
        let mut state = self.state();
        // A cached token that cannot be sent would fail every call.
        let outcome = match fetched.and_then(|token| token.check().map(|()| token)) {
            Ok(token) => {
                trace::token_renewed(token.lifetime());
                state.not_before = None;
                state.backoff.reset();
                state.current = token.lifetime().map(|lifetime| {
                    let jitter = Duration::from_millis(random % 60_000);
                    // At least half of a short lifetime is used.
                    let early = (LEEWAY + jitter).min(lifetime / 2);
                    Current {
                        token: token.clone(),
                        renew_at: began + lifetime.saturating_sub(early),
                        expires_at: began + lifetime,
                    }
                });
                Ok(token)
            }
            Err(error) => {
                let old_one_works = state.current.as_ref().is_some_and(|current| now < current.expires_at);
                trace::token_not_renewed(&error, old_one_works);
                let error = Arc::new(error);
                if old_one_works {
                    state.not_before = Some(now + PAUSE_AFTER_FAILURE);
                } else {
                    state.backoff.failed(&error, now, random);
                }
                Err(error)
            }
        };
        drop(state);
        self.flight.end(number, &outcome);
        outcome
    }

    /// Drops a token that a 401 rejected, unless a recent 401 caused its own renewal and it has never been accepted.
    pub(crate) fn rejected(&self, token: &AccessToken) {
        let now = self.clock.now();
        let mut state = self.state();
        let State { current, rejections, .. } = &mut *state;
        // Another call may have renewed it meanwhile.
        let was_accepted = match current {
            Some(current) if current.token.secret() == token.secret() => current.token.is_accepted(),
            _ => return,
        };
        if rejections.may_renew(now, was_accepted) {
            *current = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Changes of the state do not panic halfway, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn timed_out() -> Error {
    let message = format!("no token was received within {} s", FETCH_TIMEOUT.as_secs());
    Error::transport(TransportError::new(TransportErrorKind::Timeout, Sent::Maybe, message))
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cached(…)")
    }
}
