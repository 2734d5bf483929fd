//! The HTTP transport: a trait, its response body and its error.

mod body;
pub(crate) mod error;
#[cfg(feature = "tower")]
mod tower;

pub use body::Body;
pub use error::{Sent, TransportError, TransportErrorKind};
#[cfg(feature = "tower")]
pub use tower::TowerTransport;

use crate::clock::Clock;
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
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
/// `timeout` is the time left for this attempt, headers and body. The client stops waiting at that moment, unless the transport
/// [does so itself](Self::enforces_timeout). A transport that enforces it can report more precisely whether the request was sent.
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

    /// Whether this transport ends a request, and the reading of its body, at the end of `timeout`. The client then sets no timer
    /// of its own, so the attempt's time limit runs on the transport's clock. `false` unless overridden.
    ///
    /// A transport that wraps another one may forward this method only if nothing that it adds can wait.
    fn enforces_timeout(&self) -> bool {
        false
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

    fn enforces_timeout(&self) -> bool {
        (**self).enforces_timeout()
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
