//! A file that keeps the data of a tenant.

use crate::tenant::persist::record::Record;
use crate::tenant::store::{Change, Store};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first line.
const HEADER: &str = "users-mock state 1";

/// The number of bytes that are appended before the file is written anew, unless it is larger than that.
const MIN_GROWTH: u64 = 64 * 1024 * 1024;

/// The error for a state file that cannot be used.
#[derive(Debug)]
pub struct StateError(String);

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StateError {}

impl StateError {
    pub(crate) fn of_snapshot(reason: &dyn fmt::Display) -> Self {
        Self(format!("the snapshot cannot be used: {reason}"))
    }

    fn new(file: &Path, reason: impl fmt::Display) -> Self {
        Self(format!("{}: {reason}", file.display()))
    }
}

/// A file to which each transaction is appended before it is acknowledged.
///
/// A line is a checksum and the records of one transaction. A line that a crash has cut off is the last one, and was not acknowledged.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    is_synced: bool,
    /// The number of bytes that are known to be whole lines.
    length: u64,
    /// The number of bytes when the file was written anew.
    compact_length: u64,
    /// Whether a write failed whose beginning could not be removed.
    is_broken: bool,
}

impl Journal {
    /// Reads the records of a file, transaction by transaction. `Ok(false)` if there is no file.
    pub(crate) fn read(
        path: &Path,
        mut transaction: impl FnMut(Vec<Record>) -> Result<(), String>,
    ) -> Result<bool, StateError> {
        let error = |reason: &dyn fmt::Display| StateError::new(path, reason);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(other) => return Err(error(&other)),
        };
        // A device may have no end.
        if !file.metadata().map_err(|failure| error(&failure))?.is_file() {
            return Err(error(&"it is not a regular file"));
        }
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        let mut number = 0_u64;
        // A damaged line is an error only if another one follows it.
        let mut damaged: Option<u64> = None;
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(|failure| error(&failure))? == 0 {
                break;
            }
            number += 1;
            if let Some(damaged) = damaged {
                return Err(error(&format!("line {damaged} is damaged, and others follow it")));
            }
            if number == 1 {
                if line.strip_suffix(b"\n") != Some(HEADER.as_bytes()) {
                    return Err(error(&"it is not the state of a tenant in this version"));
                }
                continue;
            }
            match parse(&line) {
                Some(records) => {
                    transaction(records).map_err(|reason| error(&format!("line {number}: {reason}")))?;
                }
                None => damaged = Some(number),
            }
        }
        if number == 0 {
            return Err(error(&"it is empty"));
        }
        Ok(true)
    }

    /// Writes a new file with the data of a store, in place of an existing one.
    pub(crate) fn create(
        path: &Path,
        store: &Store,
        random: u64,
        is_synced: bool,
    ) -> Result<Self, StateError> {
        let error = |failure: io::Error| StateError::new(path, failure);
        let Written { file, length, durable } = write_all(path, store, random).map_err(error)?;
        if let (true, Err(failure)) = (is_synced, durable) {
            return Err(error(failure));
        }
        Ok(Self { path: path.to_owned(), file, is_synced, length, compact_length: length, is_broken: false })
    }

    /// Appends a transaction. It is kept if this succeeds, and leaves no trace otherwise.
    pub(crate) fn append(&mut self, changes: &[Change], random: u64) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("an earlier write failed"));
        }
        if !is_same_file(&self.file, &self.path)? {
            return Err(io::Error::other("it was removed, or another process has replaced it"));
        }
        let records = changes.iter().filter_map(Record::of).chain([Record::Random { state: random }]);
        let line = line(&records.collect::<Vec<_>>())?;
        let sync = |()| if self.is_synced { self.file.sync_data() } else { Ok(()) };
        let written = (&self.file).write_all(&line).and_then(sync);
        match written {
            Ok(()) => {
                self.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
                Ok(())
            }
            Err(error) => {
                let undone = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::End(0)));
                self.is_broken = undone.is_err();
                Err(error)
            }
        }
    }

    /// Writes the file anew if what was appended is much more than the data.
    pub(crate) fn compact_if_large(&mut self, store: &Store, random: u64) {
        let growth = self.length.saturating_sub(self.compact_length);
        if growth > MIN_GROWTH.max(self.compact_length) {
            let _ = self.rewrite(store, random);
        }
    }

    /// Writes the file with other data. If that fails, no change is written any more, because it would be one of the old data.
    pub(crate) fn replace(&mut self, store: &Store, random: u64) {
        self.is_broken = self.rewrite(store, random).is_err();
    }

    /// Writes the file anew. If that fails, the old one is kept and appended to.
    fn rewrite(&mut self, store: &Store, random: u64) -> io::Result<()> {
        // It is tried again after as much was appended once more.
        self.compact_length = self.length;
        let Written { file, length, durable } = write_all(&self.path, store, random)?;
        (self.file, self.length, self.compact_length) = (file, length, length);
        // What is appended to a file whose name may be lost is not safe.
        self.is_broken = self.is_synced && durable.is_err();
        Ok(())
    }
}

