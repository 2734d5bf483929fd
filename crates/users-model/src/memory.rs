//! A limit on the memory that decoding allocates.

use std::cell::Cell;
use std::fmt;

thread_local! {
    static BUDGET: Cell<Budget> = const { Cell::new(Budget::Unlimited) };
}

#[derive(Clone, Copy)]
enum Budget {
    Unlimited,
    Left(usize),
    Exhausted,
}

/// A growing list is copied into one of twice its size, so up to three times its elements are allocated at once; one more as a
/// margin.
pub(crate) const LIST: usize = 4;
/// The bytes of an object's entry in addition to its texts: two allocations, its share of the list, and of the index by which
/// repeated keys are found.
pub(crate) const ENTRY: usize = 192;
/// The bytes of an element of a list of strings or numbers in addition to its text, including its share of the list.
pub(crate) const ELEMENT: usize = 96;

/// Decoding would take more memory than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryExceeded;

impl fmt::Display for MemoryExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("decoding would take more memory than allowed")
    }
}

impl std::error::Error for MemoryExceeded {}

/// Runs a function that decodes models of this crate, and limits the memory that they allocate to about this many bytes.
///
/// List capacity, strings and unknown entries are counted. Without a limit a short text can become a large value: `[{},{}]`
/// decodes to two users of more than 1 KiB each. Types of other crates are not counted.
///
/// # Errors
///
/// [`MemoryExceeded`] if decoding would allocate more. The result of the function is dropped.
///
/// ```
/// use users_model::{User, within_memory};
///
/// let hostile = format!("[{}{{}}]", "{},".repeat(100_000));
/// let decode = || serde_json::from_str::<Vec<User>>(&hostile);
/// assert!(within_memory(1024 * 1024, decode).is_err());
/// assert!(within_memory(1024 * 1024 * 1024, decode)?.is_ok());
/// # Ok::<(), users_model::MemoryExceeded>(())
/// ```
pub fn within_memory<T>(bytes: usize, decode: impl FnOnce() -> T) -> Result<T, MemoryExceeded> {
    let (decoded, left) = within(bytes, decode);
    left.map(|_| decoded).ok_or(MemoryExceeded)
}

/// Runs a function with this budget. Returns what is left of it; `None` if it was exhausted.
pub(crate) fn within<T>(bytes: usize, decode: impl FnOnce() -> T) -> (T, Option<usize>) {
    /// Restores the previous budget, also when `decode` panics.
    struct Restore(Budget);

    impl Drop for Restore {
        fn drop(&mut self) {
            BUDGET.set(self.0);
        }
    }

    let _restore = Restore(BUDGET.replace(Budget::Left(bytes)));
    let decoded = decode();
    let left = match BUDGET.get() {
        Budget::Left(left) => Some(left),
        Budget::Unlimited => Some(bytes),
        Budget::Exhausted => None,
    };
    (decoded, left)
}

/// The budget of the current thread.
pub(crate) fn left() -> usize {
    match BUDGET.get() {
        Budget::Unlimited => usize::MAX,
        Budget::Left(left) => left,
        Budget::Exhausted => 0,
    }
}

/// Sets what is left of the current thread's budget, if it has one; `None` if it is exhausted.
pub(crate) fn set_left(left: Option<usize>) {
    if !matches!(BUDGET.get(), Budget::Unlimited) {
        BUDGET.set(left.map_or(Budget::Exhausted, Budget::Left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_budget_is_separate() {
        let (inner, rest) = within(100, || {
            set_left(Some(left() - 80));
            within_memory(50, || set_left(None))
        });
        assert_eq!((inner, rest), (Err(MemoryExceeded), Some(20)));
        assert_eq!(within_memory(100, || set_left(None)), Err(MemoryExceeded));
        assert_eq!(left(), usize::MAX, "no budget outside");
    }
}
