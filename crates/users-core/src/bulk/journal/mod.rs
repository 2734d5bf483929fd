//! The journal of a bulk run: what was sent, and what became of it.

mod record;

use crate::error::Error;
use record::{Header, LONGEST, Record, State, VERSION};
use sha2::{Digest as _, Sha256};
use std::collections::hash_map::RandomState;
use std::fs::{File, OpenOptions};
use std::hash::BuildHasher as _;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The number of damaged places that are reported.
const MOST_REPORTED: usize = 100;

/// The shortest line of an input, for the number of lines that a damaged place may have held.
const SHORTEST: usize = 40;

/// A file that records what a bulk run has sent and what became of it, so that the run can be continued after it was stopped, killed or
/// failed. Pass it to [`Bulk::journal`](crate::Bulk::journal), and run the same inputs in the same order.
///
/// It is a text file to which a line is added before each request and one after its response. Each line has a checksum. A line is handed to
/// the operating system before the request is sent, so a killed process loses none; a loss of power may, unless
/// [`sync_each`](Self::sync_each) is set. The file holds the position of each input, the time, and a hash of its request with a key of the
/// journal's own: no id, no address, no secret. One run may use it at a time.
///
/// A continued run skips the inputs whose outcome is known, except those that were not carried out for a reason that may pass (no
/// connection, the rate limit). Where the outcome is not known: deletions, reads and replacements are repeated; a created user is looked up by
/// id, or by the e-mail address within the connection; an updated user is read and compared; other operations are given to the
/// closure of [`BulkRun::resolve`](crate::BulkRun::resolve). Where no look-up is possible, for example of an update with a password, the
/// outcome is [`MayHaveBeenApplied`](crate::BulkStatus::MayHaveBeenApplied), and nothing is sent.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager, ids: Vec<String>) -> Result<(), users_core::Error> {
/// use users_core::BulkJournal;
///
/// let journal = BulkJournal::open("delete.journal")?;
/// let report = users.bulk().journal(journal).delete(ids).finish().await?;
/// println!("{} deleted, {} not", report.progress.done, report.failed.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct BulkJournal {
    path: PathBuf,
    file: File,
    syncs: bool,
    /// `None` until the first run.
    header: Option<Header>,
    inputs: Vec<Entry>,
    damage: Vec<u64>,
    /// The inputs before this one of which the journal knows nothing may have been sent, because lines are damaged.
    uncertain: u64,
}

/// What is known of an input.
#[derive(Clone, Copy, Debug)]
struct Entry {
    state: Option<State>,
    hash: u64,
    at: i64,
}

/// What an earlier run did with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// Nothing, or nothing that matters: it is to be executed.
    Nothing,
    Applied,
    NotApplied,
    /// It was sent at this time, in milliseconds since 1970, if that is known.
    Unknown(Option<i64>),
    /// The input at the position is another one than in the earlier run.
    Changed,
}

