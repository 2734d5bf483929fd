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
const LIST: usize = 4;
/// The bytes of an object's entry in addition to its texts: two allocations, and its share of the list.
const ENTRY: usize = 160;
/// The bytes of an element of a list of strings or numbers in addition to its text, including its share of the list.
const ELEMENT: usize = 96;

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
    /// Restores the previous budget, also when `decode` panics.
    struct Restore(Budget);

    impl Drop for Restore {
        fn drop(&mut self) {
            BUDGET.set(self.0);
        }
    }

    let _restore = Restore(BUDGET.replace(Budget::Left(bytes)));
    let decoded = decode();
    if matches!(BUDGET.get(), Budget::Exhausted) { Err(MemoryExceeded) } else { Ok(decoded) }
}

/// Charges bytes that remain allocated.
fn charge(bytes: usize) -> Result<(), MemoryExceeded> {
    match BUDGET.get() {
        Budget::Unlimited => Ok(()),
        Budget::Left(left) if left >= bytes => {
            BUDGET.set(Budget::Left(left - bytes));
            Ok(())
        }
        Budget::Left(_) | Budget::Exhausted => {
            BUDGET.set(Budget::Exhausted);
            Err(MemoryExceeded)
        }
    }
}

/// Charges a model, which may be an element of a list.
pub(crate) fn charge_model<T>() -> Result<(), MemoryExceeded> {
    charge(LIST * size_of::<T>())
}

/// Charges an entry of an object that is kept as text.
pub(crate) fn charge_entry(key: &str, value: &str) -> Result<(), MemoryExceeded> {
    charge(ENTRY + key.len() + value.len())
}

/// Charges a list by its text, if its elements are not models.
pub(crate) fn charge_list(text: &str) -> Result<(), MemoryExceeded> {
    if matches!(BUDGET.get(), Budget::Unlimited) || !text.starts_with('[') {
        return Ok(());
    }
    charge(ELEMENT.saturating_mul(elements(text)))
}

/// Charges bytes until it is dropped.
pub(crate) struct Held(usize);

impl Held {
    pub(crate) fn new(bytes: usize) -> Result<Self, MemoryExceeded> {
        charge(bytes).map(|()| Self(bytes))
    }

    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), MemoryExceeded> {
        charge(bytes)?;
        self.0 += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Budget::Left(left) = BUDGET.get() {
            BUDGET.set(Budget::Left(left + self.0));
        }
    }
}

/// The maximum number of elements of a list, by the commas outside nested values.
pub(crate) fn elements(text: &str) -> usize {
    let (mut depth, mut commas, mut is_text, mut is_escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => commas += 1,
            _ => {}
        }
    }
    commas + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_counted_outside_nested_values_and_strings() {
        for (text, count) in [("[]", 1), ("[1,2]", 2), (r#"[",\",",[1,2],{"a":1,"b":2}]"#, 3), ("[[[", 1)] {
            assert_eq!(elements(text), count, "{text}");
        }
    }

    #[test]
    fn memory_is_charged_only_while_it_is_held() {
        let result = within_memory(100, || {
            drop(Held::new(80).unwrap());
            let held = Held::new(80);
            assert!(within_memory(50, || charge(60)).is_err(), "a nested budget is separate");
            (held.is_ok(), charge(20).is_ok())
        });
        assert_eq!(result, Ok((true, true)));
        assert_eq!(within_memory(100, || charge(101)), Err(MemoryExceeded));
        assert!(charge(usize::MAX).is_ok(), "no budget outside");
    }
}
