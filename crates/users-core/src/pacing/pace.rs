//! What a client knows of a tenant's limits: which buckets there are, and who draws from which.

use super::RateLimitState;
use super::bucket::{Bucket, Hold, Told};
use super::per_group::{GROUPS, PerGroup};
use crate::clock::Instant;
use crate::descriptor::Access;
use crate::rate_limit::RateLimit;
use http::StatusCode;
use std::collections::VecDeque;
use std::time::Duration;

/// How many requests under way are remembered; the answer to an older one teaches nothing.
const MOST_UNDER_WAY: usize = 1024;
/// How many limits are known at most; Auth0 has one or two for each group.
const MOST_SIZES: usize = 8;
/// How long a limit that no answer of a group names any more still counts for it.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// How long nothing goes after a 429 that tells no time.
const AFTER_REFUSAL: Duration = Duration::from_millis(250);
/// A requested delay beyond this is taken for a mistake of the server's: the next request is answered by the server itself.
const LONGEST_REQUEST: Duration = Duration::from_secs(31 * 24 * 3600);
/// How much a new surprise weighs among the old ones.
const WEIGHT: f64 = 0.1;
/// By how many requests one belief must beat the other.
const CLEARLY: f64 = 0.5;

/// The tenant's limits as far as the answers have told them.
#[derive(Debug)]
pub(super) struct Pace {
    /// The latest requests that were let go, in order.
    gone: VecDeque<Gone>,
    next: u64,
    knowledge: PerGroup<Knowledge>,
    /// What groups draw from that no answer has told anything about.
    assumed: Bucket,
    sizes: Vec<Size>,
    /// What holds a group back, after a 429 that named no limit.
    holds: PerGroup<Option<Hold>>,
}

#[derive(Clone, Copy, Debug)]
struct Gone {
    number: u64,
    group: Access,
    at: Instant,
}

