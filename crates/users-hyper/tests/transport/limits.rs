//! The limit on connections in use, and calls that wait for a connection.

use crate::support::{
    Identity, NEVER, SOON, Server, assert_error, builder, get, get_text, http1, read_head, text, transport,
};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::sync::Barrier;
use users_core::{HttpTransport, Sent, TransportErrorKind};

/// Counts open connections: the current number and the maximum so far.
#[derive(Clone, Default)]
struct Gauge(Arc<(AtomicUsize, AtomicUsize)>);

struct Open(Gauge);

impl Gauge {
    fn open(&self) -> Open {
        let now = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.1.fetch_max(now, Ordering::SeqCst);
        Open(self.clone())
    }

    fn most(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        (self.0.0).0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn five_thousand_calls_at_once_succeed_with_few_connections() {
    five_thousand_calls().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_thousand_calls_at_once_succeed_with_few_connections_on_several_threads() {
    five_thousand_calls().await;
}

async fn five_thousand_calls() {
    let gauge = Gauge::default();
    let counting = gauge.clone();
    let server = Server::new(move |stream| {
        let open = counting.open();
        async move {
            http1(stream).await;
            drop(open);
        }
    })
    .await;
    let (transport, url) = (transport(), server.url());
    let calls = (0..5_000).map(|_| {
        let (transport, url) = (transport.clone(), url.clone());
        tokio::spawn(async move { text(transport.send(get(&url), Some(NEVER)).await?).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), "HTTP/1.1");
    }
    assert!(gauge.most() <= 256, "{} connections were open at once", gauge.most());
}

/// Sends half a body for `/held`, and a complete response for everything else.
async fn half_server() -> Server {
    Server::new(|mut stream| async move {
        loop {
            let head = read_head(&mut stream).await;
            if head.is_empty() {
                return;
            }
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            if head.contains("/held") {
                stream.write_all(b"ha").await.unwrap();
                pending::<()>().await;
            }
            stream.write_all(b"full").await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn a_response_whose_body_is_not_read_keeps_its_connection_in_use() {
    let server = half_server().await;
    let transport = builder().max_connections(1).build().unwrap();
    let held = transport.send(get(&format!("http://{}/held", server.address)), None).await.unwrap();
    let error = transport.send(get(&server.url()), Some(SOON)).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "all 1 connections were in use for 150ms");
    assert_error(&error, TransportErrorKind::Timeout, Sent::No, "max_connections");
    drop(held);
    for _ in 0..3 {
        assert_eq!(get_text(&transport, &server.url()).await.unwrap(), "full");
    }
}

#[tokio::test]
async fn dropped_calls_release_their_connection_to_the_next_call() {
    let server = half_server().await;
    let transport = builder().max_connections(2).build().unwrap();
    let held = format!("http://{}/held", server.address);
    for _ in 0..20 {
        let calls = (0..4).map(|_| {
            let (transport, held) = (transport.clone(), held.clone());
            tokio::spawn(async move { text(transport.send(get(&held), Some(NEVER)).await?).await })
        });
        let calls: Vec<_> = calls.collect();
        tokio::time::sleep(SOON / 20).await;
        calls.iter().for_each(tokio::task::JoinHandle::abort);
    }
    let url = server.url();
    let answers = tokio::join!(get_text(&transport, &url), get_text(&transport, &url));
    assert_eq!((answers.0.unwrap(), answers.1.unwrap()), ("full".to_owned(), "full".to_owned()));
}

#[tokio::test]
async fn a_refused_connection_does_not_remain_counted() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let transport = builder().max_connections(1).build().unwrap();
    for _ in 0..3 {
        let error = transport.send(get(&format!("http://{address}/secret")), Some(NEVER)).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (TransportErrorKind::Connect, Sent::No));
    }
}

#[tokio::test]
async fn http2_sends_more_requests_at_once_than_the_connection_limit() {
    const CALLS: usize = 200;
    // Answers no request until all have been received.
    let all = Arc::new(Barrier::new(CALLS));
    let server = Server::new(move |stream| {
        let all = Arc::clone(&all);
        async move {
            let service = service_fn(move |_| {
                let all = Arc::clone(&all);
                async move {
                    all.wait().await;
                    Ok::<_, std::convert::Infallible>(http::Response::new("all".to_owned()))
                }
            });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await;
    let transport = builder().http2_only().max_connections(2).build().unwrap();
    let calls = (0..CALLS).map(|_| {
        let (transport, url) = (transport.clone(), server.url());
        tokio::spawn(async move { text(transport.send(get(&url), Some(NEVER)).await?).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), "all");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn requests_of_a_lost_http2_connection_keep_to_the_limit_over_http1() {
    let identity = Identity::new(&["127.0.0.1"]);
    let (http2, http1) = (identity.acceptor(&[b"h2"]), identity.acceptor(&[b"http/1.1"]));
    let (gauge, requests) = (Gauge::default(), Arc::new(AtomicUsize::new(0)));
    let counting = gauge.clone();
    // The first connection answers one request, allows one more at a time, and breaks while others wait for their turn.
    let server = Server::new(move |stream| {
        let (http2, http1, requests, open) =
            (http2.clone(), http1.clone(), Arc::clone(&requests), counting.open());
        async move {
            let is_first = requests.load(Ordering::SeqCst) == 0;
            let service = service_fn(move |_| {
                let is_second = requests.fetch_add(1, Ordering::SeqCst) == 1;
                async move {
                    tokio::time::sleep(if is_second { NEVER } else { SOON / 10 }).await;
                    Ok::<_, std::convert::Infallible>(http::Response::new("answer".to_owned()))
                }
            });
            if is_first {
                let stream = TokioIo::new(http2.accept(stream).await.unwrap());
                let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                builder.max_concurrent_streams(1);
                let _ = tokio::time::timeout(SOON * 2, builder.serve_connection(stream, service)).await;
            } else {
                let stream = TokioIo::new(http1.accept(stream).await.unwrap());
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
            }
            drop(open);
        }
    })
    .await;
    let transport =
        builder().max_connections(4).add_root_certificate_pem(&identity.authority_pem).build().unwrap();
    get_text(&transport, &server.https_url()).await.unwrap();
    let calls = (0..50).map(|_| {
        let (transport, url) = (transport.clone(), server.https_url());
        tokio::spawn(async move { text(transport.send(get(&url), Some(NEVER)).await?).await })
    });
    let mut failed = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        failed.extend(call.await.unwrap().err());
    }
    // The one in flight, and the one for which the next stream was.
    assert!(failed.len() <= 2, "{failed:?}");
    assert!(gauge.most() <= 8, "{} connections were open at once", gauge.most());
}

#[tokio::test]
async fn http2_requests_that_share_no_connection_keep_to_the_limit() {
    let gauge = Gauge::default();
    let counting = gauge.clone();
    let server = Server::new(move |stream| {
        let open = counting.open();
        async move {
            let service = service_fn(|_| async {
                tokio::time::sleep(SOON / 10).await;
                Ok::<_, std::convert::Infallible>(http::Response::new("answer".to_owned()))
            });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            drop(open);
        }
    })
    .await;
    let transport = builder().http2_only().pool_max_idle_per_host(0).max_connections(4).build().unwrap();
    let calls = (0..40).map(|_| {
        let (transport, url) = (transport.clone(), server.url());
        tokio::spawn(async move { text(transport.send(get(&url), Some(NEVER)).await?).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), "answer");
    }
    assert_eq!(server.connections(), 40);
    assert!(gauge.most() <= 8, "{} connections were open at once", gauge.most());
}
