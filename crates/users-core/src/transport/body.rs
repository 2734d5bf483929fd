//! The body of a response.

use super::error::{Sent, TransportError, TransportErrorKind};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::stream::poll_fn as poll_stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// The maximum number of consecutive empty chunks in a body.
const MOST_EMPTY_CHUNKS: u32 = 1000;

/// The body of a response: bytes, or a stream of chunks. The client stops reading at its size limit.
pub struct Body(Inner);

enum Inner {
    Bytes(Option<Bytes>),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>),
}

impl Body {
    /// Creates a body from an [`http_body::Body`], as hyper and reqwest return it. `error` converts its errors; they should be
    /// [`Sent::Yes`], since the response has begun. Trailers are ignored.
    ///
    /// ```
    /// use users_core::{Body, Sent, TransportError, TransportErrorKind};
    ///
    /// let incoming = http_body_util::Full::new(bytes::Bytes::from("[]"));
    /// let body = Body::from_http_body(incoming, |error| {
    ///     TransportError::new(TransportErrorKind::Io, Sent::Yes, "the connection broke").with_source(error)
    /// });
    /// # let _ = body;
    /// ```
    pub fn from_http_body<B>(body: B, error: impl Fn(B::Error) -> TransportError + Send + 'static) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
    {
        let mut body = Box::pin(body);
        Self::from_stream(poll_stream(move |context| {
            loop {
                return match body.as_mut().poll_frame(context) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => Poll::Ready(Some(Ok(data))),
                        Err(_trailers) => continue,
                    },
                    Poll::Ready(Some(Err(failure))) => Poll::Ready(Some(Err(error(failure)))),
                    Poll::Ready(None) => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                };
            }
        }))
    }

    /// Creates a body from a stream of chunks. Its errors should be [`Sent::Yes`], since the response has begun.
    pub fn from_stream(stream: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self(Inner::Stream(Box::pin(stream)))
    }

    /// Returns the next chunk; `None` at the end.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        match &mut self.0 {
            Inner::Bytes(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok),
            Inner::Stream(stream) => poll_fn(|context| stream.as_mut().poll_next(context)).await,
        }
    }

    /// Reads the whole body. Holds at most `limit` bytes and the chunk that exceeds it.
    ///
    /// # Errors
    ///
    /// The error of the stream; or one of kind [`TooLarge`](TransportErrorKind::TooLarge) if the body is larger than `limit`
    /// bytes, and of kind [`Invalid`](TransportErrorKind::Invalid) if it consists of empty chunks without end.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        let mut length = 0_usize;
        let mut empty_chunks = 0_u32;
        while let Some(chunk) = self.next_chunk().await {
            let chunk = chunk?;
            length = length.saturating_add(chunk.len());
            // A stream of empty chunks would be read forever.
            empty_chunks = if chunk.is_empty() { empty_chunks + 1 } else { 0 };
            if empty_chunks > MOST_EMPTY_CHUNKS {
                let message = "the response's body consists of empty chunks without end";
                return Err(TransportError::new(TransportErrorKind::Invalid, Sent::Yes, message));
            }
            if length > limit {
                return Err(TransportError::new(
                    TransportErrorKind::TooLarge,
                    Sent::Yes,
                    format!("the response is larger than {limit} bytes"),
                ));
            }
            // A body of a single chunk, as most are, is not copied.
            match first.take() {
                None if whole.is_empty() => first = Some(chunk),
                None => whole.extend_from_slice(&chunk),
                Some(earlier) => {
                    whole.extend_from_slice(&earlier);
                    whole.extend_from_slice(&chunk);
                }
            }
        }
        Ok(first.unwrap_or_else(|| whole.freeze()))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.as_ref().map_or(0, Bytes::len)),
            Inner::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Bytes(Some(bytes)))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::from(Bytes::from(text))
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::from(Bytes::from_static(text.as_bytes()))
    }
}
