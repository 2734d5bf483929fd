//! Client certificates (mTLS).

use crate::support::{Identity, Server, answer, assert_error, builder, get_text, read_head};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::version::{TLS12, TLS13};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use users_core::{ManagementClient, Sent, TransportErrorKind};
use users_hyper::{HyperTransport, HyperTransportBuilder};
use users_mock::Tenant;

const HTTP_VERSIONS: [(&[&[u8]], &str); 2] = [(&[b"h2"], "HTTP/2.0"), (&[b"http/1.1"], "HTTP/1.1")];

fn trusting(server: &Identity) -> HyperTransportBuilder {
    builder().add_root_certificate_pem(&server.authority_pem)
}

#[tokio::test]
async fn a_server_that_requires_a_client_certificate_gets_it() {
    let (identity, client) = (Identity::new(&["127.0.0.1"]), Identity::new(&["my application"]));
    for (protocols, spoken) in HTTP_VERSIONS {
        for tls in [&TLS12, &TLS13] {
            let verifier = client.client_verifier().build().unwrap();
            let server = Server::accepting(identity.acceptor_with(protocols, &[tls], verifier)).await;
            for parts in [
                [client.certificate_pem(), client.authority_pem.clone(), client.key_pem()],
                [client.key_pem(), client.certificate_pem(), String::new()],
            ] {
                let transport = trusting(&identity).client_certificate_pem(parts.concat()).build().unwrap();
                for _ in 0..2 {
                    assert_eq!(get_text(&transport, &server.https_url()).await.unwrap(), spoken);
                }
            }
        }
    }
}

