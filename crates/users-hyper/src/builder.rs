//! How a transport is set up.

use crate::connector::Connector;
use crate::pools::{Pools, Settings};
use crate::resolver::Resolver;
use crate::tls::{self, Tls};
use crate::transport::HyperTransport;
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use users_core::{Sent, TransportError, TransportErrorKind};

const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_CONNECTIONS: usize = 128;

/// Builds a [`HyperTransport`].
#[derive(Clone)]
#[must_use]
pub struct HyperTransportBuilder {
    connect_timeout: Duration,
    pool_idle_timeout: Duration,
    pool_max_idle_per_host: usize,
    max_connections: usize,
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

impl HyperTransport {
    /// The transport with every default. It fails only where TLS cannot be set up at all.
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// Sets what shall differ from the defaults.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder::new()
    }
}

impl HyperTransportBuilder {
    fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(60),
            pool_max_idle_per_host: usize::MAX,
            max_connections: MAX_CONNECTIONS,
            roots: Vec::new(),
            allow_plain_http: false,
            proxy: Proxy::Environment,
            proxy_bypass: String::new(),
            versions: Versions::Both,
        }
    }

    /// How long a connection may take to come about: name lookup, TCP, the proxy and the TLS handshake together. 10 s
    /// unless set.
    ///
    /// The time for TCP is divided among the host's addresses, so that one that does not answer leaves time for the next.
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

    /// How many unused connections to one host are kept; 0 keeps none. As many as [`max_connections`](Self::max_connections)
    /// unless set, and never more.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.pool_max_idle_per_host = connections;
        self
    }

    /// How many connections of one runtime may be in use at the same time, from 1 up. 128 unless set.
    ///
    /// A connection is in use from connecting to the end of the response's body, or until the body is dropped. Further calls
    /// wait in order for a free one; the wait counts towards the attempt's timeout, and a call that runs out of time there
    /// was not sent. A request over HTTP/2, which shares its connection, counts only until it has the connection.
    ///
    /// ```
    /// use users_hyper::HyperTransport;
    ///
    /// let transport = HyperTransport::builder().max_connections(16).build()?;
    /// # let _ = transport;
    /// # Ok::<(), users_core::TransportError>(())
    /// ```
    pub fn max_connections(mut self, connections: usize) -> Self {
        // A semaphore holds no more.
        self.max_connections = connections.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
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
        let http2_only = self.versions == Versions::Http2;
        let connector = Connector::new(
            &tls,
            protocols,
            self.proxies()?,
            self.connect_timeout,
            Resolver::system(),
            http2_only,
        );
        let mut client = Client::builder(TokioExecutor::new());
        client
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.pool_idle_timeout)
            .pool_max_idle_per_host(self.pool_max_idle_per_host.min(self.max_connections))
            .http2_only(http2_only)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .http2_keep_alive_while_idle(false);
        let pools = Pools::new(Settings { client, connector, max_connections: self.max_connections });
        Ok(HyperTransport { pools: Arc::new(pools), allow_plain_http: self.allow_plain_http, http2_only })
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
            .field("max_connections", &self.max_connections)
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
