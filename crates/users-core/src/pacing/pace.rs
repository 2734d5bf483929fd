//! What is known of a tenant's limits: the buckets, and the groups of requests that draw from them.

use super::RateLimitState;
use super::bucket::{Bucket, Hold, Observation};
use super::cap::Cap;
use super::per_group::{GROUPS, PerGroup};
use crate::clock::Instant;
use crate::descriptor::Access;
use crate::rate_limit::RateLimit;
use http::StatusCode;
use std::collections::VecDeque;
use std::time::Duration;

/// The number of requests in flight that are remembered; responses to older ones are ignored.
const MOST_IN_FLIGHT: usize = 1024;
/// The number of limits that are remembered; Auth0 has one or two for each group.
const MOST_SIZES: usize = 8;
/// How long a limit applies to a group whose responses no longer name it.
const EXPIRES_AFTER: Duration = Duration::from_secs(60);
/// The delay after a 429 that requests none.
const AFTER_429: Duration = Duration::from_millis(250);
/// A requested delay beyond this is treated as an error of the server and ignored for later requests.
const LONGEST_REQUEST: Duration = Duration::from_secs(31 * 24 * 3600);
/// The weight of a new deviation in the average.
const WEIGHT: f64 = 0.1;
/// By how many requests one hypothesis must be better than the other.
const MARGIN: f64 = 0.5;

/// The tenant's limits as far as responses have reported them.
#[derive(Debug)]
pub(super) struct Pace {
    /// The latest requests that were granted a permit. Their numbers are consecutive.
    in_flight: VecDeque<InFlight>,
    /// The number of permits of each group that were granted, and not returned.
    granted: PerGroup<u64>,
    next: u64,
    knowledge: PerGroup<Knowledge>,
    /// The bucket of groups that no response has reported on.
    assumed: Bucket,
    sizes: Vec<Size>,
    /// The hold of a group after a 429 that named no limit.
    holds: PerGroup<Option<Hold>>,
    /// The limit of the operator, for all groups together.
    cap: Option<Cap>,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    number: u64,
    group: Access,
    at: Instant,
    /// The number of permits of each group that were granted up to this one, and not returned.
    granted: PerGroup<u64>,
}

