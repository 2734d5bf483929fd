//! What one process knows of the shared pace: its flows, its requests in flight, and whether Redis is used. No I/O.

use crate::backoff::Backoff;
use crate::pacing::fallback::Fallback;
use crate::pacing::flow::{Flow, Outcome};
use crate::pacing::group::{GROUPS, PerGroup, name, named};
use crate::pacing::numbers::{duration, float, millis, whole};
use crate::pacing::pending::{InFlight, Lease};
use crate::pacing::wire::{Limit, Reply, Report};
use crate::store::Unavailable;
use http::{HeaderMap, StatusCode};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use users_core::{Access, Instant, RateLimit, RateLimitState};

/// The numbers of permits that Redis granted begin here; those of the fallback are smaller.
pub(crate) const FIRST_NUMBER: u64 = 1 << 63;
/// The number of requests in flight that are remembered.
const MOST_IN_FLIGHT: usize = 8192;
/// The least time between two exchanges.
const LEAST_INTERVAL: Duration = Duration::from_millis(5);
/// The factor by which the rate may exceed the measured one before a call fails for its deadline.
const MARGIN: f64 = 1.25;
/// The refill rate of the fastest tier, as a part of the size per second, for a rate that was not measured.
const FASTEST_TIER: f64 = 1.5;

/// The result of a request for a permit.
#[derive(Debug)]
pub(crate) enum Requested {
    /// The number of its permit.
    Granted(u64),
    /// The wait would be longer than the request may take.
    TooLong(Duration),
    Waits(oneshot::Receiver<Outcome>),
}

/// Whether Redis is used.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    Shared,
    /// Redis is unavailable.
    Alone {
        cause: Unavailable,
        fallback: Arc<Fallback>,
    },
}

/// The next step of the worker.
#[derive(Debug)]
pub(crate) enum Step {
    Exchange(Box<Report>),
    SleepUntil(Instant),
    /// Nothing is to be done until something changes.
    Idle,
    /// The pacer was dropped; the report says so to Redis.
    End(Option<Box<Report>>),
}

#[derive(Debug)]
pub(crate) struct State {
    me: String,
    phase: f64,
    flows: PerGroup<Flow>,
    in_flight: BTreeMap<u64, InFlight>,
    next: u64,
    mode: Mode,
    /// The latest fallback; responses to its requests may still arrive.
    fallback: Option<Arc<Fallback>>,
    /// When the next exchange is attempted while Redis is unavailable.
    retry_at: Instant,
    backoff: Backoff,
    /// Whether requests were made since the last attempt, and the number of those that the fallback paces.
    is_used: bool,
    alone: usize,
    is_closed: bool,
    /// When the last exchange began.
    last: Option<Instant>,
    /// When the exchange began that has no outcome yet.
    unanswered_since: Option<Instant>,
    /// The time of Redis when it did.
    redis: Option<(f64, Instant)>,
    epoch: f64,
    known: Vec<Limit>,
}

impl State {
    /// The state of a process with this random name and the random credit of its new flows.
    pub(crate) fn new(me: String, phase: f64, now: Instant) -> Self {
        Self {
            me,
            phase,
            flows: PerGroup::from_fn(|| Flow::new(now)),
            in_flight: BTreeMap::new(),
            next: FIRST_NUMBER,
            mode: Mode::Shared,
            fallback: None,
            retry_at: now,
            backoff: Backoff::default(),
            is_used: false,
            alone: 0,
            is_closed: false,
            last: None,
            unanswered_since: None,
            redis: None,
            epoch: 0.0,
            known: Vec::new(),
        }
    }

    pub(crate) fn mode(&self) -> &Mode {
        &self.mode
    }

    /// The latest fallback.
    pub(crate) fn fallback(&self) -> Option<&Arc<Fallback>> {
        self.fallback.as_ref()
    }

    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Records that a request was made while Redis is unavailable, so that it is tried again.
    pub(crate) fn enter_alone(&mut self) {
        self.is_used = true;
        self.alone += 1;
    }

    /// Records that this request does not wait any more.
    pub(crate) fn leave_alone(&mut self) {
        self.alone = self.alone.saturating_sub(1);
    }

    /// The rest of the delay that the server requested.
    pub(crate) fn requested(&self, group: Access, now: Instant) -> Duration {
        self.flows.get(group).requested(now)
    }

