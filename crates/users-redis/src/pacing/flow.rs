//! One group of requests of this process: those that wait, the permits for the next ones, and what is to be reported.

use crate::pacing::numbers::{duration, float, millis, whole};
use crate::pacing::pending::{LONGEST_REQUEST, Lease, Pending};
use crate::pacing::wire::{Entry, Granted};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::oneshot;
use users_core::Instant;

/// How long a permit is kept for the next request before it is returned.
const KEPT: Duration = Duration::from_millis(250);
/// How long a response waits for others before it is reported.
const REPORTED_WITHIN: Duration = Duration::from_millis(50);
/// The permits that are used in this time are asked for in advance …
const AHEAD: Duration = Duration::from_millis(100);
/// … unless there were none to spare this recently.
const SPARE_AGAIN: Duration = Duration::from_millis(250);
/// The time over which the use of permits is averaged.
const AVERAGED: Duration = Duration::from_millis(200);
/// The longest wait that the script states.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a tenant without limits counts as such.
const UNLIMITED_FOR: Duration = Duration::from_secs(1);

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

#[derive(Debug)]
struct Waiting {
    sender: oneshot::Sender<Outcome>,
    deadline: Option<Instant>,
    max_server_delay: Duration,
}

impl Waiting {
    /// Whether the request can wait for a delay that the server requested.
    fn accepts(&self, delay: Duration, now: Instant) -> bool {
        delay <= self.max_server_delay && self.deadline.is_none_or(|deadline| now + delay <= deadline)
    }
}

#[derive(Debug)]
pub(crate) struct Flow {
    waiting: VecDeque<Waiting>,
    /// The number of these that were not cancelled.
    open: usize,
    /// Permits for the next requests, and until when they are kept.
    pool: VecDeque<Lease>,
    pool_until: Instant,
    pub(crate) pending: Pending,
    /// When to ask for those that wait.
    ask_at: Instant,
    /// The permits that the last exchange asked for, whether spare ones were among them, and when to ask for these again.
    asked: usize,
    has_asked_spare: bool,
    spare_at: Instant,
    /// The permits used since the last exchange.
    used: u64,
    /// The permits used per second, an average.
    usage: f64,
    /// The end of the delay that the server requested.
    requested_until: Instant,
    unlimited_until: Option<Instant>,
    /// The time between two permits of this process.
    interval: Duration,
}

