//! What one process knows of the shared pace: its permits, the requests that wait for one, and what it has to report. No I/O.

use crate::pacing::fallback::Fallback;
use crate::pacing::group::{GROUPS, PerGroup, name, named};
use crate::pacing::wire::{Answer, Entry, Limit, Reply, Report};
use crate::store::Unavailable;
use http::{HeaderMap, StatusCode};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use users_core::{Access, Instant, RateLimit, RateLimitState, server_delay};

/// The numbers of permits that Redis granted; those of the fallback are smaller.
pub(crate) const FIRST_NUMBER: u64 = 1 << 63;
/// The number of requests in flight that are remembered.
const MOST_IN_FLIGHT: usize = 8192;
/// How long a permit is kept for the next request before it is returned.
const KEPT: Duration = Duration::from_millis(250);
/// How long a response waits for others before it is reported.
const REPORTED_WITHIN: Duration = Duration::from_millis(50);
/// The least time between two exchanges.
const LEAST_INTERVAL: Duration = Duration::from_millis(5);
/// The permits that are used in this time are asked for in advance …
const AHEAD: Duration = Duration::from_millis(100);
/// … unless there were none to spare this recently.
const SPARE_AGAIN: Duration = Duration::from_millis(250);
/// How long a tenant without limits counts as such.
const UNLIMITED_FOR: Duration = Duration::from_secs(1);
/// A requested delay beyond this is treated as an error of the server.
const LONGEST_REQUEST: Duration = Duration::from_secs(31 * 24 * 3600);
/// A reported time without a refill counts from this: `x-ratelimit-reset` and `Date` are whole seconds, so that a bucket that is
/// refilled several times per second may report two.
const SHORTEST_DRY: Duration = Duration::from_secs(3);
/// The first pause after a failed exchange, at least half of it, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(600);
const LONGEST_PAUSE: Duration = Duration::from_millis(2500);
/// The factor by which the rate may exceed the measured one before a call fails for its deadline.
const MARGIN: f64 = 1.25;

/// A permit that Redis granted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    epoch: f64,
    /// The permits of each group that had been granted up to this one.
    granted: PerGroup<i64>,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    lease: Lease,
    at: Instant,
}

/// What a waiting request receives.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The number of its permit.
    Granted(u64),
    /// The server requested a delay that is longer than the request accepts.
    TooLong(Duration),
    /// Redis has become unavailable.
    Moved,
}

/// The result of a request for a permit.
#[derive(Debug)]
pub(crate) enum Requested {
    Granted(u64),
    TooLong(Duration),
    Waits(oneshot::Receiver<Outcome>),
    Moved,
}

#[derive(Debug)]
struct Waiting {
    sender: oneshot::Sender<Outcome>,
    max_server_delay: Duration,
}

#[derive(Debug)]
struct Group {
    waiting: VecDeque<Waiting>,
    /// The number of these that were not cancelled.
    open: usize,
    /// Permits for the next requests, and until when they are kept.
    pool: VecDeque<Lease>,
    pool_until: Instant,
    /// What is to be reported, and since when.
    pending: Pending,
    pending_since: Option<Instant>,
    /// When to ask for those that wait.
    ask_at: Instant,
    /// When to ask for spare permits again.
    spare_at: Instant,
    /// The permits used since the last exchange.
    used: usize,
    /// The permits used per second, an average.
    usage: f64,
    requested_until: Instant,
    unlimited_until: Option<Instant>,
    /// The time between two permits of this process.
    interval: f64,
}

/// The part of a report that responses have made.
#[derive(Clone, Debug, Default)]
struct Pending {
    returned: usize,
    limited: usize,
    hold_until: Option<Instant>,
    unlimited: usize,
    silent: usize,
    unnamed: bool,
    answer: Option<Observed>,
}

#[derive(Clone, Copy, Debug)]
struct Observed {
    lease: Lease,
    at: Instant,
    limit: u64,
    remaining: u64,
    dry_until: Option<Instant>,
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
    /// The pacer was dropped; the report says farewell.
    End(Option<Box<Report>>),
}

