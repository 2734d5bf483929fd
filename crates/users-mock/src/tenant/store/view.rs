//! The users as searches see them, which may be some time behind.

use crate::tenant::store::ordered::{ORDERED, Ordered};
use crate::tenant::store::table::Edit;
use crate::tenant::store::user::User;
use std::collections::{HashMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// The users as searches see them: the orders of their attributes, and the versions of those that were changed lately.
#[derive(Clone, Debug)]
pub(crate) struct View {
    orders: Vec<(&'static str, Ordered)>,
    /// Changes that are not seen yet, with the time at which they will be.
    pending: VecDeque<(u64, Edit<User>)>,
    /// The version that is seen of users with pending changes, and the number of these; `None` for one that did not exist.
    seen: HashMap<u64, (Option<Arc<User>>, usize)>,
}

/// The time after which a change is seen, drawn from a range for each.
#[derive(Clone, Debug)]
pub(crate) struct Lag {
    /// In milliseconds.
    range: RangeInclusive<u64>,
    random: fastrand::Rng,
}

impl Lag {
    pub(crate) fn new(range: &RangeInclusive<Duration>, seed: u64) -> Self {
        let millis = |duration: &Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (least, most) = (millis(range.start()), millis(range.end()));
        Self { range: least..=most.max(least), random: fastrand::Rng::with_seed(seed) }
    }

    /// The shortest and the longest time.
    pub(crate) fn range(&self) -> RangeInclusive<Duration> {
        Duration::from_millis(*self.range.start())..=Duration::from_millis(*self.range.end())
    }

    /// The longest time, in milliseconds.
    pub(crate) fn longest(&self) -> u64 {
        *self.range.end()
    }

    fn draw(&mut self) -> u64 {
        self.random.u64(self.range.clone())
    }
}

impl Default for Lag {
    fn default() -> Self {
        Self { range: 0..=0, random: fastrand::Rng::with_seed(0) }
    }
}

impl Default for View {
    fn default() -> Self {
        let orders = ORDERED.iter().map(|attribute| (*attribute, Ordered::default())).collect();
        Self { orders, pending: VecDeque::new(), seen: HashMap::new() }
    }
}

impl View {
    /// The users in the order of an attribute, if that order is kept.
    pub(crate) fn order(&self, attribute: &str) -> Option<&Ordered> {
        self.orders.iter().find(|(known, _)| *known == attribute).map(|(_, ordered)| ordered)
    }

    /// The version of a user that is seen, of which this is the current one.
    pub(crate) fn seen<'a>(&'a self, position: u64, current: Option<&'a Arc<User>>) -> Option<&'a Arc<User>> {
        match self.seen.get(&position) {
            Some((earlier, _)) => earlier.as_ref(),
            None => current,
        }
    }

    /// The positions of users that are not seen as they are now.
    pub(crate) fn changed(&self) -> impl Iterator<Item = u64> {
        self.seen.keys().copied()
    }

    /// Registers a committed change.
    pub(crate) fn record(&mut self, edit: &Edit<User>, lag: &mut Lag, now: u64) {
        let due = now.saturating_add(lag.draw());
        if due == now && self.pending.is_empty() {
            self.apply(edit);
            return;
        }
        let seen = self.seen.entry(edit.position()).or_insert_with(|| (edit.before().cloned(), 0));
        seen.1 += 1;
        // Changes are seen in their order.
        let last = self.pending.back().map_or(0, |(last, _)| *last);
        self.pending.push_back((due.max(last), edit.clone()));
    }

    /// Whether there are changes that are not seen yet.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Lets no change wait for longer than until this time.
    pub(crate) fn limit_wait(&mut self, latest: u64) {
        for (due, _) in &mut self.pending {
            *due = latest.min(*due);
        }
    }

    /// Whether changes are due to be seen.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.pending.front().is_some_and(|(due, _)| *due <= now)
    }

    /// Lets the changes be seen that are due.
    pub(crate) fn settle(&mut self, now: u64) {
        while self.is_due(now) {
            let Some((_, edit)) = self.pending.pop_front() else { return };
            self.apply(&edit);
            if let Some((user, pending)) = self.seen.get_mut(&edit.position()) {
                *pending -= 1;
                if *pending == 0 {
                    self.seen.remove(&edit.position());
                } else {
                    *user = edit.after().cloned();
                }
            }
        }
    }

    fn apply(&mut self, edit: &Edit<User>) {
        for (attribute, ordered) in &mut self.orders {
            ordered.update(attribute, edit.position(), edit.before(), edit.after());
        }
    }
}
