//! Failures over a real socket, and their error messages. Each failure has its own clear error.

use bytes::Bytes;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use users_hyper::management::UsersManager;
use users_hyper::model::NewUser;
use users_hyper::{Error, ErrorKind, HyperTransport, ManagementClient, Retry};

/// What a server does on each connection.
#[derive(Clone)]
enum Script {
    Hang,
    HangAfterHead,
    ResetBefore,
    ResetAfter,
    Answer(Bytes),
}

fn answer(head: &str, body: impl AsRef<[u8]>) -> Script {
    Script::Answer([head.as_bytes(), b"\r\n", body.as_ref()].concat().into())
}

fn whole(status: &str, kind: &str, body: impl AsRef<[u8]>) -> Script {
    answer(
        &format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", body.as_ref().len()),
        body,
    )
}

fn bomb() -> Script {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..256 {
        encoder.write_all(&[b' '; 256 * 1024]).unwrap();
    }
    let packed = encoder.finish().unwrap();
    answer(
        &format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n", packed.len()),
        packed,
    )
}

async fn serve(script: Script) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(play(stream, script.clone(), Arc::clone(&count)));
        }
    });
    (address, requests)
}

async fn play(mut stream: TcpStream, script: Script, requests: Arc<AtomicUsize>) {
    if matches!(script, Script::ResetBefore) {
        requests.fetch_add(1, Ordering::SeqCst);
        stream.set_zero_linger().unwrap();
        return;
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    // If the body were not read, the kernel would reset the connection on close.
    let head = String::from_utf8(head).unwrap();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    requests.fetch_add(1, Ordering::SeqCst);
    match script {
        Script::Hang => std::future::pending().await,
        Script::HangAfterHead => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\"").await;
            std::future::pending().await
        }
        Script::ResetAfter => stream.set_zero_linger().unwrap(),
        Script::Answer(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Script::ResetBefore => {}
    }
}

fn users(address: SocketAddr) -> UsersManager {
    let transport = HyperTransport::new().unwrap();
    ManagementClient::builder(transport)
        .base_url(format!("http://{address}/api/v2"))
        .token("management-token")
        .attempt_timeout(Duration::from_millis(300))
        .response_limit(1024 * 1024)
        .retry(Retry::default().backoff(Duration::from_millis(1), Duration::from_millis(2)))
        .build()
        .unwrap()
        .users()
}

struct Expected {
    kind: ErrorKind,
    says: &'static str,
    /// How many times a read is sent.
    reads: usize,
    /// How many times a creation is sent, and whether it may have been applied.
    writes: (usize, bool),
}

#[tokio::test]
async fn each_failure_has_its_own_clear_error() {
    let html = "<!doctype html><title>Sign in to the hotel's network</title>";
    let table = [
        (
            "hang",
            Script::Hang,
            Expected { kind: ErrorKind::Timeout, says: "did not answer within", reads: 3, writes: (1, true) },
        ),
        (
            "hang in the body",
            Script::HangAfterHead,
            Expected {
                kind: ErrorKind::Timeout,
                says: "before the whole response",
                reads: 3,
                writes: (1, true),
            },
        ),
        (
            "reset after the request",
            Script::ResetAfter,
            Expected { kind: ErrorKind::Transport, says: "before it answered", reads: 3, writes: (1, true) },
        ),
        (
            "a body cut short",
            answer("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n", "{\"user_id\""),
            Expected {
                kind: ErrorKind::Transport,
                says: "closed before the whole response",
                reads: 3,
                writes: (1, true),
            },
        ),
        (
            "an HTML error page",
            whole("502 Bad Gateway", "text/html", html),
            Expected {
                kind: ErrorKind::Status,
                says: "502: Bad Gateway (the response is 60 bytes, text/html, not JSON)",
                reads: 3,
                writes: (1, true),
            },
        ),
        (
            "a redirect",
            answer("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/steal\r\ncontent-length: 0\r\n", ""),
            Expected {
                kind: ErrorKind::Status,
                says: "302: Found: the server responded with a redirect, which is not followed",
                reads: 1,
                writes: (1, true),
            },
        ),
        (
            "a 200 with HTML",
            whole("200 OK", "text/html; charset=utf-8", html),
            Expected {
                kind: ErrorKind::Decode,
                says: "200: the response is 60 bytes, text/html, not JSON",
                reads: 1,
                writes: (1, true),
            },
        ),
        (
            "a body over the limit",
            whole("200 OK", "application/json", vec![b' '; 2 * 1024 * 1024]),
            Expected {
                kind: ErrorKind::ResponseTooLarge,
                says: "larger than 1048576 bytes",
                reads: 1,
                writes: (1, true),
            },
        ),
        (
            "a gzip bomb",
            bomb(),
            Expected {
                kind: ErrorKind::ResponseTooLarge,
                says: "larger than 1048576 bytes",
                reads: 1,
                writes: (1, true),
            },
        ),
        (
            "a server that does not speak HTTP",
            Script::Answer(Bytes::from_static(b"220 smtp.example.com ESMTP\r\n")),
            Expected { kind: ErrorKind::Transport, says: "HTTP", reads: 1, writes: (1, true) },
        ),
    ];
    for (name, script, expected) in table {
        let (address, requests) = serve(script).await;
        let users = users(address);
        let read = users.get("auth0|secret-id").await.unwrap_err();
        check(name, &read, &expected, "GET /users/{id}: ");
        assert!(!read.may_have_been_applied(), "{name}");
        assert_eq!(requests.swap(0, Ordering::SeqCst), expected.reads, "{name}: {read}");

        let write = users.create(NewUser::new("db").password("secret-password")).await.unwrap_err();
        check(name, &write, &expected, "POST /users: ");
        assert_eq!(
            (requests.load(Ordering::SeqCst), write.may_have_been_applied()),
            expected.writes,
            "{name}: {write}"
        );
    }
}

fn check(name: &str, error: &Error, expected: &Expected, begins: &str) {
    assert_eq!(error.kind(), expected.kind, "{name}: {error:?}");
    let said = error.to_string();
    assert!(said.starts_with(begins) && said.contains(expected.says), "{name}: {said}");
    for secret in ["secret-id", "secret-password", "management-token", "hotel"] {
        assert!(!format!("{said} {error:?}").contains(secret), "{name} shows {secret}: {said} {error:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_request_was_read_is_a_transient_error() {
    let (address, requests) = serve(Script::ResetBefore).await;
    let error = users(address).get("auth0|1").await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Transport | ErrorKind::Connect) && error.is_retryable(),
        "{error:?}"
    );
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_refused_connection_is_reported_and_repeated_for_every_method() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = users(address).create(NewUser::new("db")).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 3));
    assert!(!error.may_have_been_applied());
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn the_response_limit_can_be_raised_for_one_call() {
    let body = format!("{{\"nickname\":\"{}\"}}", "a".repeat(2 * 1024 * 1024));
    let (address, _) = serve(whole("200 OK", "application/json", body)).await;
    let user = users(address)
        .get("auth0|1")
        .response_limit(4 * 1024 * 1024)
        .attempt_timeout(Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(user.nickname.unwrap().len(), 2 * 1024 * 1024);
}
