//! `ReqwestTransport`: what it refuses, and how it classifies errors.

#[path = "../../crates/users-hyper/tests/transport/http2_peer.rs"]
mod http2_peer;

use bytes::Bytes;
use http2_peer::{DATA, ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, Peer, REFUSED_STREAM};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use reqwest::ClientBuilder;
use reqwest::redirect::Policy;
use rustls::SupportedProtocolVersion;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;
use users_core::management::{GetUser, GetUsersByEmail};
use users_core::{
    BaseUrl, ErrorKind, HttpTransport as _, ManagementClient, Operation as _, Sent, TransportError,
    TransportErrorKind,
};
use users_mock::Tenant;
use users_reqwest::ReqwestTransport;
use users_tenant::TenantServer;
use users_tests_pure::chain;

/// The time limit of requests that are expected to end earlier.
const AMPLE: Duration = Duration::from_secs(10);
/// Short enough for a test to wait for it, long enough for a busy machine.
const SOON: Duration = Duration::from_millis(300);

fn builder() -> ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::from_builder(builder()).unwrap()
}

/// Runs this script for each connection.
async fn serve<F, R>(script: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// Answers each request with these bytes, and keeps the connection open.
async fn answering(answer: &'static str) -> SocketAddr {
    serve(move |mut stream| async move {
        while !read_request(&mut stream).await.is_empty() {
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await
}

/// Reads a request whose body is empty, or comes with its head.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut read = [0; 4096];
    let length = stream.read(&mut read).await.unwrap_or_default();
    String::from_utf8_lossy(&read[..length]).into_owned()
}

fn post(url: &str) -> http::Request<Bytes> {
    let request = http::Request::post(url).header("authorization", "Bearer secret-token");
    request.body(Bytes::from("secret-body")).unwrap()
}

/// The error of a POST, or of reading its response. Fails instead of hanging.
async fn error_of(transport: &ReqwestTransport, url: &str, timeout: Duration) -> TransportError {
    let ending = async {
        match transport.send(post(url), Some(timeout)).await {
            Err(error) => error,
            Ok(response) => response.into_body().collect(1 << 20).await.unwrap_err(),
        }
    };
    tokio::time::timeout(AMPLE * 2, ending).await.expect("the request ends in time")
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://{address}/path?q=secret-query")
}

/// Checks an error, that a text is in its chain, and that it discloses no secret and repeats no text.
#[track_caller]
fn assert_error(error: &TransportError, kind: TransportErrorKind, sent: Sent, says: &str) {
    assert_eq!((error.kind(), error.sent()), (kind, sent), "{error:?}");
    let chain = chain(error);
    assert!(chain.iter().any(|text| text.contains(says)), "{says:?} is not in {chain:#?}");
    assert!(!format!("{error:?} {:?} {chain:?}", error.cause()).contains("secret"), "{error:?} {chain:?}");
    let repeated = chain.iter().enumerate().find(|(at, text)| chain[..*at].contains(text));
    assert_eq!(repeated, None, "{chain:#?}");
}

#[tokio::test]
async fn a_failed_handshake_is_reported_as_tls_with_its_cause() {
    let garbage = serve(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    let error = error_of(&transport(), &url("https", garbage), AMPLE).await;
    assert_error(&error, TransportErrorKind::Tls, Sent::No, "corrupt");
    assert!(error.cause().unwrap().is::<reqwest::Error>(), "{error:?}");

    let tenant = Tenant::builder().system_clock().build();
    let server = TenantServer::bind_tls(tenant, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let error = error_of(&transport(), &url("https", server.addr()), AMPLE).await;
    assert_error(&error, TransportErrorKind::Tls, Sent::No, "certificate");
}

#[tokio::test]
async fn a_connection_that_fails_is_reported_as_not_sent() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let error = error_of(&transport(), &url(scheme, closed), AMPLE).await;
        assert_error(&error, TransportErrorKind::Connect, Sent::No, "refused");
        assert!(error.to_string().contains(&closed.to_string()), "{error}");
    }

    // A server that accepts connections and sends nothing never completes a handshake.
    let silent = serve(|stream| async move {
        let _stream = stream;
        pending::<()>().await;
    })
    .await;
    let impatient = ReqwestTransport::from_builder(builder().connect_timeout(SOON)).unwrap();
    let error = error_of(&impatient, &url("https", silent), AMPLE).await;
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "no connection");
}

#[tokio::test]
async fn a_response_that_does_not_come_may_be_one_of_a_request_that_was_carried_out() {
    use TransportErrorKind::{Invalid, Io, Timeout};

    let closes = serve(|mut stream| async move { drop(read_request(&mut stream).await) }).await;
    let error = error_of(&transport(), &url("http", closes), AMPLE).await;
    assert_error(&error, Io, Sent::Maybe, "broke before it answered");

    assert!(transport().enforces_timeout());
    let hangs = answering("").await;
    let error = error_of(&transport(), &url("http", hangs), SOON).await;
    assert_error(&error, Timeout, Sent::Maybe, "did not answer in time");

    let not_http = answering("this is not HTTP\r\n\r\n").await;
    let error = error_of(&transport(), &url("http", not_http), AMPLE).await;
    assert_error(&error, Invalid, Sent::Yes, "did not answer in HTTP");
}

#[tokio::test]
async fn a_body_that_fails_is_one_of_a_request_that_was_sent() {
    use TransportErrorKind::{Io, Timeout};

    let hangs = answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    let error = error_of(&transport(), &url("http", hangs), SOON).await;
    assert_error(&error, Timeout, Sent::Yes, "did not come in time");

    let interrupted = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.unwrap();
    })
    .await;
    let error = error_of(&transport(), &url("http", interrupted), AMPLE).await;
    assert_error(&error, Io, Sent::Yes, "cannot be read to its end");

    let not_gzip =
        answering("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nhalf").await;
    let error = error_of(&transport(), &url("http", not_gzip), AMPLE).await;
    assert_error(&error, Io, Sent::Yes, "gzip");
}

