//! Reading the file of a journal, which changes nothing of it.

use super::entries::Entries;
use super::record::{Header, JobRecord, LONGEST, Record, VERSION};
use crate::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

/// The number of damaged places that are reported.
const MOST_REPORTED: usize = 100;

/// The shortest line of an input, for the number of lines that a damaged place may have held.
const SHORTEST: usize = 38;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// `None` until the first run.
    pub(super) header: Option<Header>,
    pub(super) entries: Entries,
    /// Where the file is damaged.
    pub(super) damage: Vec<u64>,
    /// The size of the file up to a line that was being written.
    pub(super) size: u64,
    /// Whether the last line before that has no end.
    pub(super) is_open: bool,
    /// Whether a line that was being written follows.
    pub(super) has_rest: bool,
}

impl Content {
    pub(super) fn read(file: &File, path: &Path) -> Result<Self, Error> {
        let mut content = Self::default();
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut reader).take(LONGEST as u64).read_until(b'\n', &mut line);
            if read.map_err(|error| Error::journal(path, "cannot be read", error))? == 0 {
                return Ok(content);
            }
            let is_whole = line.ends_with(b"\n");
            let is_begun = match content.header {
                None => Header::is_begun(&line),
                Some(_) => Record::is_begun(&line) || JobRecord::is_begun(&line),
            };
            if !is_whole && is_begun {
                content.has_rest = true;
                return Ok(content);
            }
            match &content.header {
                None => content.header = Some(header(&line, path)?),
                Some(_) => content.add(&line),
            }
            content.size += line.len() as u64;
            content.is_open = !is_whole;
        }
    }

    fn add(&mut self, line: &[u8]) {
        if let Some(record) = Record::parse(line) {
            self.entries.add(record);
            return;
        }
        if let Some(record) = JobRecord::parse(line) {
            self.entries.add_job(record);
            return;
        }
        self.entries.damaged(1 + line.len() / SHORTEST);
        if self.damage.len() < MOST_REPORTED {
            self.damage.push(self.size);
        }
    }
}

fn header(line: &[u8], path: &Path) -> Result<Header, Error> {
    let problem = match Header::parse(line) {
        Some(header) if header.version == VERSION => return Ok(header),
        Some(_) => "has a format of another version; nothing was changed",
        None => "is not a journal, or its first line is damaged; nothing was changed",
    };
    Err(Error::journal_text(path, problem))
}
