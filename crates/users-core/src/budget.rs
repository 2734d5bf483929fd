//! The budget of retries that the clones of a client share.

use std::sync::atomic::{AtomicI64, Ordering};

/// Limits retries to a share of the calls: each call deposits a fifth of a retry, each retry after an error withdraws one.
#[derive(Debug)]
pub(crate) struct Budget(AtomicI64);

impl Budget {
    const RETRY: i64 = 5;
    const CALL: i64 = 1;
    const LEAST: i64 = 10 * Self::RETRY;
    const MOST: i64 = 100 * Self::RETRY;

    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(Self::LEAST))
    }

    /// Deposits the share of a call.
    pub(crate) fn deposit(&self) {
        let add = |held: i64| Some((held + Self::CALL).min(Self::MOST));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Whether a retry is left.
    pub(crate) fn has_retry(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Self::RETRY
    }

    /// Withdraws a retry. Calls that withdraw the last one at the same time overdraw the budget; later deposits compensate.
    pub(crate) fn withdraw(&self) {
        self.0.fetch_sub(Self::RETRY, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    fn withdrawn(budget: &Budget) -> usize {
        (0..50).take_while(|_| budget.has_retry()).map(|_| budget.withdraw()).count()
    }

    #[test]
    fn the_budget_admits_a_fifth_of_the_calls_as_retries() {
        let budget = Budget::new();
        assert_eq!(withdrawn(&budget), 10);
        (0..100).for_each(|_| budget.deposit());
        assert_eq!(withdrawn(&budget), 20);
    }
}
