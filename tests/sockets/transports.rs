//! The transports on reqwest, on a tower service, and on ureq (an example), against a tenant over a real socket, and the conformance suite.

#[path = "../../crates/users-core/examples/ureq/transport.rs"]
mod on_ureq;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use tower::{BoxError, ServiceExt as _};
use users_core::{
    ErrorKind, HttpTransport, ManagementClient, Sent, TowerTransport, TransportError, TransportErrorKind,
    error_chain,
};
use users_hyper::TokioClock;
use users_mock::Tenant;
use users_reqwest::ReqwestTransport;
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

fn reqwest() -> ReqwestTransport {
    ReqwestTransport::from_builder(reqwest::Client::builder().no_proxy()).unwrap()
}

/// hyper-util's client over TLS, whose errors are classified where tower expects it.
fn tower() -> impl HttpTransport {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
    TowerTransport::new(client.map_err(|error| {
        let is_tls = error.is_connect() && error_chain(&error).any(|cause| cause.is::<rustls::Error>());
        if is_tls {
            let error = TransportError::new(TransportErrorKind::Tls, Sent::No, "no TLS connection")
                .with_source(error);
            return Box::from(error);
        }
        BoxError::from(error)
    }))
    .with_clock(TokioClock::new())
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

#[tokio::test]
async fn users_core_works_on_a_tower_service() {
    let (tenant, server) = serve().await;
    user_lifecycle(&tenant, &client(&server, tower())).await;
}

#[test]
fn users_core_works_on_ureq_without_an_async_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (tenant, server) = runtime.block_on(serve());
    futures_executor::block_on(user_lifecycle(&tenant, &client(&server, on_ureq::Ureq(ureq::agent()))));
}

#[test]
fn every_transport_reports_a_server_that_is_unreachable_or_hangs() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hangs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let try_all = |address: std::net::SocketAddr, kind| {
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
        try_one("tower", Box::new(move || build(std::sync::Arc::new(tower()))));
        try_one("ureq", Box::new(move || build(std::sync::Arc::new(on_ureq::Ureq(ureq::agent())))));
    };
    try_all(closed, ErrorKind::Connect);
    try_all(hangs.local_addr().unwrap(), ErrorKind::Timeout);
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
fn the_transport_on_a_tower_service_keeps_the_contract() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = users_mock::conformance::Suite::new(tower()).run(|check| runtime.block_on(check));
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
