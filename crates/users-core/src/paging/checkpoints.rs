//! Detecting a list by checkpoint that does not end.

use crate::error::{Error, ErrorKind};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use users_model::Page;

/// How many consecutive empty pages a checkpoint list may have.
const MOST_EMPTY_PAGES: u32 = 100;
/// How many of the latest checkpoints are compared with a new one.
const LATEST: usize = 100;

/// Detects a list that does not end: one of empty pages, or one that returns to an earlier checkpoint.
#[derive(Default)]
pub(super) struct Checkpoints {
    empty_pages: u32,
    /// Hashes of the latest checkpoints.
    latest: VecDeque<u64>,
    /// A longer cycle meets a checkpoint that is kept for twice as long each time (Brent's algorithm).
    kept: u64,
    since_kept: u64,
    kept_for: u64,
}

impl Checkpoints {
    /// Checks the page that was read, unless it is the last.
    pub(super) fn check<T>(&mut self, page: &Page<T>) -> Result<(), Error> {
        let Some(next) = &page.next else {
            return match page.unknown.raw("next") {
                None | Some("null") => Ok(()),
                Some(_) => Err(Error::new(
                    ErrorKind::Decode,
                    "the page's `next` is not text, so the list cannot be continued",
                )),
            };
        };
        self.empty_pages = if page.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages >= MOST_EMPTY_PAGES {
            let message = format!(
                "the list does not end: {MOST_EMPTY_PAGES} consecutive empty pages, each with another `next`"
            );
            return Err(Error::new(ErrorKind::EndlessList, message));
        }
        let mut hasher = DefaultHasher::new();
        next.hash(&mut hasher);
        let hash = hasher.finish();
        if self.latest.contains(&hash) || (self.kept_for > 0 && self.kept == hash) {
            let message =
                "the list does not end: a page has the `next` of an earlier one, so pages would repeat";
            return Err(Error::new(ErrorKind::EndlessList, message));
        }
        if self.latest.len() == LATEST {
            self.latest.pop_front();
        }
        self.latest.push_back(hash);
        self.since_kept += 1;
        if self.since_kept >= self.kept_for {
            (self.kept, self.since_kept, self.kept_for) = (hash, 0, (self.kept_for * 2).max(1));
        }
        Ok(())
    }
}
