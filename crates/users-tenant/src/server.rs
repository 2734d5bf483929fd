//! A transport, served over HTTP.

use crate::application::{router, transport_router};
use crate::context::{AccessLog, Application, Endpoint};
use crate::disconnect::Disconnect;
use crate::guard::Guard;
use crate::key::Key;
use crate::tenants::Tenants;
use crate::tls::Identity;
use axum::Router;
use axum::response::Response;
use http::uri::Scheme;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;
use users_core::HttpTransport;
use users_mock::ClientAddress;

/// The longest time that a TLS handshake may take, and that a shutdown waits for open connections.
const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// The longest time that a connection may take to send the head of a request, from its start or from the last response on.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The number of free ports that are tried, of which others may have taken some at one of the addresses.
const FREE_PORTS: u32 = 20;

/// The pause after an accept that failed for lack of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server for one [`Tenant`](users_mock::Tenant) or [many](Self::builder), with HTTP/1.1 and HTTP/2 on the same port.
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
    /// Whether clients reach it as `localhost`, by any version of IP.
    is_localhost: bool,
    authority: Option<String>,
    tenants: Option<Tenants>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

/// Builds a [`TenantServer`] of many tenants, with the control API.
#[must_use = "a builder does nothing until `bind` is called"]
pub struct TenantServerBuilder {
    tenants: Tenants,
    guard: Guard,
    tls: bool,
    access_log: Option<AccessLog>,
}

impl TenantServer {
    /// Binds to an address and serves one transport over plain HTTP, without the control API. Port 0 selects a free port.
    ///
    /// Build the tenant with `system_clock()`: on a virtual clock no time passes while requests come from outside, so buckets of rate
    /// limits are not refilled and tokens do not expire.
    pub async fn bind(tenant: impl HttpTransport, address: SocketAddr) -> io::Result<Self> {
        let tenant: Arc<dyn HttpTransport> = Arc::new(tenant);
        let listener = TcpListener::bind(address).await?;
        Self::start(vec![listener], None, |endpoint| transport_router(tenant, endpoint))
    }

    /// Binds to an address and serves one transport over HTTPS, with a certificate generated for `127.0.0.1`, `::1`, `localhost` and
    /// `*.localhost`. Clients must trust [`ca_pem`](Self::ca_pem).
    pub async fn bind_tls(tenant: impl HttpTransport, address: SocketAddr) -> io::Result<Self> {
        let tenant: Arc<dyn HttpTransport> = Arc::new(tenant);
        let identity = Identity::generate(&[]).map_err(io::Error::other)?;
        let listener = TcpListener::bind(address).await?;
        Self::start(vec![listener], Some(identity), |endpoint| transport_router(tenant, endpoint))
    }

    /// Returns a builder of a server of many tenants, with the control API below `/_tenant`.
    pub fn builder(tenants: Tenants) -> TenantServerBuilder {
        TenantServerBuilder { tenants, guard: Guard::default(), tls: false, access_log: None }
    }

    fn start(
        listeners: Vec<TcpListener>,
        identity: Option<Identity>,
        router: impl FnOnce(Endpoint) -> Router,
    ) -> io::Result<Self> {
        let address = match listeners.first() {
            Some(first) => first.local_addr()?,
            None => return Err(io::Error::other("there is no address to listen at")),
        };
        let (stop, stopped) = oneshot::channel();
        let (authority, acceptor) = match identity {
            Some(identity) => (Some(identity.authority), Some(identity.acceptor)),
            None => (None, None),
        };
        let scheme = if acceptor.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        let router = router(Endpoint { scheme, address });
        let task = tokio::spawn(accept_loop(listeners, router, acceptor, stopped));
        Ok(Self {
            address,
            is_localhost: false,
            authority,
            tenants: None,
            stop: Some(stop),
            task: Some(task),
        })
    }

