//! Intended differences, with the evidence for them.

use super::Drift;
use serde::Deserialize;
use std::path::Path;

/// One intended difference.
#[derive(Debug, Deserialize)]
struct Exception {
    /// The place of the difference: an operation, or a type and its property.
    place: String,
    /// The difference as the check reports it.
    what: String,
    /// Why the difference is correct, for readers; the check only requires that it is not empty.
    evidence: String,
    #[serde(skip)]
    used: bool,
}

/// All exceptions.
#[derive(Debug)]
pub struct Exceptions(Vec<Exception>);

impl Exceptions {
    /// Reads the list.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let list: Vec<Exception> =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        match list.iter().find(|exception| exception.evidence.trim().is_empty()) {
            Some(exception) => Err(format!("{}: {} has no evidence", file.display(), exception.place)),
            None => Ok(Self(list)),
        }
    }

    /// Whether a difference is intended.
    pub fn explain(&mut self, (place, what): &Drift) -> bool {
        let exception =
            self.0.iter_mut().find(|exception| exception.place == *place && exception.what == *what);
        exception.is_some_and(|exception| {
            exception.used = true;
            true
        })
    }

    /// The number of exceptions that explained a difference.
    pub fn used(&self) -> usize {
        self.0.iter().filter(|exception| exception.used).count()
    }

    /// The exceptions that explained no difference.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|exception| !exception.used).map(|exception| exception.place.as_str())
    }
}
