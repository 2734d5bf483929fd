//! Connecting: TCP, or a tunnel through a proxy, then TLS, all within one time limit.

use crate::error::{BoxError, ConnectError};
use crate::gate::Gated;
use crate::resolver::Resolver;
use crate::tls::Tls;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use hyper_rustls::{DefaultServerNameResolver, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower_service::Service;
use users_core::TransportErrorKind;

/// TCP to the server or a plain proxy, or TLS to an `https` proxy.
type Wire = MaybeHttpsStream<TokioIo<TcpStream>>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, ConnectError>> + Send>>;

tokio::task_local! {
    /// Set while a call polls its connection: the call's time limit of connecting, if it is less than the transport's.
    static CALL: Option<Duration>;
}

/// Runs the sending of a call, which may have a shorter time limit of connecting than the transport.
pub(crate) fn for_call<F: Future>(
    to_connect: Option<Duration>,
    sending: F,
) -> impl Future<Output = F::Output> {
    CALL.scope(to_connect, sending)
}

/// Whether no call waits for this connection any more. hyper's client would complete it in the background after another
/// connection became free, so that many calls would open many unneeded connections.
fn is_abandoned() -> bool {
    CALL.try_with(|_| ()).is_err()
}

/// Opens the connections of hyper's client.
// hyper's client clones it for each request, though few of them open a connection.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Opening>);

struct Opening {
    https: HttpsConnector<Dial>,
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
        http2_only: bool,
    ) -> Self {
        let wire = https(Tcp { resolver, timeout }, tls, &[b"http/1.1"]);
        let dial = Dial { wire, proxies: proxies.map(Arc::new) };
        Self(Arc::new(Opening { https: https(dial, tls, protocols), timeout, http2_only }))
    }
}

fn https<T>(below: T, tls: &Tls, protocols: &[&[u8]]) -> HttpsConnector<T> {
    HttpsConnector::new(
        below,
        tls.with_alpn(protocols),
        false,
        Arc::new(DefaultServerNameResolver::default()),
    )
}

impl Service<Uri> for Connector {
    type Response = Gated<MaybeHttpsStream<Wire>>;
    type Error = ConnectError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let target = Target::new(&uri);
        let (timeout, http2_only) = (self.0.timeout, self.0.http2_only);
        let mut connecting = self.0.https.clone().call(uri);
        let connecting = poll_fn(move |context| {
            if is_abandoned() {
                let message = "the call uses another connection";
                return Poll::Ready(Err(ConnectError::new(TransportErrorKind::Other, message).into()));
            }
            Pin::new(&mut connecting).poll(context)
        });
        Box::pin(async move {
            // Lets a connection that is being returned to the pool get there first.
            tokio::task::yield_now().await;
            match tokio::time::timeout(timeout, connecting).await {
                Ok(Ok(connection)) => Ok(Gated::new(connection, http2_only)),
                Ok(Err(error)) => Err(match error.downcast::<ConnectError>() {
                    Ok(dialing) => *dialing,
                    Err(error) => ConnectError::handshake(&target, error),
                }),
                Err(_) => Err(ConnectError::new(
                    TransportErrorKind::Timeout,
                    format!("connecting to {target} took longer than {timeout:?}"),
                )),
            }
        })
    }
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
        let call_limit = CALL.try_with(|time| *time).ok().flatten();
        let time = call_limit.map_or(self.timeout, |time| time.min(self.timeout));
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

/// `host:port`, the part of a URI that errors may show. It is formatted only in errors.
#[derive(Clone)]
pub(crate) struct Target {
    authority: Option<Authority>,
    is_http: bool,
}

impl Target {
    pub(crate) fn new(uri: &Uri) -> Self {
        Self { authority: uri.authority().cloned(), is_http: uri.scheme() == Some(&Scheme::HTTP) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = match &self.authority {
            Some(authority) => (authority.host(), authority.port_u16()),
            None => ("", None),
        };
        write!(f, "{host}:{}", port.unwrap_or(if self.is_http { 80 } else { 443 }))
    }
}

/// Whether a URI's host is this machine: `127.0.0.0/8`, `::1` or `localhost`.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::net::{TcpListener, TcpSocket};

    /// A connector without proxies.
    fn connector(resolver: Resolver, timeout: Duration) -> Connector {
        let tls = Tls::new(Vec::new()).unwrap();
        Connector::new(&tls, &[b"http/1.1"], None, timeout, resolver, false)
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
        let uri = Uri::from_maybe_shared(format!("http://tenant.example:{port}/")).unwrap();

        let mut connector = connector(Resolver::slow(addresses, lookup), timeout);
        for_call(call_limit, async { connector.call(uri).await.map(drop) }).await
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
        let uri = Uri::from_maybe_shared(format!("http://tenant.example:{}/", address.port())).unwrap();
        let mut connector = connector(Resolver::fixed(vec![address, address]), Duration::from_millis(400));
        let error = for_call(None, connector.call(uri)).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{error}");
    }

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for (uri, loopback) in [
            ("http://localhost/", true),
            ("http://LOCALHOST:8080/", true),
            ("http://127.0.0.1/", true),
            ("http://127.9.8.7:1/", true),
            ("http://[::1]:80/", true),
            ("http://localhost.example/", false),
            ("http://localhost@tenant.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://10.0.0.1/", false),
            ("http://[::2]/", false),
        ] {
            assert_eq!(is_loopback(Uri::from_static(uri).host().unwrap()), loopback, "{uri}");
        }
    }

    #[test]
    fn errors_show_a_uri_as_host_and_port() {
        for (uri, expected) in [
            ("https://tenant.example/api/v2/users?q=secret", "tenant.example:443"),
            ("http://user:password@[::1]/", "[::1]:80"),
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(Target::new(&Uri::from_static(uri)).to_string(), expected);
        }
    }
}
