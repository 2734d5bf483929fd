//! The transport: hyper's pooled client behind the trait of `users-core`.

use crate::body::{self, InUse, Timer};
use crate::clock::TokioClock;
use crate::connector::{for_call, host_and_port, is_loopback};
use crate::error;
use crate::gate::{Outgoing, Sending};
use crate::pools::Pools;
use async_trait::async_trait;
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri, Version, header};
use hyper_util::client::legacy::connect::capture_connection;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;
use users_core::{Body, Clock, ConnectTimeout, HttpTransport, Sent, TransportError, TransportErrorKind};

/// Sends requests with hyper, over TLS of rustls. Clones share one pool of connections.
///
/// - HTTP/2 where the server offers it (ALPN), HTTP/1.1 otherwise; an HTTP/2 connection with requests under way is pinged
///   every 20 s and given up 10 s after an unanswered ping.
/// - Certificates are checked as the platform does it, and with the roots that were added; the cryptography is ring's or
///   aws-lc-rs's by feature, never the process's default.
/// - Plain HTTP only to this machine (`127.0.0.0/8`, `::1`, `localhost`), unless
///   [allowed](crate::HyperTransportBuilder::allow_plain_http).
/// - Proxies as `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say (also in lower case), always by a tunnel
///   (`CONNECT`) and never to this machine.
/// - Asks for gzip unless the request says otherwise, and unpacks it as it is read, where it was asked for.
/// - Follows no redirect and repeats nothing that a server can have seen: only a request that a pooled connection gave
///   back unstarted, since it had been closed meanwhile, goes to another connection.
///
/// It must be used inside a tokio runtime with I/O and time switched on. Several runtimes may share one transport: each has
/// connections of its own, which close with it, and [`max_connections`](crate::HyperTransportBuilder::max_connections) counts for
/// each. The connections of the 64 runtimes that used the transport last are kept.
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
    pub(crate) http2_only: bool,
}

impl HyperTransport {
    /// Refuses what must not or cannot be sent; gives the runtime to send it on.
    fn check(&self, uri: &Uri) -> Result<Handle, TransportError> {
        let refuse = |message| Err(TransportError::new(TransportErrorKind::Invalid, Sent::No, message));
        if uri.host().is_none_or(str::is_empty) {
            return refuse("the request's URI names no host".to_owned());
        }
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => {}
            Some(scheme) if *scheme == Scheme::HTTP => {
                if !self.allow_plain_http && !is_loopback(uri) {
                    return refuse(format!("plain HTTP to {} is not allowed; use https", host_and_port(uri)));
                }
            }
            _ => return refuse(format!("{} can be asked by http or https only", host_and_port(uri))),
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

#[async_trait]
impl HttpTransport for HyperTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<Response<Body>, TransportError> {
        let runtime = self.check(request.uri())?;
        let target = host_and_port(request.uri());
        let to_head = request.method() == Method::HEAD;
        let asked = request.extensions().get::<ConnectTimeout>().map(|connect| connect.0);
        let to_connect = asked.filter(|time| timeout.is_none_or(|timeout| *time < timeout));
        let mut timer: Timer = timeout.map(|timeout| Box::pin(tokio::time::sleep(timeout)));
        let pool = self.pools.of(&runtime);
        let permit = match in_time(&mut timer, pool.in_use.acquire_owned()).await {
            Some(permit) => permit.ok(),
            None => return Err(error::no_free_connection(&target, timeout, self.pools.max_connections())),
        };

        let (request, progress) = prepared(request);
        let unpacks_gzip = body::accepts_gzip(request.headers());
        let in_use = InUse { permit, sending: Arc::clone(&progress) };
        let sending = for_call(to_connect.or(timeout), pool.client.request(request));
        let mut sending = pin!(freeing_http2(sending, in_use, self.http2_only));
        let mut sent = None;
        if to_connect.is_some() {
            let mut patience: Timer = to_connect.map(|time| Box::pin(tokio::time::sleep(time)));
            sent = in_time(&mut patience, sending.as_mut()).await;
            if sent.is_none() && !progress.is_handed_over() {
                return Err(error::too_late(&target, to_connect, &progress));
            }
        }
        if sent.is_none() {
            sent = in_time(&mut timer, sending).await;
        }
        match sent {
            Some((Ok(response), in_use)) => {
                Ok(body::response(response, to_head, unpacks_gzip, target, timer, in_use))
            }
            Some((Err(error), _)) => Err(error::sending(error, &target, &progress)),
            None => Err(error::too_late(&target, timeout, &progress)),
        }
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        Some(Arc::new(TokioClock::new()))
    }
}

/// Sends, and gives the permit back as soon as the request is on an HTTP/2 connection, which others can use too.
async fn freeing_http2<F: Future>(sending: F, mut in_use: InUse, http2_only: bool) -> (F::Output, InUse) {
    let connection = in_use.sending.connection().cloned();
    let mut shared = pin!(async move {
        let Some(mut connection) = connection else { return false };
        let connection = connection.wait_for_connection_metadata().await;
        connection.as_ref().is_some_and(|connection| http2_only || connection.is_negotiated_h2())
    });
    let mut sending = pin!(sending);
    let mut is_waiting = true;
    let output = poll_fn(|context| {
        let output = sending.as_mut().poll(context);
        if is_waiting {
            if let Poll::Ready(shared) = shared.as_mut().poll(context) {
                is_waiting = false;
                in_use.permit.take_if(|_| shared);
            }
        }
        output
    })
    .await;
    (output, in_use)
}

/// Adds what a request of ours lacks as a request of hyper's, and something that knows how far it has come.
fn prepared(request: Request<Bytes>) -> (Request<Outgoing>, Arc<Sending>) {
    let (mut parts, body) = request.into_parts();
    // Either version, as the connection has it.
    parts.version = Version::HTTP_11;
    parts.headers.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    if body.is_empty() && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
        // hyper would leave it out, and some servers insist.
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
    }
    let sending = Arc::new(Sending::new(body.is_empty()));
    let mut request = Request::from_parts(parts, Outgoing::new(body, Arc::clone(&sending)));
    sending.on(capture_connection(&mut request));
    (request, sending)
}

/// The future's output, or `None` if the timer was first.
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
