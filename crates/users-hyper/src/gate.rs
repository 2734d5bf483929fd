//! Determines which HTTP/2 requests were certainly not sent: hyper does not report whether a request still waits for its stream.
//!
//! The [`Gate`] of an HTTP/2 connection counts the HEADERS frames that are written, one for each request. The [`Sending`] of a
//! request records that count when hyper passes the request to its HTTP/2 layer. While the count is unchanged, the request is
//! unsent; closing the gate then ensures that it is never sent.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The state of one HTTP/2 connection's writes.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Written>>);

#[derive(Default)]
struct Written {
    frames: Frames,
    /// The number of HEADERS frames whose writing has begun.
    opened: u64,
    /// The number of requests that were sent and have ended.
    ended: u64,
    /// Whether the connection accepts no bytes at present, so that frames may be pending that are not counted yet.
    is_blocked: bool,
    is_closed: bool,
    reader: Option<Waker>,
}

impl Gate {
    /// Returns whether the connection was closed, because it would send a request that was abandoned.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    /// Refuses further writes, so that the connection ends.
    fn close(&mut self) {
        self.is_closed = true;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn closed() -> io::Error {
        io::Error::new(
            io::ErrorKind::BrokenPipe,
            "the connection was closed, since its request was abandoned",
        )
    }
}

/// The progress of one request.
pub(crate) struct Sending {
    gate: Gate,
    is_bodiless: bool,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// The connection's count of HEADERS frames when hyper passed the request to HTTP/2.
    before: Option<u64>,
    is_body_begun: bool,
    is_abandoned: bool,
}

impl Sending {
    /// Creates the progress of a request with or without a body on this connection.
    pub(crate) fn new(gate: &Gate, is_bodiless: bool) -> Self {
        Self { gate: gate.clone(), is_bodiless, progress: Mutex::default() }
    }

    /// Returns whether hyper has begun to send the body, which it does once the stream is open, or there is no body.
    pub(crate) fn is_begun(&self) -> bool {
        self.is_bodiless || self.lock().is_body_begun
    }

    /// Abandons the request. Returns `true` if no byte of it was sent or will be sent.
    pub(crate) fn abandon(&self) -> bool {
        let mut progress = self.lock();
        let mut written = self.gate.lock();
        let is_unsent = progress.before.is_none_or(|before| before == written.opened && !written.is_blocked);
        if !is_unsent {
            return false;
        }
        if written.opened <= written.ended {
            // No other request is in flight on the connection.
            written.close();
        } else if progress.before.is_some() {
            // It will be sent as soon as another request ends.
            return false;
        }
        progress.is_abandoned = true;
        true
    }

    /// Counts the request as ended.
    pub(crate) fn end(&self) {
        let progress = self.lock();
        let mut written = self.gate.lock();
        if progress.before.is_some_and(|before| before < written.opened) {
            written.ended += 1;
        }
    }

    /// Records that hyper passes the request to HTTP/2.
    fn begin(&self) {
        let mut progress = self.lock();
        let mut written = self.gate.lock();
        if progress.is_abandoned {
            // Its error reports that it was not sent, but hyper has not noticed in time.
            written.close();
        }
        progress.before.get_or_insert(written.opened);
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a request, which records when hyper begins to send the request and the body.
pub(crate) struct Outgoing {
    body: Full<Bytes>,
    sending: Arc<Sending>,
}

impl Outgoing {
    pub(crate) fn new(body: Full<Bytes>, sending: Arc<Sending>) -> Self {
        Self { body, sending }
    }

    /// Returns the body of a request that hyper has not begun to send.
    pub(crate) fn into_body(self) -> Full<Bytes> {
        self.body
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sending.lock().is_body_begun = true;
        Pin::new(&mut self.body).poll_frame(context)
    }

    /// hyper calls this when it passes the request to HTTP/2, and not before.
    fn is_end_stream(&self) -> bool {
        self.sending.begin();
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection whose writes pass a gate.
pub(crate) struct Gated<T> {
    wire: T,
    gate: Gate,
}

impl<T> Gated<T> {
    pub(crate) fn new(wire: T, gate: Gate) -> Self {
        Self { wire, gate }
    }
}

impl<T: Read + Unpin> Read for Gated<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut written = self.gate.lock();
        if written.is_closed {
            return Poll::Ready(Err(Written::closed()));
        }
        if written.reader.as_ref().is_none_or(|reader| !reader.will_wake(context.waker())) {
            written.reader = Some(context.waker().clone());
        }
        drop(written);
        Pin::new(&mut self.wire).poll_read(context, buffer)
    }
}

impl<T: Write + Unpin> Gated<T> {
    /// Writes, and counts the frames in the bytes that were accepted.
    fn counting(
        &mut self,
        pieces: &[IoSlice<'_>],
        write: impl FnOnce(Pin<&mut T>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let wire = Pin::new(&mut self.wire);
        let mut written = self.gate.lock();
        if written.is_closed {
            return Poll::Ready(Err(Written::closed()));
        }
        let result = write(wire);
        written.is_blocked = result.is_pending();
        if let Poll::Ready(Ok(mut taken)) = result {
            for piece in pieces {
                let part = piece.get(..taken).unwrap_or(piece);
                taken -= part.len();
                written.opened += written.frames.headers_in(part);
            }
        }
        result
    }
}

impl<T: Write + Unpin> Write for Gated<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.counting(&[IoSlice::new(bytes)], |wire| wire.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.counting(pieces, |wire| wire.poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}

/// The position in the client's stream of frames.
struct Frames {
    /// The number of bytes left of the preface or of a frame's payload.
    skip: usize,
    /// The number of bytes read of a frame's head.
    head: usize,
    length: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { skip: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len(), head: 0, length: 0 }
    }
}

impl Frames {
    const HEAD: usize = 9;
    const TYPE: usize = 3;
    const HEADERS: u8 = 1;

    /// Counts the HEADERS frames whose type is among these bytes, which follow those of the last call.
    fn headers_in(&mut self, mut bytes: &[u8]) -> u64 {
        let mut headers = 0;
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((&byte, rest)) = bytes.split_first() else { return headers };
            bytes = rest;
            match self.head {
                0..Self::TYPE => self.length = self.length << 8 | usize::from(byte),
                Self::TYPE => headers += u64::from(byte == Self::HEADERS),
                _ => {}
            }
            self.head += 1;
            if self.head == Self::HEAD {
                (self.head, self.skip, self.length) = (0, self.length, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, 0, 0, 0, 0, 1];
        // A payload that resembles the head of a HEADERS frame.
        frame.extend([0, 0, 0, 1].iter().cycle().take(length.into()));
        frame
    }

    #[test]
    fn headers_are_counted_in_chunks_of_any_size() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        for (kind, length) in [(4, 0), (1, 40), (0, 200), (9, 7), (1, 0), (8, 4), (1, 255)] {
            bytes.extend(frame(kind, length));
        }
        for size in 1..bytes.len() {
            let mut frames = Frames::default();
            let headers: u64 = bytes.chunks(size).map(|bytes| frames.headers_in(bytes)).sum();
            assert_eq!(headers, 3, "in chunks of {size}");
        }
    }
}
