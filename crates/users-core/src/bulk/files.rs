//! Splitting rows into files of a size that Auth0 accepts.

use super::journal::Hashes;
use crate::error::Error;
use bytes::Bytes;
use futures_core::Stream;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The maximum size of a file in bytes: Auth0 accepts requests of 512,000, form fields included.
const MOST_BYTES: usize = 480_000;

/// Rows as JSON text.
pub(super) type Rows = Pin<Box<dyn Stream<Item = Result<String, Error>> + Send>>;

/// The rows of one file.
#[derive(Default)]
pub(super) struct File {
    /// The index of its first row among all rows.
    pub(super) first: usize,
    pub(super) texts: Vec<String>,
    /// What a journal has it by.
    pub(super) entry: Option<FileEntry>,
    /// The size of the rows and commas in bytes.
    size: usize,
}

/// What a journal has a file by.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileEntry {
    /// The number of the file.
    pub(super) index: u64,
    pub(super) hashes: Hashes,
    /// Whether an earlier run may have sent it.
    pub(super) was_in_doubt: bool,
}

impl File {
    pub(super) fn bytes(&self) -> Bytes {
        let mut json = Vec::with_capacity(self.size + 2);
        json.push(b'[');
        for (index, text) in self.texts.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json.extend_from_slice(text.as_bytes());
        }
        json.push(b']');
        json.into()
    }

    /// The indexes of its rows among all rows.
    pub(super) fn rows(&self) -> Range<usize> {
        self.first..self.first + self.texts.len()
    }

    fn push(&mut self, row: String) {
        self.size += row.len() + 1;
        self.texts.push(row);
    }
}

/// The error of a row, and the rows of its file.
pub(super) type FileError = (Error, Range<usize>);

/// Splits rows into files. It holds one file at a time, and the row that did not fit into it.
pub(super) struct Files {
    rows: Option<Rows>,
    next: File,
}

impl Files {
    pub(super) fn new(rows: Rows) -> Self {
        Self { rows: Some(rows), next: File::default() }
    }
}

impl Stream for Files {
    type Item = Result<File, FileError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(rows) = &mut this.rows else { return Poll::Ready(None) };
            let row = ready!(rows.as_mut().poll_next(context));
            let file = &mut this.next;
            let at = file.rows().end;
            match row {
                None => {
                    this.rows = None;
                    let last = std::mem::take(file);
                    return Poll::Ready((!last.texts.is_empty()).then_some(Ok(last)));
                }
                Some(Ok(row)) if row.len() <= MOST_BYTES => {
                    // 2 for the brackets; `size` counts a comma for each row.
                    if file.size + row.len() + 2 <= MOST_BYTES || file.texts.is_empty() {
                        file.push(row);
                        continue;
                    }
                    let mut next = File { first: at, ..File::default() };
                    next.push(row);
                    return Poll::Ready(Some(Ok(std::mem::replace(file, next))));
                }
                Some(row) => {
                    this.rows = None;
                    let error = row.map_or_else(|error| error, |row| too_large(at, row.len()));
                    return Poll::Ready(Some(Err((error, file.first..at + 1))));
                }
            }
        }
    }
}

fn too_large(at: usize, size: usize) -> Error {
    Error::invalid(format!("row {at} is {size} bytes; a file may have at most {MOST_BYTES}"))
}
