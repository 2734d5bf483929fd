//! What a schema does not allow in a value.

use std::fmt;

/// A value that a schema does not allow.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The code of an error of an import.
    pub(crate) code: &'static str,
    /// What is wrong, as Auth0 words it.
    pub(crate) reason: String,
    /// Where the value is; empty if it is the whole body.
    pub(crate) path: String,
    /// The description of the schema.
    pub(super) description: Option<String>,
}

impl fmt::Display for Violation {
    /// `'reason' on property path (description)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.reason)?;
        if self.path.is_empty() {
            return Ok(());
        }
        write!(f, " on property {}", self.path)?;
        match &self.description {
            Some(description) => {
                write!(f, " ({})", description.strip_suffix('.').unwrap_or(description))
            }
            None => Ok(()),
        }
    }
}

/// The violations that were found so far.
#[derive(Default)]
pub(super) struct Found {
    /// Whether the first one is enough.
    only_first: bool,
    pub(super) violations: Vec<Violation>,
}

impl Found {
    pub(super) fn add(&mut self, violation: Violation) {
        if !self.is_enough() {
            self.violations.push(violation);
        }
    }

    pub(super) fn is_enough(&self) -> bool {
        self.only_first && !self.violations.is_empty()
    }

    /// Turns the violations of a part, which are those after the first `count`, into violations of the whole.
    pub(super) fn place(&mut self, count: usize, part: &str) {
        for violation in self.violations.iter_mut().skip(count) {
            let dot = if violation.path.is_empty() || violation.path.starts_with('[') { "" } else { "." };
            violation.path = format!("{part}{dot}{}", violation.path);
        }
    }
}

/// The first violation that a function finds.
pub(super) fn first(find: impl FnOnce(&mut Found)) -> Result<(), Violation> {
    let mut found = Found { only_first: true, ..Found::default() };
    find(&mut found);
    found.violations.pop().map_or(Ok(()), Err)
}
