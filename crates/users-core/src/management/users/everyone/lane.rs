//! Walking a range of time.

use super::found::{Found, Listing};
use super::instant::{Instant, Step};
use super::search::{Bound, Search, created};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use users_model::Timestamp;

/// The number of ranges of time that are walked at once, at most.
pub(super) const MOST_LANES: usize = 16;

/// The number of empty pages in a row that may state a total nevertheless, while the index settles.
const MOST_STALLS: u32 = 5;

/// The number of users that a range must have left, as far as they are counted, to be divided.
const WORTH_DIVIDING: u64 = 300;

/// A range of time that is walked by the dates of creation, with what was returned of it.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    position: LanePosition,
    /// The millisecond that is listed by id.
    instant: Option<Instant>,
    /// The number of users that the last page left, as far as they are counted.
    left: u64,
    stalls: u32,
    is_done: bool,
}

/// The rest of a range. All users before `from` were returned.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LanePosition {
    /// In milliseconds since 1970; from the first user if it is missing.
    from: Option<i64>,
    /// `None` until the first response.
    to: Option<i64>,
    /// Whether `to` is part of the range.
    is_closed: bool,
    /// The users from `from` on who were returned, with the time of their creation.
    seen: BTreeMap<String, i64>,
}

/// Why a part of the walk cannot be proved complete.
#[derive(Debug)]
pub(super) struct Incomplete {
    pub(super) range: String,
    pub(super) why: Cow<'static, str>,
}

impl LanePosition {
    /// Adds a user who was returned.
    pub(super) fn returned(&mut self, id: &str, created: i64) {
        self.seen.insert(id.to_owned(), created);
    }

    /// Whether another position has the same range.
    pub(super) fn is_same_range(&self, other: &Self) -> bool {
        let range = |position: &Self| (position.from, position.to, position.is_closed);
        range(self) == range(other)
    }

    pub(super) fn from(&self) -> Option<i64> {
        self.from
    }

    /// Whether this range ends before another one begins.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        match (self.to, other.from) {
            (Some(to), Some(from)) => to < from || (to == from && !self.is_closed),
            _ => false,
        }
    }

    fn to(&self) -> Option<Bound> {
        self.to.map(|at| Bound { at, is_inclusive: self.is_closed })
    }

    fn includes(&self, created: i64) -> bool {
        let is_before_end = self.to.is_none_or(|to| created < to || (self.is_closed && created == to));
        self.from.is_none_or(|from| created >= from) && is_before_end
    }

    fn is_empty(&self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from > to || (from == to && !self.is_closed))
    }
}

impl Lane {
    pub(super) fn new(position: LanePosition) -> Self {
        let is_done = position.is_empty();
        Self { position, instant: None, left: 0, stalls: 0, is_done }
    }