/// What is known of a group's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Knowledge {
    #[default]
    Nothing,
    /// A success told of no limit.
    Unlimited,
    /// A 429 told of none, so there is one of which nothing else is known.
    Unnamed,
    /// The latest answer named a limit of this size.
    Limited(u64),
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            gone: VecDeque::new(),
            next: 1,
            knowledge: PerGroup::default(),
            assumed: Bucket::least(now),
            sizes: Vec::new(),
            holds: PerGroup::default(),
        }
    }

    /// How long until a request of this group may go; zero means now.
    pub(super) fn wait(&self, group: Access, now: Instant) -> Duration {
        let known = self.obeyed(group, now).map(|bucket| bucket.wait(now)).max();
        let wait = match (self.knowledge.of(group), known) {
            (Knowledge::Nothing, known) if !self.is_unlimited() => {
                // It may have a bucket of its own, so it is tried although the known ones are empty.
                let assumed = self.assumed.wait(now);
                known.map_or(assumed, |known| known.min(assumed))
            }
            (Knowledge::Unnamed, _) => self.assumed.wait(now),
            (_, known) => known.unwrap_or_default(),
        };
        wait.max(self.held(group, now))
    }

    /// How long a request of this group must wait behind so many others: at least, and as far as can be estimated. At least zero
    /// where the first response is awaited.
    pub(super) fn wait_behind(&self, group: Access, others: usize, now: Instant) -> (Duration, Duration) {
        let head = self.wait(group, now);
        let waits = |bucket: &Bucket| (bucket.least_wait(others, now), bucket.likely_wait(others, now));
        let (least, likely) = match self.knowledge.of(group) {
            Knowledge::Nothing => return (self.held(group, now), waits(&self.assumed).1.max(head)),
            Knowledge::Unnamed => waits(&self.assumed),
            _ => self.obeyed(group, now).map(waits).max().unwrap_or_default(),
        };
        (least.max(head), likely.max(head))
    }

    /// How long the server requested that no request of this group be sent.
    pub(super) fn requested(&self, group: Access, now: Instant) -> Duration {
        let own =
            self.holds.of(group).map_or(Duration::ZERO, |hold| hold.requested_until.saturating_since(now));
        let known = self.obeyed(group, now).map(|bucket| bucket.requested(now)).max();
        own.max(known.unwrap_or_default())
    }

    fn held(&self, group: Access, now: Instant) -> Duration {
        self.holds.of(group).map_or(Duration::ZERO, |hold| hold.until.saturating_since(now))
    }

    /// Whether nothing is known but that some group has no limit.
    fn is_unlimited(&self) -> bool {
        self.sizes.is_empty() && GROUPS.iter().any(|group| *self.knowledge.of(*group) == Knowledge::Unlimited)
    }

    /// Lets a request go; gives its number.
    pub(super) fn go(&mut self, group: Access, now: Instant) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.gone.len() == MOST_UNDER_WAY {
            self.gone.pop_front();
        }
        self.gone.push_back(Gone { number, group, at: now });
        self.for_each_drawn(group, now, |bucket| bucket.draw(now));
        number
    }

    /// A request was not sent after all.
    pub(super) fn come_back(&mut self, number: u64, now: Instant) {
        let Some(index) = self.gone.iter().rposition(|gone| gone.number == number) else { return };
        let Some(gone) = self.gone.remove(index) else { return };
        self.for_each_drawn(gone.group, now, Bucket::give_back);
    }

    /// Learns from an answer: its status, what its headers tell of the limit, and how long they ask to wait.
    pub(super) fn answered(
        &mut self,
        group: Access,
        number: u64,
        status: StatusCode,
        limit: Option<&RateLimit>,
        delay: Option<Duration>,
        now: Instant,
    ) {
        let gone = self.gone.iter().rev().find(|gone| gone.number == number).copied();
        let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
        if is_refused {
            self.for_each_drawn(group, now, Bucket::refused);
        }
        match limit {
            // A limit of nothing cannot be kept to, so it is none of this pacer's.
            Some(RateLimit { limit: Some(limit @ 1..), remaining: Some(remaining), .. }) => {
                *self.knowledge.of_mut(group) = Knowledge::Limited(*limit);
                if let Some(gone) = gone {
                    self.told(gone, *limit, *remaining, now);
                }
            }
            _ => self.told_nothing(group, status, now),
        }
        if is_refused {
            let delay = delay.unwrap_or_default();
            let delay = if delay > LONGEST_REQUEST { Duration::ZERO } else { delay };
            let hold = Hold { until: now + delay.max(AFTER_REFUSAL), requested_until: now + delay };
            let named = limit.and_then(|limit| limit.limit);
            if let Some(size) = self.sizes.iter_mut().find(|size| Some(size.limit) == named) {
                size.hold(group, hold);
            } else {
                let own = self.holds.of_mut(group).get_or_insert(hold);
                own.until = own.until.max(hold.until);
                own.requested_until = own.requested_until.max(hold.requested_until);
                self.for_each_drawn(group, now, |bucket| bucket.hold(hold));
            }
        }
    }

    /// An answer has told of no limit.
    fn told_nothing(&mut self, group: Access, status: StatusCode, now: Instant) {
        let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
        let knowledge = self.knowledge.of_mut(group);
        match *knowledge {
            Knowledge::Nothing | Knowledge::Unlimited if is_refused => *knowledge = Knowledge::Unnamed,
            Knowledge::Nothing if status.is_success() => *knowledge = Knowledge::Unlimited,
            // It was not refused, so more may go.
            _ if !is_refused => self.for_each_drawn(group, now, |bucket| bucket.presume_more(now)),
            _ => {}
        }
    }

    /// An answer has told how much is left of how much.
    fn told(&mut self, gone: Gone, limit: u64, remaining: u64, now: Instant) {
        let index = self.sizes.iter().position(|size| size.limit == limit).unwrap_or_else(|| {
            if self.sizes.len() == MOST_SIZES {
                self.sizes.remove(0);
            }
            self.sizes.push(Size::new(limit, now));
            self.sizes.len() - 1
        });
        for other in self.sizes.iter_mut().filter(|other| other.limit < remaining) {
            // The scarcest bucket is the one that is named, so the group draws from none that is smaller than this.
            *other.named.of_mut(gone.group) = None;
        }
        let Some(size) = self.sizes.get_mut(index) else { return };
        *size.named.of_mut(gone.group) = Some(now);

        let later = self.gone.iter().rev().take_while(|later| later.number > gone.number);
        let (mut together, mut apart) = (0.0, 0.0);
        for later in later {
            let is_same = later.group == gone.group;
            apart += f64::from(u8::from(is_same));
            together += f64::from(u8::from(size.counts(later.group, *self.knowledge.of(later.group), now)));
        }
        // On average it was counted half-way between its sending and its answer.
        let at = gone.at + now.saturating_since(gone.at) / 2;
        let told = |later| Told { number: gone.number, at, remaining: requests(remaining.min(limit)), later };
        size.learn(gone.group, &told(together), &told(apart), now);
    }

    /// The known buckets by which a request of this group must wait.
    fn obeyed(&self, group: Access, now: Instant) -> impl Iterator<Item = &Bucket> {
        let knowledge = *self.knowledge.of(group);
        let counting = self.sizes.iter().filter(move |size| size.counts(group, knowledge, now));
        counting.map(move |size| size.obeyed(group))
    }

    /// Does something to all buckets that a request of this group is believed to draw from, by either belief.
    fn for_each_drawn(&mut self, group: Access, now: Instant, mut change: impl FnMut(&mut Bucket)) {
        let knowledge = *self.knowledge.of(group);
        if matches!(knowledge, Knowledge::Nothing | Knowledge::Unnamed) {
            change(&mut self.assumed);
        }
        for size in &mut self.sizes {
            if size.counts(group, knowledge, now) {
                change(&mut size.together);
            }
            if let Some(apart) = size.apart.of_mut(group) {
                change(apart);
            }
        }
    }

    /// What is known.
    pub(super) fn limits(&self, now: Instant) -> Vec<RateLimitState> {
        let mut known: Vec<RateLimitState> = Vec::new();
        for size in &self.sizes {
            let named = GROUPS.into_iter().filter(|group| {
                let knowledge = *self.knowledge.of(*group);
                knowledge != Knowledge::Nothing && size.counts(*group, knowledge, now)
            });
            if size.is_apart {
                known.extend(
                    named.map(|group| RateLimitState::of(size.limit, vec![group], size.obeyed(group), now)),
                );
            } else {
                known.push(RateLimitState::of(size.limit, named.collect(), &size.together, now));
            }
        }
        known.retain(|known| !known.groups.is_empty());
        known
    }
}

