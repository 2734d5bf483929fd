//! The pacer that learns the tenant's limits.

use super::cap::Cap;
use super::pace::Pace;
use super::per_group::{GROUPS, PerGroup};
use super::{PaceError, PaceRequest, Pacer, Permit, RateLimitState, ReturnPermit};
use crate::clock::{Clock, Instant};
use crate::descriptor::Access;
use crate::error::Error;
use crate::queue::Queue;
use crate::rate_limit::{RateLimit, server_delay};
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Learns the tenant's rate limits from responses, and spaces requests so that the allowance is used and not exceeded.
///
/// Auth0 limits a tenant by token buckets: one for all requests, or one each for reads, writes and deletes, or both. Responses
/// report the size of a bucket and how many requests remain, not its refill rate. This pacer grants permits at a rate that rises
/// with the level of the bucket: a burst at once, then as many as are refilled. Several processes that do so share a tenant
/// evenly without coordination, and follow a rate that changes within seconds. After a 429, no permit is granted from that bucket
/// until the delay that the server requested has passed.
///
/// Until the first response it assumes the smallest of Auth0's tiers, 2 requests at once and 2 per second. Where a success
/// reports no limit, there is none. Permits of a group are granted in the order of their requests; a request whose future is not
/// polled is skipped.
///
/// The pacer is made for buckets that take some seconds to fill, as those of all tiers do. It uses only a part of one that fills
/// several times a second, and where a tenant's bucket becomes smaller, the old one applies for another minute.
///
/// Clones are the same pacer: pass one to several clients of a tenant, and they share its limits.
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
    /// The queue of each group, in the order of the requests.
    waiting: PerGroup<Queue<Waker>>,
    next: u64,
    /// The number of permits granted to each group.
    granted: PerGroup<u64>,
}

/// The shortest sleep, about the resolution of timers.
const SHORTEST: Duration = Duration::from_millis(1);
/// How long the queue head may leave an available permit unclaimed before the next request takes it. The head's future may not be
/// polled at the time, as in a buffered stream whose loop makes another call; it keeps its place in the queue.
const GRACE: Duration = Duration::from_millis(50);

impl AdaptivePacer {
    /// A pacer without observations.
    pub fn new(clock: impl Clock) -> Self {
        Self::on(Arc::new(clock))
    }

    pub(crate) fn on(clock: Arc<dyn Clock>) -> Self {
        let pace = Pace::new(clock.now());
        let state = State { pace, waiting: PerGroup::default(), next: 0, granted: PerGroup::default() };
        Self(Arc::new(Inner { clock, state: Mutex::new(state) }))
    }

    /// Limits the rate of all requests together, to leave a part of the tenant's allowance to other programs: in requests per second,
    /// which may be less than 1. The tenant's own limits are kept to as before.
    ///
    /// The requests of one second, and at least one, may be sent at once. The limit applies to all clones, and to requests that wait
    /// already. Calls that would wait longer than their time allows fail at once, as with the tenant's limits.
    ///
    /// ```
    /// use users_core::{AdaptivePacer, SystemClock};
    ///
    /// let pacer = AdaptivePacer::new(SystemClock::new()).max_rate(5.0)?;
    /// # let _ = pacer;
    /// # Ok::<(), users_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An error of kind [`Configuration`](crate::ErrorKind::Configuration) unless the rate is positive and finite.
    pub fn max_rate(self, per_second: f64) -> Result<Self, Error> {
        let cap = Cap::new(per_second, self.0.clock.now()).ok_or_else(|| {
            Error::configuration(format!(
                "a maximum rate of {per_second} requests per second: it must be positive and finite"
            ))
        })?;
        let mut state = self.0.state();
        state.pace.set_cap(cap);
        State::wake_heads(state);
        Ok(self)
    }

    /// Grants no permit for this time, and then none at once beyond the maximum rate: a pacer that replaces another one, or one of
    /// many that start together, adds no burst of its own. Without a [maximum rate](Self::max_rate) it has no effect.
    ///
    /// ```
    /// use std::time::Duration;
    /// use users_core::{AdaptivePacer, SystemClock};
    ///
    /// let pacer = AdaptivePacer::new(SystemClock::new()).max_rate(5.0)?.without_burst(Duration::from_millis(120));
    /// # let _ = pacer;
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn without_burst(self, delay: Duration) -> Self {
        let mut state = self.0.state();
        state.pace.empty_cap(self.0.clock.now() + delay);
        State::wake_heads(state);
        self
    }
}

