//! The order of search results.

use crate::tenant::assumptions::Assumptions;
use crate::tenant::search::filter::text;
use crate::tenant::search::query::SEARCHABLE;
use crate::tenant::store::User;
use crate::tenant::wire::answer::Failure;
use serde_json::Value;
use std::cmp::Ordering;

/// The value of the parameter `sort`.
pub(crate) struct Sort<'a> {
    pub(crate) field: &'a str,
    pub(crate) is_descending: bool,
}

impl<'a> Sort<'a> {
    /// Parses `field:1` or `field:-1`.
    pub(crate) fn parse(sort: &'a str, assumptions: &Assumptions) -> Result<Self, Failure> {
        let reject = || {
            Failure::query(&format!(
                "'String '{sort}' does not match pattern. Must be field:1 or field:-1' on property sort"
            ))
        };
        let (field, direction) = sort.split_once(':').ok_or_else(reject)?;
        if !SEARCHABLE.contains(&field) || matches!(field, "user_metadata" | "app_metadata" | "identities") {
            return Err(Failure::assumed(&assumptions.sort, &[("field", field)]));
        }
        match direction {
            "1" => Ok(Self { field, is_descending: false }),
            "-1" => Ok(Self { field, is_descending: true }),
            _ => Err(reject()),
        }
    }

    /// Sorts users; those with the same value are in another order for another `turn`, and in the given one for 0.
    pub(crate) fn apply<'u>(&self, users: impl Iterator<Item = &'u User>, turn: u64) -> Vec<&'u User> {
        let mut keyed: Vec<(Option<Value>, &User)> =
            users.map(|user| (user.shown().get(self.field).ok().flatten(), user)).collect();
        if turn != 0 {
            fastrand::Rng::with_seed(turn).shuffle(&mut keyed);
        }
        keyed.sort_by(|(left, _), (right, _)| {
            let ordering = compare(left.as_ref(), right.as_ref());
            if self.is_descending { ordering.reverse() } else { ordering }
        });
        keyed.into_iter().map(|(_, user)| user).collect()
    }
}

fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(left), Some(right)) => text(left).cmp(&text(right)),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}
