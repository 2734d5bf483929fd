//! The journal of a bulk run: what was sent, and what became of it.

mod claims;
mod entries;
mod file;
mod read;
mod record;

pub(crate) use claims::Claims;
pub(crate) use entries::{Earlier, EarlierJob};
pub(crate) use record::Hashes;

use crate::error::Error;
use file::LockedFile;
use read::Content;
use record::{Header, JobRecord, LONGEST_NAME, Record, State, VERSION};
use sha2::{Digest as _, Sha256};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A file that records what a bulk run has sent and what became of it, so that the run can be continued after it was stopped, killed or
/// failed. Pass it to [`Bulk::journal`](crate::Bulk::journal) or [`ImportAll::journal`](crate::ImportAll::journal), and run the same inputs
/// in the same order.
///
/// The same order means a list that is stored. Users that are listed again come in another order, because the server orders those of one
/// instant anew for each request, and others may match by then: store their ids in a file before the first run, and read them from it for
/// each run, as the example [`block_users`](https://github.com/users-rs/users/blob/main/crates/users-hyper/examples/block_users.rs) does. An
/// input that is not the one that the journal has at its position is [`NotApplied`](crate::BulkStatus::NotApplied), and nothing is sent.
///
/// It is a text file to which a line is added before each request and one after its response. Each line has a checksum. A line is handed to
/// the operating system before the request is sent, so a killed process loses none; a loss of power may, unless
/// [`sync_each`](Self::sync_each) is set. The file holds the position of each input, the time, and hashes of its request and of what it is
/// looked up by, with a key of the journal's own: no id, no address, no secret. It is locked from [`open`](Self::open) until the run ends or
/// is dropped, so that no two runs use it at once.
///
/// A continued run skips the inputs whose outcome is known: those that were carried out, and those that the server has refused (400, 404,
/// 409, 413, 422 and the like). Others that were not carried out are executed again: without a connection or a token, without the right scope,
/// past the rate limit. Where the outcome is not known: deletions, reads and replacements are repeated; a created user is looked up by
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
    file: LockedFile,
    syncs: bool,
    content: Content,
}

impl BulkJournal {
    /// Opens a journal, or creates it if there is no such file. Nothing else is changed before a run begins.
    ///
    /// # Errors
    ///
    /// Of kind [`Journal`](crate::ErrorKind::Journal) if the file cannot be read or written, if another run uses it, or if it is not empty
    /// and its first line is damaged or of another format. Damage behind it is not an error, see [`damage`](Self::damage).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let file = LockedFile::open(&path)?;
        let content = Content::read(&file.0, &path)?;
        Ok(Self { path, file, syncs: false, content })
    }

    /// Waits after each line until it is on the disk, so that a loss of power loses none. Each request takes as long as the disk needs twice,
    /// and the thread is blocked for that time.
    #[must_use]
    pub fn sync_each(mut self) -> Self {
        self.syncs = true;
        self
    }

    /// The places where the file is damaged, as offsets in bytes; 100 at most. A line that was being written when the process was killed is
    /// none. What the lines said is not known, so inputs of which nothing final is known are treated as sent at an unknown time: those of
    /// which no line says anything, and those of which only earlier lines do.
    pub fn damage(&self) -> &[u64] {
        &self.content.damage
    }

    /// The number of inputs that the journal says were carried out.
    pub fn applied(&self) -> u64 {
        self.content.entries.applied()
    }

    /// Begins a run of an operation, which must be that of the journal. Removes a line that was being written.
    pub(crate) fn begin(&mut self, operation: &str) -> Result<Claims, Error> {
        let Content { header, entries, size, is_open, has_rest, .. } = &self.content;
        if let Some(header) = header.as_ref().filter(|header| header.operation != operation) {
            let message = format!("is of a run of {}, not of {operation}", header.operation);
            return Err(Error::journal_text(&self.path, &message));
        }
        let (claims, has_header, is_open) = (entries.claims(), header.is_some(), *is_open);
        let cut = if *has_rest { self.file.0.set_len(*size) } else { Ok(()) };
        let at_the_end = cut.and_then(|()| self.file.0.seek(SeekFrom::Start(*size)));
        at_the_end.map_err(|error| self.unwritable(error))?;
        if is_open {
            // What follows is a line of its own.
            self.append("\n")?;
        }
        if !has_header {
            let mut key = [0; 16];
            for half in key.chunks_exact_mut(8) {
                // A random state has its keys from the operating system.
                half.copy_from_slice(&RandomState::new().hash_one(operation).to_le_bytes());
            }
            let header = Header { version: VERSION.to_owned(), operation: operation.to_owned(), key };
            self.append(&header.line())?;
            self.content.header = Some(header);
        }
        Ok(claims)
    }

    /// The hashes of an input: of its request, and of what a look-up would find.
    pub(crate) fn hashes(&self, request: &[u8], subject: Option<&str>) -> Hashes {
        let key = self.content.header.as_ref().map_or([0; 16], |header| header.key);
        let hash = |bytes: &[u8]| {
            let digest = Sha256::new().chain_update(key).chain_update(bytes).finalize();
            u64::from_le_bytes(digest.first_chunk::<8>().copied().unwrap_or_default())
        };
        Hashes { request: hash(request), subject: subject.map(|subject| hash(subject.as_bytes())) }
    }

    /// What an earlier run did with an input.
    pub(crate) fn earlier(&self, index: u64, hashes: Hashes) -> Earlier {
        self.content.entries.earlier(index, hashes)
    }

    /// The job that the server started for an input in an earlier run.
    pub(crate) fn earlier_job(&self, index: u64, hashes: Hashes) -> Option<EarlierJob> {
        self.content.entries.job(index, hashes)
    }

    /// Records the job that the server has started for an input.
    pub(crate) fn accepted(&mut self, index: u64, job_id: &str) -> Result<(), Error> {
        match (JobRecord { index, id: job_id.to_owned() }).line() {
            Some(line) => self.append(&line),
            // The input stays in doubt.
            None => Ok(()),
        }
    }

    /// Records that a request is about to be sent, and when it was sent first.
    pub(crate) fn started(&mut self, index: u64, hashes: Hashes, at: Option<i64>) -> Result<(), Error> {
        self.append(&Record { state: State::Started, index, hashes, at }.line())
    }

    /// Records what became of a request.
    pub(crate) fn ended(
        &mut self,
        index: u64,
        hashes: Hashes,
        at: Option<i64>,
        end: End,
    ) -> Result<(), Error> {
        let state = match end {
            End::Applied => State::Applied,
            End::NotApplied => State::NotApplied,
            End::NotYet => State::NotYet,
            End::Unknown => State::Unknown,
        };
        self.append(&Record { state, index, hashes, at }.line())
    }

    fn append(&mut self, line: &str) -> Result<(), Error> {
        let written = self.file.0.write_all(line.as_bytes());
        let synced = written.and_then(|()| if self.syncs { self.file.0.sync_data() } else { Ok(()) });
        synced.map_err(|error| self.unwritable(error))
    }

    fn unwritable(&self, error: io::Error) -> Error {
        Error::journal(&self.path, "cannot be written", error)
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

/// The name of an operation as one word of the journal.
///
/// # Errors
///
/// If it is empty or too long.
pub(crate) fn name(name: &str) -> Result<String, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join("-");
    match name.chars().count() {
        0 => Err(Error::invalid("a bulk run needs a name, which its journal is identified by")),
        1..=LONGEST_NAME => Ok(name),
        count => Err(Error::invalid(format!(
            "the name of the bulk run has {count} characters; the maximum is {LONGEST_NAME}"
        ))),
    }
}
