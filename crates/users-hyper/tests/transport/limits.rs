//! How many connections are in use at once, and who waits for one.

use crate::support::{NEVER, Server, get, http1, text, transport};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use users_core::HttpTransport;

/// Counts what is open at once.
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
#[ignore = "fails until the next commit"]
async fn five_thousand_calls_at_once_succeed_with_few_connections() {
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
