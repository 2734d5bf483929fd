//! Requests through a proxy, and hosts that bypass it.

use crate::support::{Identity, SOON, Server, answer, assert_error, builder, get_text, http1, read_head};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use users_core::{Sent, TransportErrorKind};
use users_hyper::HyperTransport;

const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Tunnels everything to one server, and keeps the CONNECT requests.
async fn tunnel(mut stream: impl AsyncRead + AsyncWrite + Unpin, to: SocketAddr, asked: Arc<Mutex<String>>) {
    *asked.lock().unwrap() = read_head(&mut stream).await;
    let mut server = TcpStream::connect(to).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}

async fn proxy(to: SocketAddr) -> (Server, Arc<Mutex<String>>) {
    let asked = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&asked);
    (Server::new(move |stream| tunnel(stream, to, Arc::clone(&keep))).await, asked)
}

#[tokio::test]
async fn https_goes_through_a_tunnel_with_the_proxys_credentials() {
    let identity = Identity::new(&["tenant.example"]);
    let server = Server::tls(&identity, BOTH).await;
    let (proxy, asked) = proxy(server.address).await;
    let transport = builder()
        .proxy(format!("http://Aladdin:open%20secret@127.0.0.1:{}", proxy.port()))
        .add_root_certificate_pem(&identity.authority_pem)
        .build()
        .unwrap();
    assert_eq!(get_text(&transport, "https://tenant.example/users").await.unwrap(), "HTTP/2.0");
    let asked = asked.lock().unwrap();
    assert!(asked.starts_with("CONNECT tenant.example:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlY3JldA==\r\n"), "{asked}");
    assert!(!asked.contains("secret-token"), "{asked}");
}

#[tokio::test]
async fn the_connection_to_the_proxy_may_use_tls() {
    let identity = Identity::new(&["tenant.example", "127.0.0.1"]);
    let server = Server::tls(&identity, BOTH).await;
    let (acceptor, to) = (identity.acceptor(BOTH), server.address);
    let proxy = Server::new(move |stream| {
        let acceptor = acceptor.clone();
        async move { tunnel(acceptor.accept(stream).await.unwrap(), to, Arc::default()).await }
    })
    .await;
    let through = builder().proxy(format!("https://{}", proxy.address));
    let transport = through.clone().add_root_certificate_pem(&identity.authority_pem).build().unwrap();
    assert_eq!(get_text(&transport, "https://tenant.example/users").await.unwrap(), "HTTP/2.0");

    let error = answer(&through.build().unwrap(), "https://tenant.example/secret", None).await.unwrap_err();
    let says = format!("no connection to tenant.example:443 through the proxy {}", proxy.address);
    assert_error(&error, TransportErrorKind::Tls, Sent::No, &says);
}

#[tokio::test]
async fn allowed_plain_http_also_goes_through_a_tunnel() {
    let server = Server::new(http1).await;
    let (proxy, asked) = proxy(server.address).await;
    let through = builder().proxy(proxy.address.to_string()).allow_plain_http(true).build().unwrap();
    assert_eq!(get_text(&through, "http://tenant.example/users").await.unwrap(), "HTTP/1.1");
    assert!(asked.lock().unwrap().starts_with("CONNECT tenant.example:80 "), "{asked:?}");
}

#[tokio::test]
async fn loopback_and_bypassed_hosts_are_reached_directly() {
    let server = Server::new(http1).await;
    let (proxy, _) = proxy(server.address).await;
    let transport = builder()
        .proxy(format!("http://{}", proxy.address))
        .proxy_bypass("other.example, 0.0.0.0/8")
        .connect_timeout(SOON)
        .build()
        .unwrap();
    assert_eq!(get_text(&transport, &server.url()).await.unwrap(), "HTTP/1.1");
    // The same machine, by an address that does not count as loopback; the server there does not speak TLS.
    let direct = format!("https://0.0.0.0:{}/secret", server.port());
    let error = answer(&transport, &direct, None).await.unwrap_err();
    assert!(!error.to_string().contains("proxy"), "{error}");
    assert_eq!(proxy.connections(), 0);
    assert!(answer(&transport, "https://tenant.example/secret", None).await.is_err());
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_refusal_by_the_proxy_is_reported_without_the_password() {
    let credentials = "http://name:secret-password@";
    for (says_no, says) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy authorization required"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "unsuccessful"),
        ("", "unexpected end of file"),
    ] {
        let proxy = Server::answering(says_no).await;
        let transport = builder().proxy(format!("{credentials}{}", proxy.address)).build().unwrap();
        let error = answer(&transport, "https://tenant.example/secret", None).await.unwrap_err();
        assert_error(&error, TransportErrorKind::Connect, Sent::No, says);
        let both = format!("no connection to tenant.example:443 through the proxy {}", proxy.address);
        assert!(error.to_string().contains(&both), "{error}");
    }
}

#[tokio::test]
async fn a_request_through_an_unreachable_or_stalled_proxy_counts_as_not_sent() {
    let transport = builder().proxy("http://127.0.0.1:1").build().unwrap();
    let error = answer(&transport, "https://tenant.example/secret", None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Connect, Sent::No, "through the proxy 127.0.0.1:1");

    let proxy = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let hasty = builder().proxy(format!("http://{}", proxy.address)).connect_timeout(SOON).build().unwrap();
    let error = answer(&hasty, "https://tenant.example/secret", None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "took longer than 150ms");
}

#[test]
fn an_unusable_proxy_url_is_refused_when_the_transport_is_built() {
    for url in ["", "not a url", "socks5://name:secret@127.0.0.1:1080", "ftp://127.0.0.1"] {
        let error = builder().proxy(url).build().unwrap_err();
        assert_error(&error, TransportErrorKind::Invalid, Sent::No, "the proxy's URL cannot be used");
    }
}

#[test]
fn debug_output_does_not_show_the_proxys_password() {
    let builder = builder().proxy("http://name:secret@127.0.0.1:1");
    assert!(!format!("{builder:?} {:?}", builder.clone().build()).contains("secret"));
}

#[tokio::test]
async fn the_proxy_and_its_exceptions_are_read_from_the_environment() {
    let proxy = Server::answering("HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    for (hosts, tunnels) in [("0.0.0.0", 0), ("other.example", 1)] {
        // A separate process, because all tests of this one share its environment.
        let run = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "proxy::in_this_environment"])
            .env("IN_THIS_ENVIRONMENT", "yes")
            .env_remove("ALL_PROXY")
            .env("HTTPS_PROXY", format!("http://{}", proxy.address))
            .env("NO_PROXY", hosts)
            .env_remove("REQUEST_METHOD")
            .output();
        let output = tokio::time::timeout(Duration::from_secs(60), run).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(proxy.connections(), tunnels, "NO_PROXY={hosts}");
    }
}

#[tokio::test]
async fn in_this_environment() {
    // Runs only as a part of the test above, which sets its environment.
    if std::env::var_os("IN_THIS_ENVIRONMENT").is_none() {
        return;
    }
    let transport = HyperTransport::builder().connect_timeout(SOON).build().unwrap();
    assert!(answer(&transport, "https://0.0.0.0:1/secret", None).await.is_err());
}
