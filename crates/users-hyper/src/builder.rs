//! Building transports.

use crate::connector::Connector;
use crate::pool::Settings;
use crate::pools::Pools;
use crate::resolver::Resolver;
use crate::tls::{self, Tls};
use crate::transport::HyperTransport;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use users_core::{Sent, TransportError, TransportErrorKind};

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
    /// Parsed when it is set, so that no copy of the private key is kept. An error is reported by `build`.
    client_certificate: Option<Result<Arc<CertifiedKey>, String>>,
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

#[derive(Clone, Copy, Debug, Default)]
enum Versions {
    #[cfg(feature = "http2")]
    #[default]
    Http1OrHttp2,
    #[cfg_attr(not(feature = "http2"), default)]
    Http1,
    #[cfg(feature = "http2")]
    Http2,
}

impl HyperTransport {
    /// Creates a transport with default settings.
    ///
    /// # Errors
    ///
    /// An error if TLS cannot be configured.
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// Returns a builder of a transport.
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
            client_certificate: None,
            allow_plain_http: false,
            proxy: Proxy::Environment,
            proxy_bypass: String::new(),
            versions: Versions::default(),
        }
    }

    /// Sets the time limit of connecting: name lookup, TCP, proxy and TLS handshake together. 10 s unless set.
    ///
    /// The time for TCP is divided among the host's addresses, so that an unreachable one leaves time for the next.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// Sets how long an idle connection remains usable. 60 s unless set, at most a year. It is closed within the same time after
    /// that.
    pub fn pool_idle_timeout(mut self, time: Duration) -> Self {
        // Timers add it to the current time, unchecked.
        self.pool_idle_timeout = time.min(Duration::from_secs(365 * 24 * 60 * 60));
        self
    }

    /// Sets the number of idle connections to one host that are kept; 0 keeps none. Defaults to
    /// [`max_connections`](Self::max_connections), which also limits it.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.pool_max_idle_per_host = connections;
        self
    }

    /// Sets the number of connections of one runtime that may be in use at the same time, from 1. 128 unless set.
    ///
    /// A connection is in use from connecting until the response's body ends or is dropped. Further calls wait in order for a
    /// free connection. The wait counts towards the attempt's timeout; a call that times out there was not sent. A request over
    /// HTTP/2 that can share its connection counts only until it has the connection.
    ///
    /// ```
    /// use users_hyper::HyperTransport;
    ///
    /// let transport = HyperTransport::builder().max_connections(16).build()?;
    /// # let _ = transport;
    /// # Ok::<(), users_core::TransportError>(())
    /// ```
    pub fn max_connections(mut self, connections: usize) -> Self {
        // The limit of tokio's semaphore.
        self.max_connections = connections.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// Adds root certificates in PEM form, in addition to those that the platform trusts. The platform's are loaded at the first
    /// TLS connection.
    pub fn add_root_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.push(pem.as_ref().to_vec());
        self
    }

    /// Sets the certificate by which servers that request one identify the client (mTLS), and its private key, in PEM form: the
    /// client's own certificate first, then those of its intermediate authorities, and the key before or after them.
    ///
    /// It is presented over HTTP/1.1 and HTTP/2, and not to proxies. To request access tokens with it, call
    /// [`mtls_credentials`](users_core::ClientBuilder::mtls_credentials) on the builder of a client of the Management API, and
    /// [`use_mtls`](users_core::ClientBuilder::use_mtls) on that of a client of the Authentication API.
    ///
    /// ```no_run
    /// use users_hyper::{HyperTransport, ManagementClient};
    ///
    /// let pem = std::fs::read("certificate-and-key.pem")?;
    /// let transport = HyperTransport::builder().client_certificate_pem(pem).build()?;
    /// let client = ManagementClient::builder(transport)
    ///     .domain("login.example.com")
    ///     .audience("https://tenant.eu.auth0.com/api/v2/")
    ///     .mtls_credentials("client id")
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_certificate_pem(mut self, certificates_and_key: impl AsRef<[u8]>) -> Self {
        self.client_certificate = Some(tls::client_certificate(certificates_and_key.as_ref()));
        self
    }

    /// Sets whether plain HTTP is allowed to other machines. Tokens are then sent unencrypted. `false` unless set.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Sets the proxy through which all connections except loopback are tunneled, in place of the environment's settings. The
    /// URL is `http` or `https` and may contain a user name and password: `http://name:password@proxy.example:3128`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Proxy::Always(url.into());
        self
    }

    /// Sets the hosts that bypass the [`proxy`](Self::proxy), in the form of `NO_PROXY`: names (including their subdomains),
    /// addresses and networks, separated by commas.
    pub fn proxy_bypass(mut self, hosts: impl Into<String>) -> Self {
        self.proxy_bypass = hosts.into();
        self
    }

    /// Disables proxies, those of the environment included.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Proxy::Never;
        self
    }

    /// Uses HTTP/1.1 only.
    pub fn http1_only(mut self) -> Self {
        self.versions = Versions::Http1;
        self
    }

    /// Uses HTTP/2 only, over plain HTTP too ("prior knowledge").
    #[cfg(feature = "http2")]
    pub fn http2_only(mut self) -> Self {
        self.versions = Versions::Http2;
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// An error of kind [`Invalid`](TransportErrorKind::Invalid) if a root certificate, the client certificate, its private
    /// key or the proxy's URL is not valid, or if the private key is not that of the client certificate.
    pub fn build(self) -> Result<HyperTransport, TransportError> {
        let mut roots = Vec::new();
        for pem in &self.roots {
            roots.append(&mut tls::root_certificates(pem)?);
        }
        let client_certificate = self.client_certificate.clone().transpose();
        let client_certificate = client_certificate
            .map_err(|message| TransportError::new(TransportErrorKind::Invalid, Sent::No, message))?;
        let tls = Tls::new(roots, client_certificate)?;
        let protocols: &[&[u8]] = match self.versions {
            #[cfg(feature = "http2")]
            Versions::Http1OrHttp2 => &[b"h2", b"http/1.1"],
            Versions::Http1 => &[b"http/1.1"],
            #[cfg(feature = "http2")]
            Versions::Http2 => &[b"h2"],
        };
        let connector =
            Connector::new(&tls, protocols, self.proxies()?, self.connect_timeout, Resolver::system());
        let pools = Pools::new(Settings {
            connector,
            idle_timeout: self.pool_idle_timeout,
            max_idle_per_host: self.pool_max_idle_per_host.min(self.max_connections),
            max_connections: self.max_connections,
        });
        Ok(HyperTransport { pools: Arc::new(pools), allow_plain_http: self.allow_plain_http })
    }

    fn proxies(&self) -> Result<Option<Matcher>, TransportError> {
        let url = match &self.proxy {
            Proxy::Never => return Ok(None),
            Proxy::Environment => return Ok(Some(Matcher::from_env())),
            Proxy::Always(url) => url,
        };
        // The matcher ignores an invalid URL, so the result is checked.
        let usable = Matcher::builder()
            .all(url.as_str())
            .build()
            .intercept(&Uri::from_static("https://tenant.example/"))
            .is_some_and(|proxy| matches!(proxy.uri().scheme_str(), Some("http" | "https")));
        if !usable {
            // The URL may contain a password, so it is not shown.
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
            .field("has_client_certificate", &self.client_certificate.is_some())
            .field("allow_plain_http", &self.allow_plain_http)
            .field(
                "proxy",
                &match self.proxy {
                    Proxy::Environment => "environment",
                    Proxy::Always(_) => "always",
                    Proxy::Never => "never",
                },
            )
            .field("proxy_bypass", &self.proxy_bypass)
            .field("versions", &self.versions)
            .finish()
    }
}
