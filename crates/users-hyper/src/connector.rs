//! Connecting: TCP, or a tunnel through a proxy, then TLS and HTTP, all within one time limit.

#[cfg(feature = "http2")]
use crate::connection::Http2;
use crate::connection::{Connection, Http1};
use crate::error::{BoxError, ConnectError};
use crate::resolver::Resolver;
use crate::target::{Target, is_loopback};
use crate::tls::Tls;
use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use hyper_rustls::{DefaultServerNameResolver, HttpsConnector, MaybeHttpsStream};
#[cfg(feature = "http2")]
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tower_service::Service;
use users_core::TransportErrorKind;

/// TCP to the server or a plain proxy, or TLS to an `https` proxy.
type Wire = MaybeHttpsStream<TokioIo<TcpStream>>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, ConnectError>> + Send>>;

/// Opens the connections of a pool.
#[derive(Clone)]
pub(crate) struct Connector {
    resolver: Resolver,
    proxies: Option<Arc<Matcher>>,
    proxy_tls: Arc<ClientConfig>,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    http2_only: bool,
}

impl Connector {
    pub(crate) fn new(
        tls: &Tls,
        protocols: &[&[u8]],
        proxies: Option<Matcher>,
        timeout: Duration,
        resolver: Resolver,
    ) -> Self {
        Self {
            resolver,
            proxies: proxies.map(Arc::new),
            proxy_tls: tls.to_proxy(),
            tls: tls.to_server(protocols),
            timeout,
            http2_only: protocols == [b"h2"],
        }
    }

    /// Whether connections use HTTP/2 even where it is not negotiated.
    pub(crate) fn is_http2_only(&self) -> bool {
        self.http2_only
    }

    /// Opens a connection, which tasks of this runtime drive. `time` is the call's time limit of connecting.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        time: Option<Duration>,
        runtime: &Handle,
    ) -> Result<Connection, ConnectError> {
        let time = time.map_or(self.timeout, |time| time.min(self.timeout));
        match tokio::time::timeout(self.timeout, self.open(target, time, runtime)).await {
            Ok(connection) => connection,
            Err(_) => Err(ConnectError::new(
                TransportErrorKind::Timeout,
                format!("connecting to {target} took longer than {:?}", self.timeout),
            )),
        }
    }

    async fn open(
        &self,
        target: &Target,
        time: Duration,
        runtime: &Handle,
    ) -> Result<Connection, ConnectError> {
        let wire = https(Tcp { resolver: self.resolver.clone(), timeout: time }, &self.proxy_tls);
        let mut dial = https(Dial { wire, proxies: self.proxies.clone() }, &self.tls);
        let wire =
            dial.call(target.uri(None)).await.map_err(|error| match error.downcast::<ConnectError>() {
                Ok(dialing) => *dialing,
                Err(error) => ConnectError::handshake(target, error),
            })?;
        let broken = |error: hyper::Error| ConnectError::broken(target, error);
        #[cfg(feature = "http2")]
        if self.http2_only || wire.connected().is_negotiated_h2() {
            let opening = Box::pin(Http2::open(wire, runtime));
            return opening.await.map(Connection::Http2).map_err(broken);
        }
        Http1::open(wire, target, runtime).await.map(Connection::Http1).map_err(broken)
    }
}

fn https<T>(below: T, tls: &Arc<ClientConfig>) -> HttpsConnector<T> {
    HttpsConnector::new(below, Arc::clone(tls), false, Arc::new(DefaultServerNameResolver::default()))
}

/// Opens TCP to the first address that accepts. The time that is left after the lookup is divided among the addresses of each
/// family, and the second family is tried in parallel after 300 ms ("happy eyeballs").
#[derive(Clone)]
struct Tcp {
    resolver: Resolver,
    timeout: Duration,
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let time = self.timeout;
        let mut resolver = self.resolver.clone();
        Box::pin(async move {
            let began = Instant::now();
            let host = uri.host().unwrap_or_default();
            let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
            let addresses: Vec<SocketAddr> =
                if is_address { Vec::new() } else { resolver.call(host.parse()?).await?.collect() };
            let mut tcp = HttpConnector::new_with_resolver(Resolver::fixed(addresses));
            tcp.enforce_http(false);
            tcp.set_nodelay(true);
            tcp.set_connect_timeout(Some(time.saturating_sub(began.elapsed())));
            tcp.call(uri).await.map_err(BoxError::from)
        })
    }
}