#[tokio::test]
async fn without_an_accepted_client_certificate_the_error_says_so() {
    let (identity, client) = (Identity::new(&["127.0.0.1"]), Identity::new(&["my application"]));
    let other = Identity::new(&["another application"]);
    let expired = Identity::with(&["my application"], |certificate| {
        certificate.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    for (protocols, _) in HTTP_VERSIONS {
        for tls in [&TLS12, &TLS13] {
            for (accepted, presented, says) in [
                (
                    &client,
                    None,
                    "the server requires a client certificate; set it with client_certificate_pem",
                ),
                (&client, Some(&other), "the server does not accept the client certificate ("),
                (
                    &expired,
                    Some(&expired),
                    "the server does not accept the client certificate (CertificateExpired)",
                ),
            ] {
                let verifier = accepted.client_verifier().build().unwrap();
                let server = Server::accepting(identity.acceptor_with(protocols, &[tls], verifier)).await;
                let mut transport = trusting(&identity);
                if let Some(presented) = presented {
                    transport =
                        transport.client_certificate_pem(presented.certificate_pem() + &presented.key_pem());
                }
                let transport = transport.build().unwrap();
                let error = answer(&transport, &server.https_url(), None).await.unwrap_err();
                assert_error(&error, TransportErrorKind::Tls, Sent::No, says);
                assert!(error.to_string().contains(&server.address.to_string()), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_client_gets_its_token_from_the_alias_by_the_certificate_and_calls_the_domain() {
    let tenant = Tenant::builder().domain("login.example.com").system_clock().build();
    let identity = Identity::new(&["login.example.com", "mtls.login.example.com"]);
    let client = Identity::new(&["my application"]);
    let verifier = client.client_verifier().build().unwrap();
    let acceptor = identity.acceptor_with(&[b"h2"], rustls::DEFAULT_VERSIONS, verifier);
    let served = tenant.clone();
    // A proxy that ends every tunnel itself, since the names do not exist.
    let tunnels = Arc::new(Mutex::new(Vec::new()));
    let opened = Arc::clone(&tunnels);
    let proxy = Server::new(move |mut stream| {
        let (acceptor, served, opened) = (acceptor.clone(), served.clone(), Arc::clone(&opened));
        async move {
            let head = read_head(&mut stream).await;
            opened.lock().unwrap().push(head.split(' ').nth(1).unwrap().to_owned());
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            serve(served, acceptor.accept(stream).await.unwrap()).await;
        }
    })
    .await;
    let transport = trusting(&identity)
        .proxy(format!("http://{}", proxy.address))
        .client_certificate_pem(client.certificate_pem() + &client.key_pem())
        .build()
        .unwrap();
    let client = ManagementClient::builder(transport)
        .domain("login.example.com")
        .mtls_credentials(tenant.client().0)
        .build()
        .unwrap();
    assert_eq!(client.users().get_all().await.unwrap().len(), 0);
    assert_eq!(*tunnels.lock().unwrap(), ["mtls.login.example.com:443", "login.example.com:443"]);
}

/// Serves a tenant over HTTP/2.
async fn serve(tenant: Tenant, stream: TlsStream<TcpStream>) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let tenant = tenant.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Ok::<_, Infallible>(tenant.handle(Request::from_parts(parts, body)).map(Full::new))
        }
    });
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

#[tokio::test]
async fn a_proxy_does_not_get_the_client_certificate() {
    let identity = Identity::new(&["tenant.example", "127.0.0.1"]);
    let client = Identity::new(&["my application"]);
    let verifier = client.client_verifier().build().unwrap();
    let server =
        Server::accepting(identity.acceptor_with(&[b"h2"], rustls::DEFAULT_VERSIONS, verifier)).await;
    let to = server.address;
    // The proxy requests a certificate, and accepts clients without one.
    let verifier = client.client_verifier().allow_unauthenticated().build().unwrap();
    let acceptor = identity.acceptor_with(&[], rustls::DEFAULT_VERSIONS, verifier);
    let proxy = Server::new(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            read_head(&mut stream).await;
            let certificates = stream.get_ref().1.peer_certificates();
            let answer = if certificates.is_none() { "200 OK" } else { "403 Forbidden" };
            stream.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).await.unwrap();
            let mut server = TcpStream::connect(to).await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut server).await;
        }
    })
    .await;
    let transport = trusting(&identity)
        .proxy(format!("https://{}", proxy.address))
        .client_certificate_pem(client.certificate_pem() + &client.key_pem())
        .build()
        .unwrap();
    assert_eq!(get_text(&transport, "https://tenant.example/users").await.unwrap(), "HTTP/2.0");
}

#[test]
fn an_unusable_client_certificate_is_refused_when_the_transport_is_built() {
    let (client, other) = (Identity::new(&["my application"]), Identity::new(&["another application"]));
    let (certificate, key) = (client.certificate_pem(), client.key_pem());
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (pem, says) in [
        (String::new(), "holds no private key"),
        (certificate.clone(), "holds no private key"),
        (key.clone(), "holds no client certificate"),
        (certificate.clone() + &other.key_pem(), "the private key is not that of the first certificate"),
        (
            format!("{}{certificate}{key}", client.authority_pem),
            "the client's own certificate must precede those of its authorities",
        ),
        (certificate.clone() + &key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "openssl pkey -in"),
        (format!("{key}{certificate}{}", other.key_pem()), "more than one private key"),
        (certificate.replace('\n', "\\n") + &key, "is not valid PEM"),
        (key.clone() + &certificate.replacen("MII", "!!!", 1), "is not valid PEM"),
        (broken.to_owned() + &key, "the client certificate cannot be used"),
    ] {
        let builder = builder().client_certificate_pem(&pem);
        assert!(format!("{builder:?}").contains("has_client_certificate: true"), "{builder:?}");
        let error = builder.build().unwrap_err();
        assert_error(&error, TransportErrorKind::Invalid, Sent::No, says);
        let shown = format!(
            "{builder:?} {error:?} {error}",
            builder = HyperTransport::builder().client_certificate_pem(&pem)
        );
        assert!(!shown.contains("MII") && !shown.contains("MIG"), "{shown}");
    }
}
