//! The seam to the network: one trait, a body, an error.

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

/// Sends one request and gives its response: the only thing that the SDK needs of an HTTP stack.
///
/// # The contract
///
/// A transport
///
/// - does DNS, TLS, proxies, connection pooling and HTTP framing; the client knows nothing of them;
/// - sends the request exactly once as it is given (it may add `Host`, `Content-Length`, `Accept-Encoding`) and repeats
///   nothing: the client decides what is safe to repeat;
/// - follows no redirect, since a redirect would carry the access token to another host; a 3xx is a response like any other;
/// - decodes `gzip` if it asked for it, while the body is read, so that the client's size limit counts decoded bytes;
/// - gives every status as `Ok`; an error means that there is no complete response head;
/// - classifies its errors, see below, and keeps secrets (the `authorization` header, bodies) out of them;
/// - stops when its future, or the body's stream, is dropped;
/// - may keep to a [`ConnectTimeout`] among the request's extensions.
///
/// `timeout` is the time left for this attempt, headers and body. The client stops waiting at that moment in any case;
/// a transport that enforces it too can say more precisely whether the request was sent.
///
/// # What the client does with an error
///
/// [`Sent::No`] says that no byte of the request can have reached the server, so every method is tried again.
/// [`Sent::Maybe`] and [`Sent::Yes`] say that the server may have acted: then only requests that are safe or idempotent are
/// tried again, and those of [kind](TransportErrorKind) `Tls` and `Invalid` never are, for they would fail again.
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
    /// Sends one request and returns its response. Follows no redirect, repeats nothing, decodes gzip if it asked for it.
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

/// How long a request may wait for its connection: an extension of the request, where the call or the client asks for one. A
/// transport that cannot tell connecting from the rest leaves it alone; the attempt's deadline holds in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectTimeout(pub Duration);

/// Makes a transport from a closure.
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

/// How many empty chunks a body may have in a row.
const MOST_EMPTY_CHUNKS: u32 = 1000;

/// A response's body: bytes, or a stream of them. Reading it stops at the client's size limit.
pub struct Body(Inner);

enum Inner {
    Bytes(Option<Bytes>),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>),
}

impl Body {
    /// A body that is an [`http_body::Body`], as hyper and reqwest return it. `error` turns its error into one of the transport;
    /// it should say [`Sent::Yes`], since the response has begun. Trailers are ignored.
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

    /// A body that is a stream of chunks. An error of the stream should say [`Sent::Yes`], since the response has begun.
    pub fn from_stream(stream: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self(Inner::Stream(Box::pin(stream)))
    }

    /// The next piece, or `None` at the end.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        match &mut self.0 {
            Inner::Bytes(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok),
            Inner::Stream(stream) => poll_fn(|context| stream.as_mut().poll_next(context)).await,
        }
    }

    /// Reads to the end, or to an error of kind [`TooLarge`](TransportErrorKind::TooLarge) once more than `limit` bytes
    /// have come; no more than the piece in which that happens is ever held.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        let mut length = 0_usize;
        let mut empty_chunks = 0_u32;
        while let Some(chunk) = self.next_chunk().await {
            let chunk = chunk?;
            length = length.saturating_add(chunk.len());
            // A stream that is always ready and never gives anything would be read for ever.
            empty_chunks = if chunk.is_empty() { empty_chunks + 1 } else { 0 };
            if empty_chunks > MOST_EMPTY_CHUNKS {
                let message = "the response's body goes on without giving anything";
                return Err(TransportError::new(TransportErrorKind::Invalid, Sent::Yes, message));
            }
            if length > limit {
                return Err(TransportError::new(
                    TransportErrorKind::TooLarge,
                    Sent::Yes,
                    format!("the response is larger than {limit} bytes"),
                ));
            }
            // A body that comes in one piece, as most do, is not copied.
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

/// What kind of thing went wrong between the client and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: the name did not resolve, the port refused, the proxy said no.
    Connect,
    /// A time limit passed.
    Timeout,
    /// The TLS handshake failed: an unknown authority, a wrong name, an expired certificate.
    Tls,
    /// The connection broke.
    Io,
    /// The request or the response is not HTTP, or not what the transport takes.
    Invalid,
    /// The response is larger than the limit.
    TooLarge,
    /// Something else.
    Other,
}

/// Whether a request had left for the server when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sent {
    /// No byte of it can have reached the server.
    No,
    /// It may have reached the server, in part or whole.
    Maybe,
    /// The server answered, at least in part.
    Yes,
}

/// Why there is no response.
///
/// The message may state its causes, as a person reads it alone. [`source`](StdError::source) then gives only the texts that were
/// not stated yet, so a reporter that prints the chain shows each cause once; [`cause`](Self::cause) gives the causes themselves.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    sent: Sent,
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    shown: Shown,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.shown {
            Shown::Cause => self.cause(),
            Shown::Links(links) => links.as_ref().map(|link| link as _),
        }
    }
}

/// What `source` gives: the cause itself, or where texts repeat, links of those that do not.
#[derive(Debug)]
enum Shown {
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

/// How many causes of an error are looked at.
pub(crate) const MOST_CAUSES: usize = 32;

impl Shown {
    fn of(message: &str, cause: &(dyn StdError + 'static)) -> Self {
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
    /// A chain of these texts; `None` if there are none.
    pub(crate) fn chain(texts: Vec<String>) -> Option<Self> {
        let link = |next: Option<Self>, text: String| Some(Self { text, next: next.map(Box::new) });
        texts.into_iter().rev().fold(None, link)
    }
}

impl TransportError {
    /// An error of a transport. The message must hold no secret: it ends up in logs.
    pub fn new(kind: TransportErrorKind, sent: Sent, message: impl Into<String>) -> Self {
        Self { kind, sent, message: message.into(), cause: None, shown: Shown::Cause }
    }

    /// Keeps the error that led to this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause = source.into();
        self.shown = Shown::of(&self.message, &*cause);
        self.cause = Some(cause);
        self
    }

    /// No connection; nothing was sent.
    pub fn connect(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Connect, Sent::No, message)
    }

    /// A time limit passed after the request may have been sent.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Timeout, Sent::Maybe, message)
    }

    /// The connection broke after the request may have been sent.
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Io, Sent::Maybe, message)
    }

    /// The error that led to this one, for a look at its type.
    pub fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the request had left.
    pub fn sent(&self) -> Sent {
        self.sent
    }
}