#[async_trait]
impl Pacer for AdaptivePacer {
    async fn acquire(&self, request: &PaceRequest<'_>) -> Result<Permit, PaceError> {
        let now = self.0.clock.now();
        if let Some(permit) = self.0.grant_at_once(request, now) {
            return Ok(permit);
        }
        Acquire {
            inner: Arc::clone(&self.0),
            group: request.access,
            deadline: request.time_left.map(|time_left| now + time_left),
            max_server_delay: request.max_server_delay,
            place: None,
            grace: None,
            sleep: None,
        }
        .await
    }

    fn observe(&self, permit: &Permit, status: StatusCode, headers: &HeaderMap) {
        let limit = RateLimit::from_headers(headers);
        // Only a 429 holds later requests back.
        let delay = (status == StatusCode::TOO_MANY_REQUESTS)
            .then(|| server_delay(headers, self.0.clock.unix_now()))
            .flatten();
        let mut state = self.0.state();
        let (group, number) = (permit.group(), permit.number());
        state.pace.answered(group, number, status, limit.as_ref(), delay, self.0.clock.now());
        State::wake_heads(state);
    }

    fn limits(&self) -> Vec<RateLimitState> {
        self.0.state().pace.limits(self.0.clock.now())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Changes of the state do not panic halfway, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants a permit without queueing, if nobody waits and one is available.
    fn grant_at_once(self: &Arc<Self>, request: &PaceRequest<'_>, now: Instant) -> Option<Permit> {
        let group = request.access;
        let mut state = self.state();
        let may_be_sent = state.pace.requested(group, now) <= request.max_server_delay;
        if !may_be_sent || state.heads().next().is_some() || !state.pace.wait(group, now).is_zero() {
            return None;
        }
        let number = state.grant(group, now);
        drop(state);
        Some(self.permit(group, number))
    }

    fn permit(self: &Arc<Self>, group: Access, number: u64) -> Permit {
        Permit::returned_to(Arc::clone(self) as Arc<dyn ReturnPermit>, group, number)
    }
}

impl ReturnPermit for Inner {
    fn return_permit(&self, number: u64) {
        let mut state = self.state();
        state.pace.return_permit(number, self.clock.now());
        State::wake_heads(state);
    }
}

impl State {
    /// Grants a permit and returns its number.
    fn grant(&mut self, group: Access, now: Instant) -> u64 {
        *self.granted.get_mut(group) += 1;
        self.pace.grant(group, now)
    }

    /// Keeps the waker of a request in its group's queue. Returns the request's place, which is a new one unless it has one.
    fn enqueue(&mut self, group: Access, place: Option<u64>, waker: &Waker) -> u64 {
        let queue = self.waiting.get_mut(group);
        if let Some((place, kept)) = place.and_then(|place| Some((place, queue.get_mut(place)?))) {
            kept.clone_from(waker);
            return place;
        }
        self.next += 1;
        queue.push(self.next, waker.clone());
        self.next
    }

    /// The head of each group's queue.
    fn heads(&self) -> impl Iterator<Item = (Access, u64, &Waker)> {
        let first = |group| self.waiting.get(group).first().map(|(place, waker)| (group, place, waker));
        GROUPS.into_iter().filter_map(first)
    }

    /// Wakes the queue heads after a change, once the lock is released.
    fn wake_heads(state: MutexGuard<'_, Self>) {
        let heads = GROUPS.map(|group| state.waiting.get(group).first().map(|(_, waker)| waker.clone()));
        drop(state);
        heads.into_iter().flatten().for_each(Waker::wake);
    }

    /// A queue head of another group that came earlier and may be granted a permit too.
    fn earlier(&self, place: u64, now: Instant) -> Option<(Access, &Waker)> {
        let earlier = self.heads().filter(|(_, other, _)| *other < place);
        let mut earlier = earlier.filter(|(group, ..)| self.pace.wait(*group, now).is_zero());
        earlier.next().map(|(group, _, waker)| (group, waker))
    }

    /// The number of requests of each group before this place, or that wait if it has none. Those that were cancelled may be counted;
    /// the number is evaluated again before a deadline.
    fn before(&self, place: Option<u64>) -> PerGroup<usize> {
        let mut before = PerGroup::default();
        for group in GROUPS {
            let waiting = self.waiting.get(group);
            *before.get_mut(group) = place.map_or(waiting.len(), |place| waiting.before(place));
        }
        before
    }

