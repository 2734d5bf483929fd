//! The transport on hyper's pooled client.

use crate::body::{self, InUse, Received, Timer};
use crate::clock::TokioClock;
use crate::connector::{Target, for_call, is_loopback};
use crate::error;
use crate::gate::{Outgoing, Sending};
#[cfg(feature = "gzip")]
use crate::gzip;
use crate::pools::Pools;
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri, Version, header};
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, connect::capture_connection};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Sleep;
use users_core::{Body, Clock, ConnectTimeout, HttpTransport, Sent, TransportError, TransportErrorKind};

/// Sends requests with hyper, over TLS by rustls. Clones share one pool of connections.
///
/// - Uses HTTP/2 if the server offers it (ALPN, feature `http2`), HTTP/1.1 otherwise. An HTTP/2 connection with requests in flight is pinged every
///   20 s and closed 10 s after an unanswered ping.
/// - Verifies certificates with the platform's verifier and the added roots. The cryptography is that of ring or aws-lc-rs, by
///   feature, never the process's default.
/// - Sends plain HTTP only to this machine (`127.0.0.0/8`, `::1`, `localhost`), unless
///   [allowed](crate::HyperTransportBuilder::allow_plain_http).
/// - Uses the proxies of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (also in lower case), always through a tunnel
///   (`CONNECT`), and never for this machine.
/// - Requests gzip (feature `gzip`) unless the request has an `Accept-Encoding` header, and decompresses the body while it is read, if gzip was
///   requested.
/// - Follows no redirect, and repeats no request that a server can have seen. Only a request that a pooled connection returns
///   unsent, because it was closed meanwhile, is sent on another connection.
///
/// It must be used inside a tokio runtime with I/O and time enabled. Several runtimes may share one transport: each has its own
/// connections, which close with it, and its own limit of [`max_connections`](crate::HyperTransportBuilder::max_connections). The
/// connections of the 64 most recently used runtimes are kept.
///
/// ```no_run
/// use std::time::Duration;
/// use users_hyper::HyperTransport;
///
/// let transport = HyperTransport::builder().connect_timeout(Duration::from_secs(3)).build()?;
/// # let _ = transport;
/// # Ok::<(), users_core::TransportError>(())
/// ```
#[derive(Clone)]
pub struct HyperTransport {
    pub(crate) pools: Arc<Pools>,
    pub(crate) allow_plain_http: bool,
}

impl HyperTransport {
    /// Refuses a request that must not or cannot be sent. Returns the current runtime.
    fn check(&self, uri: &Uri) -> Result<Handle, TransportError> {
        let refuse = |message| Err(TransportError::new(TransportErrorKind::Invalid, Sent::No, message));
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return refuse("the request's URI names no host".to_owned());
        }
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => {}
            Some(scheme) if *scheme == Scheme::HTTP => {
                if !self.allow_plain_http && !is_loopback(host) {
                    let target = Target::new(uri);
                    return refuse(format!("plain HTTP to {target} is not allowed; use https"));
                }
            }
            _ => {
                let target = Target::new(uri);
                return refuse(format!("the request to {target} can be sent by http or https only"));
            }
        }
        Handle::try_current().map_err(|_| {
            let message = "HyperTransport was used outside a tokio runtime";
            TransportError::new(TransportErrorKind::Other, Sent::No, message)
        })
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("max_connections", &self.pools.max_connections())
            .field("allow_plain_http", &self.allow_plain_http)
            .finish_non_exhaustive()
    }
}

