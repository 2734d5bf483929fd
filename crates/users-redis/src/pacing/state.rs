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
    /// The time of Redis when it did.
    redis: Option<(f64, Instant)>,
    /// When the exchange began that has no outcome yet.
    unanswered_since: Option<Instant>,
    /// The fallback of requests that could not wait for it.
    early: Option<Arc<Fallback>>,
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
            redis: None,
            unanswered_since: None,
            early: None,
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
        let since = self.redis.map_or(Duration::ZERO, |(_, at)| now.saturating_since(at));
        let least = |limit: &Limit| {
            let fastest = FASTEST_TIER * float(limit.limit);
            let rate = if limit.measured { MARGIN * limit.rate } else { limit.rate.max(fastest) };
            let level = (limit.level + rate * since.as_secs_f64()).min(float(limit.limit));
            duration(1000.0 * (ahead - level) / rate)
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
        self.flows.get_mut(group).pending.give_back(1, now);
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
            epoch: self.epoch,
            resumes: matches!(self.mode, Mode::Alone { .. }),
            leaves: self.is_closed,
            groups,
        }
    }

    /// The fallback for a request that has no time to wait until Redis counts as unavailable, if Redis has not answered an exchange
    /// for so long.
    pub(crate) fn unanswered(
        &mut self,
        group: Access,
        patience: Duration,
        fallback: impl FnOnce(Option<f64>) -> Fallback,
        now: Instant,
    ) -> Option<Arc<Fallback>> {
        let is_silent = |since: &Instant| now.saturating_since(*since) >= patience;
        self.unanswered_since.filter(is_silent)?;
        if !self.requested(group, now).is_zero() {
            return None;
        }
        if self.early.is_none() {
            self.early = Some(Arc::new(fallback(self.share())));
            self.fallback.clone_from(&self.early);
        }
        self.early.clone()
    }

    /// Takes the permits of a reply.
    pub(crate) fn exchanged(&mut self, reply: Reply, now: Instant) {
        self.unanswered_since = None;
        self.early = None;
        self.redis = Some((reply.now, self.last.unwrap_or(now)));
        if reply.stale {
            self.is_used = true;
            for group in GROUPS {
                self.flows.get_mut(group).report_hold(now);
            }
            return;
        }
        self.backoff.succeeded();
        self.mode = Mode::Shared;
        if reply.epoch.total_cmp(&self.epoch).is_ne() {
            // The state is a new one.
            for group in GROUPS {
                self.flows.get_mut(group).begin(now);
            }
        }
        self.epoch = reply.epoch;
        for (name, granted) in reply.groups {
            let Some(group) = named(&name) else { continue };
            self.flows.get_mut(group).update(&granted, now);
            let mut lease = Lease { epoch: reply.epoch, granted: granted.before };
            for _ in 0..granted.count.min(self.flows.get(group).asked()) {
                *lease.granted.get_mut(group) += 1;
                if !self.requested(group, now).is_zero() {
                    // A delay that Redis did not know yet.
                    self.flows.get_mut(group).pending.give_back(1, now);
                } else if !self.give(group, lease, now) {
                    self.flows.get_mut(group).keep(lease, now);
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
            Mode::Shared => self.early.take().unwrap_or_else(|| Arc::new(fallback(self.share()))),
        };
        self.fallback = Some(Arc::clone(&fallback));
        self.mode = Mode::Alone { cause, fallback };
        for group in GROUPS {
            let flow = self.flows.get_mut(group);
            self.is_used |= flow.open() > 0;
            flow.release(now);
        }
    }

    /// The last known share of this process in the tenant's rates, in requests per second: for each group that it uses, the least
    /// rate of a bucket divided by the number of flows that draw from it.
    fn share(&self) -> Option<f64> {
        let share = |group: Access| {
            let limits = self.known.iter().filter(|limit| limit.is_of(group));
            limits.map(|limit| limit.rate / f64::from(limit.flows).max(1.0)).min_by(f64::total_cmp)
        };
        let in_use = GROUPS.into_iter().filter(|group| self.flows.get(*group).is_in_use());
        let shares: Vec<f64> = in_use.filter_map(share).collect();
        if shares.is_empty() {
            // As one more process would have of the smallest bucket.
            let share = |limit: &Limit| limit.rate / (f64::from(limit.flows) + 1.0);
            return self.known.iter().map(share).min_by(f64::total_cmp);
        }
        Some(shares.iter().sum())
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

#[cfg(test)]
mod tests {
    use super::{Mode, State, Step};
    use crate::pacing::fallback::Fallback;
    use crate::pacing::state::Requested;
    use crate::pacing::wire::Reply;
    use crate::store::Unavailable;
    use http::{HeaderMap, HeaderValue, StatusCode};
    use serde_json::{Value, json};
    use std::cell::Cell;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};
    use users_core::{Access, Clock as _, Instant};
    use users_mock::VirtualClock;

    const MINUTE: Duration = Duration::from_secs(60);

    fn limit(size: u64, group: &str, level: f64, rate: f64) -> Value {
        let measured =
            json!({ "limit": size, "groups": [group], "level": level, "rate": rate, "measured": true });
        let Value::Object(mut limit) = measured else { unreachable!() };
        limit.extend([("flows".to_owned(), json!(64)), ("paused".to_owned(), json!(0.0))]);
        Value::Object(limit)
    }

    fn reply(epoch: f64, limits: &[Value]) -> Reply {
        serde_json::from_value(json!({ "epoch": epoch, "now": 0.0, "limits": limits })).unwrap()
    }

    /// A state after an exchange, and its time.
    fn state(limits: &[Value]) -> (State, Instant) {
        let now = VirtualClock::new().now();
        let mut state = State::new("process".to_owned(), 0.0, now);
        state.exchanged(reply(1.0, limits), now);
        (state, now)
    }

    /// The share with which a process goes on alone.
    fn share_alone(mut state: State, now: Instant) -> Option<f64> {
        let share = Cell::new(None);
        let fallback = |of_rate| {
            share.set(of_rate);
            Fallback::new(Arc::new(VirtualClock::new()), of_rate)
        };
        state.failed(Unavailable::new(std::io::Error::other("down")), fallback, 0, now);
        share.get()
    }

    #[test]
    fn a_process_alone_has_the_share_of_the_groups_that_it_uses() {
        let limits = [limit(100, "read", 100.0, 960.0), limit(50, "delete", 0.0, 16.0)];
        let (mut of_deletes, now) = state(&limits);
        let _waits = of_deletes.request(Access::Delete, None, MINUTE, now);
        assert_eq!(share_alone(of_deletes, now), Some(16.0 / 64.0));

        let (of_none, now) = state(&limits);
        assert_eq!(share_alone(of_none, now), Some(16.0 / 65.0));

        let both = [limit(100, "delete", 100.0, 960.0), limit(50, "delete", 0.0, 16.0)];
        let (mut of_deletes, now) = state(&both);
        let _waits = of_deletes.request(Access::Delete, None, MINUTE, now);
        assert_eq!(share_alone(of_deletes, now), Some(16.0 / 64.0));
    }

    #[test]
    fn a_call_with_little_time_goes_on_alone_and_the_others_go_on_waiting() {
        let (mut state, now) = state(&[limit(50, "read", 0.0, 16.0)]);
        let Requested::Waits(mut other) = state.request(Access::Read, None, MINUTE, now) else { panic!() };
        let Step::Exchange(_) = state.step(now + MINUTE) else { panic!() };
        let patience = Duration::from_millis(30);
        let unanswered = |state: &mut State, after| {
            let fallback = |share| Fallback::new(Arc::new(VirtualClock::new()), share);
            state.unanswered(Access::Read, patience, fallback, now + MINUTE + after)
        };
        assert!(unanswered(&mut state, patience / 2).is_none());
        let first = unanswered(&mut state, patience).unwrap();
        let second = unanswered(&mut state, 2 * patience).unwrap();
        assert!(Arc::ptr_eq(&first, &second), "they share one pace");
        assert!(matches!(state.mode(), Mode::Shared));
        assert!(other.try_recv().is_err(), "it waits for Redis");
    }

    #[test]
    fn a_bucket_that_was_empty_long_ago_fails_no_call() {
        let (mut state, now) = state(&[limit(10, "read", 0.0, 2.0)]);
        let time_left = Some(Duration::from_millis(350));
        let refused = state.request(Access::Read, time_left, MINUTE, now);
        assert!(matches!(refused, Requested::TooLong(_)), "{refused:?}");
        let later = state.request(Access::Read, time_left, MINUTE, now + MINUTE);
        assert!(matches!(later, Requested::Waits(_)), "{later:?}");
    }

    #[test]
    fn a_delay_that_the_server_requested_is_reported_again_where_redis_has_lost_it() {
        let late: Reply = serde_json::from_value(json!({ "epoch": 0.0, "now": 0.0, "stale": true })).unwrap();
        let group = json!({
            "granted": 1, "before": { "read": 0, "write": 0, "delete": 0 }, "wait": 0.0, "requested": 0.0,
        });
        let flushed: Reply =
            serde_json::from_value(json!({ "epoch": 2.0, "now": 0.0, "groups": { "read": group } })).unwrap();
        for lost in [late, flushed] {
            let (mut state, now) = state(&[]);
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", HeaderValue::from_static("3600"));
            let limited = StatusCode::TOO_MANY_REQUESTS;
            state.observe(Access::Read, 0, limited, &headers, now, SystemTime::UNIX_EPOCH);
            assert!(matches!(state.step(now), Step::Exchange(_)));
            let waiting = state.request(Access::Read, None, 100 * MINUTE, now);
            state.exchanged(lost, now);
            assert_eq!(state.requested(Access::Read, now).as_secs(), 3600);
            let Requested::Waits(mut waiting) = waiting else { panic!("{waiting:?}") };
            assert!(waiting.try_recv().is_err(), "nothing is sent meanwhile");
            let Step::Exchange(report) = state.step(now + MINUTE) else { panic!("nothing is reported") };
            let hold = report.groups["read"].hold.unwrap();
            assert!((hold - 3_540_000.0).abs() < 1000.0, "{hold}");
        }
    }
}