/// Whether a path still names an open file. If not, what is written to the file is lost with it.
#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let named = match std::fs::metadata(path) {
        Ok(named) => named,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let open = file.metadata()?;
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()))
}

/// Other systems do not let an open file be replaced.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)] // as on Unix
fn is_same_file(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// A line with the records of a transaction.
fn line(records: &[Record]) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(records).map_err(io::Error::other)?;
    let mut line = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    line.extend_from_slice(&json);
    line.push(b'\n');
    Ok(line)
}

/// The records of a line; `None` if it is damaged.
fn parse(line: &[u8]) -> Option<Vec<Record>> {
    let line = line.strip_suffix(b"\n")?;
    let (checksum, json) = line.split_at_checked(9)?;
    let checksum = u32::from_str_radix(std::str::from_utf8(checksum).ok()?.trim_end(), 16).ok()?;
    if crc32fast::hash(json) != checksum {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// A file that has taken the place of the old one.
struct Written {
    file: File,
    length: u64,
    /// Whether its name is on the disk too.
    durable: io::Result<()>,
}

/// Writes a new file next to the old one, and replaces the old one when all of it is on the disk. If it fails, the old one is there.
fn write_all(path: &Path, store: &Store, random: u64) -> io::Result<Written> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // It has password digests and secrets of authenticators.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    if let Ok(old) = std::fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    file.set_len(0)?;
    let mut writer = BufWriter::new(&file);
    writeln!(writer, "{HEADER}")?;
    for record in Record::all(store).chain([Record::Random { state: random }]) {
        writer.write_all(&line(&[record])?)?;
    }
    writer.flush()?;
    drop(writer);
    file.sync_all()?;
    let length = file.seek(SeekFrom::End(0))?;
    std::fs::rename(&new, path)?;
    Ok(Written { file, length, durable: sync_folder(path) })
}

/// Makes the new name of a file durable.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Folders can be synchronized on Unix only.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::Journal;
    use crate::tenant::state::lock;
    use crate::tenant::testing::{builder, send};
    use serde_json::json;
    use std::fs::File;

    #[cfg(unix)]
    #[test]
    fn a_tenant_whose_file_another_one_has_replaced_acknowledges_no_change() {
        let file = std::env::temp_dir().join(format!("users-journal-shared-{}", std::process::id()));
        let first = builder().build_with_state(&file, false).unwrap();
        assert_eq!(send(&first, "POST", "/roles", &json!({"name": "a"})).0, 200);
        let second = builder().build_with_state(&file, false).unwrap();
        assert_eq!(send(&first, "POST", "/roles", &json!({"name": "b"})).0, 500);
        assert_eq!(send(&second, "POST", "/roles", &json!({"name": "c"})).0, 200);
        let third = builder().build_with_state(&file, false).unwrap();
        let names: Vec<_> = send(&third, "GET", "/roles", &json!(null))
            .1
            .as_array()
            .unwrap()
            .iter()
            .map(|role| role["name"].clone())
            .collect();
        assert_eq!(names, ["a", "c"]);
        std::fs::remove_file(file).unwrap();
        assert_eq!(send(&third, "POST", "/roles", &json!({"name": "d"})).0, 500);
    }

    #[test]
    fn a_restoration_that_cannot_be_written_lets_no_change_follow() {
        let folder = std::env::temp_dir().join(format!("users-journal-folder-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("state");
        let tenant = builder().users(1).build_with_state(&file, false).unwrap();
        let snapshot = builder().build().snapshot();
        // A folder in the place of the new file prevents that it is written.
        std::fs::create_dir(folder.join("state.new")).unwrap();
        tenant.restore(&snapshot);
        assert_eq!(send(&tenant, "POST", "/roles", &json!({"name": "a"})).0, 500);
        std::fs::remove_dir(folder.join("state.new")).unwrap();
        tenant.restore(&snapshot);
        assert_eq!(send(&tenant, "POST", "/roles", &json!({"name": "a"})).0, 200);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_request_whose_change_cannot_be_written_fails_and_changes_nothing() {
        let file = std::env::temp_dir().join(format!("users-journal-{}", std::process::id()));
        let tenant = builder().users(1).build_with_state(&file, false).unwrap();
        let writable = lock(&tenant.state.journal).take().unwrap();
        // A file that was opened to be read refuses writes, as a full disk does.
        let read_only = Journal { file: File::open(&file).unwrap(), ..writable };
        *lock(&tenant.state.journal) = Some(read_only);
        for _ in 0..2 {
            let (status, error) = send(&tenant, "POST", "/roles", &json!({"name": "editor"}));
            assert_eq!(status, 500);
            assert!(error["message"].as_str().unwrap().starts_with("The change was not made"), "{error}");
            assert_eq!(send(&tenant, "GET", "/roles", &json!(null)).1, json!([]));
        }
        std::fs::remove_file(file).unwrap();
    }
}
