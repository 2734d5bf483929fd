//! The users as searches see them, which may be some time behind.

use crate::tenant::store::ordered::{ORDERED, Ordered};
use crate::tenant::store::table::Edit;
use crate::tenant::store::user::User;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The users as searches see them: the orders of their attributes, and the versions of those that were changed lately.
#[derive(Debug)]
pub(crate) struct View {
    /// In milliseconds.
    lag: u64,
    orders: Vec<(&'static str, Ordered)>,
    /// Changes that are not seen yet, with the time at which they will be.
    pending: VecDeque<(u64, Edit<User>)>,
    /// The version that is seen of users with pending changes, and the number of these; `None` for one that did not exist.
    seen: HashMap<u64, (Option<Arc<User>>, usize)>,
}

impl Default for View {
    fn default() -> Self {
        let orders = ORDERED.iter().map(|attribute| (*attribute, Ordered::default())).collect();
        Self { lag: 0, orders, pending: VecDeque::new(), seen: HashMap::new() }
    }
}

impl View {
    pub(crate) fn lag(&self) -> u64 {
        self.lag
    }

    pub(crate) fn set_lag(&mut self, milliseconds: u64) {
        self.lag = milliseconds;
    }

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
    pub(crate) fn record(&mut self, edit: &Edit<User>, now: u64) {
        if self.lag == 0 && self.pending.is_empty() {
            self.apply(edit);
            return;
        }
        let seen = self.seen.entry(edit.position()).or_insert_with(|| (edit.before().cloned(), 0));
        seen.1 += 1;
        self.pending.push_back((now.saturating_add(self.lag), edit.clone()));
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
