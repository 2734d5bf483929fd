//! Open connections: HTTP/1.1, used by one request at a time, or HTTP/2, shared by many.

#[cfg(feature = "http2")]
use crate::gate::{Gate, Gated, Outgoing};
use crate::target::Target;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper::rt::{Read, Write};
use std::future::Future;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

#[cfg(feature = "http2")]
const KEEP_ALIVE_INTERVAL: std::time::Duration = std::time::Duration::from_secs(20);
#[cfg(feature = "http2")]
const KEEP_ALIVE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// The head of a response, or an error with the request if it was not sent.
type Answered<B> = Result<Response<Incoming>, TrySendError<Request<B>>>;

/// An open connection.
pub(crate) enum Connection {
    Http1(Http1),
    #[cfg(feature = "http2")]
    Http2(Http2),
}

/// A connection that is used by one request at a time.
pub(crate) struct Http1 {
    requests: http1::SendRequest<Full<Bytes>>,
    host: HeaderValue,
    /// `None` once the connection is left to end by itself.
    driving: Option<JoinHandle<()>>,
}

impl Drop for Http1 {
    fn drop(&mut self) {
        // hyper closes an idle connection itself, but not one whose server does not read the request.
        if let Some(driving) = self.driving.take_if(|_| !self.requests.is_ready()) {
            driving.abort();
        }
    }
}

impl Http1 {
    /// Starts to speak HTTP/1.1 on this wire. A task of this runtime drives the connection until it is closed.
    pub(crate) async fn open(
        wire: impl Read + Write + Send + Unpin + 'static,
        target: &Target,
        runtime: &Handle,
    ) -> Result<Self, hyper::Error> {
        let host = target.host_header();
        // Boxed, since it is several times as large as what follows, and many connections can be opened at the same time.
        let (mut requests, driving) = Box::pin(http1::handshake(wire)).await?;
        let (failed, failure) = oneshot::channel();
        let driving = runtime.spawn(driving.map(|ended| {
            if let Err(error) = ended {
                // Nobody waits for it once the connection is ready: a request then receives the error.
                let _ = failed.send(error);
            }
        }));
        match requests.ready().await {
            Ok(()) => Ok(Self { requests, host, driving: Some(driving) }),
            // The cause is more precise: a TLS alert, for example.
            Err(closed) => Err(failure.await.unwrap_or(closed)),
        }
    }

    /// Whether the connection can take a request now.
    pub(crate) fn is_ready(&self) -> bool {
        self.requests.is_ready()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// Waits until the previous response has been read from the wire. Returns whether the connection can be used again.
    pub(crate) async fn ready(&mut self) -> bool {
        self.requests.ready().await.is_ok()
    }

    /// Sends a request in origin form. Returns also the connection, unless it was closed meanwhile.
    ///
    /// A request that is passed on while hyper's task ends may remain in their channel, and is returned when the sender is dropped.
    pub(crate) fn send(
        mut self,
        mut request: Request<Full<Bytes>>,
    ) -> (impl Future<Output = Answered<Full<Bytes>>> + use<>, Option<Self>) {
        request.headers_mut().entry(header::HOST).or_insert_with(|| self.host.clone());
        let sending = self.requests.try_send_request(request);
        if self.is_closed() {
            self.driving = None;
            return (sending, None);
        }
        (sending, Some(self))
    }
}

/// A connection that requests share.
#[cfg(feature = "http2")]
#[derive(Clone)]
pub(crate) struct Http2 {
    requests: hyper::client::conn::http2::SendRequest<Outgoing>,
    gate: Gate,
}

#[cfg(feature = "http2")]
impl Http2 {
    /// Starts to speak HTTP/2 on this wire. Tasks of this runtime drive the connection until it is closed.
    pub(crate) async fn open(
        wire: impl Read + Write + Send + Unpin + 'static,
        runtime: &Handle,
    ) -> Result<Self, hyper::Error> {
        let gate = Gate::default();
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut requests, driving) = hyper::client::conn::http2::Builder::new(executor)
            .timer(hyper_util::rt::TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(false)
            .handshake(Gated::new(wire, gate.clone()))
            .await?;
        runtime.spawn(driving);
        requests.ready().await?;
        Ok(Self { requests, gate })
    }

    /// The state of its writes, which determines what was sent.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.requests.is_closed() || self.gate.is_closed()
    }

    /// Sends a request whose URI is absolute. Returns also whether the connection is closed.
    ///
    /// A request that is passed on while hyper's task ends may remain in their channel, and is returned when all senders are dropped.
    pub(crate) fn send(
        mut self,
        request: Request<Outgoing>,
    ) -> (impl Future<Output = Answered<Outgoing>> + use<>, bool) {
        let sending = self.requests.try_send_request(request);
        (sending, self.is_closed())
    }
}
