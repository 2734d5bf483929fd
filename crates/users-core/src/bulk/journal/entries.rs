//! What the lines of a journal say of its inputs.

use super::claims::Claims;
use super::record::{Hashes, JobRecord, Record, State};
use std::collections::BTreeMap;

/// The most inputs that a journal may skip, which bounds the memory for a line whose checksum is right by chance.
const MOST_SKIPPED: usize = 1_000_000;

/// What an earlier run did with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// Nothing, or nothing that matters: it is to be executed.
    Nothing,
    Applied,
    NotApplied,
    /// It may have been sent, first at this time in milliseconds since 1970, if that is known.
    Unknown(Option<i64>),
    /// The input at the position is another one than in the earlier run.
    Changed,
}

/// A job that the server started for an input in an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlierJob {
    pub(crate) id: String,
    /// Whether its results were read.
    pub(crate) is_read: bool,
}

/// What is known of the inputs.
#[derive(Debug, Default)]
pub(super) struct Entries {
    inputs: Vec<Option<Entry>>,
    /// The jobs of inputs, by their positions.
    jobs: BTreeMap<u64, String>,
    /// The number of damaged places so far.
    damaged: usize,
    /// The number of lines that they may have held.
    lost: usize,
    /// The inputs before this one of which nothing is known may have been sent, because lines are damaged.
    uncertain: usize,
}

/// What is known of an input.
#[derive(Clone, Copy, Debug)]
struct Entry {
    state: State,
    hashes: Hashes,
    at: Option<i64>,
    /// The number of damaged places before the line that says it.
    damaged: usize,
}

impl Entry {
    fn may_be_applied(&self) -> bool {
        matches!(self.state, State::Started | State::Applied | State::Unknown)
    }
}

impl Entries {
    pub(super) fn add(&mut self, record: Record) {
        let Record { state, index, hashes, at } = record;
        let Ok(index) = usize::try_from(index) else { return };
        if index > self.inputs.len() + MOST_SKIPPED {
            return;
        }
        if index >= self.inputs.len() {
            self.inputs.resize(index + 1, None);
        }
        if let Some(entry) = self.inputs.get_mut(index) {
            *entry = Some(Entry { state, hashes, at, damaged: self.damaged });
        }
    }

    pub(super) fn add_job(&mut self, record: JobRecord) {
        self.jobs.insert(record.index, record.id);
    }

    /// The job of an input that is the same as in the earlier run.
    pub(super) fn job(&self, index: u64, hashes: Hashes) -> Option<EarlierJob> {
        let id = self.jobs.get(&index)?.clone();
        let entry = self.inputs.get(usize::try_from(index).ok()?)?.as_ref()?;
        let is_same = entry.hashes.request == hashes.request;
        is_same.then(|| EarlierJob { id, is_read: entry.state == State::Applied })
    }

    /// Takes account of a damaged place that may have held this number of lines. What they said is not known.
    pub(super) fn damaged(&mut self, lines: usize) {
        self.damaged += 1;
        self.lost += lines;
        // Inputs are started in their order, so lines that are lost may have started the next ones.
        self.uncertain = self.inputs.len() + self.lost;
    }

    pub(super) fn earlier(&self, index: u64, hashes: Hashes) -> Earlier {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(Some(entry)) = self.inputs.get(index) else {
            return if index < self.uncertain { Earlier::Unknown(None) } else { Earlier::Nothing };
        };
        // A line that is lost behind this one may have said that the request was sent, perhaps again and later.
        let is_last = entry.damaged == self.damaged;
        match entry.state {
            _ if entry.hashes.request != hashes.request => Earlier::Changed,
            State::Applied => Earlier::Applied,
            State::NotApplied => Earlier::NotApplied,
            State::NotYet if is_last => Earlier::Nothing,
            State::Started | State::Unknown if is_last => Earlier::Unknown(entry.at),
            _ => Earlier::Unknown(None),
        }
    }

    /// The number of inputs that were carried out.
    pub(super) fn applied(&self) -> u64 {
        self.inputs.iter().flatten().filter(|entry| entry.state == State::Applied).count() as u64
    }

    /// What the inputs whose outcome is not known claim, beside those that may claim the same.
    pub(super) fn claims(&self) -> Claims {
        let claims = Claims::default();
        for is_known in [false, true] {
            for (index, entry) in self.inputs.iter().enumerate() {
                let Some(entry) = entry.filter(Entry::may_be_applied) else { continue };
                let Some(subject) = entry.hashes.subject else { continue };
                if is_known {
                    claims.add(subject, index as u64);
                } else if entry.state != State::Applied {
                    claims.watch(subject, index as u64);
                }
            }
        }
        claims
    }
}
