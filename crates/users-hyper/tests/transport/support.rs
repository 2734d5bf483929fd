//! Servers on loopback that send scripted bytes, and checks of responses and errors.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientCertVerifierBuilder, WebPkiClientVerifier};
use std::convert::Infallible;
use std::error::Error as _;
use std::fmt::Write as _;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use users_core::{Body, HttpTransport, Sent, TransportError, TransportErrorKind};
use users_hyper::{HyperTransport, HyperTransportBuilder};

/// Short enough for a test to wait for it, long enough for a busy machine.
pub(crate) const SOON: Duration = Duration::from_millis(150);
/// A test that waits this long has failed.
pub(crate) const NEVER: Duration = Duration::from_secs(20);

/// A listening server, which stops with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Runs this script for each connection.
    pub(crate) async fn new<F, R>(script: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(script(stream));
            }
        });
        Self { address, connections }
    }

    /// Responds to each request with these bytes and closes the connection.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = Arc::new(answer.into());
        Self::new(move |mut stream| {
            let answer = Arc::clone(&answer);
            async move {
                read_head(&mut stream).await;
                // The client may already have closed the connection.
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Serves HTTP over TLS; each response is the HTTP version of its request.
    pub(crate) async fn tls(identity: &Identity, protocols: &[&[u8]]) -> Self {
        Self::accepting(identity.acceptor(protocols)).await
    }

    /// Serves HTTP over the connections that this accepts; each response is the HTTP version of its request.
    pub(crate) async fn accepting(acceptor: TlsAcceptor) -> Self {
        Self::new(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                match acceptor.accept(stream).into_fallible().await {
                    Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => http2(stream).await,
                    Ok(stream) => http1(stream).await,
                    // Closing it with unread bytes would reset the connection, and the client might not read the alert.
                    Err((_, mut stream)) => {
                        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                    }
                }
            }
        })
        .await
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// A URL whose path and query must not appear in any error.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/secret-path?q=secret-query", self.address)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://{}/secret-path?q=secret-query", self.address)
    }
}

/// Serves HTTP/2 on this stream.
pub(crate) async fn http2(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = hyper::service::service_fn(echo);
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Serves HTTP/1.1 on this stream.
pub(crate) async fn http1(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = hyper::service::service_fn(echo);
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn echo(request: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from(format!("{:?}", request.version()))))
}

/// Reads the head of a request.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// A certificate for these names, and the authority that signed it.
pub(crate) struct Identity {
    pub(crate) authority_pem: String,
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    pub(crate) fn new(names: &[&str]) -> Self {
        Self::with(names, |_| {})
    }

    pub(crate) fn with(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = authority.self_signed(&authority_key).unwrap();

        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut certificate = CertificateParams::new(names).unwrap();
        change(&mut certificate);
        let certificate = certificate.signed_by(&key, &authority, &authority_key).unwrap();
        Self { authority_pem: authority.pem(), certificate, key }
    }

    pub(crate) fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    pub(crate) fn acceptor(&self, protocols: &[&[u8]]) -> TlsAcceptor {
        self.acceptor_with(protocols, rustls::DEFAULT_VERSIONS, WebPkiClientVerifier::no_client_auth())
    }

    /// Accepts connections of these TLS versions, whose clients are verified.
    pub(crate) fn acceptor_with(
        &self,
        protocols: &[&[u8]],
        versions: &[&'static SupportedProtocolVersion],
        clients: Arc<dyn ClientCertVerifier>,
    ) -> TlsAcceptor {
        let key = rustls::pki_types::PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let mut config = rustls::ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Accepts the certificates that the authority of this identity signed.
    pub(crate) fn client_verifier(&self) -> ClientCertVerifierBuilder {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority_pem.as_bytes()).unwrap()).unwrap();
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
    }
}

fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "ring")]
    let provider = rustls::crypto::ring::default_provider();
    #[cfg(not(feature = "ring"))]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Arc::new(provider)
}

/// A builder that ignores proxies set in the environment.
pub(crate) fn builder() -> HyperTransportBuilder {
    HyperTransport::builder().no_proxy()
}

pub(crate) fn transport() -> HyperTransport {
    builder().build().unwrap()
}

pub(crate) fn get(url: &str) -> Request<Bytes> {
    request("GET", url, "")
}

pub(crate) fn request(method: &str, url: &str, body: &'static str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", "Bearer secret-token")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

/// The response to a GET; fails instead of hanging.
pub(crate) async fn answer(
    transport: &HyperTransport,
    url: &str,
    deadline: Option<Duration>,
) -> Result<Response<Body>, TransportError> {
    tokio::time::timeout(NEVER, transport.send(get(url), deadline)).await.expect("no response in time")
}

/// The decoded body of a response.
pub(crate) async fn text(response: Response<Body>) -> Result<String, TransportError> {
    let body = tokio::time::timeout(NEVER, response.into_body().collect(1 << 20)).await;
    body.expect("no body in time").map(|body| String::from_utf8(body.to_vec()).unwrap())
}

/// Sends a GET and returns the body of the response.
pub(crate) async fn get_text(transport: &HyperTransport, url: &str) -> Result<String, TransportError> {
    text(answer(transport, url, None).await?).await
}

/// Checks the kind, the sent state and the message of an error, and that it discloses no secret.
#[track_caller]
pub(crate) fn assert_error(error: &TransportError, kind: TransportErrorKind, sent: Sent, says: &str) {
    let message = error.to_string();
    assert_eq!((error.kind(), error.sent()), (kind, sent), "{message}");
    assert!(message.contains(says), "{message:?} should say {says:?}");
    assert!(!message.contains('\n'), "{message:?} should be one line");
    let mut everything = format!("{error:?}");
    let mut source = error.source();
    while let Some(this) = source {
        write!(everything, "\n{this}\n{this:?}").unwrap();
        source = this.source();
    }
    assert!(!everything.contains("secret"), "{everything}");
}