    /// The requests before this one.
    fn ahead(&self, group: Access, place: u64, now: Instant) -> Ahead {
        let ahead = |count, group, first| Ahead { count, group, granted: *self.granted.get(group), first };
        match self.waiting.get(group).first() {
            Some((first, waker)) if first < place => ahead(place - first, group, Some(waker.clone())),
            _ => match self.earlier(place, now) {
                Some((other, waker)) => ahead(1, other, Some(waker.clone())),
                None => ahead(0, group, None),
            },
        }
    }
}

/// The requests that a request waits for.
struct Ahead {
    /// How many they are, at most.
    count: u64,
    /// The group of the first of them.
    group: Access,
    /// The number of permits granted to that group.
    granted: u64,
    first: Option<Waker>,
}

/// Waits in the queue of its group: the head for the bucket, the others for those before them.
struct Acquire {
    inner: Arc<Inner>,
    group: Access,
    deadline: Option<Instant>,
    max_server_delay: Duration,
    place: Option<u64>,
    grace: Option<Grace>,
    sleep: Option<Sleep>,
}

/// Until when a request waits for those before it; restarted whenever one of them is granted a permit.
#[derive(Clone, Copy)]
struct Grace {
    group: Access,
    granted: u64,
    until: Instant,
}

struct Sleep {
    until: Instant,
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Future for Acquire {
    type Output = Result<Permit, PaceError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = Arc::clone(&self.inner);
        loop {
            let mut state = inner.state();
            let now = inner.clock.now();
            if let Err(error) = self.check(&state, now) {
                drop(state);
                self.dequeue();
                return Poll::Ready(Err(error));
            }
            let place = state.enqueue(self.group, self.place, context.waker());
            self.place = Some(place);
            let wait = state.pace.wait(self.group, now);
            let ahead = state.ahead(self.group, place, now);
            let is_current = |grace: &Grace| (grace.group, grace.granted) == (ahead.group, ahead.granted);
            let grace = self.grace.filter(is_current);
            let is_next = ahead.count == 0 || grace.is_some_and(|grace| grace.until <= now);
            if is_next && wait.is_zero() {
                let number = state.grant(self.group, now);
                drop(state);
                self.dequeue();
                return Poll::Ready(Ok(inner.permit(self.group, number)));
            }
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                let before = state.before(self.place);
                let (_, likely) = state.pace.wait_behind(self.group, &before, Duration::ZERO, now);
                let wait = wait.max(likely).max(SHORTEST);
                drop(state);
                self.dequeue();
                return Poll::Ready(Err(PaceError::wait_too_long(wait)));
            }
            drop(state);
            let until = match grace {
                _ if is_next => now + wait,
                Some(grace) => grace.until,
                None => {
                    let others = u32::try_from(ahead.count).unwrap_or(u32::MAX);
                    let until = now + wait + GRACE.saturating_mul(others);
                    self.grace = Some(Grace { group: ahead.group, granted: ahead.granted, until });
                    if let Some(first) = ahead.first.filter(|_| wait.is_zero()) {
                        first.wake();
                    }
                    until
                }
            };
            let until = self.deadline.map_or(until, |deadline| until.min(deadline));
            // A sleep that ends sooner is kept; the state is evaluated again then.
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

impl Acquire {
    /// Fails where the wait does not fit into the call's time, or exceeds the server delay that the call accepts.
    fn check(&self, state: &State, now: Instant) -> Result<(), PaceError> {
        let requested = state.pace.requested(self.group, now);
        if requested > self.max_server_delay {
            return Err(PaceError::wait_too_long(requested));
        }
        let Some(deadline) = self.deadline else { return Ok(()) };
        let time_left = deadline.saturating_since(now);
        let (least, likely) = state.pace.wait_behind(self.group, &state.before(self.place), time_left, now);
        if least > time_left { Err(PaceError::wait_too_long(likely.max(least))) } else { Ok(()) }
    }

    /// Removes the request from the queue and wakes the heads.
    fn dequeue(&mut self) {
        let Some(place) = self.place.take() else { return };
        let mut state = self.inner.state();
        state.waiting.get_mut(self.group).remove(place);
        State::wake_heads(state);
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        self.dequeue();
    }
}

impl fmt::Debug for AdaptivePacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AdaptivePacer").field(&self.limits()).finish()
    }
}
