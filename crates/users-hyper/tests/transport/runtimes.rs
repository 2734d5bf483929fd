//! One transport used from several runtimes.

use crate::support::{NEVER, Server, get, get_text, http1, text, transport};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use users_core::HttpTransport;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server on its own thread and runtime, which run until the test process ends.
fn server_on_another_thread() -> Server {
    let (ready, server) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            ready.send(Server::new(http1).await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    server.recv().unwrap()
}

#[test]
#[allow(clippy::disallowed_methods)]
fn a_runtime_that_is_not_driven_does_not_block_another() {
    let (server, transport) = (server_on_another_thread(), transport());
    let idle = runtime();
    idle.block_on(async {
        get_text(&transport, &server.url()).await.unwrap();
        // Gives the connection's task time to return it to the pool.
        tokio::time::sleep(Duration::from_millis(50)).await;
    });

    let started = Instant::now();
    let answer = runtime().block_on(async {
        text(transport.send(get(&server.url()), Some(Duration::from_secs(5))).await?).await
    });
    assert_eq!(answer.unwrap(), "HTTP/1.1");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    drop(idle);
}

#[test]
fn a_runtime_that_was_dropped_does_not_block_another() {
    let (server, transport) = (server_on_another_thread(), transport());
    for _ in 0..20 {
        let text = runtime().block_on(async {
            tokio::time::timeout(NEVER, get_text(&transport, &server.url())).await.unwrap()
        });
        assert_eq!(text.unwrap(), "HTTP/1.1");
    }
}
