//! Failures on the wire, and the errors that the transport reports for them.

use crate::support::{NEVER, SOON, Server, answer, assert_error, builder, get, read_head, text, transport};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use users_core::{ConnectTimeout, HttpTransport, Sent, TransportErrorKind};

#[tokio::test]
async fn a_request_without_a_response_may_have_been_processed() {
    let server = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = answer(&transport(), &server.url(), Some(SOON)).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::Maybe, "did not answer within 150ms");
}

#[tokio::test]
async fn a_response_that_stalls_in_its_body_counts_as_sent() {
    let server = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let response = answer(&transport(), &server.url(), Some(SOON)).await.unwrap();
    assert_eq!(response.status(), 200);
    let error = text(response).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::Yes, "deadline passed before the whole response");
}

#[tokio::test]
async fn a_request_that_times_out_in_the_handshake_counts_as_not_sent() {
    let server = Server::new(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let error = answer(&transport(), &server.https_url(), Some(SOON)).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "there was no connection");

    let hasty = builder().connect_timeout(SOON).build().unwrap();
    let error = answer(&hasty, &server.https_url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "took longer than 150ms");
}

#[tokio::test]
async fn a_call_may_have_a_shorter_connect_timeout_than_the_transport() {
    let server = Server::new(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let transport = transport();
    let mut request = http::Request::get(server.https_url()).body(bytes::Bytes::new()).unwrap();
    request.extensions_mut().insert(ConnectTimeout(SOON));
    let error = transport.send(request, Some(NEVER)).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "there was no connection");
}

#[tokio::test]
async fn a_slow_response_is_not_subject_to_the_connect_timeout() {
    let server = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        tokio::time::sleep(SOON * 2).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    })
    .await;
    let mut request = http::Request::get(server.url()).body(bytes::Bytes::new()).unwrap();
    request.extensions_mut().insert(ConnectTimeout(SOON));
    let response = transport().send(request, Some(NEVER)).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "{}");
}

#[tokio::test]
async fn a_reset_before_the_request_was_read_is_an_io_error() {
    let server = Server::new(|stream| async move { stream.set_zero_linger().unwrap() }).await;
    let error = answer(&transport(), &server.url(), None).await.unwrap_err();
    // Whether anything was sent by then is a race.
    assert_ne!(error.sent(), Sent::Yes);
    assert_error(&error, TransportErrorKind::Io, error.sent(), &server.address.to_string());
}

#[tokio::test]
async fn a_request_that_was_read_before_a_reset_may_have_been_processed() {
    let server = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let error = answer(&transport(), &server.url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Io, Sent::Maybe, "before it answered");
}

#[tokio::test]
async fn a_request_on_a_connection_closed_without_a_response_may_have_been_processed() {
    let server = Server::answering("").await;
    let error = answer(&transport(), &server.url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Io, Sent::Maybe, "closed the connection before it answered");
}

#[tokio::test]
async fn a_request_on_a_reset_http2_stream_may_have_been_processed() {
    let server = Server::new(|stream| async move {
        let service = service_fn(|_| async { Err::<http::Response<String>, _>(std::io::Error::other("no")) });
        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
    })
    .await;
    let transport = builder().http2_only().build().unwrap();
    let error = answer(&transport, &server.url(), None).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Io, Sent::Maybe, "broke before it answered: http2 error");
}

#[tokio::test]
async fn a_truncated_response_is_an_error_while_reading_the_body() {
    for cut in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"user_id\":",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\nhalf",
    ] {
        let server = Server::answering(cut).await;
        let response = answer(&transport(), &server.url(), None).await.unwrap();
        let error = text(response).await.unwrap_err();
        assert_error(&error, TransportErrorKind::Io, Sent::Yes, "closed before the whole response had come");
    }
}

#[tokio::test]
async fn a_response_that_is_not_http_is_an_error_of_kind_invalid() {
    for garbage in ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 9999 Nope\r\n\r\n", "<html>\r\n\r\n"] {
        let server = Server::answering(garbage).await;
        let error = answer(&transport(), &server.url(), None).await.unwrap_err();
        assert_error(&error, TransportErrorKind::Invalid, Sent::Yes, "did not answer in HTTP");
    }
}

#[tokio::test]
async fn a_refused_connection_counts_as_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["http", "https"] {
        let error = answer(&transport(), &format!("{scheme}://{address}/secret"), None).await.unwrap_err();
        assert_error(&error, TransportErrorKind::Connect, Sent::No, &format!("no connection to {address}"));
        assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let server = Server::answering(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let response = answer(&transport(), &server.url(), None).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "http://127.0.0.1:1/elsewhere");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn requests_that_must_not_be_sent_are_refused() {
    for (url, says) in [
        ("http://tenant.example/secret", "plain HTTP to tenant.example:80 is not allowed"),
        ("http://10.0.0.1:3000/secret", "plain HTTP to 10.0.0.1:3000 is not allowed"),
        ("http://localhost@tenant.example/secret", "plain HTTP to tenant.example:80 is not allowed"),
        ("ftp://127.0.0.1/secret", "by http or https only"),
        ("/secret", "names no host"),
    ] {
        let error = answer(&transport(), url, None).await.unwrap_err();
        assert_error(&error, TransportErrorKind::Invalid, Sent::No, says);
    }
}

#[tokio::test]
async fn the_longest_durations_are_accepted() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await;
    let transport =
        builder().connect_timeout(Duration::MAX).pool_idle_timeout(Duration::MAX).build().unwrap();
    let response = answer(&transport, &server.url(), Some(Duration::MAX)).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "[]");
}

#[tokio::test]
async fn a_dropped_call_closes_its_connection() {
    let (seen, mut events) = mpsc::unbounded_channel();
    let server = Server::new(move |mut stream| {
        let seen = seen.clone();
        async move {
            read_head(&mut stream).await;
            seen.send("asked").unwrap();
            assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
            seen.send("closed").unwrap();
        }
    })
    .await;
    let transport = transport();
    let url = server.url();
    let call = tokio::spawn(async move { transport.send(get(&url), None).await.map(drop) });
    assert_eq!(tokio::time::timeout(NEVER, events.recv()).await.unwrap(), Some("asked"));
    call.abort();
    assert_eq!(tokio::time::timeout(NEVER, events.recv()).await.unwrap(), Some("closed"));
}

#[test]
fn a_call_outside_a_tokio_runtime_fails_with_an_error_that_says_so() {
    let transport = transport();
    let mut call = transport.send(get("http://127.0.0.1:1/secret"), Some(Duration::from_secs(1)));
    let Poll::Ready(Err(error)) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the call waits instead of failing")
    };
    assert_error(&error, TransportErrorKind::Other, Sent::No, "tokio runtime");
}
