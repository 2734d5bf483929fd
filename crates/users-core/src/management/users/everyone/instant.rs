//! Listing the users who were created in one millisecond, of whom there are more than fit on a page.

use super::found::{COUNTED, Listing};
use super::search::{Bound, Search, created};
use crate::search::escape::{phrase, word};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The number of times that a listing whose count does not agree is begun anew. The index is eventually consistent.
const PASSES: u32 = 4;

/// The number of prefixes that one query excludes at most, which keeps it below the limit of a query's length.
const MOST_EXCLUDED: usize = 64;

/// The users of one millisecond, listed by `user_id`.
#[derive(Clone, Debug)]
pub(super) struct Instant {
    at: i64,
    /// The number of users of other times among those who were returned, which does not change.
    others: usize,
    mode: Mode,
    pass: u32,
    /// The number of users in the instant when the pass began.
    expected: Option<u64>,
    /// The ids of this pass.
    listed: HashSet<String>,
    /// Whether a page of the pass counted fewer users than the one before it left, or than the first page if pages are numbered.
    has_lost: bool,
}

#[derive(Clone, Debug)]
enum Mode {
    /// Ascending by id, each page from behind the last id of the one before.
    Ranges { after: Option<String>, left: Option<u64> },
    /// By prefixes of ids, each divided until one page has them all.
    Prefixes { parts: Vec<Part> },
    /// Ascending by id, page by page, if the number of users is known.
    Offsets { page: u32 },
}

/// The users whose id begins with a prefix, and with none of the longer ones.
#[derive(Clone, Debug)]
struct Part {
    prefix: String,
    without: BTreeSet<String>,
}

/// What follows a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    Done,
    /// No way is left to list the instant completely.
    Failed,
}

impl Instant {
    pub(super) fn new(at: i64, others: usize) -> Self {
        Self {
            at,
            others,
            mode: Mode::Ranges { after: None, left: None },
            pass: 0,
            expected: None,
            listed: HashSet::new(),
            has_lost: false,
        }
    }

    pub(super) fn at(&self) -> i64 {
        self.at
    }

    /// The next request.
    pub(super) fn search(&self) -> Search {
        // The millisecond, whatever digits follow it in the server's index.
        let instant =
            created(Some(self.at), Some(Bound { at: self.at.saturating_add(1), is_inclusive: false }));
        let by_id = Some("user_id:1");
        match &self.mode {
            Mode::Ranges { after: None, .. } => Search { q: instant, sort: by_id, page: 0 },
            Mode::Ranges { after: Some(after), .. } => {
                let q = format!("{instant} AND user_id:{{{} TO *]", phrase(after));
                Search { q, sort: by_id, page: 0 }
            }
            Mode::Prefixes { parts } => {
                let part = parts.last().map(Part::query).unwrap_or_default();
                Search { q: format!("{instant}{part}"), sort: None, page: 0 }
            }
            Mode::Offsets { page } => Search { q: instant, sort: by_id, page: *page },
        }
    }

    /// The server refused the request. Returns whether there is another way.
    pub(super) fn refused(&mut self) -> Step {
        self.next_mode()
    }

    /// Processes a response; `seen` has the ids of the instant that were returned to the caller, those of the response included.
    pub(super) fn accept(&mut self, listing: &Listing, seen: &BTreeMap<String, i64>) -> Step {
        let before = self.listed.len();
        self.listed.extend(listing.found.iter().map(|found| found.id.clone()));
        let has_progress = self.listed.len() > before;
        let known = seen.len().saturating_sub(self.others) as u64;
        let is_first = self.expected.is_none();
        let expected = *self.expected.get_or_insert(listing.counted());
        // Users who were deleted count as known. Where pages are numbered, each of them may have hidden another one.
        let is_numbered = matches!(self.mode, Mode::Offsets { .. });
        if is_first && self.pass > 0 && known >= expected && expected < COUNTED && !is_numbered {
            return Step::Done;
        }
        if expected < COUNTED && self.listed.len() as u64 > expected + COUNTED {
            // The server returns many more users than it counts.
            return Step::Failed;
        }
        match &mut self.mode {
            Mode::Ranges { after, left } => {
                // Users were deleted, or the range does not continue where the last page ended.
                self.has_lost |= left.is_some_and(|left| listing.counted() < left);
                if !ascends(after.as_deref(), listing) {
                    // The order of the list is not that of the ranges, so they would pass users over.
                    return self.next_mode();
                }
                if listing.is_complete(!has_progress) {
                    return self.end(known, expected);
                }
                if !has_progress {
                    return self.again();
                }
                *left = Some(listing.left());
                *after = listing.found.last().map(|found| found.id.clone());
                Step::More
            }
            Mode::Prefixes { parts } => {
                let Some(part) = parts.pop() else { return self.end(known, expected) };
                if !listing.found.iter().all(|found| part.includes(&found.id)) {
                    return self.next_mode();
                }
                if !listing.is_complete(!has_progress) {
                    match part.divided(listing) {
                        Some(divided) => parts.extend(divided),
                        None => return self.next_mode(),
                    }
                }
                if parts.is_empty() { self.end(known, expected) } else { Step::More }
            }
            Mode::Offsets { page } => {
                if expected >= COUNTED {
                    return Step::Failed;
                }
                self.has_lost |= listing.counted() != expected;
                if listing.found.is_empty() || self.listed.len() as u64 >= listing.counted() {
                    let is_proved = self.listed.len() as u64 >= expected && !self.has_lost;
                    return if is_proved { Step::Done } else { self.again() };
                }
                *page += 1;
                Step::More
            }
        }
    }

