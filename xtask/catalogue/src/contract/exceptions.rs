//! Differences that are meant, with the evidence for them.

use super::Drift;
use serde::Deserialize;
use std::path::Path;

/// One difference that is meant.
#[derive(Debug, Deserialize)]
struct Exception {
    /// Where: an operation, or a type and its property.
    place: String,
    /// What the check says.
    what: String,
    /// Why it is right all the same. For people; the check only insists that it is there.
    evidence: String,
    #[serde(skip)]
    used: bool,
}

/// All of them.
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

    /// Whether a difference is meant.
    pub fn explain(&mut self, (place, what): &Drift) -> bool {
        let exception =
            self.0.iter_mut().find(|exception| exception.place == *place && exception.what == *what);
        exception.is_some_and(|exception| {
            exception.used = true;
            true
        })
    }

    /// How many explained something.
    pub fn used(&self) -> usize {
        self.0.iter().filter(|exception| exception.used).count()
    }

    /// Those that explained nothing.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|exception| !exception.used).map(|exception| exception.place.as_str())
    }
}