impl BulkJournal {
    /// Opens a journal, or creates it if there is no such file.
    ///
    /// # Errors
    ///
    /// Of kind [`Journal`](crate::ErrorKind::Journal) if the file cannot be read or written, or if it is not empty and its first line is
    /// damaged or of another format. Damage behind it is not an error, see [`damage`](Self::damage).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let failed = |error| Error::journal(&path, "cannot be opened", error);
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(&path).map_err(failed)?;
        let mut journal = Self {
            path: path.clone(),
            file,
            syncs: false,
            header: None,
            inputs: Vec::new(),
            damage: Vec::new(),
            uncertain: 0,
        };
        journal.read()?;
        Ok(journal)
    }

    /// Waits after each line until it is on the disk, so that a loss of power loses none. Each request takes as long as the disk needs twice,
    /// and the thread is blocked for that time.
    #[must_use]
    pub fn sync_each(mut self) -> Self {
        self.syncs = true;
        self
    }

    /// The places where the file is damaged, as offsets in bytes; 100 at most. A line that was being written when the process was killed is
    /// none. What the lines said is not known, so inputs of which no other line says anything are treated as sent.
    pub fn damage(&self) -> &[u64] {
        &self.damage
    }

    /// The number of inputs that the journal says were carried out.
    pub fn applied(&self) -> u64 {
        self.inputs.iter().filter(|entry| entry.state == Some(State::Applied)).count() as u64
    }

    /// Reads the lines, and removes one at the end that is not complete.
    fn read(&mut self) -> Result<(), Error> {
        let failed = |path: &Path, error| Error::journal(path, "cannot be read", error);
        let mut reader = BufReader::new(&self.file);
        let (mut offset, mut complete) = (0_u64, 0_u64);
        let mut lines_lost = 0;
        let mut line = Vec::new();
        let (mut header, mut inputs, mut damage) = (None, Vec::new(), Vec::new());
        loop {
            line.clear();
            let count = (&mut reader).take(LONGEST as u64).read_until(b'\n', &mut line);
            let count = count.map_err(|error| failed(&self.path, error))?;
            if count == 0 {
                break;
            }
            let start = offset;
            offset += count as u64;
            let text = std::str::from_utf8(&line).unwrap_or_default();
            if start == 0 {
                let Some(parsed) = Header::parse(text) else {
                    if !line.ends_with(b"\n") && count < LONGEST {
                        // The process was killed while it wrote the first line, so nothing was sent.
                        break;
                    }
                    return Err(Error::journal_text(
                        &self.path,
                        "is not a journal, or its first line is damaged",
                    ));
                };
                if parsed.version != VERSION {
                    return Err(Error::journal_text(&self.path, "has a format of another version"));
                }
                header = Some(parsed);
                complete = offset;
                continue;
            }
            match Record::parse(text) {
                Some(record) => add(&mut inputs, record),
                None if !line.ends_with(b"\n") && count < LONGEST => break,
                None => {
                    lines_lost += 1 + count / SHORTEST;
                    if damage.len() < MOST_REPORTED {
                        damage.push(start);
                    }
                }
            }
            complete = offset;
        }
        drop(reader);
        if complete < offset {
            self.file.set_len(complete).map_err(|error| failed(&self.path, error))?;
        }
        self.file.seek(SeekFrom::End(0)).map_err(|error| failed(&self.path, error))?;
        // Inputs are started in their order, so lines that are lost may have started the next ones.
        self.uncertain = if lines_lost == 0 { 0 } else { (inputs.len() + lines_lost) as u64 };
        (self.header, self.inputs, self.damage) = (header, inputs, damage);
        Ok(())
    }

    /// Begins a run of an operation, which must be that of the journal.
    pub(crate) fn begin(&mut self, operation: &str) -> Result<(), Error> {
        if let Some(header) = &self.header {
            if header.operation == operation {
                return Ok(());
            }
            let message = format!("is of a run of {}, not of {operation}", header.operation);
            return Err(Error::journal_text(&self.path, &message));
        }
        let mut key = [0; 16];
        for half in key.chunks_exact_mut(8) {
            // A random state has its keys from the operating system.
            half.copy_from_slice(&RandomState::new().hash_one(operation).to_le_bytes());
        }
        let header = Header { version: VERSION.to_owned(), operation: operation.to_owned(), key };
        self.append(&header.line())?;
        self.header = Some(header);
        Ok(())
    }

    /// The hash of a request.
    pub(crate) fn hash(&self, request: &[u8]) -> u64 {
        let key = self.header.as_ref().map_or([0; 16], |header| header.key);
        let digest = Sha256::new().chain_update(key).chain_update(request).finalize();
        let first = digest.first_chunk::<8>().copied().unwrap_or_default();
        u64::from_le_bytes(first)
    }

    /// What an earlier run did with an input.
    pub(crate) fn earlier(&self, index: u64, hash: u64) -> Earlier {
        let entry = usize::try_from(index).ok().and_then(|index| self.inputs.get(index));
        let Some(Entry { state: Some(state), hash: recorded, at }) = entry.copied() else {
            return if index < self.uncertain { Earlier::Unknown(None) } else { Earlier::Nothing };
        };
        match state {
            _ if recorded != hash => Earlier::Changed,
            State::Applied => Earlier::Applied,
            State::NotApplied => Earlier::NotApplied,
            State::NotYet => Earlier::Nothing,
            State::Started | State::Unknown => Earlier::Unknown(Some(at)),
        }
    }

    /// Records that a request is about to be sent.
    pub(crate) fn started(&mut self, index: u64, hash: u64, at: i64) -> Result<(), Error> {
        self.append(&Record { state: State::Started, index, hash, at }.line())
    }

    /// Records what became of a request.
    pub(crate) fn ended(&mut self, index: u64, hash: u64, at: i64, end: End) -> Result<(), Error> {
        let state = match end {
            End::Applied => State::Applied,
            End::NotApplied => State::NotApplied,
            End::NotYet => State::NotYet,
            End::Unknown => State::Unknown,
        };
        self.append(&Record { state, index, hash, at }.line())
    }

    fn append(&mut self, line: &str) -> Result<(), Error> {
        let written = self.file.write_all(line.as_bytes());
        let synced = written.and_then(|()| if self.syncs { self.file.sync_data() } else { Ok(()) });
        synced.map_err(|error| Error::journal(&self.path, "cannot be written", error))
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Applied,
    NotApplied,
    /// Not applied, for a reason that may pass.
    NotYet,
    Unknown,
}

/// The most inputs that a journal may skip, which bounds the memory for a line whose checksum is right by chance.
const MOST_SKIPPED: usize = 1_000_000;

fn add(inputs: &mut Vec<Entry>, record: Record) {
    let Ok(index) = usize::try_from(record.index) else { return };
    if index > inputs.len() + MOST_SKIPPED {
        return;
    }
    if index >= inputs.len() {
        inputs.resize(index + 1, Entry { state: None, hash: 0, at: 0 });
    }
    if let Some(entry) = inputs.get_mut(index) {
        *entry = Entry { state: Some(record.state), hash: record.hash, at: record.at };
    }
}