    pub(super) fn position(&self) -> &LanePosition {
        &self.position
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether a response was processed.
    pub(super) fn is_begun(&self) -> bool {
        self.position.from.is_some()
    }

    /// The end of the range; `None` until it is fixed.
    pub(super) fn end(&self) -> Option<i64> {
        self.position.to
    }

    /// Fixes the end of the range, which includes it.
    pub(super) fn set_end(&mut self, millis: i64) {
        (self.position.to, self.position.is_closed) = (Some(millis), true);
    }

    /// The time that is left, in milliseconds, if the range is worth dividing.
    pub(super) fn divisible(&self) -> Option<i64> {
        let is_worth_it = !self.is_done && self.instant.is_none() && self.left >= WORTH_DIVIDING;
        let span = self.position.to?.saturating_sub(self.position.from?);
        (is_worth_it && span >= 2).then_some(span)
    }

    /// Keeps the first half of the time that is left, and returns the second one.
    pub(super) fn divide(&mut self) -> Option<Self> {
        let span = self.divisible()?;
        let middle = self.position.from?.saturating_add(span / 2);
        let second = LanePosition { from: Some(middle), seen: BTreeMap::new(), ..self.position.clone() };
        (self.position.to, self.position.is_closed) = (Some(middle), false);
        self.left /= 2;
        Some(Self { left: self.left, ..Self::new(second) })
    }

    /// The next request.
    pub(super) fn search(&self) -> Search {
        match &self.instant {
            Some(instant) => instant.search(),
            None => Search {
                q: created(self.position.from, self.position.to()),
                sort: Some("created_at:1"),
                page: 0,
            },
        }
    }

    /// Whether the server may refuse the request: another one is made then.
    pub(super) fn has_another_way(&self) -> bool {
        self.instant.is_some()
    }

    /// The server refused the request.
    pub(super) fn refused(&mut self) -> Result<(), Incomplete> {
        match self.instant.as_mut().map(Instant::refused) {
            Some(Step::Failed) => Err(self.failed()),
            _ => Ok(()),
        }
    }

    /// Processes a response. Returns the users of it who were not returned yet.
    pub(super) fn accept(&mut self, listing: Listing) -> Result<Vec<Found>, Incomplete> {
        self.check(&listing)?;
        self.left = listing.left();
        let is_new: Vec<bool> = listing
            .found
            .iter()
            .map(|found| self.position.seen.insert(found.id.clone(), found.created).is_none())
            .collect();
        match self
            .instant
            .as_mut()
            .map(|instant| (instant.at(), instant.accept(&listing, &self.position.seen)))
        {
            None => self.follow(&listing, !is_new.contains(&true))?,
            Some((_, Step::More)) => {}
            Some((at, Step::Done)) => {
                self.instant = None;
                self.advance(at.saturating_add(1));
            }
            Some((_, Step::Failed)) => return Err(self.failed()),
        }
        self.is_done |= self.position.is_empty();
        Ok(listing
            .found
            .into_iter()
            .zip(is_new)
            .filter(|(_, is_new)| *is_new)
            .map(|(found, _)| found)
            .collect())
    }

    /// Decides what follows a page that is sorted by time.
    fn follow(&mut self, listing: &Listing, is_stale: bool) -> Result<(), Incomplete> {
        let created = |found: Option<&Found>| found.map(|found| found.created);
        if listing.is_complete(is_stale) {
            self.is_done = true;
            return Ok(());
        }
        match (created(listing.found.first()), created(listing.found.last())) {
            (Some(first), Some(last))
                if listing.may_hide_others() && (first == last || self.position.from == Some(last)) =>
            {
                let others = self.position.seen.values().filter(|created| **created != last).count();
                self.instant = Some(Instant::new(last, others));
            }
            (_, Some(last)) => self.advance(last),
            (_, None) => {
                self.stalls += 1;
                if self.stalls > MOST_STALLS {
                    return Err(self.incomplete("the server counts users there and returns none"));
                }
                return Ok(());
            }
        }
        self.stalls = 0;
        Ok(())
    }

    /// Everything before this time was returned.
    fn advance(&mut self, from: i64) {
        self.position.from = Some(from);
        self.position.seen.retain(|_, created| *created >= from);
    }

    /// Checks that the page is what was asked for: within the range, and sorted.
    fn check(&self, listing: &Listing) -> Result<(), Incomplete> {
        let created = || listing.found.iter().map(|found| found.created);
        let is_within = match &self.instant {
            Some(instant) => created().all(|created| created == instant.at()),
            None => created().all(|created| self.position.includes(created)),
        };
        if !is_within {
            return Err(self.incomplete("the server returned users who were created at another time"));
        }
        if self.instant.is_none() && !created().is_sorted() {
            return Err(self.incomplete("the server did not sort by created_at"));
        }
        Ok(())
    }

    fn failed(&self) -> Incomplete {
        self.incomplete(
            "too many users were created in that millisecond, and the server does not search user_id by ranges or prefixes",
        )
    }

    fn incomplete(&self, why: &'static str) -> Incomplete {
        Incomplete { range: self.range(), why: why.into() }
    }

    /// The range of time that the next request is for.
    pub(super) fn range(&self) -> String {
        match &self.instant {
            Some(instant) => format!("created_at:{}", Timestamp::from_unix_millis(instant.at())),
            None => created(self.position.from, self.position.to()),
        }
    }
}
