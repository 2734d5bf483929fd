//! Opening connections: which request gets which connection or error.

use crate::support::{
    Identity, NEVER, SOON, Server, answer, assert_error, builder, get, get_text, http1, http2,
};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use users_core::{ConnectTimeout, HttpTransport, Sent, TransportErrorKind};
use users_hyper::HyperTransport;

/// A TLS server whose first connections hang in the handshake, and a transport that trusts it.
async fn hanging_at_first(hanging: usize) -> (Server, HyperTransport) {
    let identity = Identity::new(&["127.0.0.1"]);
    let acceptor = identity.acceptor(&[b"http/1.1"]);
    let connections = Arc::new(AtomicUsize::new(0));
    let server = Server::new(move |stream| {
        let (acceptor, number) = (acceptor.clone(), connections.fetch_add(1, Ordering::SeqCst));
        async move {
            if number < hanging {
                let _open = stream;
                pending::<()>().await;
            } else if let Ok(stream) = acceptor.accept(stream).await {
                http1(stream).await;
            }
        }
    })
    .await;
    let transport = builder().add_root_certificate_pem(&identity.authority_pem).build().unwrap();
    (server, transport)
}

#[tokio::test]
async fn a_call_does_not_wait_for_the_connection_of_a_call_that_has_ended() {
    let (server, transport) = hanging_at_first(2).await;
    let mut request = get(&server.https_url());
    request.extensions_mut().insert(ConnectTimeout(SOON));
    let error = transport.send(request, None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "there was no connection");
    let dropped = tokio::time::timeout(SOON, transport.send(get(&server.https_url()), None)).await;
    assert!(dropped.is_err());

    let started = Instant::now();
    assert_eq!(get_text(&transport, &server.https_url()).await.unwrap(), "HTTP/1.1");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_slow_connection_serves_the_call_after_the_one_that_began_it() {
    let identity = Identity::new(&["127.0.0.1"]);
    let acceptor = identity.acceptor(&[b"http/1.1"]);
    let connections = Arc::new(AtomicUsize::new(0));
    let server = Server::new(move |stream| {
        let (acceptor, number) = (acceptor.clone(), connections.fetch_add(1, Ordering::SeqCst));
        async move {
            // Any other one hangs.
            tokio::time::sleep(if number == 0 { SOON } else { NEVER }).await;
            if let Ok(stream) = acceptor.accept(stream).await {
                http1(stream).await;
            }
        }
    })
    .await;
    let transport = builder().add_root_certificate_pem(&identity.authority_pem).build().unwrap();
    answer(&transport, &server.https_url(), Some(SOON / 2)).await.unwrap_err();
    assert_eq!(get_text(&transport, &server.https_url()).await.unwrap(), "HTTP/1.1");
}

#[tokio::test]
async fn calls_that_wait_for_one_http2_connection_fail_together() {
    let server = Server::new(|stream| async move {
        let _open = stream;
        pending::<()>().await;
    })
    .await;
    let transport = builder().http2_only().connect_timeout(SOON).build().unwrap();
    let started = Instant::now();
    let calls = (0..20).map(|_| {
        let (transport, url) = (transport.clone(), server.https_url());
        tokio::spawn(async move { transport.send(get(&url), Some(NEVER)).await.unwrap_err() })
    });
    for call in calls.collect::<Vec<_>>() {
        let error = call.await.unwrap();
        assert_error(&error, TransportErrorKind::Timeout, Sent::No, "took longer than 150ms");
    }
    // The first one has a connection of its own, since it did not wait for another.
    assert!(started.elapsed() < SOON * 10, "{:?}", started.elapsed());
}

#[tokio::test]
async fn calls_that_wait_for_an_http2_connection_are_served_by_http1_connections() {
    let identity = Identity::new(&["127.0.0.1"]);
    let (h2, h1) = (identity.acceptor(&[b"h2"]), identity.acceptor(&[b"http/1.1"]));
    let connections = Arc::new(AtomicUsize::new(0));
    let server = Server::new(move |stream| {
        let (h2, h1, number) = (h2.clone(), h1.clone(), connections.fetch_add(1, Ordering::SeqCst));
        async move {
            match number {
                // It is closed soon, so that the next one is expected to use HTTP/2 too.
                0 => {
                    let _ = tokio::time::timeout(SOON, http2(h2.accept(stream).await.unwrap())).await;
                }
                1 => {
                    let _open = stream;
                    pending::<()>().await;
                }
                _ => http1(h1.accept(stream).await.unwrap()).await,
            }
        }
    })
    .await;
    let transport = builder().add_root_certificate_pem(&identity.authority_pem).build().unwrap();
    let url = server.https_url();
    assert_eq!(get_text(&transport, &url).await.unwrap(), "HTTP/2.0");
    tokio::time::sleep(SOON * 2).await;
    let mut request = get(&url);
    request.extensions_mut().insert(ConnectTimeout(SOON));
    let calls = tokio::join!(
        transport.send(request, None),
        get_text(&transport, &url),
        get_text(&transport, &url),
        get_text(&transport, &url)
    );
    assert_error(&calls.0.unwrap_err(), TransportErrorKind::Timeout, Sent::No, "there was no connection");
    for answer in [calls.1, calls.2, calls.3] {
        assert_eq!(answer.unwrap(), "HTTP/1.1");
    }
}