/// What is known of a group's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Knowledge {
    #[default]
    Nothing,
    /// A success reported no limit.
    Unlimited,
    /// A 429 reported none, so there is one of unknown size.
    Unnamed,
    /// The latest response reported a limit of this size.
    Limited(u64),
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            in_flight: VecDeque::new(),
            granted: PerGroup::default(),
            next: 1,
            knowledge: PerGroup::default(),
            assumed: Bucket::least(now),
            sizes: Vec::new(),
            holds: PerGroup::default(),
            cap: None,
        }
    }

    pub(super) fn set_cap(&mut self, cap: Cap) {
        self.cap = Some(cap);
    }

    /// Uses up the burst of the cap, so that the first request may be sent one interval after this moment.
    pub(super) fn empty_cap(&mut self, at: Instant) {
        if let Some(cap) = &mut self.cap {
            cap.empty(at);
        }
    }

    /// The time until a request of this group may be sent; zero means now.
    pub(super) fn wait(&self, group: Access, now: Instant) -> Duration {
        let capped = self.cap.map_or(Duration::ZERO, |cap| cap.wait_behind(0, now));
        self.tenant_wait(group, now).max(capped)
    }

    /// The time until the tenant accepts a request of this group.
    fn tenant_wait(&self, group: Access, now: Instant) -> Duration {
        let known = self.applied(group, now).map(|bucket| bucket.wait(now)).max();
        let wait = match (self.knowledge.get(group), known) {
            (Knowledge::Nothing, known) if !self.is_unlimited() => {
                // The group may have a bucket of its own, so a request is sent although the known buckets are empty.
                let assumed = self.assumed.wait(now);
                known.map_or(assumed, |known| known.min(assumed))
            }
            (Knowledge::Unnamed, _) => self.assumed.wait(now),
            (_, known) => known.unwrap_or_default(),
        };
        wait.max(self.held(group, now))
    }

    /// The time that a request of this group waits behind others: the least if it is longer than `time_left`, and the estimate.
    pub(super) fn wait_behind(
        &self,
        group: Access,
        others: &PerGroup<usize>,
        time_left: Duration,
        now: Instant,
    ) -> (Duration, Duration) {
        let (least, likely) = self.tenant_wait_behind(group, *others.get(group), now);
        let Some(cap) = self.cap else { return (least, likely) };
        // Those of other groups come first only as far as the tenant accepts them.
        let before = |time| {
            let counted = GROUPS.iter().map(|other| match *others.get(*other) {
                own if *other == group => own,
                foreign => foreign.min(self.allowed_within(*other, time, now)),
            });
            counted.fold(0, usize::saturating_add)
        };
        let longest = cap.wait_behind(before(Duration::MAX), now);
        (
            least.max(cap.wait_behind(before(time_left), now)),
            likely.max(cap.wait_behind(before(longest), now)),
        )
    }

    /// The number of requests of this group that the tenant accepts within this time, an estimate.
    fn allowed_within(&self, group: Access, time: Duration, now: Instant) -> usize {
        let time = time.saturating_sub(self.held(group, now));
        let allowed = match self.knowledge.get(group) {
            Knowledge::Nothing if !self.is_unlimited() => self.assumed.allowed_within(time, now),
            Knowledge::Unnamed => self.assumed.allowed_within(time, now),
            _ => {
                let known = self.applied(group, now).map(|bucket| bucket.allowed_within(time, now));
                known.fold(f64::INFINITY, f64::min)
            }
        };
        // A cast of a float stays within the integer's range.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let allowed = allowed as usize;
        allowed
    }

    /// The time that a request of this group waits behind others for the tenant: the least, and the estimate. The least is zero until
    /// the first response.
    fn tenant_wait_behind(&self, group: Access, others: usize, now: Instant) -> (Duration, Duration) {
        let head = self.tenant_wait(group, now);
        let waits = |bucket: &Bucket| (bucket.least_wait(others, now), bucket.likely_wait(others, now));
        let (least, likely) = match self.knowledge.get(group) {
            Knowledge::Nothing => return (self.held(group, now), waits(&self.assumed).1.max(head)),
            Knowledge::Unnamed => waits(&self.assumed),
            _ => self.applied(group, now).map(waits).max().unwrap_or_default(),
        };
        (least.max(head), likely.max(head))
    }

    /// The rest of the delay that the server requested for this group.
    pub(super) fn requested(&self, group: Access, now: Instant) -> Duration {
        let own =
            self.holds.get(group).map_or(Duration::ZERO, |hold| hold.requested_until.saturating_since(now));
        let known = self.applied(group, now).map(|bucket| bucket.requested(now)).max();
        own.max(known.unwrap_or_default())
    }

    fn held(&self, group: Access, now: Instant) -> Duration {
        self.holds.get(group).map_or(Duration::ZERO, |hold| hold.until.saturating_since(now))
    }

    /// Whether some group has no limit and nothing else is known.
    fn is_unlimited(&self) -> bool {
        self.sizes.is_empty()
            && GROUPS.iter().any(|group| *self.knowledge.get(*group) == Knowledge::Unlimited)
    }

    /// Grants a permit and returns its number.
    pub(super) fn grant(&mut self, group: Access, now: Instant) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.in_flight.len() == MOST_IN_FLIGHT {
            self.in_flight.pop_front();
        }
        *self.granted.get_mut(group) += 1;
        self.in_flight.push_back(InFlight { number, group, at: now, granted: self.granted });
        self.for_each_drawn(group, now, &mut |bucket| bucket.draw(now));
        if let Some(cap) = &mut self.cap {
            cap.draw(now);
        }
        number
    }

    /// The index of a request among those in flight, if it is still remembered.
    fn index(&self, number: u64) -> Option<usize> {
        let first = self.next - self.in_flight.len() as u64;
        usize::try_from(number.checked_sub(first)?).ok()
    }

    /// Returns the permit of a request that was not sent.
    pub(super) fn return_permit(&mut self, number: u64, now: Instant) {
        if let Some(cap) = &mut self.cap {
            cap.undraw();
        }
        let Some(index) = self.index(number) else { return };
        let Some(group) = self.in_flight.get(index).map(|sent| sent.group) else { return };
        *self.granted.get_mut(group) -= 1;
        // The entry remains, since the index of the others is their number; nothing asks for it again.
        for later in self.in_flight.iter_mut().skip(index) {
            *later.granted.get_mut(group) -= 1;
        }
        self.for_each_drawn(group, now, &mut Bucket::undraw);
    }

    /// Learns from a response: its status, the limit that its headers report, and the delay that they request.
    pub(super) fn answered(
        &mut self,
        group: Access,
        number: u64,
        status: StatusCode,
        limit: Option<&RateLimit>,
        delay: Option<Duration>,
        now: Instant,
    ) {
        let sent = self.index(number).and_then(|index| self.in_flight.get(index)).copied();
        let is_rate_limited = status == StatusCode::TOO_MANY_REQUESTS;
        if is_rate_limited {
            self.for_each_drawn(group, now, &mut Bucket::rate_limited);
        }
        match limit {
            // A limit of zero cannot be kept to and is ignored.
            Some(RateLimit { limit: Some(limit @ 1..), remaining: Some(remaining), .. }) => {
                *self.knowledge.get_mut(group) = Knowledge::Limited(*limit);
                if let Some(sent) = sent {
                    self.learn_limit(sent, *limit, *remaining, now);
                }
            }
            _ => self.learn_no_limit(group, status, now),
        }
        if is_rate_limited {
            let delay = delay.unwrap_or_default();
            let delay = if delay > LONGEST_REQUEST { Duration::ZERO } else { delay };
            let hold = Hold { until: now + delay.max(AFTER_429), requested_until: now + delay };
            let named = limit.and_then(|limit| limit.limit);
            if let Some(size) = self.sizes.iter_mut().find(|size| Some(size.limit) == named) {
                size.hold(group, hold);
            } else {
                let own = self.holds.get_mut(group).get_or_insert(hold);
                own.until = own.until.max(hold.until);
                own.requested_until = own.requested_until.max(hold.requested_until);
                self.for_each_drawn(group, now, &mut |bucket| bucket.hold(hold));
            }
        }
    }

    /// Learns from a response that reports no limit.
    fn learn_no_limit(&mut self, group: Access, status: StatusCode, now: Instant) {
        let is_rate_limited = status == StatusCode::TOO_MANY_REQUESTS;
        let knowledge = self.knowledge.get_mut(group);
        match *knowledge {
            Knowledge::Nothing | Knowledge::Unlimited if is_rate_limited => *knowledge = Knowledge::Unnamed,
            Knowledge::Nothing if status.is_success() => *knowledge = Knowledge::Unlimited,
            // The request was not rate limited, so the rate may be higher.
            _ if !is_rate_limited => {
                self.for_each_drawn(group, now, &mut |bucket| bucket.raise_assumed_rate(now));
            }
            _ => {}
        }
    }

    /// Learns from a response that reports a limit and what remains of it.
    fn learn_limit(&mut self, sent: InFlight, limit: u64, remaining: u64, now: Instant) {
        let index = self.sizes.iter().position(|size| size.limit == limit).unwrap_or_else(|| {
            if self.sizes.len() == MOST_SIZES {
                self.sizes.remove(0);
            }
            self.sizes.push(Size::new(limit, now));
            self.sizes.len() - 1
        });
        for other in self.sizes.iter_mut().filter(|other| other.limit < remaining) {
            // The response reports the bucket with the least remaining, so the group draws from none that is smaller than this.
            *other.named.get_mut(sent.group) = None;
        }
        let Some(size) = self.sizes.get_mut(index) else { return };
        *size.named.get_mut(sent.group) = Some(now);

        // The requests after this one.
        let later = |group| requests(self.granted.get(group) - sent.granted.get(group));
        let separate = later(sent.group);
        let mut shared = 0.0;
        for group in &GROUPS {
            if size.applies_to(*group, *self.knowledge.get(*group), now) {
                shared += later(*group);
            }
        }
        // On average a request is counted half-way between its sending and its response.
        let at = sent.at + now.saturating_since(sent.at) / 2;
        let observation =
            |later| Observation { number: sent.number, at, remaining: requests(remaining.min(limit)), later };
        size.learn(sent.group, &observation(shared), &observation(separate), now);
    }

    /// The known buckets that limit a request of this group.
    fn applied(&self, group: Access, now: Instant) -> impl Iterator<Item = &Bucket> {
        let knowledge = *self.knowledge.get(group);
        let counting = self.sizes.iter().filter(move |size| size.applies_to(group, knowledge, now));
        counting.map(move |size| size.applied(group))
    }

    /// Changes all buckets that a request of this group draws from, by either hypothesis.
    fn for_each_drawn(&mut self, group: Access, now: Instant, change: &mut dyn FnMut(&mut Bucket)) {
        let knowledge = *self.knowledge.get(group);
        if matches!(knowledge, Knowledge::Nothing | Knowledge::Unnamed) {
            change(&mut self.assumed);
        }
        for size in &mut self.sizes {
            if size.applies_to(group, knowledge, now) {
                change(&mut size.shared);
            }
            if let Some(separate) = size.separate.get_mut(group) {
                change(separate);
            }
        }
    }

    /// The known limits.
    pub(super) fn limits(&self, now: Instant) -> Vec<RateLimitState> {
        let mut known: Vec<RateLimitState> = Vec::new();
        for size in &self.sizes {
            let mut groups = Vec::new();
            for group in &GROUPS {
                let knowledge = *self.knowledge.get(*group);
                if knowledge == Knowledge::Nothing || !size.applies_to(*group, knowledge, now) {
                    continue;
                }
                if size.is_separate {
                    let bucket = size.applied(*group);
                    known.push(RateLimitState::from_bucket(size.limit, vec![*group], bucket, now));
                } else {
                    groups.push(*group);
                }
            }
            if !groups.is_empty() {
                known.push(RateLimitState::from_bucket(size.limit, groups, &size.shared, now));
            }
        }
        known
    }
}