#[derive(Debug)]
pub(crate) struct State {
    me: String,
    phase: f64,
    groups: PerGroup<Group>,
    in_flight: BTreeMap<u64, InFlight>,
    next: u64,
    mode: Mode,
    /// The latest fallback; responses to its requests may still arrive.
    fallback: Option<Arc<Fallback>>,
    /// When the next exchange is attempted while Redis is unavailable, and the pause after it.
    retry_at: Instant,
    pause: Duration,
    /// Whether requests were made since the last attempt.
    is_used: bool,
    is_closed: bool,
    has_exchanged: bool,
    /// When the last exchange began, and the time of Redis then.
    last: Option<Instant>,
    redis: Option<(f64, Instant)>,
    known: Vec<Limit>,
    epoch: f64,
}

impl State {
    pub(crate) fn new(me: String, phase: f64, now: Instant) -> Self {
        let group = || Group {
            waiting: VecDeque::new(),
            open: 0,
            pool: VecDeque::new(),
            pool_until: now,
            pending: Pending::default(),
            pending_since: None,
            ask_at: now,
            spare_at: now,
            used: 0,
            usage: 0.0,
            requested_until: now,
            unlimited_until: None,
            interval: 0.0,
        };
        Self {
            me,
            phase,
            groups: PerGroup::from_fn(group),
            in_flight: BTreeMap::new(),
            next: FIRST_NUMBER,
            mode: Mode::Shared,
            fallback: None,
            retry_at: now,
            pause: FIRST_PAUSE,
            is_used: false,
            is_closed: false,
            has_exchanged: false,
            last: None,
            redis: None,
            known: Vec::new(),
            epoch: 0.0,
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
    pub(crate) fn used_alone(&mut self) {
        self.is_used = true;
    }

    fn group(&mut self, access: Access) -> &mut Group {
        self.groups.get_mut(access)
    }

    /// Requests a permit.
    pub(crate) fn request(
        &mut self,
        access: Access,
        time_left: Option<Duration>,
        max_server_delay: Duration,
        now: Instant,
    ) -> Requested {
        if !matches!(self.mode, Mode::Shared) {
            return Requested::Moved;
        }
        let epoch = self.epoch;
        let group = self.group(access);
        let requested = group.requested_until.saturating_since(now);
        if requested > max_server_delay {
            return Requested::TooLong(requested);
        }
        if group.open == 0 {
            let pooled = if group.pool_until > now { group.pool.pop_front() } else { None };
            let is_unlimited = group.unlimited_until.is_some_and(|until| until > now);
            let unlimited = || is_unlimited.then(|| Lease { epoch, granted: PerGroup::default() });
            if let Some(lease) = pooled.or_else(unlimited) {
                return Requested::Granted(self.send(access, lease, now));
            }
        }
        if let Some(time_left) = time_left
            && let Some(wait) = self.too_long(access, time_left, now)
        {
            return Requested::TooLong(wait);
        }
        let group = self.group(access);
        // Those that were cancelled are removed when they are the greater part.
        if group.waiting.len() > 64 && group.waiting.len() > 2 * group.open {
            group.waiting.retain(|waiting| !waiting.sender.is_closed());
        }
        let (sender, receiver) = oneshot::channel();
        group.waiting.push_back(Waiting { sender, max_server_delay });
        group.open += 1;
        Requested::Waits(receiver)
    }

    /// The estimated wait of a request, if it is certainly longer than its time.
    fn too_long(&mut self, access: Access, time_left: Duration, now: Instant) -> Option<Duration> {
        let name = name(access);
        let rates = self.known.iter().filter(|limit| limit.groups.iter().any(|group| group == name));
        // A rate that was not measured may be as high as that of any tier.
        let fastest = |limit: &Limit| {
            let size = limit.limit as f64;
            if limit.measured { MARGIN * limit.rate } else { limit.rate.max(1.5 * size) }
        };
        let least = rates
            .map(|limit| (fastest(limit), limit.level))
            .min_by(|(one, _), (other, _)| one.total_cmp(other));
        let group = self.group(access);
        let ahead = group.open as f64 + 1.0;
        let held = group.requested_until.saturating_since(now);
        let (rate, level) = least?;
        let wait =
            held + Duration::try_from_secs_f64(((ahead - level) / rate).max(0.0)).unwrap_or(Duration::MAX);
        let likely = Duration::try_from_secs_f64(ahead * group.interval / 1000.0).unwrap_or(Duration::MAX);
        (wait > time_left).then(|| wait.max(likely))
    }

    /// The estimated wait of the next request, for one whose time has passed.
    pub(crate) fn estimate(&mut self, access: Access, now: Instant) -> Duration {
        let group = self.group(access);
        let interval = Duration::try_from_secs_f64(group.interval / 1000.0).unwrap_or_default();
        group.ask_at.saturating_since(now).max(group.requested_until.saturating_since(now)).max(interval)
    }

    /// A request was cancelled that had received no outcome.
    pub(crate) fn cancelled(&mut self, access: Access) {
        let group = self.group(access);
        group.open = group.open.saturating_sub(1);
        if group.open == 0 {
            group.waiting.clear();
        }
    }

    /// Hands a permit over to a request; returns its number.
    fn send(&mut self, access: Access, lease: Lease, now: Instant) -> u64 {
        self.group(access).used += 1;
        if self.in_flight.len() >= MOST_IN_FLIGHT {
            self.in_flight.pop_first();
        }
        let number = self.next;
        self.next += 1;
        self.in_flight.insert(number, InFlight { lease, at: now });
        number
    }

    /// Takes back the permit of a request that was not sent: the next one has it, or Redis.
    pub(crate) fn return_permit(&mut self, access: Access, number: u64, now: Instant) {
        let Some(InFlight { lease, .. }) = self.in_flight.remove(&number) else { return };
        let group = self.group(access);
        group.used = group.used.saturating_sub(1);
        if lease.granted.sum() == 0 {
            return; // of a tenant without limits
        }
        if !self.give(access, lease, now) {
            let pending = &mut self.group(access).pending;
            pending.returned += 1;
            self.group(access).pending_since.get_or_insert(now);
        }
    }

    /// Learns from a response.
    pub(crate) fn observe(
        &mut self,
        access: Access,
        number: u64,
        status: StatusCode,
        headers: &HeaderMap,
        now: Instant,
        unix_now: SystemTime,
    ) {
        let sent = self.in_flight.remove(&number);
        let limit = RateLimit::from_headers(headers);
        let delay = server_delay(headers, unix_now).filter(|delay| *delay <= LONGEST_REQUEST);
        let is_limited = status == StatusCode::TOO_MANY_REQUESTS;
        let group = self.group(access);
        group.pending_since.get_or_insert(now);
        let pending = &mut group.pending;
        let named = match limit {
            // A limit of zero cannot be kept to and is ignored.
            Some(RateLimit { limit: Some(limit @ 1..), remaining: Some(remaining), .. }) => {
                Some((limit, remaining.min(limit)))
            }
            _ => None,
        };
        if let (Some((limit, remaining)), Some(sent)) = (named, sent) {
            group.unlimited_until = None;
            let half = now.saturating_since(sent.at) / 2;
            let dry_until =
                delay.filter(|delay| *delay >= SHORTEST_DRY && !is_limited).map(|delay| now + delay);
            // On average a request is counted half-way between its sending and its response.
            let observed = Observed { lease: sent.lease, at: sent.at + half, limit, remaining, dry_until };
            let is_older = pending.answer.is_some_and(|other| other.order() > observed.order());
            if !is_older {
                pending.answer = Some(observed);
            }
        }
        match named {
            Some(_) => {}
            None if is_limited => pending.unnamed = true,
            None if status.is_success() => pending.unlimited += 1,
            None => pending.silent += 1,
        }
        if is_limited {
            group.unlimited_until = None;
            pending.limited += 1;
            let until = now + delay.unwrap_or_default();
            pending.hold_until = Some(pending.hold_until.map_or(until, |other| other.max(until)));
            group.requested_until = group.requested_until.max(until);
        }
    }

    /// What the worker has to do now.
    pub(crate) fn step(&mut self, now: Instant) -> Step {
        if self.is_closed {
            let farewell = self.has_exchanged && matches!(self.mode, Mode::Shared);
            return Step::End(farewell.then(|| Box::new(self.report(true, now))));
        }
        let due = match self.mode {
            Mode::Shared => {
                let due = GROUPS.iter().filter_map(|access| self.groups.get(*access).due()).min();
                let least = self.last.map_or(now, |last| last + LEAST_INTERVAL);
                due.map(|due| due.max(least))
            }
            Mode::Alone { .. } => self.is_used.then_some(self.retry_at),
        };
        match due {
            None => Step::Idle,
            Some(due) if due > now => Step::SleepUntil(due),
            Some(_) => Step::Exchange(Box::new(self.report(false, now))),
        }
    }

    /// Makes the report of the next exchange.
    fn report(&mut self, leaves: bool, now: Instant) -> Report {
        let since = self.last.map_or(Duration::from_secs(1), |last| now.saturating_since(last));
        self.last = Some(now);
        let is_alone = matches!(self.mode, Mode::Alone { .. });
        self.is_used = false;
        let mut groups = BTreeMap::new();
        for access in GROUPS {
            let group = self.group(access);
            let mut entry = group.entry(since, now);
            if leaves {
                (entry.want, entry.spare) = (0, 0);
            }
            if leaves || is_alone || entry.is_needed() {
                groups.insert(name(access), entry);
            }
        }
        let rates = self
            .known
            .iter()
            .filter(|limit| limit.measured)
            .map(|limit| (limit.limit.to_string(), limit.rate))
            .collect();
        let sent = self.redis.map(|(redis, at)| redis + millis(now.saturating_since(at)));
        Report {
            me: self.me.clone(),
            phase: self.phase,
            sent,
            rates,
            resumes: is_alone && !leaves,
            leaves,
            groups,
        }
    }

    /// Takes the permits of a reply.
    pub(crate) fn exchanged(&mut self, reply: Reply, now: Instant) {
        self.has_exchanged = true;
        self.pause = FIRST_PAUSE;
        self.redis = Some((reply.now, self.last.unwrap_or(now)));
        if reply.stale {
            return;
        }
        self.mode = Mode::Shared;
        self.epoch = reply.epoch;
        for (name, granted) in reply.groups {
            let Some(access) = named(&name) else { continue };
            let group = self.group(access);
            let until = |millis: f64| now + Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default();
            group.ask_at = until(granted.wait);
            group.requested_until = until(granted.requested);
            group.interval = granted.interval;
            group.unlimited_until = granted.unlimited.then(|| now + UNLIMITED_FOR);
            let mut lease = Lease { epoch: reply.epoch, granted: granted.before };
            for _ in 0..granted.granted {
                *lease.granted.get_mut(access) += 1;
                if !self.give(access, lease, now) {
                    self.group(access).pool.push_back(lease);
                }
            }
            let group = self.group(access);
            if granted.unlimited {
                group.pool.clear();
            } else if group.pool.is_empty() {
                group.spare_at = now + SPARE_AGAIN;
            } else {
                group.pool_until = now + KEPT;
            }
            self.refuse(access, now);
        }
        self.known = reply.limits;
    }

    /// Gives a permit to the first request that waits; returns whether there is one.
    fn give(&mut self, access: Access, lease: Lease, now: Instant) -> bool {
        while let Some(waiting) = self.group(access).waiting.pop_front() {
            if waiting.sender.is_closed() {
                continue;
            }
            let number = self.send(access, lease, now);
            let group = self.group(access);
            if waiting.sender.send(Outcome::Granted(number)).is_ok() {
                group.open = group.open.saturating_sub(1);
                return true;
            }
            group.used = group.used.saturating_sub(1);
            self.in_flight.remove(&number);
        }
        false
    }

    /// Fails the requests that do not accept the delay that the server requested.
    fn refuse(&mut self, access: Access, now: Instant) {
        let group = self.group(access);
        let requested = group.requested_until.saturating_since(now);
        if requested.is_zero() {
            return;
        }
        for waiting in std::mem::take(&mut group.waiting) {
            if requested > waiting.max_server_delay {
                let is_open = waiting.sender.send(Outcome::TooLong(requested)).is_ok();
                group.open = group.open.saturating_sub(usize::from(is_open));
            } else {
                group.waiting.push_back(waiting);
            }
        }
    }

    /// Redis could not be reached: requests are paced by this process alone until it can.
    pub(crate) fn failed(
        &mut self,
        cause: Unavailable,
        fallback: impl FnOnce(Option<f64>) -> Fallback,
        random: u64,
        now: Instant,
    ) {
        let part = 0.5 + f64::from(u32::try_from(random % 1000).unwrap_or(0)) / 2000.0;
        self.retry_at = now + self.pause.mul_f64(part);
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
        let fallback = match &self.mode {
            Mode::Alone { fallback, .. } => Arc::clone(fallback),
            Mode::Shared => Arc::new(fallback(self.share())),
        };
        let was_waiting = GROUPS.iter().any(|access| self.groups.get(*access).open > 0);
        self.is_used |= was_waiting;
        self.fallback = Some(Arc::clone(&fallback));
        self.mode = Mode::Alone { cause, fallback };
        for access in GROUPS {
            let group = self.group(access);
            group.open = 0;
            group.pool.clear();
            group.unlimited_until = None;
            for waiting in std::mem::take(&mut group.waiting) {
                let _ = waiting.sender.send(Outcome::Moved);
            }
        }
    }

    /// The last known share of this process in the tenant's rates, in requests per second: the rate of each bucket, divided by
    /// the groups of processes that use it.
    fn share(&self) -> Option<f64> {
        let share = |limit: &Limit| {
            let uses = |name: &String| named(name).is_some_and(|access| self.uses(access));
            let own = limit.groups.iter().filter(|name| uses(name)).count().max(1);
            let own = f64::from(u32::try_from(own).unwrap_or(1));
            limit.rate * own / f64::from(limit.flows).max(own)
        };
        (!self.known.is_empty()).then(|| self.known.iter().map(share).sum())
    }

    /// Whether this process has lately made requests of this group.
    fn uses(&self, access: Access) -> bool {
        let group = self.groups.get(access);
        group.open > 0 || group.usage > 0.01
    }

    pub(crate) fn limits(&self, now: Instant) -> Vec<RateLimitState> {
        let Some((_, at)) = self.redis else { return Vec::new() };
        let since = now.saturating_since(at).as_secs_f64();
        self.known.iter().map(|limit| limit.state(since)).collect()
    }
}

impl Observed {
    fn order(&self) -> (f64, i64) {
        (self.lease.epoch, self.lease.granted.sum())
    }
}

impl Group {
    /// When the group needs the next exchange.
    fn due(&self) -> Option<Instant> {
        let waiting = (self.open > 0).then_some(self.ask_at);
        let is_urgent = self.pending.limited > 0;
        let reported =
            self.pending_since.map(|since| if is_urgent { since } else { since + REPORTED_WITHIN });
        let kept = (!self.pool.is_empty()).then_some(self.pool_until);
        let is_low = self.spare() > 1 && self.pool.len() < self.spare() / 2 && self.unlimited_until.is_none();
        let spare = is_low.then_some(self.spare_at);
        [waiting, reported, kept, spare].into_iter().flatten().min()
    }

    /// The number of permits that are likely to be used soon.
    fn spare(&self) -> usize {
        // A cast of a float stays within the integer's range.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let spare = (self.usage * AHEAD.as_secs_f64()) as usize;
        spare
    }

    /// The group's part of a report; what was pending is in it and is not any more.
    fn entry(&mut self, since: Duration, now: Instant) -> Entry {
        let weight = (since.as_secs_f64() / 0.2).min(1.0);
        self.usage += weight * (self.used as f64 / since.as_secs_f64().max(0.001) - self.usage);
        self.used = 0;
        self.pending_since = None;
        let mut pending = std::mem::take(&mut self.pending);
        if self.pool_until <= now {
            pending.returned += self.pool.len();
            self.pool.clear();
        }
        let until = |moment: Instant| millis(moment.saturating_since(now));
        let answer = pending.answer.map(|observed| Answer {
            epoch: observed.lease.epoch,
            granted: observed.lease.granted,
            order: observed.lease.granted.sum(),
            age: millis(now.saturating_since(observed.at)),
            limit: observed.limit,
            remaining: observed.remaining,
            dry: observed.dry_until.map(until),
        });
        let may_spare = self.spare_at <= now && self.unlimited_until.is_none();
        Entry {
            want: self.open,
            spare: if may_spare { self.spare().saturating_sub(self.pool.len()) } else { 0 },
            returned: pending.returned,
            limited: pending.limited,
            hold: pending.hold_until.map(until),
            unlimited: pending.unlimited,
            silent: pending.silent,
            unnamed: pending.unnamed,
            answer,
        }
    }
}

impl Entry {
    fn is_needed(&self) -> bool {
        let counts = [self.want, self.spare, self.returned, self.limited, self.unlimited, self.silent];
        self.answer.is_some() || counts.iter().any(|count| *count > 0)
    }
}

impl Limit {
    /// The state some seconds later.
    fn state(&self, since: f64) -> RateLimitState {
        let groups = self.groups.iter().filter_map(|name| named(name)).collect();
        let level = (self.level + self.rate * since).min(self.limit as f64);
        RateLimitState::new(groups, self.limit, level.max(0.0) as u64, self.rate)
            .paused(Duration::try_from_secs_f64((self.paused / 1000.0 - since).max(0.0)).unwrap_or_default())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