/// The error of a POST over HTTP/2 if the server runs this script once it has received the request. The request is sent once.
async fn posted<F, R>(script: F) -> TransportError
where
    F: Fn(Peer, u32) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let address = serve(move |stream| {
        let (script, count) = (script.clone(), Arc::clone(&count));
        async move {
            let mut peer = Peer::new(stream, 100).await;
            if let Some(stream) = peer.request().await {
                count.fetch_add(1, Ordering::SeqCst);
                script(peer, stream).await;
            }
        }
    })
    .await;
    let transport = ReqwestTransport::from_builder(builder().http2_prior_knowledge()).unwrap();
    let error = error_of(&transport, &url("http", address), AMPLE).await;
    assert_eq!(requests.load(Ordering::SeqCst), 1, "{error:?}");
    error
}

#[tokio::test]
async fn a_request_that_an_http2_server_has_not_processed_counts_as_not_sent() {
    let refused = posted(|mut peer, stream| async move {
        peer.reset(stream, REFUSED_STREAM).await;
        pending::<()>().await;
    })
    .await;
    assert_error(&refused, TransportErrorKind::Io, Sent::No, "did not process the request");

    for reason in [NO_ERROR, ENHANCE_YOUR_CALM] {
        let above = posted(move |mut peer, _| async move {
            peer.go_away(0, reason).await;
            let _ = peer.0.shutdown().await;
        })
        .await;
        assert_error(&above, TransportErrorKind::Io, Sent::No, "did not process the request");
    }
}

#[tokio::test]
async fn a_request_that_an_http2_server_may_have_processed_counts_as_perhaps_sent() {
    let failed = posted(|mut peer, stream| async move {
        peer.reset(stream, INTERNAL_ERROR).await;
        pending::<()>().await;
    })
    .await;
    assert_error(&failed, TransportErrorKind::Io, Sent::Maybe, "broke before it answered");

    // The client itself ends the connection, because data belongs to no request.
    let broken = posted(|mut peer, _| async move {
        peer.write(DATA, 0, 0, b"data").await;
        pending::<()>().await;
    })
    .await;
    assert_error(&broken, TransportErrorKind::Io, Sent::Maybe, "broke before it answered");

    for reason in [NO_ERROR, ENHANCE_YOUR_CALM] {
        let below = posted(move |mut peer, stream| async move {
            peer.go_away(stream, reason).await;
            let _ = peer.0.shutdown().await;
        })
        .await;
        assert_error(&below, TransportErrorKind::Io, Sent::Maybe, "broke before it answered");
    }
}