impl HttpTransport for HyperTransport {
    // What `async_trait` would make of an `async fn` holds the request twice.
    fn send<'transport, 'future>(
        &'transport self,
        request: Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Body>, TransportError>> + Send + 'future>>
    where
        'transport: 'future,
        Self: 'future,
    {
        Box::pin(async move {
            let runtime = self.check(request.uri())?;
            let target = Target::new(request.uri());
            let to_head = request.method() == Method::HEAD;
            let connect_timeout = request.extensions().get::<ConnectTimeout>().map(|connect| connect.0);
            let to_connect = connect_timeout.filter(|time| timeout.is_none_or(|timeout| *time < timeout));
            let mut timer = timer(timeout);
            let pool = self.pools.get(&runtime);
            let mut permit = Arc::clone(&pool.in_use).try_acquire_owned().ok();
            if permit.is_none() {
                let acquiring = Arc::clone(&pool.in_use).acquire_owned();
                let cap = self.pools.max_connections();
                permit = Box::pin(in_time(&mut timer, acquiring))
                    .await
                    .ok_or_else(|| error::no_free_connection(&target, timeout, cap))?
                    .ok();
            }

            let (request, progress, decode_gzip) = prepare(request);
            let mut in_use = InUse { permit, sending: progress };
            let sending = for_call(to_connect.or(timeout), pool.client.request(request));
            let response = match response_head(sending, &mut in_use, timer.as_mut(), to_connect).await {
                Head::Response(response) => response,
                Head::NoConnection => {
                    return Err(error::head_timed_out(&target, to_connect, &in_use.sending));
                }
                Head::TimedOut => return Err(error::head_timed_out(&target, timeout, &in_use.sending)),
            };
            let response = response.map_err(|error| error::sending(error, &target, &in_use.sending))?;
            let (parts, mut body) =
                match body::response(response, to_head, decode_gzip, target, timer, in_use) {
                    Received::Whole(response) => return Ok(response),
                    Received::Begun(parts, body) => (parts, body),
                };
            let whole = poll_fn(|context| Poll::Ready(body.arrived(context))).await;
            let body = whole.map_or_else(|| Body::from_stream(body), Body::from);
            Ok(Response::from_parts(parts, body))
        })
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        Some(Arc::new(TokioClock::new()))
    }
}

/// The outcome of waiting for a response's head.
enum Head {
    Response(Result<Response<Incoming>, legacy::Error>),
    /// The time limit of connecting passed without a connection.
    NoConnection,
    TimedOut,
}

/// Waits for the head of a response. The permit is returned as soon as the request has an HTTP/2 connection, which other requests
/// can share.
async fn response_head(
    sending: impl Future<Output = Result<Response<Incoming>, legacy::Error>>,
    in_use: &mut InUse,
    mut timer: Option<&mut Pin<Box<Sleep>>>,
    to_connect: Option<Duration>,
) -> Head {
    let mut sending = pin!(sending);
    let mut connect_timer = self::timer(to_connect);
    poll_fn(|context| {
        let response = sending.as_mut().poll(context);
        // hyper's client assigns the connection while it is polled.
        if in_use.permit.is_some() && in_use.sending.is_on_http2() {
            in_use.permit = None;
        }
        if let Poll::Ready(response) = response {
            return Poll::Ready(Head::Response(response));
        }
        if connect_timer.as_mut().is_some_and(|timer| timer.as_mut().poll(context).is_ready()) {
            connect_timer = None;
            if !in_use.sending.is_handed_over() {
                return Poll::Ready(Head::NoConnection);
            }
        }
        match &mut timer {
            Some(timer) => timer.as_mut().poll(context).map(|()| Head::TimedOut),
            None => Poll::Pending,
        }
    })
    .await
}

fn timer(time: Option<Duration>) -> Timer {
    time.map(|time| Box::pin(tokio::time::sleep(time)))
}

/// Converts a request to hyper's, with default headers. Returns it with a handle of its progress, and whether the response may be
/// compressed.
fn prepare(request: Request<Bytes>) -> (Request<Outgoing>, Arc<Sending>, bool) {
    let (mut parts, body) = request.into_parts();
    // hyper uses the version of the connection.
    parts.version = Version::HTTP_11;
    #[cfg(feature = "gzip")]
    let decode_gzip = gzip::request(&mut parts.headers);
    #[cfg(not(feature = "gzip"))]
    let decode_gzip = false;
    if body.is_empty() && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
        // hyper would omit it, and some servers require it.
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
    }
    let mut request = Request::from_parts(parts, ());
    let sending = Arc::new(Sending::new(capture_connection(&mut request), body.is_empty()));
    (request.map(|()| Outgoing::new(body, Arc::clone(&sending))), sending, decode_gzip)
}

/// The future's output; `None` if the timer fires first.
async fn in_time<F: Future>(timer: &mut Timer, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        match timer {
            Some(timer) => timer.as_mut().poll(context).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await
}
