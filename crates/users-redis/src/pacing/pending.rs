//! What responses have made known since the last exchange.

use crate::pacing::group::PerGroup;
use crate::pacing::numbers::millis;
use crate::pacing::wire::{Answer, Entry};
use http::{HeaderMap, StatusCode};
use std::time::{Duration, SystemTime};
use users_core::{Instant, RateLimit, server_delay};

/// A requested delay beyond this is treated as an error of the server.
pub(crate) const LONGEST_REQUEST: Duration = Duration::from_secs(31 * 24 * 3600);
/// A limit beyond this is treated as one of this size: JSON has 14 digits of a number in Redis.
const LARGEST_LIMIT: u64 = 1_000_000_000;
/// A reported time without a refill counts from this: `x-ratelimit-reset` and `Date` are whole seconds, so that a bucket that is
/// refilled several times per second may report two.
const SHORTEST_DRY: Duration = Duration::from_secs(3);

/// A permit that Redis granted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// The state that granted it.
    pub(crate) epoch: f64,
    /// The permits of each group that this state had granted up to this one.
    pub(crate) granted: PerGroup<i64>,
}

/// A request that was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InFlight {
    pub(crate) lease: Lease,
    pub(crate) at: Instant,
}

/// What is to be reported on one group of requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    /// When the first of it became known.
    pub(crate) since: Option<Instant>,
    pub(crate) returned: usize,
    limited: usize,
    hold_until: Option<Instant>,
    unlimited: usize,
    silent: usize,
    unnamed: bool,
    answer: Option<Observed>,
}

/// What a response reports on a bucket.
#[derive(Clone, Copy, Debug)]
struct Observed {
    lease: Lease,
    /// About when the server counted the request.
    at: Instant,
    limit: u64,
    remaining: u64,
    dry_until: Option<Instant>,
}

impl Observed {
    fn order(&self) -> (f64, i64) {
        (self.lease.epoch, self.lease.granted.sum())
    }
}

impl Pending {
    /// Whether it cannot wait for other responses.
    pub(crate) fn is_urgent(&self) -> bool {
        self.limited > 0
    }

    /// Learns from a response. Returns until when the server requested that nothing is sent, if it did.
    pub(crate) fn observe(
        &mut self,
        sent: Option<InFlight>,
        status: StatusCode,
        headers: &HeaderMap,
        now: Instant,
        unix_now: SystemTime,
    ) -> Option<Instant> {
        self.since.get_or_insert(now);
        let delay = server_delay(headers, unix_now).filter(|delay| *delay <= LONGEST_REQUEST);
        let is_limited = status == StatusCode::TOO_MANY_REQUESTS;
        match RateLimit::from_headers(headers) {
            // A limit of zero cannot be kept to and is ignored.
            Some(RateLimit { limit: Some(limit @ 1..), remaining: Some(remaining), .. }) => {
                let dry = delay.filter(|delay| *delay >= SHORTEST_DRY && !is_limited);
                let limit = limit.min(LARGEST_LIMIT);
                let remaining = remaining.min(limit);
                if let Some(InFlight { lease, at }) = sent {
                    // On average a request is counted half-way between its sending and its response.
                    let at = at + now.saturating_since(at) / 2;
                    let dry_until = dry.map(|dry| now + dry);
                    self.keep_latest(Observed { lease, at, limit, remaining, dry_until });
                }
            }
            _ if is_limited => self.unnamed = true,
            _ if status.is_success() => self.unlimited += 1,
            _ => self.silent += 1,
        }
        if !is_limited {
            return None;
        }
        self.limited += 1;
        let until = now + delay.unwrap_or_default();
        self.hold(until, now);
        Some(until)
    }

    /// Returns permits that were not used.
    pub(crate) fn give_back(&mut self, permits: usize, now: Instant) {
        self.returned += permits;
        self.since.get_or_insert(now);
    }

    /// Whether a delay that the server requested is to be reported.
    pub(crate) fn holds(&self) -> bool {
        self.hold_until.is_some()
    }

    /// Reports a delay that the server requested.
    pub(crate) fn hold(&mut self, until: Instant, now: Instant) {
        self.since.get_or_insert(now);
        self.hold_until = Some(self.hold_until.map_or(until, |other| other.max(until)));
    }

    fn keep_latest(&mut self, observed: Observed) {
        if self.answer.is_none_or(|other| other.order() <= observed.order()) {
            self.answer = Some(observed);
        }
    }

    /// The entry of a report.
    pub(crate) fn entry(self, now: Instant) -> Entry {
        let until = |moment: Instant| millis(moment.saturating_since(now));
        let answer = self.answer.map(|observed| Answer {
            epoch: observed.lease.epoch,
            granted: observed.lease.granted,
            order: observed.lease.granted.sum(),
            age: millis(now.saturating_since(observed.at)),
            limit: observed.limit,
            remaining: observed.remaining,
            dry: observed.dry_until.map(until),
        });
        Entry {
            want: 0,
            spare: 0,
            returned: self.returned,
            limited: self.limited,
            hold: self.hold_until.map(until),
            unlimited: self.unlimited,
            silent: self.silent,
            unnamed: self.unnamed,
            answer,
        }
    }
}
