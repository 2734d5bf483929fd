//! HTTP/2 at the level of frames: which requests a server has certainly not processed.

use crate::http2_peer::{ACK, ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, Peer, REFUSED_STREAM, SETTINGS};
use crate::support::{NEVER, SOON, Server, assert_error, builder, request, text};
use std::future::{Future, pending};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use users_core::{HttpTransport, ManagementClient, Sent, TransportError, TransportErrorKind};
use users_hyper::HyperTransport;

fn transport() -> HyperTransport {
    builder().http2_only().build().unwrap()
}

async fn post(transport: &HyperTransport, server: &Server) -> Result<String, TransportError> {
    let sending = transport.send(request("POST", &server.url(), "secret body"), Some(SOON * 4));
    text(tokio::time::timeout(NEVER, sending).await.expect("no response in time")?).await
}

/// The error of a POST if the server runs this script once it has received the request.
async fn posted<F, R>(script: F) -> TransportError
where
    F: Fn(Peer, u32) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let server = Server::new(move |stream| {
        let script = script.clone();
        async move {
            let mut peer = Peer::new(stream, 100).await;
            if let Some(stream) = peer.request().await {
                script(peer, stream).await;
            }
        }
    })
    .await;
    post(&transport(), &server).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_stream_counts_as_not_sent() {
    let error = posted(|mut peer, stream| async move {
        peer.reset(stream, REFUSED_STREAM).await;
        pending::<()>().await;
    })
    .await;
    assert_error(&error, TransportErrorKind::Io, Sent::No, "REFUSED_STREAM");
}

#[tokio::test]
async fn a_failed_stream_may_have_been_processed() {
    let error = posted(|mut peer, stream| async move {
        peer.reset(stream, INTERNAL_ERROR).await;
        pending::<()>().await;
    })
    .await;
    assert_error(&error, TransportErrorKind::Io, Sent::Maybe, "broke before it answered");
}

#[tokio::test]
async fn a_stream_above_the_last_id_of_a_goaway_counts_as_not_sent() {
    for reason in [NO_ERROR, ENHANCE_YOUR_CALM] {
        let error = posted(move |mut peer, _| async move {
            peer.go_away(0, reason).await;
            let _ = peer.0.shutdown().await;
        })
        .await;
        assert_error(&error, TransportErrorKind::Io, Sent::No, "GOAWAY");
    }
}

#[tokio::test]
async fn a_stream_below_the_last_id_of_a_goaway_may_have_been_processed() {
    for reason in [NO_ERROR, ENHANCE_YOUR_CALM] {
        let error = posted(move |mut peer, stream| async move {
            peer.go_away(stream, reason).await;
            let _ = peer.0.shutdown().await;
        })
        .await;
        assert_error(&error, TransportErrorKind::Io, Sent::Maybe, "broke before it answered");
    }
}

#[tokio::test]
async fn a_stream_below_the_last_id_of_a_goaway_may_still_be_answered() {
    let server = Server::new(|stream| async move {
        let mut peer = Peer::new(stream, 100).await;
        let stream = peer.request().await.unwrap();
        peer.go_away(stream, NO_ERROR).await;
        peer.answer(stream, b"{}").await;
    })
    .await;
    assert_eq!(post(&transport(), &server).await.unwrap(), "{}");
}

/// Reads until the client has acknowledged the next settings frame.
async fn acknowledged(peer: &mut Peer) {
    while let Some((kind, flags, _)) = peer.read().await {
        if kind == SETTINGS && flags & ACK != 0 {
            break;
        }
    }
}

/// Answers the first request of the first connection, then allows no streams, then many again; later connections answer every
/// request. Reports the connection number of each request.
async fn closing_server(open_again: Duration) -> (Server, mpsc::UnboundedReceiver<usize>) {
    let (seen, requests) = mpsc::unbounded_channel();
    let connections = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::new(move |stream| {
        let seen = seen.clone();
        let connection = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            let mut peer = Peer::new(stream, 100).await;
            let first = peer.request().await.unwrap();
            seen.send(connection).unwrap();
            if connection == 0 {
                peer.settings(0).await;
                acknowledged(&mut peer).await;
            }
            peer.answer(first, b"{}").await;
            if connection == 0 {
                tokio::time::sleep(open_again).await;
                peer.settings(100).await;
            }
            while let Some(stream) = peer.request().await {
                seen.send(connection).unwrap();
                peer.answer(stream, b"{}").await;
            }
        }
    })
    .await;
    (server, requests)
}