/// Connects to a server, directly or through a proxy, without TLS to the server.
#[derive(Clone)]
struct Dial {
    wire: HttpsConnector<Tcp>,
    proxies: Option<Arc<Matcher>>,
}

impl Service<Uri> for Dial {
    type Response = Wire;
    type Error = ConnectError;
    type Future = Connecting<Wire>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut wire = self.wire.clone();
        let proxy = self
            .proxies
            .as_ref()
            .filter(|_| !is_loopback(uri.host().unwrap_or_default()))
            .and_then(|all| all.intercept(&uri));
        Box::pin(async move {
            let target = Target::new(&uri).to_string();
            let uri = plain_uri(&target)?;
            match proxy {
                None => wire.call(uri).await.map_err(|error| ConnectError::dialing(&target, error)),
                Some(proxy) => connect_tunnel(&proxy, wire, uri, &target).await,
            }
        })
    }
}

/// Opens a tunnel through a proxy (`CONNECT`).
async fn connect_tunnel(
    proxy: &Intercept,
    wire: HttpsConnector<Tcp>,
    uri: Uri,
    target: &str,
) -> Result<Wire, ConnectError> {
    let name = Target::new(proxy.uri()).to_string();
    if !proxy.uri().scheme().is_some_and(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS) {
        return Err(ConnectError::new(
            TransportErrorKind::Invalid,
            format!("the proxy {name} is neither http nor https; other types are not supported"),
        ));
    }
    let mut tunnel = Tunnel::new(proxy.uri().clone(), wire);
    if let Some(credentials) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(credentials.clone());
    }
    tunnel.call(uri).await.map_err(|error| ConnectError::tunneling(&target, &name, BoxError::from(error)))
}

/// `http://host:port/`: without TLS, and with the port of the target.
fn plain_uri(target: &str) -> Result<Uri, ConnectError> {
    Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(target)
        .path_and_query(PathAndQuery::from_static("/"))
        .build()
        .map_err(|error| {
            ConnectError::new(
                TransportErrorKind::Invalid,
                format!("{target} is not a valid host and port: {error}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::net::{TcpListener, TcpSocket};

    /// A connector without proxies.
    fn connector(resolver: Resolver, timeout: Duration) -> Connector {
        let tls = Tls::new(Vec::new(), None).unwrap();
        Connector::new(&tls, &[b"http/1.1"], None, timeout, resolver)
    }

    fn target(port: u16) -> Target {
        Target::new(&Uri::from_maybe_shared(format!("http://tenant.example:{port}/")).unwrap())
    }

    /// A listener on 127.0.0.2 whose backlog is full, so that it drops every further SYN, and the connections that fill it.
    fn dead_listener(port: u16) -> (TcpListener, Vec<std::net::TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 2], port))).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut filling = Vec::new();
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            filling.push(stream);
            assert!(filling.len() < 100, "the backlog does not fill up");
        }
        (listener, filling)
    }

    /// Connects to a host whose first address does not respond and whose second does.
    async fn connect(
        lookup: Duration,
        timeout: Duration,
        call_limit: Option<Duration>,
    ) -> Result<(), ConnectError> {
        let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = live.local_addr().unwrap().port();
        let (dead, _filling) = dead_listener(port);
        let addresses = vec![dead.local_addr().unwrap(), live.local_addr().unwrap()];
        let connector = connector(Resolver::slow(addresses, lookup), timeout);
        connector.connect(&target(port), call_limit, &Handle::current()).await.map(drop)
    }

    #[tokio::test]
    async fn a_dead_first_address_leaves_time_for_the_second() {
        connect(Duration::ZERO, Duration::from_secs(2), None).await.unwrap();
    }

    #[tokio::test]
    async fn a_dead_first_address_leaves_time_for_the_second_in_a_call_with_less_time() {
        let within = Duration::from_secs(2);
        let connecting = connect(Duration::ZERO, Duration::from_secs(60), Some(within));
        tokio::time::timeout(within, connecting).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_slow_lookup_leaves_time_for_the_second_address() {
        let (lookup, within) = (Duration::from_millis(1200), Duration::from_secs(2));
        connect(lookup, within, None).await.unwrap();
    }

    #[tokio::test]
    async fn addresses_that_are_all_dead_time_out() {
        let (dead, _filling) = dead_listener(0);
        let address = dead.local_addr().unwrap();
        let connector = connector(Resolver::fixed(vec![address, address]), Duration::from_millis(400));
        let connecting = connector.connect(&target(address.port()), None, &Handle::current()).await;
        let error = connecting.map(drop).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{error}");
    }
}
