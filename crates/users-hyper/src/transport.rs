//! The transport on hyper: checks a request, sends it and converts the response.

use crate::body;
use crate::clock::TokioClock;
use crate::exchange::Exchange;
#[cfg(feature = "gzip")]
use crate::gzip;
use crate::pools::Pools;
use crate::target::{Target, is_loopback};
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri, Version, header};
use http_body_util::Full;
use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
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
    /// Refuses a request that must not or cannot be sent.
    fn check(&self, uri: &Uri) -> Result<(), TransportError> {
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
        Ok(())
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
        if let Err(error) = self.check(request.uri()) {
            return Box::pin(ready(Err(error)));
        }
        let to_head = request.method() == Method::HEAD;
        let (mut exchange, decode_gzip) = prepare(request, timeout);
        Box::pin(async move {
            let runtime = Handle::try_current().map_err(|_| {
                let message = "HyperTransport was used outside a tokio runtime";
                TransportError::new(TransportErrorKind::Other, Sent::No, message)
            })?;
            let pool = self.pools.get(&runtime);
            let (response, in_use) = exchange.response_head(&pool).await?;
            let Exchange { target, timer, .. } = exchange;
            Ok(body::response(response, to_head, decode_gzip, target, timer, in_use))
        })
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        Some(Arc::new(TokioClock::new()))
    }

    fn enforces_timeout(&self) -> bool {
        true
    }
}

/// Converts a request to one in origin form with default headers. Returns also whether the response may be compressed.
fn prepare(request: Request<Bytes>, timeout: Option<Duration>) -> (Exchange, bool) {
    let (mut parts, body) = request.into_parts();
    let target = Target::split_from(&mut parts.uri);
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
    let to_connect = parts.extensions.get::<ConnectTimeout>().map(|connect| connect.0);
    let to_connect = to_connect.filter(|time| timeout.is_none_or(|timeout| *time < timeout));
    let request = Request::from_parts(parts, Full::new(body));
    (Exchange { target, request, timeout, timer: None, to_connect }, decode_gzip)
}