/// A certificate for this machine, with the authority that signed it.
struct Identity {
    authority: rcgen::Certificate,
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    fn new() -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = authority.self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &authority, &authority_key).unwrap();
        Self { authority, certificate, key }
    }

    fn acceptor(
        &self,
        protocol: &str,
        version: &'static SupportedProtocolVersion,
        clients: Arc<dyn ClientCertVerifier>,
    ) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_protocol_versions(&[version]).unwrap().with_client_cert_verifier(clients);
        let mut config = config.with_single_cert(vec![self.certificate.der().clone()], key).unwrap();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Arc::new(config).into()
    }

    /// Requires certificates that the authority of this identity signed.
    fn client_verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let provider = Arc::new(default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
    }

    fn trusting(&self) -> ReqwestTransport {
        let root = reqwest::Certificate::from_der(self.authority.der()).unwrap();
        ReqwestTransport::from_builder(builder().tls_certs_only([root])).unwrap()
    }
}

#[tokio::test]
async fn a_missing_client_certificate_is_reported_as_tls() {
    let identity = Identity::new();
    for protocol in ["h2", "http/1.1"] {
        let acceptor = identity.acceptor(protocol, &TLS13, identity.client_verifier());
        let address = serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                // Closing it with unread bytes would reset the connection, and the client might not read the alert.
                if let Err((_, mut stream)) = acceptor.accept(stream).into_fallible().await {
                    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                }
            }
        })
        .await;
        let error = error_of(&identity.trusting(), &url("https", address), AMPLE).await;
        assert_error(&error, TransportErrorKind::Tls, Sent::Maybe, "CertificateRequired");
    }
}

// In one runtime with one thread, the client sees the end of the connection before it sends on it.
#[tokio::test]
async fn a_connection_that_ends_before_it_takes_the_request_is_reported_as_not_sent() {
    let too_late = serve(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    let error = error_of(&transport(), &url("http", too_late), AMPLE).await;
    assert_error(&error, TransportErrorKind::Io, Sent::No, "before the request was sent");

    let identity = Identity::new();
    let acceptor = identity.acceptor("h2", &TLS12, WebPkiClientVerifier::no_client_auth());
    let closed = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move { acceptor.accept(stream).await.unwrap().shutdown().await.unwrap() }
    })
    .await;
    let error = error_of(&identity.trusting(), &url("https", closed), AMPLE).await;
    assert_error(&error, TransportErrorKind::Io, Sent::No, "before the request was sent");
}

