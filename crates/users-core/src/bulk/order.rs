//! Sorting, compiled once for all types.

use std::cmp::Ordering;

/// Returns the indexes of this many items in ascending order. Equal items keep their order.
pub(super) fn ascending(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut indexes: Vec<usize> = (0..count).collect();
    indexes.sort_unstable_by(|one, other| compare(*one, *other).then(one.cmp(other)));
    indexes
}