/// All that is said of buckets of one size. The headers do not tell whether two groups of the same size draw from one
/// bucket or from one each; so both are believed at once, and the belief that surprises less is acted upon.
#[derive(Debug)]
struct Size {
    limit: u64,
    together: Bucket,
    apart: PerGroup<Option<Bucket>>,
    /// When an answer of the group last named this size.
    named: PerGroup<Option<Instant>>,
    surprise_together: f64,
    surprise_apart: f64,
    /// The belief that is acted upon.
    is_apart: bool,
}

impl Size {
    fn new(limit: u64, now: Instant) -> Self {
        Self {
            limit,
            together: Bucket::new(requests(limit), now),
            apart: PerGroup::default(),
            named: PerGroup::default(),
            surprise_together: 0.0,
            surprise_apart: 0.0,
            is_apart: false,
        }
    }

    /// Whether a request of this group draws from here; one that nothing is known of is believed to.
    fn counts(&self, group: Access, knowledge: Knowledge, now: Instant) -> bool {
        let is_named = |named| now.saturating_since(named) < FORGOTTEN_AFTER;
        knowledge == Knowledge::Nothing
            || knowledge == Knowledge::Limited(self.limit)
            || self.named.of(group).is_some_and(is_named)
    }

    fn obeyed(&self, group: Access) -> &Bucket {
        let apart = self.apart.of(group).as_ref().filter(|_| self.is_apart);
        apart.unwrap_or(&self.together)
    }

    fn hold(&mut self, group: Access, hold: Hold) {
        self.together.hold(hold);
        if let Some(apart) = self.apart.of_mut(group) {
            apart.hold(hold);
        }
    }

    fn learn(&mut self, group: Access, together: &Told, apart: &Told, now: Instant) {
        let several = GROUPS.iter().filter(|group| self.named.of(**group).is_some()).count() > 1;
        let size = requests(self.limit);
        let bucket = self.apart.of_mut(group).get_or_insert_with(|| Bucket::new(size, now));
        if several {
            self.surprise_together += WEIGHT * (self.together.surprise(together) - self.surprise_together);
            self.surprise_apart += WEIGHT * (bucket.surprise(apart) - self.surprise_apart);
            let clearly = if self.is_apart { 0.0 } else { CLEARLY };
            self.is_apart = self.surprise_apart + clearly < self.surprise_together;
        }
        self.together.learn(together, now);
        bucket.learn(apart, now);
    }
}

impl RateLimitState {
    fn of(limit: u64, groups: Vec<Access>, bucket: &Bucket, now: Instant) -> Self {
        let paused = bucket.held(now);
        Self {
            groups,
            limit,
            // A cast of a float stays within the integer's range.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            remaining: bucket.level(now).max(0.0) as u64,
            per_second: bucket.rate(),
            paused: (!paused.is_zero()).then_some(paused),
        }
    }
}

/// A number of requests; beyond 2⁵³ one more makes no difference.
#[allow(clippy::cast_precision_loss)]
fn requests(number: u64) -> f64 {
    number as f64
}
