//! Extreme timeouts and hostile servers break nothing, on tokio and over sockets.

use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use users_core::{Body, HttpTransport, ManagementClient, Retry, transport_fn};
use users_mock::Tenant;
use users_tenant::TenantServer;

const USER: &str = r#"{"user_id":"auth0|1"}"#;

#[test]
fn the_longest_timeouts_do_not_panic() {
    let at_once = client(transport_fn(|_, _| async { Ok(http::Response::new(Body::from(USER))) }));
    futures_executor::block_on(at_once.users().get("auth0|1").send()).unwrap();
    let slow = || {
        client(transport_fn(|_, _| async {
            yield_a_few_times().await;
            Ok(http::Response::new(Body::from(USER)))
        }))
    };
    futures_executor::block_on(slow().users().get("auth0|1").send()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(slow().users().get("auth0|1").send()).unwrap();
}

fn client(transport: impl HttpTransport) -> ManagementClient {
    let builder = ManagementClient::builder(transport).domain("t.example.com").token("t");
    builder.timeout(Duration::MAX).attempt_timeout(Duration::MAX).build().unwrap()
}

async fn yield_a_few_times() {
    let mut n = 0;
    futures_util::future::poll_fn(|cx| {
        n += 1;
        cx.waker().wake_by_ref();
        if n > 3 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await
}

#[test]
fn no_source_of_an_error_shows_the_token_or_the_proxy_password() {
    // Every source of an error, in Debug and Display, for a proxy with a password.
    let rt = tokio::runtime::Runtime::new().unwrap();
    let l = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let a = l.local_addr().unwrap();
    std::thread::spawn(move || {
        for c in l.incoming() {
            use std::io::{Read, Write};
            let mut c = c.unwrap();
            let mut b = [0; 2048];
            let _ = c.read(&mut b);
            let _ = c.write_all(b"HTTP/1.1 407 no hunter2\r\n\r\n");
        }
    });
    let t = users_hyper::HyperTransport::builder().proxy(format!("http://ada:hunter2@{a}")).build().unwrap();
    println!("{t:?} {:?}", users_hyper::HyperTransport::builder().proxy(format!("http://ada:hunter2@{a}")));
    let c = ManagementClient::builder(t)
        .domain("t.example.com")
        .token("management-token-1")
        .retry(Retry::never())
        .build()
        .unwrap();
    let e = rt.block_on(c.users().get("auth0|1").send()).unwrap_err();
    let mut cause: Option<&dyn std::error::Error> = Some(&e);
    while let Some(x) = cause {
        println!("{x} / {x:?}");
        assert!(
            !format!("{x} {x:?}").contains("hunter2") && !format!("{x:?}").contains("management-token-1")
        );
        cause = x.source();
    }
}

/// The clock moves while nothing happens, so that no time passes.
#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_finish_a_request_is_closed_by_the_tenant() {
    let tenant = Tenant::builder().users(1).build();
    let server = TenantServer::bind(tenant, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let whole = "GET /.well-known/jwks.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for (sent, expected) in [("", ""), ("GET / HTTP/1.1\r\nhost: loc", ""), (whole, "HTTP/1.1 200 OK")] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut received = String::new();
        let end = tokio::time::timeout(Duration::from_secs(100), stream.read_to_string(&mut received)).await;
        end.expect("an end of the connection").unwrap();
        assert_eq!(received.lines().next().unwrap_or_default(), expected, "{sent:?}");
    }
    server.shutdown().await;
}
