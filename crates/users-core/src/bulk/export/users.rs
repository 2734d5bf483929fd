//! The users of an export, decoded from the lines of its file.

use super::download::Download;
use crate::error::{Error, ErrorKind};
use crate::redact;
use crate::response::memory_within;
use bytes::BytesMut;
use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt as _};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use users_model::User;
use users_model::json::{self, ReadError};

/// A stream of the users of an export. Created by [`Export::users`](crate::Export::users) and
/// [`RunningExport::users`](crate::RunningExport::users). It also has methods of its own, so that no other crate is required to use it.
///
/// It ends after an error. The users before it were in the file, but its checksum is verified at its end only.
#[must_use = "a stream does nothing until it is polled"]
pub struct ExportedUsers(BoxStream<'static, Result<User, Error>>);

impl ExportedUsers {
    /// The users of the download that the future opens when the stream is polled.
    pub(super) fn new(download: BoxFuture<'static, Result<Download, Error>>) -> Self {
        let users = stream::once(download).map_ok(|download| {
            let limit = download.client.shared.limits.response;
            let reading = Reading { download, lines: Lines::new(limit) };
            stream::try_unfold(reading, |mut reading| async {
                Ok(reading.next().await?.map(|user| (user, reading)))
            })
        });
        Self(users.try_flatten().boxed())
    }

    /// The next user, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<User, Error>> {
        self.0.next().await
    }

    /// The next user, or `None` at the end; transposed for `?`.
    pub async fn try_next(&mut self) -> Result<Option<User>, Error> {
        self.next().await.transpose()
    }
}

impl Stream for ExportedUsers {
    type Item = Result<User, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for ExportedUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExportedUsers(…)")
    }
}

/// A download and the lines that it has returned.
struct Reading {
    download: Download,
    lines: Lines,
}

impl Reading {
    /// The user of the next line that is not empty; `None` at the end.
    async fn next(&mut self) -> Result<Option<User>, Error> {
        loop {
            if let Some(user) = self.lines.next().map_err(|error| self.download.fail(error))? {
                return Ok(Some(user));
            }
            if self.lines.is_at_end {
                return Ok(None);
            }
            match self.download.next().await? {
                Some(piece) => self.lines.text.extend_from_slice(&piece),
                None => self.lines.is_at_end = true,
            }
        }
    }
}

/// Splits text into lines, and decodes them.
struct Lines {
    /// The text that was not decoded yet.
    text: BytesMut,
    /// The number of bytes of `text` that contain no newline.
    searched: usize,
    /// Whether nothing follows `text`.
    is_at_end: bool,
    /// The number of the current line, from 1.
    number: u64,
    /// The largest line in bytes.
    limit: usize,
}

impl Lines {
    fn new(limit: usize) -> Self {
        Self { text: BytesMut::new(), searched: 0, is_at_end: false, number: 0, limit }
    }

    /// The user of the next line; `None` if more text is needed, or at the end.
    fn next(&mut self) -> Result<Option<User>, Error> {
        while let Some(line) = self.next_line()? {
            let line = line.trim_ascii();
            if !line.is_empty() {
                return self.decode(line).map(Some);
            }
        }
        Ok(None)
    }

    /// The next line, with its line end.
    fn next_line(&mut self) -> Result<Option<BytesMut>, Error> {
        let newline = memchr::memchr(b'\n', self.text.get(self.searched..).unwrap_or_default());
        let length = newline.map_or(self.text.len(), |at| self.searched + at + 1);
        if length > self.limit {
            return Err(self.too_large());
        }
        if newline.is_none() && (!self.is_at_end || length == 0) {
            self.searched = length;
            return Ok(None);
        }
        self.searched = 0;
        self.number += 1;
        Ok(Some(self.text.split_to(length)))
    }

    fn decode(&self, line: &[u8]) -> Result<User, Error> {
        json::from_slice(line, memory_within(self.limit)).map_err(|error| match error {
            ReadError::MemoryExceeded => {
                let message = format!("decoding line {} of the file takes too much memory", self.number);
                Error::new(ErrorKind::ResponseTooLarge, message)
            }
            // The value may be quoted.
            error => {
                let reason = redact::data_error(&error.to_string());
                Error::new(
                    ErrorKind::Decode,
                    format!("line {} of the file is not a user: {reason}", self.number),
                )
            }
        })
    }

    fn too_large(&self) -> Error {
        let Self { number, limit, .. } = self;
        let message =
            format!("line {} of the file is larger than {limit} bytes; raise response_limit", number + 1);
        Error::new(ErrorKind::ResponseTooLarge, message)
    }
}