    /// The address that the server is bound to.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the server, `http://127.0.0.1:4000` or `http://localhost:4000`, for `users_hyper::management` or
    /// [`ClientBuilder::domain`](users_core::ClientBuilder::domain). The base URL of the Management API is below it, at `/api/v2`.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        if self.is_localhost {
            format!("{scheme}://localhost:{}", self.address.port())
        } else {
            format!("{scheme}://{}", self.address)
        }
    }

    /// The certificate of the authority that signed the server's certificate, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Stops accepting connections, waits up to 5 seconds for requests in progress, and closes all connections.
    pub async fn shutdown(mut self) {
        if let Some(tenants) = &self.tenants {
            tenants.close();
        }
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

impl TenantServerBuilder {
    /// Allows requests that name this host, beside `localhost`, `*.localhost`, `127.0.0.0/8` and `[::1]`. A name that others control must
    /// not be allowed: with it, their websites could use the control API (DNS rebinding).
    pub fn allowed_host(mut self, host: impl Into<String>) -> Self {
        self.guard.allowed_hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Sets the key that the control API requires, as `authorization: Bearer KEY` or `x-tenant-key: KEY`. The page asks for it. An address
    /// that other machines can reach needs one.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.guard.key = Some(key.into()).filter(|key| !key.is_empty()).map(Key::new);
        self
    }

    /// Serves HTTPS, with a certificate generated for `127.0.0.1`, `::1`, `localhost`, `*.localhost` and the allowed hosts. Clients must
    /// trust [`ca_pem`](TenantServer::ca_pem).
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Calls a function with a line for each request, without secrets.
    pub fn access_log(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.access_log = Some(Arc::new(log));
        self
    }

    /// Binds to an address and serves the tenants. Port 0 selects a free port.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound, or if other machines can reach it and there is no [key](Self::key).
    pub async fn bind(self, address: SocketAddr) -> io::Result<TenantServer> {
        if !address.ip().is_loopback() && self.guard.key.is_none() {
            let message =
                "other machines can reach this address, so a key for the control API is required: --key KEY";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(address).await?;
        self.serve(vec![listener])
    }

    /// Binds to a port of `127.0.0.1` and of `[::1]`, where this machine has it, and serves the tenants at `http://localhost:PORT`: for a browser,
    /// this is the same site as an application at another port of `localhost`. Port 0 selects a free port.
    ///
    /// # Errors
    ///
    /// If the port is in use at either address.
    pub async fn bind_localhost(self, port: u16) -> io::Result<TenantServer> {
        let mut attempts = if port == 0 { FREE_PORTS } else { 1 };
        let listeners = loop {
            match both(port).await {
                // The port that was free at one address is in use at the other.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts > 1 => attempts -= 1,
                listeners => break listeners?,
            }
        };
        let mut server = self.serve(listeners)?;
        server.is_localhost = true;
        Ok(server)
    }

    fn serve(self, listeners: Vec<TcpListener>) -> io::Result<TenantServer> {
        let mut guard = self.guard;
        for listener in &listeners {
            let address = listener.local_addr()?;
            if !address.ip().is_unspecified() {
                // A website can make its name point here, and not an address.
                guard.allowed_hosts.push(host_of(address));
            }
        }
        let identity = if self.tls {
            Some(Identity::generate(&guard.allowed_hosts).map_err(io::Error::other)?)
        } else {
            None
        };
        let (tenants, guard, access_log) = (self.tenants.clone(), Arc::new(guard), self.access_log);
        let router = |endpoint| router(Application { tenants, guard, endpoint, access_log });
        let mut server = TenantServer::start(listeners, identity, router)?;
        server.tenants = Some(self.tenants);
        Ok(server)
    }
}

/// Listeners at a port of both addresses of `localhost`; of one if there is no other version of IP.
async fn both(port: u16) -> io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    match TcpListener::bind((Ipv6Addr::LOCALHOST, first.local_addr()?.port())).await {
        Ok(second) => Ok(vec![first, second]),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![first]),
    }
}

/// The host of an address in a URL.
fn host_of(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

impl fmt::Debug for TenantServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantServerBuilder").field("tenants", &self.tenants).finish_non_exhaustive()
    }
}

async fn accept_loop(
    listeners: Vec<TcpListener>,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    mut stopped: oneshot::Receiver<()>,
) {
    let graceful = Arc::new(GracefulShutdown::new());
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = accept(&listeners) => accepted,
            _ = &mut stopped => break,
        };
        let (stream, peer) = match stream {
            Ok(accepted) => accepted,
            Err(error) if is_connection_error(&error) => continue,
            // Descriptors or memory have run out, so another attempt at once would fail too.
            Err(_) => tokio::select! {
                () = tokio::time::sleep(ACCEPT_PAUSE) => continue,
                _ = &mut stopped => break,
            },
        };
        connections.spawn(serve_stream(stream, peer, router.clone(), acceptor.clone(), graceful.watcher()));
        while connections.try_join_next().is_some() {}
    }
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(GRACE_PERIOD, graceful.shutdown()).await;
    }
}

/// Accepts a connection of any of the listeners, of which there are one or two.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    match listeners {
        [] => std::future::pending().await,
        [one] => one.accept().await,
        [one, two, ..] => tokio::select! {
            accepted = one.accept() => accepted,
            accepted = two.accept() => accepted,
        },
    }
}

/// Whether the error is about one connection that ended before it was accepted.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn serve_stream(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => serve_connection(stream, peer, router, watcher).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(GRACE_PERIOD, acceptor.accept(stream)).await {
                serve_connection(stream, peer, router, watcher).await;
            }
        }
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
) {
    let asked = Arc::new(AtomicBool::new(false));
    let has_asked = Arc::clone(&asked);
    let service = service_fn(move |request| {
        asked.store(true, Ordering::Relaxed);
        respond(router.clone(), peer, request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE_TIMEOUT);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let mut connection = pin!(watcher.watch(connection));
    // A client that disconnects in the middle of a request ends its own connection only.
    let first = tokio::time::timeout(IDLE_TIMEOUT, &mut connection).await;
    // Before the version of HTTP is known, no other timer runs.
    if first.is_err() && has_asked.load(Ordering::Relaxed) {
        let _ = connection.await;
    }
}

/// Answers one request; an error closes the connection.
async fn respond(
    mut router: Router,
    peer: SocketAddr,
    mut request: hyper::Request<Incoming>,
) -> Result<Response, Closed> {
    request.extensions_mut().insert(ClientAddress(peer.ip()));
    let response = match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if response.extensions().get::<Disconnect>().is_some() { Err(Closed) } else { Ok(response) }
}

/// The error that closes a connection instead of answering a request.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed by a fault")
    }
}

impl std::error::Error for Closed {}
