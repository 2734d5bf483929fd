//! Requests to a server whose connections use HTTP/1.1 or HTTP/2 at random, fail in the handshake, or end at any time.

use crate::support::{Identity, NEVER, SOON, Server, builder, request};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;
use users_core::{ConnectTimeout, HttpTransport, Sent, TransportError};
use users_hyper::HyperTransport;

const CALLS: usize = 1500;

/// How often each body was received.
type Received = Arc<Mutex<HashMap<Bytes, usize>>>;

fn millis(most: u64) -> Duration {
    Duration::from_micros(fastrand::u64(..most * 1000))
}

async fn erratic(stream: TcpStream, acceptor: TlsAcceptor, received: Received) {
    match fastrand::u8(..) {
        ..20 => return,
        20..40 => return tokio::time::sleep(millis(60)).await,
        40..50 => stream.set_zero_linger().unwrap(),
        _ => {}
    }
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let received = Arc::clone(&received);
        async move {
            let body = request.into_body().collect().await?.to_bytes();
            *received.lock().unwrap().entry(body.clone()).or_default() += 1;
            tokio::time::sleep(millis(4)).await;
            Ok::<_, hyper::Error>(http::Response::new(Full::new(body)))
        }
    });
    let (stream, life) = (TokioIo::new(stream), millis(80));
    if is_http2 {
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder.max_concurrent_streams(fastrand::u32(1..10));
        let _ = tokio::time::timeout(life, builder.serve_connection(stream, service)).await;
    } else {
        let builder = hyper::server::conn::http1::Builder::new();
        let _ = tokio::time::timeout(life, builder.serve_connection(stream, service)).await;
    }
}

/// Sends a POST with this body. Half of these calls have no time limit.
async fn call(transport: &HyperTransport, url: &str, body: &Bytes) -> Result<(), TransportError> {
    let mut request = request("POST", url, "");
    *request.body_mut() = body.clone();
    if fastrand::u8(..) < 80 {
        request.extensions_mut().insert(ConnectTimeout(millis(50)));
    }
    let answer = transport.send(request, fastrand::bool().then(|| millis(100))).await?;
    assert_eq!(answer.into_body().collect(1 << 20).await?, body);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_ends_while_connections_of_both_versions_end() {
    let identity = Identity::new(&["127.0.0.1"]);
    let acceptors =
        [&[&b"h2"[..]][..], &[b"http/1.1"], &[b"h2", b"http/1.1"]].map(|all| identity.acceptor(all));
    let received = Received::default();
    let noting = Arc::clone(&received);
    let server = Server::new(move |stream| {
        erratic(stream, fastrand::choice(&acceptors).unwrap().clone(), Arc::clone(&noting))
    })
    .await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let transport = builder()
        .max_connections(5)
        .pool_idle_timeout(SOON / 3)
        .add_root_certificate_pem(&identity.authority_pem)
        .build()
        .unwrap();
    let calls = (0..CALLS).map(|number| {
        let (transport, url) = (transport.clone(), server.https_url());
        let body = Bytes::from(number.to_string());
        tokio::spawn(async move {
            tokio::time::sleep(millis(1000)).await;
            let time = if fastrand::u8(..) < 60 { millis(30) } else { NEVER };
            let called = tokio::time::timeout(time, call(&transport, &url, &body)).await;
            assert!(called.is_ok() || time < NEVER, "call {number} does not end");
            (body, called)
        })
    });
    let mut unsent = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            (body, Ok(Err(error))) if error.sent() == Sent::No => unsent.push((body, error)),
            _ => {}
        }
    }
    drop(transport);
    let ending = async {
        while Handle::current().metrics().num_alive_tasks() > tasks {
            tokio::time::sleep(SOON / 10).await;
        }
    };
    tokio::time::timeout(NEVER, ending).await.expect("tasks remain");

    let received = received.lock().unwrap();
    assert!(received.values().all(|times| *times == 1), "a request was received twice");
    for (body, error) in unsent {
        assert!(!received.contains_key(&body), "{body:?} was received: {error}");
    }
}