#[tokio::test]
async fn a_request_that_times_out_waiting_for_a_stream_is_never_sent() {
    let (server, mut requests) = closing_server(SOON * 8).await;
    let transport = transport();
    post(&transport, &server).await.unwrap();
    let queued =
        tokio::join!(post(&transport, &server), post(&transport, &server), post(&transport, &server));
    let [first, second, third] = [queued.0, queued.1, queued.2].map(Result::unwrap_err);
    assert_error(&first, TransportErrorKind::Timeout, Sent::No, "allowed no further request");
    // The first one closes the connection, so the others may see that before their own timers, and wait for another connection.
    for error in [second, third] {
        assert_error(&error, TransportErrorKind::Timeout, Sent::No, "within 600ms");
    }
    // They are not sent later, when the server allows streams again; the next request uses another connection.
    tokio::time::sleep(SOON * 8).await;
    post(&transport, &server).await.unwrap();
    requests.close();
    let mut seen = Vec::new();
    while let Some(connection) = requests.recv().await {
        seen.push(connection);
    }
    // A connection that was opened for the queued requests may have been closed unused, so the other one's number is 1 or more.
    assert!(seen.len() == 2 && seen[0] == 0 && seen[1] > 0, "{seen:?}");
}

#[tokio::test]
async fn a_request_that_waited_for_a_stream_is_answered() {
    let (server, _requests) = closing_server(SOON).await;
    let transport = transport();
    for _ in 0..3 {
        post(&transport, &server).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_request_that_waits_for_a_stream_does_not_disturb_requests_in_flight() {
    let server = Server::new(|stream| async move {
        let mut peer = Peer::new(stream, 100).await;
        let first = peer.request().await.unwrap();
        peer.answer(first, b"{}").await;
        // One stream at a time, and the next request takes long.
        peer.settings(1).await;
        let slow = peer.request().await.unwrap();
        tokio::time::sleep(SOON * 6).await;
        peer.answer(slow, b"slow").await;
        while peer.read().await.is_some() {}
    })
    .await;
    let transport = transport();
    post(&transport, &server).await.unwrap();
    tokio::time::sleep(SOON).await;
    let slow = transport.send(request("POST", &server.url(), "secret body"), Some(NEVER));
    let waiting = async {
        tokio::time::sleep(SOON).await;
        post(&transport, &server).await.unwrap_err()
    };
    let (slow, error) = tokio::join!(slow, waiting);
    assert_eq!(text(slow.unwrap()).await.unwrap(), "slow");
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert_ne!(error.sent(), Sent::Yes);
}

#[tokio::test]
async fn a_write_on_a_refused_stream_is_repeated() {
    let server = Server::new(|stream| async move {
        let mut peer = Peer::new(stream, 100).await;
        let mut asked = 0;
        while let Some(stream) = peer.request().await {
            asked += 1;
            match asked {
                1 => peer.reset(stream, REFUSED_STREAM).await,
                _ => peer.answer(stream, br#"{"user_id":"auth0|1"}"#).await,
            }
        }
    })
    .await;
    let client = ManagementClient::builder(transport())
        .base_url(format!("http://{}/api/v2/", server.address))
        .token("secret-token")
        .build()
        .unwrap();
    let user = client.users().create(users_core::model::NewUser::new("connection")).await.unwrap();
    assert_eq!(user.user_id.unwrap().as_str(), "auth0|1");
}

#[tokio::test]
async fn a_write_that_got_no_stream_in_time_is_repeated_on_another_connection() {
    let (server, _requests) = closing_server(NEVER).await;
    let client = ManagementClient::builder(transport())
        .base_url(format!("http://{}/api/v2/", server.address))
        .token("secret-token")
        .build()
        .unwrap();
    for _ in 0..2 {
        let user = users_core::model::NewUser::new("connection");
        client.users().create(user).attempt_timeout(SOON * 2).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_request_to_a_server_that_allows_no_streams_counts_as_not_sent() {
    let server = Server::new(|stream| async move {
        let mut peer = Peer::new(stream, 0).await;
        // The client may have sent a request before it read the settings.
        while let Some(stream) = peer.request().await {
            peer.reset(stream, REFUSED_STREAM).await;
        }
    })
    .await;
    let error = post(&transport(), &server).await.unwrap_err();
    assert_eq!(error.sent(), Sent::No, "{error}");
}
