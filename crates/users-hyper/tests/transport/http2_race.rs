//! Requests that are dropped at any time, against a server that varies its behaviour within HTTP/2.

use crate::http2_peer::{DATA, END_STREAM, NO_ERROR, Peer, REFUSED_STREAM};
use crate::support::{NEVER, SOON, Server, builder, request};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use users_core::{HttpTransport, Sent};

const CALLS: usize = 2000;

/// Changes the maximum number of streams at random, answers some requests, refuses others and sends GOAWAY. Records every
/// body that it processes.
async fn erratic(mut stream: TcpStream, processed: Arc<Mutex<HashSet<String>>>) {
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).await.is_err() {
        return;
    }
    let mut peer = Peer(stream);
    peer.settings(3).await;
    let (mut open, mut last) = (Vec::new(), 0);
    loop {
        let random = fastrand::u8(..);
        if tokio::time::timeout(Duration::from_millis(1), peer.0.readable()).await.is_err() {
            peer.settings(fastrand::choice([0, 0, 1, 3]).unwrap()).await;
            if random < 100 {
                for stream in open.drain(..) {
                    peer.answer(stream, b"{}").await;
                }
            }
            continue;
        }
        let Some((kind, flags, stream, payload)) = peer.read_payload().await else { return };
        if kind != DATA || flags & END_STREAM == 0 {
            continue;
        }
        if random < 5 && stream > last {
            peer.go_away(last, NO_ERROR).await;
            return;
        }
        if random < 30 {
            peer.reset(stream, REFUSED_STREAM).await;
            continue;
        }
        processed.lock().unwrap().insert(String::from_utf8(payload).unwrap());
        last = last.max(stream);
        if random < 150 { peer.answer(stream, b"{}").await } else { open.push(stream) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_that_is_reported_as_not_sent_is_ever_processed() {
    let processed = Arc::new(Mutex::new(HashSet::new()));
    let noting = Arc::clone(&processed);
    let server = Server::new(move |stream| erratic(stream, Arc::clone(&noting))).await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let transport = builder().http2_only().build().unwrap();
    let calls = (0..CALLS).map(|number| {
        let (transport, url) = (transport.clone(), server.url());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_micros(fastrand::u64(..500_000))).await;
            let mut request = request("POST", &url, "");
            *request.body_mut() = number.to_string().into();
            let time = Duration::from_micros(fastrand::u64(1_000..30_000));
            (number, transport.send(request, Some(time)).await.map(drop))
        })
    });
    let mut ended = [0; 3];
    let mut unsent = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            (_, Ok(())) => ended[0] += 1,
            (number, Err(error)) if error.sent() == Sent::No => {
                ended[1] += 1;
                unsent.push((number, error.to_string()));
            }
            (_, Err(_)) => ended[2] += 1,
        }
    }
    tokio::time::sleep(SOON * 2).await;
    drop(transport);
    let ending = async {
        while Handle::current().metrics().num_alive_tasks() > tasks {
            tokio::time::sleep(SOON / 10).await;
        }
    };
    tokio::time::timeout(NEVER, ending).await.expect("tasks remain");
    assert!(ended.iter().all(|calls| *calls > 0), "answered, unsent, unknown: {ended:?}");
    let processed = processed.lock().unwrap();
    for (number, error) in unsent {
        assert!(!processed.contains(&number.to_string()), "request {number} was processed: {error}");
    }
}
