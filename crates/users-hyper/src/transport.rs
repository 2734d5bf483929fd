//! The transport: hyper's pooled client behind the trait of `users-core`.

use crate::body::{self, Timer};
use crate::connector::{Connector, host_and_port, is_loopback};
use crate::error;
use crate::resolver::Resolver;
use crate::tls::{self, Tls};
use async_trait::async_trait;
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri, Version, header};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use users_core::{Body, ConnectTimeout, HttpTransport, Sent, TransportError, TransportErrorKind};

const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends requests with hyper, over TLS of rustls. Clones share one pool of connections.
///
/// - HTTP/2 where the server offers it (ALPN), HTTP/1.1 otherwise; an HTTP/2 connection with requests under way is pinged
///   every 20 s and given up 10 s after an unanswered ping.
/// - Certificates are checked as the platform does it, and with the roots that were added; the cryptography is ring's or
///   aws-lc-rs's by feature, never the process's default.
/// - Plain HTTP only to this machine (`127.0.0.0/8`, `::1`, `localhost`), unless
///   [allowed](HyperTransportBuilder::allow_plain_http).
/// - Proxies as `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say (also in lower case), always by a tunnel
///   (`CONNECT`) and never to this machine.
/// - Asks for gzip unless the request says otherwise, and unpacks it as it is read.
/// - Follows no redirect and repeats nothing that a server can have seen: only a request that a pooled connection gave
///   back unstarted, since it had been closed meanwhile, goes to another connection.
///
/// It must be used inside a tokio runtime with I/O and time switched on.
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
    client: Client<Connector, Full<Bytes>>,
    allow_plain_http: bool,
}

impl HyperTransport {
    /// The transport with every default. It fails only where TLS cannot be set up at all.
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// Sets what shall differ from the defaults.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder::new()
    }

    /// Refuses what must not or cannot be sent.
    fn check(&self, uri: &Uri) -> Result<(), TransportError> {
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
        if tokio::runtime::Handle::try_current().is_err() {
            let message = "HyperTransport was used outside a tokio runtime";
            return Err(TransportError::new(TransportErrorKind::Other, Sent::No, message));
        }
        Ok(())
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("allow_plain_http", &self.allow_plain_http)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpTransport for HyperTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        deadline: Option<Duration>,
    ) -> Result<Response<Body>, TransportError> {
        self.check(request.uri())?;
        let target = host_and_port(request.uri());
        let to_head = request.method() == Method::HEAD;
        let asked = request.extensions().get::<ConnectTimeout>().map(|connect| connect.0);
        let to_connect = asked.filter(|time| deadline.is_none_or(|deadline| *time < deadline));
        let mut request = prepared(request);
        let connection = capture_connection(&mut request);
        let handed_over = || connection.connection_metadata().is_some();

        let mut timer: Timer = deadline.map(|deadline| Box::pin(tokio::time::sleep(deadline)));
        let mut sending = pin!(self.client.request(request));
        let mut sent = None;
        if to_connect.is_some() {
            let mut patience: Timer = to_connect.map(|time| Box::pin(tokio::time::sleep(time)));
            sent = in_time(&mut patience, sending.as_mut()).await;
            if sent.is_none() && !handed_over() {
                return Err(error::too_late(&target, to_connect, false));
            }
        }
        if sent.is_none() {
            sent = in_time(&mut timer, sending).await;
        }
        match sent {
            Some(Ok(response)) => Ok(body::response(response, to_head, target, timer)),
            Some(Err(error)) => Err(error::sending(error, &target, handed_over())),
            None => Err(error::too_late(&target, deadline, handed_over())),
        }
    }
}

/// What a request of ours lacks as a request of hyper's.
fn prepared(request: Request<Bytes>) -> Request<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    // Either version, as the connection has it.
    parts.version = Version::HTTP_11;
    parts.headers.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    if body.is_empty() && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
        // hyper would leave it out, and some servers insist.
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
    }
    Request::from_parts(parts, Full::new(body))
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

/// Builds a [`HyperTransport`].
#[derive(Clone)]
#[must_use]
pub struct HyperTransportBuilder {
    connect_timeout: Duration,
    pool_idle_timeout: Duration,
    pool_max_idle_per_host: usize,
    roots: Vec<Vec<u8>>,
    allow_plain_http: bool,
    proxy: Proxy,
    proxy_bypass: String,
    versions: Versions,
}

