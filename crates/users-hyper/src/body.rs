//! Response bodies: read in chunks within the deadline, and decompressed while they are read.

use crate::error;
use crate::gate::Sending;
#[cfg(feature = "gzip")]
use crate::gzip;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{Response, StatusCode};
use http_body_util::BodyDataStream;
use hyper::body::{Body as _, Incoming};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::OwnedSemaphorePermit;
use users_core::{Body, TransportError};

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
    let (parts, incoming) = response.into_parts();
    let bodiless = to_head || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if bodiless || incoming.is_end_stream() {
        return Response::from_parts(parts, Body::default());
    }
    #[cfg(feature = "gzip")]
    if decode_gzip && gzip::is_gzip(&parts.headers) {
        let compressed = read(incoming, target.clone(), timer, in_use);
        return gzip::response(parts, compressed, target);
    }
    #[cfg(not(feature = "gzip"))]
    let _ = decode_gzip;
    Response::from_parts(parts, Body::from_stream(read(incoming, target, timer, in_use)))
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
