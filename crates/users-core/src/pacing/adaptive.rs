//! The pacer that learns.

use super::pace::Pace;
use super::per_group::{GROUPS, PerGroup};
use super::{PaceError, PaceRequest, Pacer, Permit, RateLimitState};
use crate::clock::{Clock, Instant};
use crate::descriptor::Access;
use crate::rate_limit::RateLimit;
use crate::rate_limit::server_delay;
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Learns the tenant's limits from the answers, and spreads requests so that the allowance is used up and not overrun.
///
/// Auth0 gives a tenant one bucket for everything, or one each for reads, writes and deletes, or both; the answers tell how many
/// requests a bucket holds and how many are left in it, not how fast it fills. This pacer lets requests go the faster the fuller
/// their buckets are: a burst at once, then as many as are added. Several processes that do so share a tenant evenly, without
/// knowing of each other, and a rate that changes is followed within seconds. After a 429 nothing goes from that bucket until the
/// time that the server names, or for an hour.
///
/// Until the first answer it assumes the smallest of Auth0's tiers, 2 requests at once and 2 per second. Where a success tells of
/// no limit, there is none. Requests of a group go in the order in which they came; one whose future nobody polls is passed over.
///
/// It is made for buckets that take some seconds to fill, as those of all tiers do. Of one that is filled several times a second it
/// uses only a part, and where a tenant's bucket becomes smaller the old one still counts for a minute.
///
/// Clones are the same pacer: give one to several clients of a tenant, and they keep its pace together.
///
/// ```
/// use users_core::{AdaptivePacer, ManagementClient, SystemClock};
/// # use users_core::{Body, HttpTransport, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
///
/// let pacer = AdaptivePacer::new(SystemClock::new());
/// let reader = ManagementClient::builder(my_transport()).domain("tenant.eu.auth0.com").token("token A").pacer(pacer.clone()).build()?;
/// let writer = ManagementClient::builder(my_transport()).domain("tenant.eu.auth0.com").token("token B").pacer(pacer).build()?;
/// assert!(reader.rate_limit().is_empty()); // no response yet
/// # let _ = writer;
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// The headers and the tiers: <https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy>.
#[derive(Clone)]
pub struct AdaptivePacer(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    /// Who waits, in the order in which they came.
    waiting: PerGroup<BTreeMap<u64, Waker>>,
    next: u64,
    /// How many requests of each group went.
    went: PerGroup<u64>,
}

/// Nobody sleeps for less: a timer could not.
const SHORTEST: Duration = Duration::from_millis(1);
/// For how long one that may go is waited for by the next. Its future may be one that nobody polls any more, as in a buffered
/// stream whose loop makes a call of its own; it keeps its place, but the others go on.
const GRACE: Duration = Duration::from_millis(50);

impl AdaptivePacer {
    /// A pacer that knows nothing yet.
    pub fn new(clock: impl Clock) -> Self {
        Self::on(Arc::new(clock))
    }

    pub(crate) fn on(clock: Arc<dyn Clock>) -> Self {
        let pace = Pace::new(clock.now());
        let state = State { pace, waiting: PerGroup::default(), next: 0, went: PerGroup::default() };
        Self(Arc::new(Inner { clock, state: Mutex::new(state) }))
    }
}

#[async_trait]
impl Pacer for AdaptivePacer {
    async fn acquire(&self, request: &PaceRequest<'_>) -> Result<Permit, PaceError> {
        Turn {
            inner: Arc::clone(&self.0),
            group: request.access,
            deadline: request.time_left.map(|time_left| self.0.clock.now() + time_left),
            max_server_delay: request.max_server_delay,
            place: None,
            patience: None,
            sleep: None,
        }
        .await
    }

    fn observe(&self, permit: &Permit, status: StatusCode, headers: &HeaderMap) {
        let limit = RateLimit::from_headers(headers);
        let delay = server_delay(headers, self.0.clock.unix_now());
        let mut state = self.0.state();
        let (group, number) = (permit.group(), permit.number());
        state.pace.answered(group, number, status, limit.as_ref(), delay, self.0.clock.now());
        State::look_again(state);
    }

    fn limits(&self) -> Vec<RateLimitState> {
        self.0.state().pace.limits(self.0.clock.now())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole, so one that a panic interrupted elsewhere is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, number: u64) {
        let mut state = self.state();
        state.pace.come_back(number, self.clock.now());
        State::look_again(state);
    }
}

impl State {
    /// The first of those who wait in each group.
    fn firsts(&self) -> impl Iterator<Item = (Access, u64, &Waker)> {
        let first =
            |group| self.waiting.of(group).first_key_value().map(|(place, waker)| (group, *place, waker));
        GROUPS.into_iter().filter_map(first)
    }

    /// Something has changed: those who are first look again, once the state is free.
    fn look_again(state: MutexGuard<'_, Self>) {
        let firsts: Vec<Waker> = state.firsts().map(|(.., waker)| waker.clone()).collect();
        drop(state);
        firsts.into_iter().for_each(Waker::wake);
    }

