//! The HTTP transport: a trait, its response body and its error.

use crate::clock::Clock;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::stream::poll_fn as poll_stream;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Sends one request and returns its response. This is all that the SDK requires of an HTTP stack.
///
/// # Contract
///
/// A transport
///
/// - does DNS, TLS, proxies, connection pooling and HTTP framing; the client is not aware of them;
/// - sends the request exactly once and unchanged, except that it may add `Host`, `Content-Length` and `Accept-Encoding`; the
///   client decides whether to repeat it;
/// - does not follow redirects, which would send the access token to another host; a 3xx is returned like any other response;
/// - decodes `gzip` while the body is read, if it requested it, so that the client's size limit counts decoded bytes;
/// - returns a response of any status as `Ok`; an error means that there is no complete response head;
/// - classifies its errors (see below), keeps their causes by [`with_source`](TransportError::with_source), and keeps secrets (the
///   `authorization` header, bodies) out of them;
/// - stops when its future, or the body's stream, is dropped;
/// - may apply a [`ConnectTimeout`] from the request's extensions.
///
/// `timeout` is the time left for this attempt, headers and body. The client stops waiting at that moment in any case. A
/// transport that enforces it too can report more precisely whether the request was sent.
///
/// # Errors and retries
///
/// [`Sent::No`] means that no byte of the request can have reached the server; such a request is retried with any method.
/// [`Sent::Maybe`] and [`Sent::Yes`] mean that the server may have carried it out; then only requests that are safe or idempotent
/// are retried. Errors of [kind](TransportErrorKind) `Tls`, `Invalid` and `TooLarge` are never retried, because they would recur.
///
/// ```
/// use async_trait::async_trait;
/// use bytes::Bytes;
/// use std::time::Duration;
/// use users_core::{Body, HttpTransport, TransportError};
///
/// #[derive(Debug)]
/// struct Canned;
///
/// #[async_trait]
/// impl HttpTransport for Canned {
///     async fn send(
///         &self,
///         _request: http::Request<Bytes>,
///         _timeout: Option<Duration>,
///     ) -> Result<http::Response<Body>, TransportError> {
///         Ok(http::Response::new(Body::from(r#"{"user_id":"auth0|1"}"#)))
///     }
/// }
/// ```
#[async_trait]
pub trait HttpTransport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and returns its response. Follows no redirect, repeats nothing, decodes gzip if it requested it.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError>;

    /// The clock of the runtime that this transport requires, if it requires one. Client builders use it unless they are given
    /// another. A transport that wraps another one forwards this method to it.
    fn clock(&self) -> Option<Arc<dyn Clock>> {
        None
    }
}

#[async_trait]
impl<T: HttpTransport + ?Sized> HttpTransport for Arc<T> {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        (**self).send(request, timeout).await
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        (**self).clock()
    }
}

/// The time limit of connecting. An extension of the request, if the call or the client sets one. A transport that cannot time
/// connecting separately ignores it; the attempt's time limit applies in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectTimeout(pub Duration);

/// Returns a transport that calls a closure.
///
/// ```
/// use users_core::{Body, transport_fn};
///
/// let transport = transport_fn(|_request, _timeout| async { Ok(http::Response::new(Body::from("[]"))) });
/// # let _ = transport;
/// ```
pub fn transport_fn<F, R>(send: F) -> impl HttpTransport
where
    F: Fn(http::Request<Bytes>, Option<Duration>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<http::Response<Body>, TransportError>> + Send + 'static,
{
    TransportFn(send)
}

struct TransportFn<F>(F);

impl<F> fmt::Debug for TransportFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("transport_fn(…)")
    }
}

#[async_trait]
impl<F, R> HttpTransport for TransportFn<F>
where
    F: Fn(http::Request<Bytes>, Option<Duration>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<http::Response<Body>, TransportError>> + Send + 'static,
{
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        (self.0)(request, timeout).await
    }
}

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

/// The kind of a [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: the name did not resolve, or the server or a proxy refused the connection.
    Connect,
    /// A time limit passed.
    Timeout,
    /// The TLS handshake failed: unknown authority, wrong name or expired certificate.
    Tls,
    /// The connection broke.
    Io,
    /// The request or the response is not valid HTTP, or not supported by the transport.
    Invalid,
    /// The response is larger than the limit.
    TooLarge,
    /// Any other failure.
    Other,
}

/// Whether a request was sent before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sent {
    /// No byte of the request can have reached the server.
    No,
    /// The request may have reached the server, in part or in full.
    Maybe,
    /// The server responded, at least in part.
    Yes,
}

/// The error of a transport: there is no complete response.
///
/// The message may include the texts of its causes. [`source`](StdError::source) then returns only the texts that it does not
/// include, so that a reporter that prints the chain shows each cause once. [`cause`](Self::cause) returns the causes themselves.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    sent: Sent,
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    source: Source,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Source::Cause => self.cause(),
            Source::Links(links) => links.as_ref().map(|link| link as _),
        }
    }
}

/// What `source` returns: the cause itself, or the texts of the causes that do not repeat another.
#[derive(Debug)]
enum Source {
    Cause,
    Links(Option<Link>),
}

/// The text of a cause, as a link of a chain.
#[derive(Debug)]
pub(crate) struct Link {
    text: String,
    next: Option<Box<Link>>,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Link {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.next.as_deref().map(|next| next as _)
    }
}

/// The maximum number of causes that are read from an error.
pub(crate) const MOST_CAUSES: usize = 32;

impl Source {
    fn new(message: &str, cause: &(dyn StdError + 'static)) -> Self {
        let mut texts = vec![message.to_owned()];
        let mut is_repeated = false;
        let mut next = Some(cause);
        while let Some(this) = next.filter(|_| texts.len() < MOST_CAUSES) {
            let text = this.to_string();
            if texts.iter().any(|earlier| earlier.contains(&text)) {
                is_repeated = true;
            } else {
                texts.push(text);
            }
            next = this.source();
        }
        if !is_repeated {
            return Self::Cause;
        }
        Self::Links(Link::chain(texts.into_iter().skip(1).collect()))
    }
}

impl Link {
    /// Links these texts; `None` if there are none.
    pub(crate) fn chain(texts: Vec<String>) -> Option<Self> {
        let link = |next: Option<Self>, text: String| Some(Self { text, next: next.map(Box::new) });
        texts.into_iter().rev().fold(None, link)
    }
}

impl TransportError {
    /// Creates an error. The message must not contain secrets: it appears in logs.
    pub fn new(kind: TransportErrorKind, sent: Sent, message: impl Into<String>) -> Self {
        Self { kind, sent, message: message.into(), cause: None, source: Source::Cause }
    }

    /// Sets the cause of this error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause = source.into();
        self.source = Source::new(&self.message, &*cause);
        self.cause = Some(cause);
        self
    }

    /// Creates an error of kind [`Connect`](TransportErrorKind::Connect): nothing was sent.
    pub fn connect(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Connect, Sent::No, message)
    }

    /// Creates an error of kind [`Timeout`](TransportErrorKind::Timeout): the request may have been sent.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Timeout, Sent::Maybe, message)
    }

    /// Creates an error of kind [`Io`](TransportErrorKind::Io): the request may have been sent.
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Io, Sent::Maybe, message)
    }

    /// Returns the cause of this error, of its original type.
    pub fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether the request was sent.
    pub fn sent(&self) -> Sent {
        self.sent
    }
}
