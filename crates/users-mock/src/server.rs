//! A tenant that can be asked over HTTP, on loopback.

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
use hyper_util::server::graceful::GracefulShutdown;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use users_core::{Body, HttpTransport, TransportError};

/// The largest body that is read; a larger one is answered with 413.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

/// How long a TLS handshake may take, and how long connections may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long no connection is accepted after the machine had no descriptor for one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A [`Tenant`](crate::Tenant) that listens, with HTTP/1.1 and HTTP/2 on the same port; or one behind a
/// [`FaultyTransport`](crate::FaultyTransport), on whose connections things go wrong. There a connection cannot be refused, since it is
/// made before the request is known: [`ConnectRefused`](crate::Fault::ConnectRefused) breaks it before anything is done.
///
/// It stops when it is [shut down](Self::shutdown) or dropped.
///
/// ```
/// use users_mock::{Tenant, TenantServer};
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
    /// Listens in the clear. Port 0 takes any free one.
    pub async fn bind(tenant: impl HttpTransport, address: SocketAddr) -> io::Result<Self> {
        Self::start(Arc::new(tenant), address, None).await
    }

    /// Listens with TLS, with a certificate made now for `127.0.0.1`, `::1` and `localhost`. Clients must trust
    /// [`ca_pem`](Self::ca_pem).
    pub async fn bind_tls(tenant: impl HttpTransport, address: SocketAddr) -> io::Result<Self> {
        Self::start(Arc::new(tenant), address, Some(Identity::new().map_err(io::Error::other)?)).await
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
        let served = Served { tenant, scheme, address };
        let task = tokio::spawn(listen(listener, served, acceptor, stopped));
        Ok(Self { address, authority, stop: Some(stop), task: Some(task) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL: `http://127.0.0.1:4000`.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.authority.is_some() { "https" } else { "http" }, self.address)
    }

    /// The certificate of the authority that signed the server's own, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Takes no more connections, lets those that are open finish what they are at, and ends.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listens any more if it has ended by itself.
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

/// The tenant, and how it is reached.
#[derive(Clone)]
struct Served {
    tenant: Arc<dyn HttpTransport>,
    scheme: Scheme,
    address: SocketAddr,
}

impl Served {
    /// The whole URI of a request, of which HTTP/1.1 sends the path and the host only.
    fn uri(&self, request: &http::request::Parts) -> http::Result<Uri> {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse::<Authority>().ok());
        let authority = request.uri.authority().cloned().or(host);
        let authority = authority.map_or_else(|| self.address.to_string(), |authority| authority.to_string());
        let target = request.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Uri::builder().scheme(self.scheme.clone()).authority(authority).path_and_query(target).build()
    }
}

async fn listen(
    listener: TcpListener,
    served: Served,
    acceptor: Option<TlsAcceptor>,
    mut stopped: oneshot::Receiver<()>,
) {
    let graceful = Arc::new(GracefulShutdown::new());
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            // Descriptors or memory have run out. Another attempt at once would fail too.
            Err(_) => tokio::select! {
                () = tokio::time::sleep(ACCEPT_PAUSE) => continue,
                _ = &mut stopped => break,
            },
        };
        connections.spawn(connection(stream, served.clone(), acceptor.clone(), graceful.watcher()));
        while connections.try_join_next().is_some() {}
    }
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(PATIENCE, graceful.shutdown()).await;
    }
}

/// Whether the error is that of a connection that ended before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn connection(
    stream: TcpStream,
    served: Served,
    acceptor: Option<TlsAcceptor>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => serve(stream, served, watcher).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                serve(stream, served, watcher).await;
            }
        }
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    served: Served,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let service = service_fn(move |request| answer(served.clone(), request));
    let builder = Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    // A client that goes away in the middle of a request ends its own connection only.
    let _ = watcher.watch(connection).await;
}

type Answer = UnsyncBoxBody<Bytes, TransportError>;

/// What the connection carries back; an error breaks it.
async fn answer(
    served: Served,
    request: hyper::Request<Incoming>,
) -> Result<Response<Answer>, TransportError> {
    let (mut parts, body) = request.into_parts();
    if let Ok(uri) = served.uri(&parts) {
        parts.uri = uri;
    }
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let mut refused = Response::new(whole(Bytes::new()));
        *refused.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refused);
    };
    let answer = served.tenant.send(http::Request::from_parts(parts, body.to_bytes()), None).await?;
    Ok(answer.map(carried))
}

fn whole(body: Bytes) -> Answer {
    UnsyncBoxBody::new(Full::new(body).map_err(|never| match never {}))
}

/// A body that is there as a whole tells its length; any other comes as it is made.
fn carried(mut body: Body) -> Answer {
    let first = body.next_chunk().now_or_never();
    let second = match &first {
        Some(Some(Ok(_))) => body.next_chunk().now_or_never(),
        _ => None,
    };
    let begun = match (first, second) {
        (Some(None), _) => return whole(Bytes::new()),
        (Some(Some(Ok(chunk))), Some(None)) => return whole(chunk),
        (first, second) => [first, second].into_iter().flatten().flatten(),
    };
    let rest = stream::unfold(body, async |mut body| Some((body.next_chunk().await?, body)));
    UnsyncBoxBody::new(StreamBody::new(stream::iter(begun).chain(rest).map_ok(Frame::data)))
}

/// A certificate of our own, and the authority that signed it.
struct Identity {
    authority: String,
    acceptor: TlsAcceptor,
}

impl Identity {
    fn new() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "users-tenant authority");
        let authority_key = KeyPair::generate()?;
        let authority = params.self_signed(&authority_key)?;

        let names = ["127.0.0.1", "::1", "localhost"].map(ToOwned::to_owned);
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "users-tenant");
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority, &authority_key)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { authority: authority.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
