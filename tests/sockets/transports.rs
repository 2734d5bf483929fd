//! The transports of the examples: users-core on reqwest and on ureq, against a tenant over a real socket.

#[path = "../../crates/users-core/examples/reqwest/transport.rs"]
mod on_reqwest;
#[path = "../../crates/users-core/examples/ureq/transport.rs"]
mod on_ureq;

use std::time::Duration;
use users_core::{ErrorKind, HttpTransport, ManagementClient};
use users_mock::Tenant;
use users_tenant::TenantServer;

fn client(server: &TenantServer, transport: impl HttpTransport) -> ManagementClient {
    ManagementClient::builder(transport)
        .domain(server.url())
        .client_credentials("tenant-client", "tenant-secret")
        .build()
        .unwrap()
}

async fn serve() -> (Tenant, TenantServer) {
    let tenant = Tenant::builder().system_clock().users(3).build();
    let server = TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    (tenant, server)
}

fn reqwest() -> on_reqwest::Reqwest {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    on_reqwest::Reqwest(builder.build().unwrap())
}

async fn user_lifecycle(tenant: &Tenant, client: &ManagementClient) {
    let users = client.users();
    assert_eq!(users.get_all().items().try_collect().await.unwrap().len(), 3);
    let id = tenant.user_ids().remove(0);
    users.update_app_metadata(&id, serde_json::json!({"plan": "gold"})).await.unwrap();
    users.delete(&id).await.unwrap();
    let error = users.get(&id).await.unwrap_err();
    assert_eq!(error.to_string(), "GET /users/{id}: 404 inexistent_user: The user does not exist.");
}

#[tokio::test]
async fn users_core_works_on_reqwest() {
    let (tenant, server) = serve().await;
    user_lifecycle(&tenant, &client(&server, reqwest())).await;
}

#[test]
fn users_core_works_on_ureq_without_an_async_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (tenant, server) = runtime.block_on(serve());
    futures_executor::block_on(user_lifecycle(&tenant, &client(&server, on_ureq::Ureq(ureq::agent()))));
}

#[test]
fn both_transports_report_a_server_that_is_unreachable_or_hangs() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hangs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let try_both = |address: std::net::SocketAddr, kind| {
        let try_one = |name: &str, transport: Box<dyn FnOnce() -> ManagementClient>| {
            let call = transport()
                .users()
                .get("auth0|1")
                .attempt_timeout(Duration::from_millis(200))
                .idempotent(false);
            let error = runtime.block_on(call.send()).unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
        };
        let build = move |transport: std::sync::Arc<dyn HttpTransport>| {
            let builder = ManagementClient::builder(transport).domain(format!("http://{address}")).token("t");
            builder.retry(users_core::Retry::never()).build().unwrap()
        };
        try_one("reqwest", Box::new(move || build(std::sync::Arc::new(reqwest()))));
        try_one("ureq", Box::new(move || build(std::sync::Arc::new(on_ureq::Ureq(ureq::agent())))));
    };
    try_both(closed, ErrorKind::Connect);
    try_both(hangs.local_addr().unwrap(), ErrorKind::Timeout);
}

/// The error of a GET over `https` to this address.
async fn over_tls(address: std::net::SocketAddr) -> users_core::TransportError {
    let request = http::Request::get(format!("https://{address}/secret?q=secret")).body(bytes::Bytes::new());
    reqwest().send(request.unwrap(), Some(Duration::from_secs(5))).await.unwrap_err()
}

#[tokio::test]
async fn reqwest_reports_a_failed_handshake_and_keeps_its_cause() {
    use std::error::Error as _;
    use tokio::io::AsyncWriteExt as _;
    use users_core::{Sent, TransportErrorKind};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    });
    let handshake = over_tls(address).await;
    assert_eq!((handshake.kind(), handshake.sent()), (TransportErrorKind::Tls, Sent::No), "{handshake:?}");

    let tenant = Tenant::builder().system_clock().build();
    let server = TenantServer::bind_tls(tenant, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let untrusted = over_tls(server.addr()).await;
    assert_eq!((untrusted.kind(), untrusted.sent()), (TransportErrorKind::Tls, Sent::No), "{untrusted:?}");

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = over_tls(closed).await;
    assert_eq!((refused.kind(), refused.sent()), (TransportErrorKind::Connect, Sent::No), "{refused:?}");

    for (error, cause) in [(handshake, "corrupt"), (untrusted, "certificate"), (refused, "refused")] {
        let mut chain = vec![error.to_string()];
        let mut source = error.source();
        while let Some(this) = source {
            chain.push(this.to_string());
            source = this.source();
        }
        assert!(chain.join("\n").contains(cause), "{chain:#?}");
        assert!(!format!("{error:?} {chain:?}").contains("secret"), "{error:?}");
        let repeated = chain.iter().enumerate().find(|(at, text)| chain[..*at].contains(text));
        assert_eq!(repeated, None, "{chain:#?}");
    }
}

#[tokio::test]
async fn reqwest_reports_an_interrupted_body_as_a_sent_request() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use users_core::Sent;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.unwrap();
    });
    let request = http::Request::get(format!("http://{address}/")).body(bytes::Bytes::new()).unwrap();
    let response = reqwest().send(request, Some(Duration::from_secs(5))).await.unwrap();
    let error = response.into_body().collect(100).await.unwrap_err();
    assert_eq!(error.sent(), Sent::Yes, "{error:?}");
}

#[test]
fn the_hyper_transport_keeps_the_contract() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let transport = users_hyper::HyperTransport::builder().no_proxy().build().unwrap();
    let report = users_mock::conformance::Suite::new(transport).run(|check| runtime.block_on(check));
    report.assert();
}

#[test]
fn the_doubles_keep_the_contract() {
    let tenant = Tenant::new();
    let recorder = users_mock::Recorder::new(tenant.clone());
    let faulty = users_mock::FaultyTransport::new(tenant.clone(), tenant.clock());
    let replay = users_mock::Replay::from_har(&recorder.to_har().unwrap()).unwrap();
    let mock = users_mock::MockTransport::new();
    mock.ignore_unmet();
    let (of_tenant, of_replay, of_mock) = (tenant.clock(), replay.clock(), mock.clock());
    let doubles: [(std::sync::Arc<dyn HttpTransport>, users_mock::VirtualClock); 5] = [
        (std::sync::Arc::new(tenant), of_tenant.clone()),
        (std::sync::Arc::new(recorder), of_tenant.clone()),
        (std::sync::Arc::new(faulty), of_tenant),
        (std::sync::Arc::new(replay), of_replay),
        (std::sync::Arc::new(mock), of_mock),
    ];
    for (double, clock) in doubles {
        users_mock::conformance::Suite::in_process(double).run(|check| clock.block_on(check)).assert();
    }
}

#[test]
fn the_transport_on_reqwest_keeps_the_contract() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = users_mock::conformance::Suite::new(reqwest()).run(|check| runtime.block_on(check));
    report.assert();
}

#[test]
fn the_transport_on_ureq_keeps_the_contract_as_far_as_a_blocking_one_can() {
    let mut suite = users_mock::conformance::Suite::new(on_ureq::Ureq(ureq::agent()));
    for check in ["streaming", "size limit", "truncated body", "abandoned body"] {
        suite = suite.skip(check, "it reads the whole body before it returns");
    }
    let suite = suite.skip("cancellation", "it blocks the thread");
    suite.run(futures_executor::block_on).assert();
}
