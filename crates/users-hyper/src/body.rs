//! Response bodies: read in chunks within the deadline, and decompressed while they are read.

use crate::error;
use crate::gate::Sending;
use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures_util::future::Either;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::BodyDataStream;
use hyper::body::{Body as _, Incoming};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::io::{ReaderStream, StreamReader};
use users_core::{Body, TransportError};

/// The maximum number of bytes that are decompressed ahead of the reader.
const DECODED_CHUNK: usize = 16 * 1024;

/// The timer of one attempt, which covers head and body.
pub(crate) type Timer = Option<Pin<Box<tokio::time::Sleep>>>;

/// Held while a request is in flight.
pub(crate) struct InUse {
    /// The permit of the connection; `None` if other requests share it.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
    pub(crate) sending: Arc<Sending>,
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.sending.end();
    }
}

/// Converts hyper's response.
pub(crate) fn response(
    response: Response<Incoming>,
    to_head: bool,
    decode_gzip: bool,
    target: String,
    timer: Timer,
    in_use: InUse,
) -> Response<Body> {
    let (mut parts, incoming) = response.into_parts();
    let bodiless = to_head || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = if bodiless || incoming.is_end_stream() {
        Body::default()
    } else if decode_gzip && is_gzip(&parts.headers) {
        parts.headers.remove(header::CONTENT_ENCODING);
        parts.headers.remove(header::CONTENT_LENGTH);
        Body::from_stream(decompressed(read(incoming, target.clone(), timer, in_use), target))
    } else {
        Body::from_stream(read(incoming, target, timer, in_use))
    };
    Response::from_parts(parts, body)
}

/// Whether a request with these headers accepts gzip.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut codings = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| {
        let name = coding.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        [&b"gzip"[..], b"x-gzip", b"*"].iter().any(|gzip| name.eq_ignore_ascii_case(gzip))
    })
}

fn is_gzip(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let (Some(coding), None) = (codings.next(), codings.next()) else { return false };
    let coding = coding.as_bytes().trim_ascii();
    coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
}

/// The chunks of a body, without empty ones, until the deadline.
fn read(
    incoming: Incoming,
    target: String,
    mut timer: Timer,
    in_use: InUse,
) -> impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static {
    let mut body = Some((BodyDataStream::new(incoming), in_use));
    stream::poll_fn(move |context| {
        let Some((reading, _)) = body.as_mut() else { return Poll::Ready(None) };
        if timer.as_mut().is_some_and(|timer| timer.as_mut().poll(context).is_ready()) {
            // Drops the connection, or the stream on it.
            body = None;
            return Poll::Ready(Some(Err(error::body_timed_out(&target))));
        }
        loop {
            return match reading.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(chunk))) if chunk.is_empty() => continue,
                Poll::Ready(Some(Ok(chunk))) => Poll::Ready(Some(Ok(chunk))),
                Poll::Ready(Some(Err(error))) => {
                    body = None;
                    Poll::Ready(Some(Err(error::reading(error, &target))))
                }
                Poll::Ready(None) => {
                    body = None;
                    Poll::Ready(None)
                }
                Poll::Pending => Poll::Pending,
            };
        }
    })
}

fn decompressed(
    compressed: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    target: String,
) -> impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static {
    let decoding = async move {
        let mut compressed = Box::pin(compressed.peekable());
        // Servers label empty bodies as gzip, although they are not.
        if compressed.as_mut().peek().await.is_none() {
            return Either::Left(stream::empty());
        }
        let mut gzip = GzipDecoder::new(StreamReader::new(compressed.map_err(io::Error::other)));
        gzip.multiple_members(true);
        let chunks = ReaderStream::with_capacity(gzip, DECODED_CHUNK);
        Either::Right(chunks.map_err(move |error| error::decoding(error, &target)))
    };
    stream::once(decoding).flatten()
}
