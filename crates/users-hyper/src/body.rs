//! Response bodies: read in chunks within the deadline, and decompressed while they are read.

use crate::connector::Target;
use crate::error;
use crate::gate::Sending;
#[cfg(feature = "gzip")]
use crate::gzip;
use bytes::Bytes;
use futures_util::Stream;
use http::response::Parts;
use http::{Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
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

/// A response, or its head and the body that is to be read.
pub(crate) enum Received {
    Whole(Response<Body>),
    Begun(Parts, Reading),
}

/// Converts hyper's response.
pub(crate) fn response(
    response: Response<Incoming>,
    to_head: bool,
    decode_gzip: bool,
    target: Target,
    timer: Timer,
    in_use: InUse,
) -> Received {
    let (parts, incoming) = response.into_parts();
    let bodiless = to_head || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if bodiless || incoming.is_end_stream() {
        return Received::Whole(Response::from_parts(parts, Body::default()));
    }
    let reading = Reading { body: Some((incoming, in_use)), first: None, target, timer };
    #[cfg(feature = "gzip")]
    if decode_gzip && gzip::is_gzip(&parts.headers) {
        let target = reading.target.clone();
        return Received::Whole(gzip::response(parts, reading, target));
    }
    #[cfg(not(feature = "gzip"))]
    let _ = decode_gzip;
    Received::Begun(parts, reading)
}

/// The chunks of a body, without empty ones, until the deadline.
pub(crate) struct Reading {
    /// `None` at the end, and after an error, which drops the connection, or the stream on it.
    body: Option<(Incoming, InUse)>,
    /// A chunk that was read before the stream is polled.
    first: Option<Result<Bytes, TransportError>>,
    target: Target,
    timer: Timer,
}

impl Reading {
    /// The whole body, if it arrived together with the head, as small ones do.
    pub(crate) fn arrived(&mut self, context: &mut Context<'_>) -> Option<Bytes> {
        let Poll::Ready(first) = self.poll_chunk(context) else { return None };
        match first {
            Some(Ok(chunk)) if self.body.as_ref().is_some_and(|(body, _)| body.is_end_stream()) => {
                Some(chunk)
            }
            None => Some(Bytes::new()),
            first => {
                self.first = first;
                None
            }
        }
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        loop {
            let Some((body, _)) = &mut self.body else { return Poll::Ready(None) };
            match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(chunk) if !chunk.is_empty() => return Poll::Ready(Some(Ok(chunk))),
                    // An empty chunk, or trailers.
                    _ => {}
                },
                Some(Err(error)) => {
                    self.body = None;
                    return Poll::Ready(Some(Err(error::reading(error, &self.target))));
                }
                None => {
                    self.body = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Stream for Reading {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(first));
        }
        if this.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(context).is_ready()) {
            this.body = None;
            return Poll::Ready(Some(Err(error::body_timed_out(&this.target))));
        }
        this.poll_chunk(context)
    }
}
