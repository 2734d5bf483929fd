//! One transport used from several runtimes.

use crate::support::{NEVER, Server, assert_error, get, get_text, http1, text, transport};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use users_core::{HttpTransport, Sent, TransportErrorKind};

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

/// A server that answers nothing by itself.
fn silent_server() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn calls_that_connect_fail_when_their_runtime_is_shut_down() {
    let (server, transport) = (silent_server(), transport());
    let url = format!("https://{}/secret", server.local_addr().unwrap());
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (ended, ends) = std::sync::mpsc::channel();
    for _ in 0..3 {
        let (handle, transport, url, ended) =
            (runtime.handle().clone(), transport.clone(), url.clone(), ended.clone());
        std::thread::spawn(move || {
            ended.send(handle.block_on(transport.send(get(&url), None)).unwrap_err()).unwrap();
        });
    }
    // All of them have begun to connect.
    let _open: Vec<_> = (0..3).map(|_| server.accept().unwrap()).collect();
    runtime.shutdown_background();
    for _ in 0..3 {
        let error = ends.recv_timeout(NEVER).unwrap();
        assert_error(&error, TransportErrorKind::Other, Sent::No, "the tokio runtime is shut down");
    }
}

#[test]
fn a_runtime_without_io_is_reported() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(transport().send(get("http://127.0.0.1:1/secret"), None)).unwrap_err();
    assert_error(&error, TransportErrorKind::Other, Sent::No, "does not have I/O and time enabled");
}

#[test]
fn a_body_whose_runtime_was_dropped_fails() {
    use std::io::{Read, Write};

    let (server, transport) = (silent_server(), transport());
    let url = format!("http://{}/secret", server.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha").unwrap();
        stream
    });
    let dropped = runtime();
    let response = dropped.block_on(transport.send(get(&url), Some(NEVER))).unwrap();
    let _open = answering.join().unwrap();
    drop(dropped);
    let error = runtime().block_on(text(response)).unwrap_err();
    assert_error(&error, TransportErrorKind::Io, Sent::Yes, "before the whole response had come");
}
