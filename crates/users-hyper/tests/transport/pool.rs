//! The connection pool: connections are kept, reused and closed.

use crate::support::{NEVER, SOON, Server, builder, get, get_text, http1, http2, read_head, text, transport};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use users_core::HttpTransport;

/// Gives the connection's task time to return it to the pool.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_idle_connection_is_used_again_by_every_clone() {
    let server = Server::new(http1).await;
    let transport = transport();
    for _ in 0..3 {
        assert_eq!(get_text(&transport.clone(), &server.url()).await.unwrap(), "HTTP/1.1");
        settle().await;
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn no_idle_connection_is_kept_if_the_maximum_is_zero() {
    let server = Server::new(http1).await;
    let transport = builder().pool_max_idle_per_host(0).build().unwrap();
    for _ in 0..2 {
        get_text(&transport, &server.url()).await.unwrap();
        settle().await;
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn concurrent_requests_share_one_http2_connection() {
    let server = Server::new(http2).await;
    let transport = builder().http2_only().build().unwrap();
    let url = server.url();
    let (one, two, three) =
        tokio::join!(get_text(&transport, &url), get_text(&transport, &url), get_text(&transport, &url));
    assert!([one, two, three].into_iter().all(|text| text.unwrap() == "HTTP/2.0"));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_idle_timeout() {
    let (seen, mut events) = mpsc::unbounded_channel();
    let server = Server::new(move |mut stream| {
        let seen = seen.clone();
        async move {
            read_head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await.unwrap();
            seen.send(stream.read(&mut [0; 16]).await.unwrap()).unwrap();
        }
    })
    .await;
    let transport = builder().pool_idle_timeout(Duration::from_millis(100)).build().unwrap();
    get_text(&transport, &server.url()).await.unwrap();
    // No further request is sent, and the transport is not dropped.
    let read = tokio::time::timeout(NEVER, events.recv()).await.expect("the connection stays open");
    assert_eq!(read, Some(0));
    drop(transport);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_does_not_disturb_the_next_request() {
    // Closes the connection after each response, without `connection: close`.
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await;
    let transport = transport();
    for asked in 1..=5 {
        let response = transport.send(get(&server.url()), Some(NEVER)).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "[]");
        settle().await;
        assert_eq!(server.connections(), asked);
    }
}

#[tokio::test]
async fn a_request_that_the_server_does_not_read_ends_with_its_call() {
    for (answer, answered) in [
        ("", false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", true),
        ("HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\n\r\nfull", true),
    ] {
        let metrics = tokio::runtime::Handle::current().metrics();
        let server = Server::new(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let before = metrics.num_alive_tasks();
        let transport = transport();
        // More than the buffers of the sockets.
        let request = http::Request::post(server.url()).body(vec![b'.'; 64 << 20].into()).unwrap();
        let sent = transport.send(request, Some(SOON)).await;
        assert_eq!(sent.is_ok(), answered);
        drop((sent, transport));
        let started = tokio::time::Instant::now();
        // The server's task of the connection remains.
        while metrics.num_alive_tasks() > before + 1 {
            assert!(started.elapsed() < NEVER, "{} tasks remain", metrics.num_alive_tasks());
            tokio::time::sleep(SOON / 10).await;
        }
    }
}