    /// Requests a permit of Redis.
    pub(crate) fn request(
        &mut self,
        group: Access,
        time_left: Option<Duration>,
        max_server_delay: Duration,
        now: Instant,
    ) -> Requested {
        let flow = self.flows.get_mut(group);
        let requested = flow.requested(now);
        if requested > max_server_delay {
            return Requested::TooLong(requested);
        }
        if let Some(lease) = flow.at_once(now) {
            return Requested::Granted(self.send(group, lease, now));
        }
        if flow.is_unlimited(now) {
            let lease = Lease { epoch: self.epoch, granted: PerGroup::default() };
            return Requested::Granted(self.send(group, lease, now));
        }
        if let Some(wait) = time_left.and_then(|time_left| self.too_long(group, time_left, now)) {
            return Requested::TooLong(wait);
        }
        let deadline = time_left.map(|time_left| now + time_left);
        Requested::Waits(self.flows.get_mut(group).enqueue(deadline, max_server_delay))
    }

    /// The estimated wait of a request, if it is certainly longer than its time.
    fn too_long(&self, group: Access, time_left: Duration, now: Instant) -> Option<Duration> {
        let flow = self.flows.get(group);
        let ahead = float(flow.open()) + 1.0;
        let least = |limit: &Limit| {
            let fastest = FASTEST_TIER * float(limit.limit);
            let rate = if limit.measured { MARGIN * limit.rate } else { limit.rate.max(fastest) };
            duration(1000.0 * (ahead - limit.level) / rate)
        };
        let limits = self.known.iter().filter(|limit| limit.is_of(group));
        let wait = flow.requested(now).saturating_add(limits.map(least).max()?);
        let likely = duration(millis(flow.interval()) * ahead);
        (wait > time_left).then(|| wait.max(likely))
    }

    /// The estimated wait of the next request.
    pub(crate) fn wait(&self, group: Access, now: Instant) -> Duration {
        self.flows.get(group).wait(now)
    }

    /// Removes the place of a request that was cancelled before it had an outcome.
    pub(crate) fn cancelled(&mut self, group: Access) {
        self.flows.get_mut(group).cancelled();
    }

    /// Hands a permit over to a request; returns its number.
    fn send(&mut self, group: Access, lease: Lease, now: Instant) -> u64 {
        self.flows.get_mut(group).count_use();
        if self.in_flight.len() >= MOST_IN_FLIGHT {
            self.in_flight.pop_first();
        }
        let number = self.next;
        self.next += 1;
        self.in_flight.insert(number, InFlight { lease, at: now });
        number
    }

    /// Gives a permit to the first request that waits; returns whether there is one.
    fn give(&mut self, group: Access, lease: Lease, now: Instant) -> bool {
        if self.flows.get(group).open() == 0 {
            return false;
        }
        let number = self.send(group, lease, now);
        let is_given = self.flows.get_mut(group).give(number);
        if !is_given {
            self.in_flight.remove(&number);
            self.flows.get_mut(group).count_return();
        }
        is_given
    }

    /// Takes back the permit of a request that was not sent: the next one has it, or Redis.
    pub(crate) fn return_permit(&mut self, group: Access, number: u64, now: Instant) {
        let Some(InFlight { lease, .. }) = self.in_flight.remove(&number) else { return };
        self.flows.get_mut(group).count_return();
        let is_of_unlimited = lease.granted.sum() == 0;
        let is_shared = matches!(self.mode, Mode::Shared) && lease.epoch.total_cmp(&self.epoch).is_eq();
        if is_of_unlimited || !is_shared {
            return;
        }
        // While the server requests a delay, nobody may use it.
        let may_be_used = self.requested(group, now).is_zero();
        if may_be_used && self.give(group, lease, now) {
            return;
        }
        let pending = &mut self.flows.get_mut(group).pending;
        pending.returned += 1;
        pending.since.get_or_insert(now);
    }

    /// Learns from a response.
    pub(crate) fn observe(
        &mut self,
        group: Access,
        number: u64,
        status: StatusCode,
        headers: &HeaderMap,
        now: Instant,
        unix_now: SystemTime,
    ) {
        let sent = self.in_flight.remove(&number);
        let flow = self.flows.get_mut(group);
        if RateLimit::from_headers(headers).is_some_and(|limit| limit.limit.is_some()) {
            flow.set_limited();
        }
        let until = flow.pending.observe(sent, status, headers, now, unix_now);
        if let Some(until) = until {
            flow.set_limited();
            flow.hold(until);
        }
    }

    /// What the worker has to do now.
    pub(crate) fn step(&mut self, now: Instant) -> Step {
        let is_shared = matches!(self.mode, Mode::Shared);
        if self.is_closed {
            let is_known = self.redis.is_some() && is_shared;
            return Step::End(is_known.then(|| Box::new(self.report(now))));
        }
        let least = self.last.map_or(now, |last| last + LEAST_INTERVAL);
        let due = if is_shared {
            let due = GROUPS.iter().filter_map(|group| self.flows.get(*group).due()).min();
            due.map(|due| due.max(least))
        } else {
            (self.is_used || self.alone > 0).then(|| self.retry_at.max(least))
        };
        match due {
            None => Step::Idle,
            Some(due) if due > now => Step::SleepUntil(due),
            Some(_) => Step::Exchange(Box::new(self.report(now))),
        }
    }