    /// Somebody of another group who came earlier and may go too.
    fn earlier(&self, place: u64, now: Instant) -> Option<&Waker> {
        let earlier = self.firsts().filter(|(_, other, _)| *other < place);
        earlier.filter(|(group, ..)| self.pace.wait(*group, now).is_zero()).map(|(.., waker)| waker).next()
    }

    /// How many go before this one, at most, and whom to remind of it.
    fn ahead(&self, group: Access, place: u64, now: Instant) -> (u64, Option<Waker>) {
        match self.waiting.of(group).first_key_value() {
            Some((first, waker)) if *first < place => (place - first, Some(waker.clone())),
            _ => self.earlier(place, now).map_or((0, None), |earlier| (1, Some(earlier.clone()))),
        }
    }
}

/// Waits in the queue of its group; the first there waits for the pace, the others for those before them.
struct Turn {
    inner: Arc<Inner>,
    group: Access,
    deadline: Option<Instant>,
    max_server_delay: Duration,
    place: Option<u64>,
    patience: Option<Patience>,
    sleep: Option<Sleep>,
}

/// Until when others are let go before; it begins anew whenever one has gone.
#[derive(Clone, Copy)]
struct Patience {
    went: u64,
    until: Instant,
}

struct Sleep {
    until: Instant,
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Future for Turn {
    type Output = Result<Permit, PaceError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = Arc::clone(&self.inner);
        loop {
            let mut state = inner.state();
            let now = inner.clock.now();
            if let Err(error) = self.check(&state, now) {
                drop(state);
                self.leave();
                return Poll::Ready(Err(error));
            }
            let place = *self.place.get_or_insert_with(|| {
                state.next += 1;
                state.next
            });
            state.waiting.of_mut(self.group).insert(place, context.waker().clone());
            let wait = state.pace.wait(self.group, now);
            let went = *state.went.of(self.group);
            let (ahead, first) = state.ahead(self.group, place, now);
            let patience = self.patience.filter(|patience| patience.went == went);
            let is_next = ahead == 0 || patience.is_some_and(|patience| patience.until <= now);
            if is_next && wait.is_zero() {
                *state.went.of_mut(self.group) += 1;
                let number = state.pace.go(self.group, now);
                drop(state);
                self.leave();
                let giver = Arc::clone(&inner);
                let permit = Permit::returning(self.group, move || giver.give_back(number)).numbered(number);
                return Poll::Ready(Ok(permit));
            }
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                let others = usize::try_from(ahead).unwrap_or(usize::MAX);
                let (_, likely) = state.pace.wait_behind(self.group, others, now);
                let wait = wait.max(likely).max(SHORTEST);
                drop(state);
                self.leave();
                return Poll::Ready(Err(PaceError::wait_too_long(wait)));
            }
            drop(state);
            let until = match patience {
                _ if is_next => now + wait,
                Some(patience) => patience.until,
                None => {
                    let until = now + wait + GRACE.saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX));
                    self.patience = Some(Patience { went, until });
                    if let Some(first) = first.filter(|_| wait.is_zero()) {
                        first.wake();
                    }
                    until
                }
            };
            let until = self.deadline.map_or(until, |deadline| until.min(deadline));
            // One that ends sooner is kept: then there is another look.
            let mut sleep = match self.sleep.take() {
                Some(sleep) if sleep.until <= until => sleep,
                _ => {
                    let time = until.saturating_since(now).max(SHORTEST);
                    Sleep { until, future: inner.clock.sleep(time) }
                }
            };
            if sleep.future.as_mut().poll(context).is_pending() {
                self.sleep = Some(sleep);
                return Poll::Pending;
            }
        }
    }
}

impl Turn {
    /// Whether the wait fits into the call's time, and into the delay that it accepts of the server.
    fn check(&self, state: &State, now: Instant) -> Result<(), PaceError> {
        let requested = state.pace.requested(self.group, now);
        if requested > self.max_server_delay {
            return Err(PaceError::wait_too_long(requested));
        }
        let Some(deadline) = self.deadline else { return Ok(()) };
        let waiting = state.waiting.of(self.group);
        let others = match (self.place, waiting.first_key_value()) {
            // Some in between may have left: then it looks again before its deadline.
            (Some(place), Some((first, _))) => {
                usize::try_from(place.saturating_sub(*first)).unwrap_or(0).min(waiting.len())
            }
            _ => waiting.len(),
        };
        let (least, likely) = state.pace.wait_behind(self.group, others, now);
        if least > deadline.saturating_since(now) {
            Err(PaceError::wait_too_long(likely.max(least)))
        } else {
            Ok(())
        }
    }

    /// Leaves the queue; those who are first now look.
    fn leave(&mut self) {
        let Some(place) = self.place.take() else { return };
        let mut state = self.inner.state();
        state.waiting.of_mut(self.group).remove(&place);
        State::look_again(state);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for AdaptivePacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AdaptivePacer").field(&self.limits()).finish()
    }
}
