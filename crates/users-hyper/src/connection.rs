//! Open connections: HTTP/1.1, used by one request at a time, or HTTP/2, shared by many.

#[cfg(feature = "http2")]
use crate::gate::{Gate, Gated, Outgoing};
use crate::target::Target;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper::rt::{Read, Write};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
#[cfg(feature = "http2")]
use tokio::runtime::Handle;

#[cfg(feature = "http2")]
const KEEP_ALIVE_INTERVAL: std::time::Duration = std::time::Duration::from_secs(20);
#[cfg(feature = "http2")]
const KEEP_ALIVE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// The head of a response, or an error with the request if it was not sent.
type Answered<B> = Result<Response<Incoming>, TrySendError<Request<B>>>;

/// hyper's reading and writing on a connection, until it is closed.
type Driving = Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>;

/// An open connection.
pub(crate) enum Connection {
    Http1(Http1),
    #[cfg(feature = "http2")]
    Http2(Http2),
}

/// A connection that is used by one request at a time, which drives it: a task of its own would cost a switch to it and back for
/// each request. While it is idle, nobody does, so a request may find that it was closed; hyper then returns the request unsent.
pub(crate) struct Http1 {
    requests: http1::SendRequest<Full<Bytes>>,
    host: HeaderValue,
    /// `None` once the connection is closed.
    driving: Option<Driving>,
}

impl Http1 {
    /// Starts to speak HTTP/1.1 on this wire.
    pub(crate) async fn open(
        wire: impl Read + Write + Send + Unpin + 'static,
        target: &Target,
    ) -> Result<Self, hyper::Error> {
        let host = target.host_header();
        // Boxed, since it is several times as large as what follows, and many connections can be opened at the same time.
        let (requests, driving) = Box::pin(http1::handshake(wire)).await?;
        let mut connection = Self { requests, host, driving: Some(Box::pin(driving)) };
        poll_fn(|context| {
            // The cause is more precise than the error of `requests`: a TLS alert, for example.
            if let Poll::Ready(Err(error)) = connection.drive(context) {
                return Poll::Ready(Err(error));
            }
            connection.requests.poll_ready(context)
        })
        .await?;
        Ok(connection)
    }

    /// Writes the request that was passed to [`send`](Self::send), as far as that is possible now.
    pub(crate) fn begin(&mut self, context: &mut Context<'_>) {
        // A connection that is closed passes its error to the request.
        let _ = self.drive(context);
    }

    /// Reads and writes until the answer is ready: the head of a response, or a part of its body, or the error of a connection that
    /// was closed.
    pub(crate) fn drive_until<T>(
        &mut self,
        context: &mut Context<'_>,
        mut poll_answer: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        // Only driving the connection completes the answer, so hyper's channels need not wake this task; they would do so while it
        // is polled.
        let unwoken = &mut Context::from_waker(Waker::noop());
        let mut answer = poll_answer(unwoken);
        for waker in [Waker::noop(), context.waker()] {
            if answer.is_pending() {
                let _ = self.drive(&mut Context::from_waker(waker));
                answer = poll_answer(unwoken);
            }
        }
        answer
    }

    /// Reads and writes what is possible now. Completes when the connection is closed.
    fn drive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        let Some(driving) = &mut self.driving else { return Poll::Ready(Ok(())) };
        let ended = ready!(driving.as_mut().poll(context));
        self.driving = None;
        Poll::Ready(ended)
    }

    /// Whether the connection can take a request now.
    pub(crate) fn is_ready(&self) -> bool {
        self.requests.is_ready()
    }

    /// Reads what the server has sent on an idle connection. Returns `false` if it has closed it.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop())).is_pending() && !self.is_closed()
    }

    /// Whether the connection was closed when it was last driven.
    pub(crate) fn is_closed(&self) -> bool {
        self.driving.is_none() || self.requests.is_closed()
    }

    /// Reads and writes until the connection can be used again. Returns `false` if it is closed.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if self.drive(context).is_ready() {
            return Poll::Ready(false);
        }
        self.requests.poll_ready(context).map(|ready| ready.is_ok())
    }

    /// Closes an idle connection. Dropping it does so too, but with TLS, this announces it to the server if that is possible at once.
    pub(crate) fn close(self) {
        let Self { requests, driving, .. } = self;
        drop(requests);
        if let Some(mut driving) = driving {
            let _ = driving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }

    /// Passes on a request in origin form. [`begin`](Self::begin) sends it, and [`drive_until`](Self::drive_until) receives the
    /// response.
    pub(crate) fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> impl Future<Output = Answered<Full<Bytes>>> + use<> {
        request.headers_mut().entry(header::HOST).or_insert_with(|| self.host.clone());
        self.requests.try_send_request(request)
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