    /// Makes the report of an exchange that begins now.
    fn report(&mut self, now: Instant) -> Report {
        let since = self.last.map_or(Duration::from_secs(1), |last| now.saturating_since(last));
        self.last = Some(now);
        self.unanswered_since = Some(now);
        self.is_used = false;
        let mut groups = BTreeMap::new();
        for group in GROUPS {
            let flow = self.flows.get_mut(group);
            if self.is_closed {
                flow.end_keeping(now);
            }
            let entry = flow.entry(since, now);
            if let Some(entry) = entry.or_else(|| self.is_closed.then(Default::default)) {
                groups.insert(name(group), entry);
            }
        }
        let measured = self.known.iter().filter(|limit| limit.measured);
        Report {
            me: self.me.clone(),
            phase: self.phase,
            sent: self.redis.map(|(redis, at)| redis + millis(now.saturating_since(at))),
            rates: measured.map(|limit| (limit.limit.to_string(), limit.rate)).collect(),
            resumes: matches!(self.mode, Mode::Alone { .. }),
            leaves: self.is_closed,
            groups,
        }
    }

    /// Whether Redis has not answered an exchange for so long.
    pub(crate) fn is_unanswered(&self, patience: Duration, now: Instant) -> bool {
        self.unanswered_since.is_some_and(|since| now.saturating_since(since) >= patience)
    }

    /// Takes the permits of a reply.
    pub(crate) fn exchanged(&mut self, reply: Reply, now: Instant) {
        self.unanswered_since = None;
        self.redis = Some((reply.now, self.last.unwrap_or(now)));
        if reply.stale {
            self.is_used = true;
            return;
        }
        self.backoff.succeeded();
        self.mode = Mode::Shared;
        self.epoch = reply.epoch;
        for (name, granted) in reply.groups {
            let Some(group) = named(&name) else { continue };
            self.flows.get_mut(group).update(&granted, now);
            let mut lease = Lease { epoch: reply.epoch, granted: granted.before };
            for _ in 0..granted.count.min(self.flows.get(group).asked()) {
                *lease.granted.get_mut(group) += 1;
                if !self.give(group, lease, now) {
                    self.flows.get_mut(group).keep(lease);
                }
            }
            self.flows.get_mut(group).settle(now);
        }
        self.known = reply.limits;
    }

    /// Redis could not be reached: requests are paced by this process alone until it can.
    pub(crate) fn failed(
        &mut self,
        cause: Unavailable,
        fallback: impl FnOnce(Option<f64>) -> Fallback,
        random: u64,
        now: Instant,
    ) {
        self.unanswered_since = None;
        self.retry_at = now + self.backoff.failed(random);
        let fallback = match &self.mode {
            Mode::Alone { fallback, .. } => Arc::clone(fallback),
            Mode::Shared => Arc::new(fallback(self.share())),
        };
        self.fallback = Some(Arc::clone(&fallback));
        self.mode = Mode::Alone { cause, fallback };
        for group in GROUPS {
            let flow = self.flows.get_mut(group);
            self.is_used |= flow.open() > 0;
            flow.release(now);
        }
    }

    /// The last known share of this process in the tenant's rates, in requests per second: the rate of each bucket, divided by
    /// the number of flows that draw from it.
    fn share(&self) -> Option<f64> {
        let share = |limit: &Limit| {
            let own =
                GROUPS.iter().filter(|group| limit.is_of(**group) && self.flows.get(**group).is_in_use());
            let own = float(own.count().max(1) as u64);
            limit.rate * own / f64::from(limit.flows).max(own)
        };
        (!self.known.is_empty()).then(|| self.known.iter().map(share).sum())
    }

    /// The known state of the tenant's rate limits.
    pub(crate) fn limits(&self, now: Instant) -> Vec<RateLimitState> {
        let Some((_, at)) = self.redis else { return Vec::new() };
        let since = now.saturating_since(at);
        self.known.iter().map(|limit| limit.state(since)).collect()
    }
}

impl Limit {
    /// Whether requests of this group draw from it.
    fn is_of(&self, group: Access) -> bool {
        self.groups.iter().any(|other| other == name(group))
    }

    /// The state this long after the exchange.
    fn state(&self, since: Duration) -> RateLimitState {
        let groups = self.groups.iter().filter_map(|name| named(name)).collect();
        let level = (self.level + self.rate * since.as_secs_f64()).clamp(0.0, float(self.limit));
        let paused = duration(self.paused).saturating_sub(since);
        RateLimitState::new(groups, self.limit, whole(level), self.rate).paused(paused)
    }
}
