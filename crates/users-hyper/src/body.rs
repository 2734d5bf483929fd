//! Response bodies: read in chunks within the deadline, and decompressed while they are read.

use crate::error;
#[cfg(feature = "http2")]
use crate::gate::Sending;
#[cfg(feature = "gzip")]
use crate::gzip;
use crate::pool::Lease;
use crate::target::Target;
use bytes::Bytes;
use futures_util::Stream;
use http::{Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "http2")]
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
#[cfg(feature = "http2")]
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use users_core::{Body, TransportError};

/// The timer of one attempt, which covers head and body.
pub(crate) type Timer = Option<Pin<Box<tokio::time::Sleep>>>;

/// The connection of a request in flight.
pub(crate) enum InUse {
    Http1(Lease),
    #[cfg(feature = "http2")]
    Http2(Ending),
}

impl InUse {
    /// Releases the connection at the end of the response. Dropping it before that closes the connection, or resets the stream.
    fn end(self, target: &Target) {
        match self {
            Self::Http1(lease) => lease.end(target),
            #[cfg(feature = "http2")]
            Self::Http2(ending) => drop(ending),
        }
    }
}

/// A request on an HTTP/2 connection, which counts as ended when this is dropped.
#[cfg(feature = "http2")]
pub(crate) struct Ending {
    pub(crate) sending: Arc<Sending>,
    /// Held if no other request can share the connection.
    pub(crate) _permit: Option<OwnedSemaphorePermit>,
}

#[cfg(feature = "http2")]
impl Drop for Ending {
    fn drop(&mut self) {
        self.sending.end();
    }
}

/// Converts hyper's response. The body is read from the connection by its reader, unless it arrived together with the head.
pub(crate) fn response(
    response: Response<Incoming>,
    to_head: bool,
    decode_gzip: bool,
    target: Target,
    timer: Timer,
    in_use: InUse,
) -> Response<Body> {
    let (parts, incoming) = response.into_parts();
    let bodiless = to_head || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if bodiless || incoming.is_end_stream() {
        drop(incoming);
        in_use.end(&target);
        return Response::from_parts(parts, Body::default());
    }
    let mut reading = Reading { body: Some((incoming, in_use)), first: None, target, timer };
    #[cfg(feature = "gzip")]
    if decode_gzip && gzip::is_gzip(&parts.headers) {
        let target = reading.target.clone();
        return gzip::response(parts, reading, target);
    }
    #[cfg(not(feature = "gzip"))]
    let _ = decode_gzip;
    let body = reading.arrived().map_or_else(|| Body::from_stream(reading), Body::from);
    Response::from_parts(parts, body)
}

/// The chunks of a body, without empty ones, until the deadline.
struct Reading {
    /// `None` at the end, and after an error, which drops the connection, or the stream on it.
    body: Option<(Incoming, InUse)>,
    /// A chunk that was read before the stream is polled.
    first: Option<Result<Bytes, TransportError>>,
    target: Target,
    timer: Timer,
}

impl Reading {
    /// The whole body, if it arrived together with the head, as small ones do.
    fn arrived(&mut self) -> Option<Bytes> {
        // The stream's reader registers its own waker.
        let Poll::Ready(first) = self.poll_chunk(&mut Context::from_waker(Waker::noop())) else {
            return None;
        };
        match first {
            Some(Ok(chunk)) if self.body.as_ref().is_some_and(|(body, _)| body.is_end_stream()) => {
                self.end();
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
                    self.end();
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn end(&mut self) {
        if let Some((body, in_use)) = self.body.take() {
            drop(body);
            in_use.end(&self.target);
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
        if this.timer.as_ref().is_none_or(|timer| timer.deadline() > Instant::now()) {
            let chunk = this.poll_chunk(context);
            // The timer of a runtime that was dropped panics, but its connection has failed.
            if chunk.is_ready()
                || this.timer.as_mut().is_none_or(|timer| timer.as_mut().poll(context).is_pending())
            {
                return chunk;
            }
        }
        this.body = None;
        Poll::Ready(Some(Err(error::body_timed_out(&this.target))))
    }
}
