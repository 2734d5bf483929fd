//! The file of a journal, which one run uses at a time.

use crate::error::Error;
use fs4::{FileExt, TryLockError};
use std::fs::{File, OpenOptions};
use std::path::Path;

/// A file that is locked until it is dropped.
#[derive(Debug)]
pub(super) struct LockedFile(pub(super) File);

impl LockedFile {
    /// Opens a file, or creates it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| Error::journal(path, "cannot be opened", error))?;
        // By the trait's name: newer compilers have a method of this name.
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::journal_text(path, "is in use by another run")),
            Err(TryLockError::Error(error)) => Err(Error::journal(path, "cannot be locked", error)),
        }
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing the file would not release the lock while a process that was just forked has it open.
        let _ = FileExt::unlock(&self.0);
    }
}
