//! Request and response bodies.

use crate::support::{
    NEVER, Server, answer, assert_error, get, get_text, read_head, request, text, transport,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use users_core::{HttpTransport, Sent, TransportErrorKind};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn gzip_answer(packed: &[u8]) -> Vec<u8> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: GZip\r\ncontent-length: ";
    let mut answer = format!("{head}{}\r\n\r\n", packed.len()).into_bytes();
    answer.extend_from_slice(packed);
    answer
}

/// Responds with `200` and keeps the request as received.
async fn listening() -> (Server, Arc<Mutex<String>>) {
    let heard = Arc::new(Mutex::new(String::new()));
    let ear = Arc::clone(&heard);
    let server = Server::new(move |mut stream| {
        let ear = Arc::clone(&ear);
        async move {
            let mut all = read_head(&mut stream).await;
            let length = all.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).await.unwrap();
            all.push_str(&String::from_utf8(body).unwrap());
            *ear.lock().unwrap() = all;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await.unwrap();
        }
    })
    .await;
    (server, heard)
}

#[tokio::test]
async fn a_request_is_sent_unchanged_and_accepts_gzip() {
    let (server, heard) = listening().await;
    let body = r#"{"nickname":"Ada"}"#;
    transport().send(request("PATCH", &server.url(), body), None).await.unwrap();
    let heard = heard.lock().unwrap().to_lowercase();
    assert!(heard.starts_with("patch /secret-path?q=secret-query http/1.1\r\n"), "{heard}");
    for line in ["authorization: bearer secret-token", "accept-encoding: gzip", "content-length: 18"] {
        assert_eq!(heard.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {heard}");
    }
    assert!(heard.contains(&format!("\r\nhost: {}\r\n", server.address)), "{heard}");
    assert!(heard.ends_with("\r\n\r\n{\"nickname\":\"ada\"}"), "{heard}");
}

#[tokio::test]
async fn an_accept_encoding_set_by_the_caller_is_kept() {
    let (server, heard) = listening().await;
    let mut request = get(&server.url());
    request.headers_mut().insert("accept-encoding", "identity".parse().unwrap());
    transport().send(request, None).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(heard.contains("accept-encoding: identity\r\n") && !heard.contains("gzip"), "{heard}");
}

#[tokio::test]
async fn a_post_without_a_body_sends_a_content_length_of_zero() {
    let (server, heard) = listening().await;
    transport().send(request("POST", &server.url(), ""), None).await.unwrap();
    assert!(heard.lock().unwrap().contains("content-length: 0\r\n"), "{heard:?}");
    transport().send(get(&server.url()), None).await.unwrap();
    assert!(!heard.lock().unwrap().contains("content-length"), "{heard:?}");
}

#[tokio::test]
async fn gzip_is_decompressed_and_its_headers_are_removed() {
    let text = r#"{"user_id":"auth0|1"}"#.repeat(10_000);
    let server = Server::answering(gzip_answer(&gzip(text.as_bytes()))).await;
    let response = answer(&transport(), &server.url(), None).await.unwrap();
    assert!(!response.headers().contains_key("content-encoding"));
    assert!(!response.headers().contains_key("content-length"));
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(crate::support::text(response).await.unwrap() == text);
}

#[tokio::test]
async fn gzip_with_two_members_and_empty_gzip_are_decompressed() {
    let server = Server::answering(gzip_answer(&[gzip(b"[1,"), gzip(b"2]")].concat())).await;
    assert_eq!(get_text(&transport(), &server.url()).await.unwrap(), "[1,2]");
    let chunked = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    for nothing in [gzip_answer(&gzip(b"")), gzip_answer(b""), chunked.into()] {
        let server = Server::answering(nothing).await;
        assert_eq!(get_text(&transport(), &server.url()).await.unwrap(), "");
    }
}

#[tokio::test]
async fn reading_a_gzip_bomb_stops_at_the_size_limit() {
    let bomb = gzip_answer(&gzip(&vec![0; 64 << 20]));
    assert!(bomb.len() < 100_000);
    let server = Server::answering(bomb).await;

    let response = answer(&transport(), &server.url(), None).await.unwrap();
    let error = response.into_body().collect(1 << 20).await.unwrap_err();
    assert_error(&error, TransportErrorKind::TooLarge, Sent::Yes, "larger than 1048576 bytes");

    // The body is decompressed in small pieces, and only when the next one is polled.
    let mut body = answer(&transport(), &server.url(), None).await.unwrap().into_body();
    let mut unpacked = 0;
    while let Some(chunk) = body.next_chunk().await {
        let chunk = chunk.unwrap();
        assert!(chunk.len() <= 16 * 1024, "{}", chunk.len());
        unpacked += chunk.len();
    }
    assert_eq!(unpacked, 64 << 20);
}

#[tokio::test]
async fn truncated_or_corrupt_gzip_is_an_error_while_reading_the_body() {
    let whole = gzip(&br#"{"user_id":"auth0|1"}"#.repeat(1000));
    let mut damaged = whole.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    for (packed, says) in [
        (&whole[..whole.len() / 2], "ended too early"),
        (&whole[..5], "ended too early"),
        (&damaged[..], "cannot be read"),
        (b"[1,2,3] is no gzip", "cannot be read"),
    ] {
        let server = Server::answering(gzip_answer(packed)).await;
        let response = answer(&transport(), &server.url(), None).await.unwrap();
        assert_error(&text(response).await.unwrap_err(), TransportErrorKind::Io, Sent::Yes, says);
    }
    let mut cut = gzip_answer(&whole);
    cut.truncate(cut.len() - 10);
    let server = Server::answering(cut).await;
    let response = answer(&transport(), &server.url(), None).await.unwrap();
    let error = text(response).await.unwrap_err();
    assert_error(&error, TransportErrorKind::Io, Sent::Yes, "closed before the whole response had come");
}

#[tokio::test]
async fn a_content_encoding_other_than_gzip_is_left_unchanged() {
    let server =
        Server::answering("HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 4\r\n\r\nbrbr").await;
    let response = answer(&transport(), &server.url(), None).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "br");
    assert_eq!(text(response).await.unwrap(), "brbr");
}

#[tokio::test]
async fn responses_to_head_and_responses_204_and_304_have_no_body_whatever_their_headers_say() {
    for (method, status) in [("HEAD", "200 OK"), ("GET", "304 Not Modified"), ("DELETE", "204 No Content")] {
        // The connection stays open, so a transport that waited for a body would time out.
        let server = Server::new(move |mut stream| async move {
            read_head(&mut stream).await;
            let length = if status.starts_with("204") { "" } else { "content-length: 50\r\n" };
            let head = format!("HTTP/1.1 {status}\r\ncontent-encoding: gzip\r\n{length}\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let sending = async {
            text(transport().send(request(method, &server.url(), ""), None).await.unwrap()).await.unwrap()
        };
        assert_eq!(tokio::time::timeout(NEVER, sending).await.unwrap(), "", "{method} {status}");
    }
}

#[tokio::test]
async fn gzip_that_was_not_requested_is_left_unchanged() {
    let packed = gzip(b"a file that is kept compressed");
    let server = Server::answering(gzip_answer(&packed)).await;
    let mut request = get(&server.url());
    request.headers_mut().insert("accept-encoding", "identity".parse().unwrap());
    let response = transport().send(request, None).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "GZip");
    assert_eq!(response.into_body().collect(1 << 20).await.unwrap(), packed);
}