    /// A pass is complete if it has returned as many users as there were at its beginning.
    fn end(&mut self, known: u64, expected: u64) -> Step {
        // A count that is capped shows no loss, so a pass with one proves nothing.
        let is_proved = known >= expected && !(self.has_lost && expected >= COUNTED);
        if is_proved { Step::Done } else { self.again() }
    }

    /// Begins another pass.
    fn again(&mut self) -> Step {
        self.pass += 1;
        if self.pass >= PASSES {
            return self.next_mode();
        }
        self.restart();
        Step::More
    }

    fn restart(&mut self) {
        self.expected = None;
        self.has_lost = false;
        self.listed.clear();
        self.mode = match self.mode {
            Mode::Ranges { .. } => Mode::Ranges { after: None, left: None },
            Mode::Prefixes { .. } => Mode::Prefixes { parts: vec![Part::all()] },
            Mode::Offsets { .. } => Mode::Offsets { page: 0 },
        };
    }

    fn next_mode(&mut self) -> Step {
        self.mode = match self.mode {
            Mode::Ranges { .. } => Mode::Prefixes { parts: Vec::new() },
            Mode::Prefixes { .. } => Mode::Offsets { page: 0 },
            Mode::Offsets { .. } => return Step::Failed,
        };
        self.pass = 0;
        self.restart();
        Step::More
    }
}

impl Part {
    fn all() -> Self {
        Self { prefix: String::new(), without: BTreeSet::new() }
    }

    fn query(&self) -> String {
        let mut query = String::new();
        if !self.prefix.is_empty() {
            query = format!(" AND user_id:{}*", word(&self.prefix));
        }
        if !self.without.is_empty() {
            let without: Vec<String> =
                self.without.iter().map(|prefix| format!("user_id:{}*", word(prefix))).collect();
            query = format!("{query} AND NOT ({})", without.join(" OR "));
        }
        query
    }

    fn includes(&self, id: &str) -> bool {
        id.starts_with(&self.prefix) && !self.without.iter().any(|prefix| id.starts_with(prefix))
    }

    /// Smaller parts that include the same users; `None` if there are too many. The ids of the page show where to divide.
    fn divided(mut self, listing: &Listing) -> Option<Vec<Self>> {
        let ids = || listing.found.iter().map(|found| found.id.as_str());
        let common = common_prefix(ids().chain(self.without.iter().map(String::as_str)))?.to_owned();
        let children =
            |common: &str| -> BTreeSet<String> { ids().filter_map(|id| child(common, id)).collect() };
        let (mut common, mut next) = (common.clone(), children(&common));
        if next.is_empty() {
            next = children(&self.prefix);
            common.clone_from(&self.prefix);
        }
        // Longer prefixes that are excluded already become exclusions of the part between.
        let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for prefix in std::mem::take(&mut self.without) {
            let between = child(&common, &prefix)?;
            if between == prefix {
                self.without.insert(prefix);
            } else {
                parts.entry(between).or_default().insert(prefix);
            }
        }
        for prefix in next {
            parts.entry(prefix).or_default();
        }
        self.without.extend(parts.keys().cloned());
        if parts.is_empty() || self.without.len() > MOST_EXCLUDED {
            return None;
        }
        // The remainder is listed last: it has only the users of whom the page showed no similar one.
        let parts = parts.into_iter().map(|(prefix, without)| Self { prefix, without });
        Some(std::iter::once(self).chain(parts).collect())
    }
}

/// Whether the ids of a page are behind the last one of the page before, in the order of their bytes.
fn ascends(after: Option<&str>, listing: &Listing) -> bool {
    let ids = after.into_iter().chain(listing.found.iter().map(|found| found.id.as_str()));
    ids.is_sorted_by(|one, other| one < other)
}

/// The beginning of a text that is longer than this one by a character.
fn child(common: &str, text: &str) -> Option<String> {
    let next = text.strip_prefix(common)?.chars().next()?;
    Some(format!("{common}{next}"))
}

/// The longest text with which all of these begin; `None` if there are none.
fn common_prefix<'a>(mut texts: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = texts.next()?;
    Some(texts.fold(first, |common, text| {
        let same = common.char_indices().zip(text.chars()).take_while(|((_, left), right)| left == right);
        let length = same.map(|((index, character), _)| index + character.len_utf8()).last().unwrap_or(0);
        common.get(..length).unwrap_or_default()
    }))
}
