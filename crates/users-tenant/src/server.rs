//! A transport, served over HTTP.

use crate::tls::Identity;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Response, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use users_core::{Body, HttpTransport, TransportError};

/// The largest request body that is read, in bytes; a larger one is answered with 413.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// The longest time that a TLS handshake may take, and that a shutdown waits for open connections.
const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// The pause after an accept that failed for lack of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server for a [`Tenant`](users_mock::Tenant), with HTTP/1.1 and HTTP/2 on the same port.
///
/// It serves any transport: wrap the tenant in a [`FaultyTransport`](users_mock::FaultyTransport) to inject faults into its connections.
/// A connection cannot be refused, because it is accepted before the request is known:
/// [`ConnectRefused`](users_mock::Fault::ConnectRefused) closes it before the request is carried out.
///
/// The server stops when it is [shut down](Self::shutdown) or dropped.
///
/// ```
/// use users_mock::Tenant;
/// use users_tenant::TenantServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let tenant = Tenant::builder().system_clock().users(3).build();
/// let server = TenantServer::bind(tenant, ([127, 0, 0, 1], 0).into()).await?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TenantServer {
    address: SocketAddr,
    authority: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl TenantServer {
    /// Binds to an address and serves plain HTTP. Port 0 selects a free port.
    ///
    /// Build the tenant with `system_clock()`: on a virtual clock no time passes while requests come from outside, so buckets of rate
    /// limits are not refilled and tokens do not expire.
    pub async fn bind(tenant: impl HttpTransport, address: SocketAddr) -> io::Result<Self> {
        Self::start(Arc::new(tenant), address, None).await
    }

    /// Binds to an address and serves HTTPS, with a certificate generated for `127.0.0.1`, `::1` and `localhost`. Clients must trust
    /// [`ca_pem`](Self::ca_pem).
    pub async fn bind_tls(tenant: impl HttpTransport, address: SocketAddr) -> io::Result<Self> {
        Self::start(Arc::new(tenant), address, Some(Identity::generate().map_err(io::Error::other)?)).await
    }

    async fn start(
        tenant: Arc<dyn HttpTransport>,
        address: SocketAddr,
        identity: Option<Identity>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let (authority, acceptor) = match identity {
            Some(identity) => (Some(identity.authority), Some(identity.acceptor)),
            None => (None, None),
        };
        let scheme = if acceptor.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        let endpoint = Endpoint { tenant, scheme, address };
        let task = tokio::spawn(accept_loop(listener, endpoint, acceptor, stopped));
        Ok(Self { address, authority, stop: Some(stop), task: Some(task) })
    }

    /// The address that the server is bound to.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the server, `http://127.0.0.1:4000`, for `users_hyper::management` or
    /// [`ClientBuilder::domain`](users_core::ClientBuilder::domain). The base URL of the Management API is below it, at `/api/v2`.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.authority.is_some() { "https" } else { "http" }, self.address)
    }

    /// The certificate of the authority that signed the server's certificate, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Stops accepting connections, waits up to 5 seconds for requests in progress, and closes all connections.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone if the task has already ended.
            let _ = stop.send(());
        }
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for TenantServer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The tenant and the address that it is served at.
#[derive(Clone)]
struct Endpoint {
    tenant: Arc<dyn HttpTransport>,
    scheme: Scheme,
    address: SocketAddr,
}

impl Endpoint {
    /// The absolute URI of a request; HTTP/1.1 sends the path and the host only.
    fn absolute_uri(&self, request: &http::request::Parts) -> http::Result<Uri> {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse::<Authority>().ok());
        let authority = request.uri.authority().cloned().or(host);
        let authority = authority.map_or_else(|| self.address.to_string(), |authority| authority.to_string());
        let target = request.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Uri::builder().scheme(self.scheme.clone()).authority(authority).path_and_query(target).build()
    }
}

async fn accept_loop(
    listener: TcpListener,
    endpoint: Endpoint,
    acceptor: Option<TlsAcceptor>,
    mut stopped: oneshot::Receiver<()>,
) {
    let graceful = Arc::new(GracefulShutdown::new());
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) if is_connection_error(&error) => continue,
            // Descriptors or memory have run out, so another attempt at once would fail too.
            Err(_) => tokio::select! {
                () = tokio::time::sleep(ACCEPT_PAUSE) => continue,
                _ = &mut stopped => break,
            },
        };
        connections.spawn(serve_stream(stream, endpoint.clone(), acceptor.clone(), graceful.watcher()));
        while connections.try_join_next().is_some() {}
    }
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(GRACE_PERIOD, graceful.shutdown()).await;
    }
}

/// Whether the error is about one connection that ended before it was accepted.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn serve_stream(
    stream: TcpStream,
    endpoint: Endpoint,
    acceptor: Option<TlsAcceptor>,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => serve_connection(stream, endpoint, watcher).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(GRACE_PERIOD, acceptor.accept(stream)).await {
                serve_connection(stream, endpoint, watcher).await;
            }
        }
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    endpoint: Endpoint,
    watcher: Watcher,
) {
    let service = service_fn(move |request| respond(endpoint.clone(), request));
    let builder = Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    // A client that disconnects in the middle of a request ends its own connection only.
    let _ = watcher.watch(connection).await;
}

type ResponseBody = UnsyncBoxBody<Bytes, TransportError>;

/// Answers one request; an error closes the connection.
async fn respond(
    endpoint: Endpoint,
    request: hyper::Request<Incoming>,
) -> Result<Response<ResponseBody>, TransportError> {
    let (mut parts, body) = request.into_parts();
    if let Ok(uri) = endpoint.absolute_uri(&parts) {
        parts.uri = uri;
    }
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        let mut too_large = Response::new(full_body(Bytes::new()));
        *too_large.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(too_large);
    };
    let response = endpoint.tenant.send(http::Request::from_parts(parts, body.to_bytes()), None).await?;
    Ok(response.map(response_body))
}

fn full_body(body: Bytes) -> ResponseBody {
    UnsyncBoxBody::new(Full::new(body).map_err(|never| match never {}))
}

/// A body that is complete is sent with its length; any other is streamed.
fn response_body(mut body: Body) -> ResponseBody {
    let first = body.next_chunk().now_or_never();
    let second = match &first {
        Some(Some(Ok(_))) => body.next_chunk().now_or_never(),
        _ => None,
    };
    let begun = match (first, second) {
        (Some(None), _) => return full_body(Bytes::new()),
        (Some(Some(Ok(chunk))), Some(None)) => return full_body(chunk),
        (first, second) => [first, second].into_iter().flatten().flatten(),
    };
    let rest = stream::unfold(body, async |mut body| Some((body.next_chunk().await?, body)));
    UnsyncBoxBody::new(StreamBody::new(stream::iter(begun).chain(rest).map_ok(Frame::data)))
}
