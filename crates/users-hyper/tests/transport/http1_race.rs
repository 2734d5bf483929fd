//! Requests that are dropped at any time, against a server that varies its behaviour within, and outside of, HTTP/1.1.

use crate::support::{NEVER, SOON, Server, builder, read_head, request};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use users_core::{HttpTransport, Sent, TransportError};
use users_hyper::{HyperTransport, HyperTransportBuilder};

const CALLS: usize = 1000;
const MAX_CONNECTIONS: usize = 20;

/// How often each body was received.
type Received = Arc<Mutex<HashMap<String, usize>>>;

/// Answers some requests as they should be, and others early, twice, partly, late or not at all. An answer that is not empty is
/// the body of its request.
async fn erratic(mut stream: TcpStream, received: Received) {
    while fastrand::u8(..) > 5 {
        if fastrand::u8(..) < 10 {
            // Closes the connection while it is idle, or as it receives a request.
            let _ = tokio::time::timeout(Duration::from_millis(3), stream.readable()).await;
            break;
        }
        let head = read_head(&mut stream).await;
        let Some(length) = head.split("content-length: ").nth(1) else { return };
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        let random = fastrand::u8(..);
        if random < 10 {
            let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n").await;
        }
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let body = String::from_utf8(body).unwrap();
        *received.lock().unwrap().entry(body.clone()).or_default() += 1;
        tokio::time::sleep(Duration::from_micros(fastrand::u64(..3000))).await;
        let length = body.len();
        let (answer, is_last) = match random {
            ..10 => (String::new(), false),
            10..20 => (String::new(), true),
            20..30 => (
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"),
                true,
            ),
            30..40 => (format!("HTTP/1.0 200 OK\r\n\r\n{body}"), true),
            40..50 => (
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}\r\ngarbage\r\n\r\n"),
                false,
            ),
            50..60 => (format!("HTTP/1.1 204 No Content\r\ncontent-length: {length}\r\n\r\n{body}"), false),
            60..70 => ("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n".to_owned(), true),
            70..80 => (format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}"), true),
            80..90 => ("garbage\r\n\r\n".to_owned(), false),
            90..100 => (
                format!(
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
                ),
                false,
            ),
            100..120 => (
                format!(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
                ),
                false,
            ),
            _ => (format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"), false),
        };
        if fastrand::u8(..) < 30 {
            // In two parts.
            let (one, two) = answer.split_at(fastrand::usize(..=answer.len()));
            let _ = stream.write_all(one.as_bytes()).await;
            tokio::time::sleep(Duration::from_micros(fastrand::u64(..5000))).await;
            let _ = stream.write_all(two.as_bytes()).await;
        } else {
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        if is_last {
            tokio::time::sleep(Duration::from_micros(fastrand::u64(..5000))).await;
            break;
        }
    }
    if fastrand::bool() {
        let _ = stream.set_zero_linger();
    }
}

/// Sends a POST with this body. Reads the answer, or part of it, or drops it unread.
async fn call(transport: &HyperTransport, url: &str, body: &str) -> Result<(), TransportError> {
    let mut request = request("POST", url, "");
    *request.body_mut() = body.to_owned().into();
    let time = if fastrand::bool() { Duration::from_micros(fastrand::u64(500..60_000)) } else { NEVER };
    let mut answer = transport.send(request, Some(time)).await?.into_body();
    match fastrand::u8(..) {
        ..50 => drop(answer.next_chunk().await),
        50..60 => tokio::time::sleep(Duration::from_millis(3)).await,
        _ => {
            let answer = answer.collect(1 << 20).await?;
            assert!(answer.is_empty() || answer == body.as_bytes(), "{answer:?} is not {body:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_is_received_twice_and_none_that_is_reported_as_not_sent() {
    for (idle_timeout, max_idle) in
        [(NEVER, MAX_CONNECTIONS), (SOON / 10, 2), (Duration::ZERO, 2), (NEVER, 0)]
    {
        race(builder().pool_idle_timeout(idle_timeout).pool_max_idle_per_host(max_idle)).await;
    }
}

async fn race(builder: HyperTransportBuilder) {
    let received = Received::default();
    let noting = Arc::clone(&received);
    let server = Server::new(move |stream| erratic(stream, Arc::clone(&noting))).await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let transport = builder.max_connections(MAX_CONNECTIONS).build().unwrap();
    let calls = (0..CALLS).map(|number| {
        let (transport, url, body) = (transport.clone(), server.url(), format!("body {number} of many"));
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_micros(fastrand::u64(..200_000))).await;
            let is_dropped = fastrand::u8(..) < 50;
            let time = if is_dropped { Duration::from_micros(fastrand::u64(..20_000)) } else { NEVER * 2 };
            let called = tokio::time::timeout(time, call(&transport, &url, &body)).await;
            (body, called)
        })
    });
    let mut ended = [0; 4];
    let mut unsent = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            (_, Ok(Ok(()))) => ended[0] += 1,
            (body, Ok(Err(error))) if error.sent() == Sent::No => {
                ended[1] += 1;
                unsent.push((body, error));
            }
            (_, Ok(Err(_))) => ended[2] += 1,
            (_, Err(_)) => ended[3] += 1,
        }
    }
    assert!(ended.iter().all(|calls| *calls > 0), "answered, unsent, unknown, dropped: {ended:?}");

    // No connection remains counted: this number of calls can be in flight.
    let silent =
        Server::new(|mut stream| async move { drop(stream.read_to_end(&mut Vec::new()).await) }).await;
    let calls = (0..MAX_CONNECTIONS).map(|_| {
        let (transport, url) = (transport.clone(), silent.url());
        tokio::spawn(async move { transport.send(request("POST", &url, ""), Some(SOON)).await.unwrap_err() })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().sent(), Sent::Maybe);
    }
    drop(transport);
    let ending = async {
        while Handle::current().metrics().num_alive_tasks() > tasks + 1 {
            tokio::time::sleep(SOON / 10).await;
        }
    };
    tokio::time::timeout(NEVER, ending).await.expect("tasks remain");

    let received = received.lock().unwrap();
    assert!(received.values().all(|times| *times == 1), "a request was received twice");
    for (body, error) in unsent {
        assert!(!received.contains_key(&body), "{body} was received: {error}");
    }
}