/// The buckets of one size. The headers do not report whether two groups with limits of the same size share a bucket or have
/// separate ones, so both hypotheses are followed, and the one that deviates less from the observations is applied.
#[derive(Debug)]
struct Size {
    limit: u64,
    shared: Bucket,
    separate: PerGroup<Option<Bucket>>,
    /// When a response of the group last reported this size.
    named: PerGroup<Option<Instant>>,
    shared_deviation: f64,
    separate_deviation: f64,
    /// The hypothesis that is applied.
    is_separate: bool,
}

impl Size {
    fn new(limit: u64, now: Instant) -> Self {
        Self {
            limit,
            shared: Bucket::new(requests(limit), now),
            separate: PerGroup::default(),
            named: PerGroup::default(),
            shared_deviation: 0.0,
            separate_deviation: 0.0,
            is_separate: false,
        }
    }

    /// Whether a request of this group draws from here. A group that nothing is known of does.
    fn applies_to(&self, group: Access, knowledge: Knowledge, now: Instant) -> bool {
        let is_named = |named| now.saturating_since(named) < EXPIRES_AFTER;
        knowledge == Knowledge::Nothing
            || knowledge == Knowledge::Limited(self.limit)
            || self.named.get(group).is_some_and(is_named)
    }

    fn applied(&self, group: Access) -> &Bucket {
        let separate = self.separate.get(group).as_ref().filter(|_| self.is_separate);
        separate.unwrap_or(&self.shared)
    }