#[derive(Clone)]
enum Proxy {
    Environment,
    Always(String),
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Versions {
    Both,
    Http1,
    Http2,
}

impl HyperTransportBuilder {
    fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(60),
            pool_max_idle_per_host: usize::MAX,
            roots: Vec::new(),
            allow_plain_http: false,
            proxy: Proxy::Environment,
            proxy_bypass: String::new(),
            versions: Versions::Both,
        }
    }

    /// How long a connection may take to come about: name lookup, TCP, the proxy and the TLS handshake together. 10 s
    /// unless set.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// How long an unused connection may be used again. 60 s unless set; more than a year counts as a year. It is closed
    /// at most as long again after that.
    pub fn pool_idle_timeout(mut self, time: Duration) -> Self {
        // hyper-util adds it to the present moment, unchecked.
        self.pool_idle_timeout = time.min(Duration::from_secs(365 * 24 * 60 * 60));
        self
    }

    /// How many unused connections to one host are kept; 0 keeps none. No limit unless set.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.pool_max_idle_per_host = connections;
        self
    }

    /// Trusts the certificates in this PEM text as roots, beside those that the platform trusts.
    pub fn add_root_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.push(pem.as_ref().to_vec());
        self
    }

    /// Whether plain HTTP may go to other machines: everybody on the way can then read the tokens. `false` unless set.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Tunnels everything but loopback through this proxy, whatever the environment says. The URL is `http` or `https`
    /// and may hold a name and password: `http://name:password@proxy.example:3128`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Proxy::Always(url.into());
        self
    }

    /// The hosts that are reached without the [`proxy`](Self::proxy), written as in `NO_PROXY`: names (with all
    /// below them), addresses and networks, between commas.
    pub fn proxy_bypass(mut self, hosts: impl Into<String>) -> Self {
        self.proxy_bypass = hosts.into();
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Proxy::Never;
        self
    }

    /// Speaks HTTP/1.1 only.
    pub fn http1_only(mut self) -> Self {
        self.versions = Versions::Http1;
        self
    }

    /// Speaks HTTP/2 only, over plain HTTP too ("prior knowledge").
    pub fn http2_only(mut self) -> Self {
        self.versions = Versions::Http2;
        self
    }

    /// The transport. It fails where a root certificate or the proxy's URL cannot be read.
    pub fn build(self) -> Result<HyperTransport, TransportError> {
        let mut roots = Vec::new();
        for pem in &self.roots {
            roots.append(&mut tls::certificates(pem)?);
        }
        let tls = Tls::new(roots)?;
        let protocols: &[&[u8]] = match self.versions {
            Versions::Both => &[b"h2", b"http/1.1"],
            Versions::Http1 => &[b"http/1.1"],
            Versions::Http2 => &[b"h2"],
        };
        let connector =
            Connector::new(&tls, protocols, self.proxies()?, self.connect_timeout, Resolver::system());
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.pool_idle_timeout)
            .pool_max_idle_per_host(self.pool_max_idle_per_host)
            .http2_only(self.versions == Versions::Http2)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .http2_keep_alive_while_idle(false)
            .build(connector);
        Ok(HyperTransport { client, allow_plain_http: self.allow_plain_http })
    }

    fn proxies(&self) -> Result<Option<Matcher>, TransportError> {
        let url = match &self.proxy {
            Proxy::Never => return Ok(None),
            Proxy::Environment => return Ok(Some(Matcher::from_env())),
            Proxy::Always(url) => url,
        };
        // The matcher ignores what it cannot read, so it is asked.
        let usable = Matcher::builder()
            .all(url.as_str())
            .build()
            .intercept(&Uri::from_static("https://tenant.example/"))
            .is_some_and(|proxy| matches!(proxy.uri().scheme_str(), Some("http" | "https")));
        if !usable {
            // The URL may hold a password, so it is not shown.
            let message = "the proxy's URL cannot be used; it should look like http://proxy.example:3128";
            return Err(TransportError::new(TransportErrorKind::Invalid, Sent::No, message));
        }
        Ok(Some(Matcher::builder().all(url.as_str()).no(self.proxy_bypass.as_str()).build()))
    }
}

impl fmt::Debug for HyperTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("pool_max_idle_per_host", &self.pool_max_idle_per_host)
            .field("roots", &self.roots.len())
            .field("allow_plain_http", &self.allow_plain_http)
            .field(
                "proxy",
                &match self.proxy {
                    Proxy::Environment => "as the environment says",
                    Proxy::Always(_) => "always",
                    Proxy::Never => "never",
                },
            )
            .field("proxy_bypass", &self.proxy_bypass)
            .field("versions", &self.versions)
            .finish()
    }
}