#[tokio::test]
async fn a_redirect_is_returned_and_a_client_that_follows_it_is_reported() {
    let address =
        answering("HTTP/1.1 307 Temporary\r\nlocation: /again?q=secret-query\r\ncontent-length: 0\r\n\r\n")
            .await;
    let response = transport().send(post(&url("http", address)), Some(AMPLE)).await.unwrap();
    assert_eq!(response.status(), 307);

    // The second request is answered.
    let follows = serve(|mut stream| async move {
        if !read_request(&mut stream).await.starts_with("GET /again") {
            stream
                .write_all(
                    b"HTTP/1.1 302 Found\r\nlocation: /again?q=secret-query\r\ncontent-length: 0\r\n\r\n",
                )
                .await
                .unwrap();
            read_request(&mut stream).await;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    })
    .await;
    for (address, policy) in [(follows, Policy::default()), (address, Policy::limited(2))] {
        let follower = ReqwestTransport::new(builder().redirect(policy).build().unwrap());
        let error = error_of(&follower, &url("http", address), AMPLE).await;
        assert_error(&error, TransportErrorKind::Invalid, Sent::Yes, "redirect::Policy::none()");
    }
}

/// Answers each request with 204, and reports what it received.
async fn recording() -> (SocketAddr, UnboundedReceiver<String>) {
    let (seen, requests) = unbounded_channel();
    let address = serve(move |mut stream| {
        let seen = seen.clone();
        async move {
            seen.send(read_request(&mut stream).await).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
        }
    })
    .await;
    (address, requests)
}

#[tokio::test]
async fn a_url_that_reqwest_would_change_is_refused_before_anything_is_sent() {
    let (address, mut requests) = recording().await;
    for path in ["/users/%2e%2e", "/users/./roles", "/users/..", "/a\\b", "/a?q='"] {
        let error = error_of(&transport(), &format!("http://{address}{path}"), AMPLE).await;
        assert_error(&error, TransportErrorKind::Invalid, Sent::No, "not one of a normalized URL");
    }
    let error = error_of(&transport(), "ftp://127.0.0.1/", AMPLE).await;
    assert_error(&error, TransportErrorKind::Invalid, Sent::No, "cannot be sent");
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn ids_and_queries_of_any_characters_are_sent_as_the_sdk_encodes_them() {
    let (address, mut requests) = recording().await;
    let base = BaseUrl::parse(&format!("http://{address}/api/v2")).unwrap();
    let printable: String = (' '..='~').chain(['é', '→']).collect();
    for request in [
        GetUser::new(format!("auth0|{printable}|")).unwrap().request(&base).unwrap(),
        GetUsersByEmail::new(format!("{printable}@example.com")).request(&base).unwrap(),
    ] {
        let target = request.uri().path_and_query().unwrap().to_string();
        transport().send(request, Some(AMPLE)).await.unwrap();
        let received = requests.recv().await.unwrap();
        assert_eq!(received.lines().next().unwrap(), format!("GET {target} HTTP/1.1"));
    }
}

#[tokio::test]
async fn a_write_without_a_body_states_its_length() {
    let (address, mut requests) = recording().await;
    for (method, lengths) in [("POST", 1), ("PUT", 1), ("PATCH", 1), ("DELETE", 0), ("GET", 0)] {
        let request = http::Request::builder().method(method).uri(url("http", address));
        transport().send(request.body(Bytes::new()).unwrap(), Some(AMPLE)).await.unwrap();
        let received = requests.recv().await.unwrap().to_ascii_lowercase();
        assert_eq!(received.matches("content-length: 0").count(), lengths, "{received}");
    }
}

#[test]
fn outside_a_runtime_it_is_an_error_and_not_a_panic() {
    let transport = transport();
    let sending = transport.send(post("http://127.0.0.1:9/"), Some(AMPLE));
    let error = futures_executor::block_on(sending).unwrap_err();
    assert_error(&error, TransportErrorKind::Other, Sent::No, "outside a tokio runtime");
}

#[test]
fn its_debug_output_shows_no_default_header_of_the_client() {
    let headers =
        [(http::header::AUTHORIZATION, http::HeaderValue::from_static("secret"))].into_iter().collect();
    let client = builder().default_headers(headers).build().unwrap();
    assert!(format!("{client:?}").contains("secret"), "reqwest shows it");
    assert_eq!(format!("{:?}", ReqwestTransport::from(client)), "ReqwestTransport { .. }");
}

#[tokio::test]
async fn a_client_that_cannot_be_built_is_an_error() {
    let error = ReqwestTransport::from_builder(builder().user_agent("line\nbreak")).unwrap_err();
    assert_error(&error, TransportErrorKind::Other, Sent::No, "cannot be built");
}

#[tokio::test]
async fn a_creation_is_repeated_only_if_the_server_has_not_processed_it() {
    for (reason, kind) in [(REFUSED_STREAM, None), (INTERNAL_ERROR, Some(ErrorKind::Transport))] {
        let address = serve(move |stream| async move {
            let mut peer = Peer::new(stream, 100).await;
            let mut is_first = true;
            while let Some(stream) = peer.request().await {
                if std::mem::take(&mut is_first) {
                    peer.reset(stream, reason).await;
                } else {
                    peer.answer(stream, br#"{"user_id":"auth0|1"}"#).await;
                }
            }
        })
        .await;
        let transport = ReqwestTransport::from_builder(builder().http2_prior_knowledge()).unwrap();
        let client = ManagementClient::builder(transport).domain(format!("http://{address}")).token("token");
        let user =
            users_core::model::NewUser::new("Username-Password-Authentication").email("ada@example.com");
        let outcome = client.build().unwrap().users().create(user).await;
        assert_eq!(outcome.as_ref().err().map(users_core::Error::kind), kind, "{outcome:?}");
        assert!(outcome.err().is_none_or(|error| error.may_have_been_applied()));
    }
}