    fn hold(&mut self, group: Access, hold: Hold) {
        self.shared.hold(hold);
        if let Some(separate) = self.separate.get_mut(group) {
            separate.hold(hold);
        }
    }

    fn learn(&mut self, group: Access, shared: &Observation, separate: &Observation, now: Instant) {
        let several = GROUPS.iter().filter(|group| self.named.get(**group).is_some()).count() > 1;
        let size = requests(self.limit);
        let bucket = self.separate.get_mut(group).get_or_insert_with(|| Bucket::new(size, now));
        if several {
            self.shared_deviation += WEIGHT * (self.shared.deviation(shared) - self.shared_deviation);
            self.separate_deviation += WEIGHT * (bucket.deviation(separate) - self.separate_deviation);
            let margin = if self.is_separate { 0.0 } else { MARGIN };
            self.is_separate = self.separate_deviation + margin < self.shared_deviation;
        }
        self.shared.learn(shared, now);
        bucket.learn(separate, now);
    }
}

impl RateLimitState {
    fn from_bucket(limit: u64, groups: Vec<Access>, bucket: &Bucket, now: Instant) -> Self {
        // A cast of a float stays within the integer's range.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let remaining = bucket.level(now).max(0.0) as u64;
        Self::new(groups, limit, remaining, bucket.rate()).paused(bucket.held(now))
    }
}

/// A number of requests; beyond 2⁵³ it is rounded.
#[allow(clippy::cast_precision_loss)]
fn requests(number: u64) -> f64 {
    number as f64
}
