//! Trusted certificates, and the HTTP version that is negotiated.

use crate::support::{Identity, Server, answer, assert_error, builder, get_text, http2, transport};
use std::time::Duration;
use users_core::{Sent, TransportErrorKind};

const NO_ROOTS: &str = "WITHOUT_ROOT_CERTIFICATES";
const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];

#[tokio::test]
async fn the_newest_http_version_that_both_sides_support_is_used() {
    let identity = Identity::new(&["127.0.0.1"]);
    let trusting = || builder().add_root_certificate_pem(&identity.authority_pem);
    for (client, server, spoken) in [
        (trusting(), BOTH, "HTTP/2.0"),
        (trusting(), &[b"http/1.1"], "HTTP/1.1"),
        (trusting(), &[], "HTTP/1.1"),
        (trusting().http1_only(), BOTH, "HTTP/1.1"),
        (trusting().http2_only(), BOTH, "HTTP/2.0"),
    ] {
        let server = Server::tls(&identity, server).await;
        assert_eq!(get_text(&client.build().unwrap(), &server.https_url()).await.unwrap(), spoken);
    }
}

#[tokio::test]
async fn http2_without_tls_is_used_only_if_requested() {
    let server = Server::new(http2).await;
    let transport = builder().http2_only().build().unwrap();
    assert_eq!(get_text(&transport, &server.url()).await.unwrap(), "HTTP/2.0");
}

#[tokio::test]
async fn an_untrusted_certificate_fails_the_handshake() {
    let good = Identity::new(&["127.0.0.1"]);
    let other_name = Identity::new(&["tenant.example"]);
    let expired = Identity::with(&["127.0.0.1"], |certificate| {
        certificate.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    let early = Identity::with(&["127.0.0.1"], |certificate| {
        certificate.not_before = rcgen::date_time_ymd(4000, 1, 1);
    });
    for (server, trusted, says) in [
        (&good, &other_name, "an authority that is not trusted here"),
        (&other_name, &other_name, "the certificate is for another name"),
        (&expired, &expired, "the certificate has expired"),
        (&early, &early, "the certificate is not valid yet"),
    ] {
        let server = Server::tls(server, BOTH).await;
        let transport = builder().add_root_certificate_pem(&trusted.authority_pem).build().unwrap();
        let error = answer(&transport, &server.https_url(), None).await.unwrap_err();
        assert_error(&error, TransportErrorKind::Tls, Sent::No, says);
        assert!(error.to_string().contains(&server.address.to_string()), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_authority_is_also_refused_with_the_platforms_roots() {
    let server = Server::tls(&Identity::new(&["127.0.0.1"]), BOTH).await;
    let error = answer(&transport(), &server.https_url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Tls, Sent::No, "no TLS connection to 127.0.0.1");
}

#[tokio::test]
async fn a_server_without_tls_is_distinguished_from_one_that_closes_the_connection() {
    let server = Server::new(|mut stream| async move {
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    let error = answer(&transport(), &server.https_url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Tls, Sent::No, "the server does not speak TLS");

    let server = Server::new(|stream| async move { drop(stream) }).await;
    let error = answer(&transport(), &server.https_url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Connect, Sent::No, "no TLS connection");
}

#[test]
fn invalid_root_certificates_are_refused_when_the_transport_is_built() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (pem, says) in [
        ("no certificate here", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "not PEM"),
        (broken, "a root certificate cannot be used"),
    ] {
        let error = builder().add_root_certificate_pem(pem).build().unwrap_err();
        assert_error(&error, TransportErrorKind::Invalid, Sent::No, says);
    }
}

#[tokio::test]
async fn a_machine_without_root_certificates_reports_it_at_the_first_tls_connection() {
    // A separate process, because all tests of this one share its environment.
    let run = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::without_root_certificates"])
        .env(NO_ROOTS, "yes")
        .env("SSL_CERT_FILE", "/nonexistent")
        .env("SSL_CERT_DIR", "/nonexistent")
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), run).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn without_root_certificates() {
    // Runs only as a part of the test above, which sets its environment.
    if std::env::var_os(NO_ROOTS).is_none() {
        return;
    }
    let plain = Server::new(http2).await;
    let identity = Identity::new(&["127.0.0.1"]);
    let secure = Server::tls(&identity, BOTH).await;

    let transport = builder().http2_only().build().unwrap();
    assert_eq!(get_text(&transport, &plain.url()).await.unwrap(), "HTTP/2.0");
    let error = answer(&transport, &secure.https_url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Tls, Sent::No, "call add_root_certificate_pem");

    let trusting = builder().add_root_certificate_pem(&identity.authority_pem).build().unwrap();
    assert_eq!(get_text(&trusting, &secure.https_url()).await.unwrap(), "HTTP/2.0");
}