impl Flow {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            waiting: VecDeque::new(),
            open: 0,
            pool: VecDeque::new(),
            pool_until: now,
            pending: Pending::default(),
            ask_at: now,
            asked: 0,
            has_asked_spare: false,
            spare_at: now,
            used: 0,
            usage: 0.0,
            requested_until: now,
            unlimited_until: None,
            interval: Duration::ZERO,
        }
    }

    /// The number of requests that wait.
    pub(crate) fn open(&self) -> u64 {
        self.open as u64
    }

    /// Whether there have been requests lately.
    pub(crate) fn is_in_use(&self) -> bool {
        self.open > 0 || self.usage > 0.01
    }

    /// The rest of the delay that the server requested.
    pub(crate) fn requested(&self, now: Instant) -> Duration {
        self.requested_until.saturating_since(now)
    }

    /// The time between two permits of this process.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// The estimated wait of the next request.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.ask_at.saturating_since(now).max(self.requested(now)).max(self.interval)
    }

    /// A permit for a request that needs not wait.
    pub(crate) fn at_once(&mut self, now: Instant) -> Option<Lease> {
        let is_usable = self.open == 0 && self.pool_until > now && self.requested(now).is_zero();
        if is_usable { self.pool.pop_front() } else { None }
    }

    /// Whether the tenant has no limits.
    pub(crate) fn is_unlimited(&self, now: Instant) -> bool {
        self.unlimited_until.is_some_and(|until| until > now)
    }

    pub(crate) fn count_use(&mut self) {
        self.used += 1;
    }

    pub(crate) fn count_return(&mut self) {
        self.used = self.used.saturating_sub(1);
    }

    /// Queues a request.
    pub(crate) fn enqueue(
        &mut self,
        deadline: Option<Instant>,
        max_server_delay: Duration,
    ) -> oneshot::Receiver<Outcome> {
        // Those that were cancelled are removed when they are the greater part.
        if self.waiting.len() > 64 && self.waiting.len() > 2 * self.open {
            self.waiting.retain(|waiting| !waiting.sender.is_closed());
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.push_back(Waiting { sender, deadline, max_server_delay });
        self.open += 1;
        receiver
    }

    /// Removes the place of a request that was cancelled before it had an outcome.
    pub(crate) fn cancelled(&mut self) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.waiting.clear();
        }
    }

    /// The permits that the last exchange asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked
    }

    /// Sends a permit to the first request that waits; returns whether there is one.
    pub(crate) fn give(&mut self, number: u64) -> bool {
        while let Some(waiting) = self.waiting.pop_front() {
            if waiting.sender.send(Outcome::Granted(number)).is_ok() {
                self.open = self.open.saturating_sub(1);
                return true;
            }
        }
        false
    }

    /// Keeps a permit for the next request.
    pub(crate) fn keep(&mut self, lease: Lease, now: Instant) {
        self.pool.push_back(lease);
        self.pool_until = now + KEPT;
    }

    /// Keeps permits no longer: the next report returns them.
    pub(crate) fn end_keeping(&mut self, now: Instant) {
        self.pool_until = now;
    }

    /// Keeps to a delay that the server requested.
    pub(crate) fn hold(&mut self, until: Instant) {
        self.requested_until = self.requested_until.max(until);
    }

    /// Forgets that the tenant has no limits.
    pub(crate) fn set_limited(&mut self) {
        self.unlimited_until = None;
    }

    /// Takes over what Redis answered, but the permits.
    pub(crate) fn update(&mut self, granted: &Granted, now: Instant) {
        self.ask_at = now + duration(granted.wait).min(LONGEST_WAIT);
        let requested = now + duration(granted.requested).min(LONGEST_REQUEST);
        // Redis has no report yet of a 429 that came meanwhile, or has lost it.
        let is_newer = self.pending.holds();
        self.requested_until = if is_newer { requested.max(self.requested_until) } else { requested };
        self.interval = duration(granted.interval).min(LONGEST_REQUEST);
        self.unlimited_until = granted.unlimited.then(|| now + UNLIMITED_FOR);
    }

    /// Asks for no permits in advance for a while where there were none, and fails the requests that cannot wait for the delay
    /// that the server requested.
    pub(crate) fn settle(&mut self, now: Instant) {
        if self.unlimited_until.is_some() {
            self.pool.clear();
        } else if self.pool.is_empty() && self.has_asked_spare {
            self.spare_at = now + SPARE_AGAIN;
        }
        let requested = self.requested(now);
        if requested.is_zero() {
            return;
        }
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.accepts(requested, now) {
                self.waiting.push_back(waiting);
            } else if waiting.sender.send(Outcome::TooLong(requested)).is_ok() {
                self.open = self.open.saturating_sub(1);
            }
        }
    }

    /// Reports a delay that the server requested again: the report of it may be lost, or Redis may have lost it.
    pub(crate) fn report_hold(&mut self, now: Instant) {
        if self.requested_until > now {
            self.pending.hold(self.requested_until, now);
        }
    }

    /// Redis has a new state, which knows nothing of the permits of the old one, nor of a delay that the server requested.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.report_hold(now);
        self.pool.clear();
        self.pending.returned = 0;
    }

    /// Redis has become unavailable.
    pub(crate) fn release(&mut self, now: Instant) {
        self.ask_at = now;
        self.report_hold(now);
        self.pool.clear();
        self.unlimited_until = None;
        self.open = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            // One that was cancelled needs nothing.
            let _ = waiting.sender.send(Outcome::Moved);
        }
    }

    /// When the flow needs the next exchange.
    pub(crate) fn due(&self) -> Option<Instant> {
        let waiting = (self.open > 0).then_some(self.ask_at);
        let delay = if self.pending.is_urgent() { Duration::ZERO } else { REPORTED_WITHIN };
        let reported = self.pending.since.map(|since| since + delay);
        let kept = (!self.pool.is_empty()).then_some(self.pool_until);
        let spare = self.spare();
        let is_low = spare > 1 && self.pool.len() < spare / 2 && self.unlimited_until.is_none();
        let spare = is_low.then_some(self.spare_at);
        [waiting, reported, kept, spare].into_iter().flatten().min()
    }

    /// The number of permits that are likely to be used soon.
    fn spare(&self) -> usize {
        usize::try_from(whole(self.usage * AHEAD.as_secs_f64())).unwrap_or(usize::MAX)
    }

    /// The flow's part of a report, so long after the last one; `None` if there is nothing to report or to ask for.
    pub(crate) fn entry(&mut self, since: Duration, now: Instant) -> Option<Entry> {
        let weight = (since.as_secs_f64() / AVERAGED.as_secs_f64()).min(1.0);
        let latest = 1000.0 * float(self.used) / millis(since).max(1.0);
        self.usage += weight * (latest - self.usage);
        self.used = 0;
        let mut pending = std::mem::take(&mut self.pending);
        if self.pool_until <= now {
            pending.returned += self.pool.len();
            self.pool.clear();
        }
        let has_news = pending.since.is_some() || pending.returned > 0;
        let may_spare = self.spare_at <= now && self.unlimited_until.is_none();
        let spare = if may_spare { self.spare().saturating_sub(self.pool.len()) } else { 0 };
        self.asked = self.open.saturating_add(spare);
        self.has_asked_spare = spare > 0;
        let entry = Entry { want: self.open, spare, ..pending.entry(now) };
        (has_news || entry.want > 0 || entry.spare > 0).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::{Flow, KEPT, Lease};
    use crate::pacing::group::PerGroup;
    use std::time::Duration;
    use users_core::Clock as _;
    use users_mock::VirtualClock;

    #[test]
    fn permits_that_are_used_slowly_are_returned_in_time() {
        let now = VirtualClock::new().now();
        let mut flow = Flow::new(now);
        for _ in 0..10 {
            flow.keep(Lease { epoch: 1.0, granted: PerGroup::default() }, now);
        }
        let soon = now + KEPT / 2;
        assert!(flow.at_once(soon).is_some());
        // Another exchange, which grants none.
        flow.settle(soon);
        let entry = flow.entry(Duration::from_secs(1), now + KEPT).unwrap();
        assert_eq!(entry.returned, 9);
        assert!(flow.at_once(now + KEPT).is_none());
    }
}
