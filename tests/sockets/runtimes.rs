//! Access tokens across tokio runtimes: no caller depends on the runtime of another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use users_core::ManagementClient;

const USER: &str = r#"{"user_id":"auth0|1"}"#;

fn token(number: u32, lifetime: u32) -> String {
    format!(r#"{{"access_token":"token-{number}","expires_in":{lifetime},"token_type":"Bearer"}}"#)
}

/// A transport on tokio's timers: the first token request never completes, later ones do.
fn first_token_request_hangs() -> (impl users_core::HttpTransport, Arc<AtomicU32>) {
    let requests = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&requests);
    let transport = users_core::transport_fn(move |request, _| {
        let is_token = request.uri().path() == "/oauth/token";
        let number = if is_token { count.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 };
        async move {
            let time = Duration::from_millis(if number == 1 { 3_600_000 } else { 1 });
            tokio::time::sleep(time).await;
            let body = if is_token { token(number, 86400) } else { USER.to_owned() };
            Ok(http::Response::new(users_core::Body::from(body)))
        }
    });
    (transport, requests)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn client_on_tokio(transport: impl users_core::HttpTransport) -> ManagementClient {
    let builder = ManagementClient::builder(transport).domain("tenant.example.com");
    builder
        .client_credentials("my-client", "my-secret")
        .clock(users_hyper::TokioClock::new())
        .build()
        .unwrap()
}

/// Runs a call in a new runtime, for at most five seconds.
fn get_in_another_runtime(client: &ManagementClient) {
    let users = client.users();
    runtime()
        .block_on(async { tokio::time::timeout(Duration::from_secs(5), users.get("auth0|1").send()).await })
        .expect("the call does not wait for the other runtime")
        .unwrap();
}

#[test]
fn a_token_fetch_does_not_depend_on_a_runtime_that_is_dropped() {
    let (transport, _) = first_token_request_hangs();
    let client = client_on_tokio(transport);
    let first = runtime();
    let users = client.users();
    let given_up = first.block_on(async {
        tokio::time::timeout(Duration::from_millis(300), users.get("auth0|1").send()).await
    });
    assert!(given_up.is_err());
    drop(first);
    get_in_another_runtime(&client);
}

#[test]
fn a_token_fetch_does_not_depend_on_a_runtime_that_is_not_driven() {
    for gives_up in [true, false] {
        let (transport, _) = first_token_request_hangs();
        let client = client_on_tokio(transport);
        let (idle, users) = (runtime(), client.users());
        let call = async move {
            let time = if gives_up { Duration::from_millis(300) } else { Duration::from_secs(3600) };
            tokio::time::timeout(time, users.get("auth0|1").send()).await.is_ok()
        };
        let task = idle.spawn(call);
        idle.block_on(async { tokio::time::sleep(Duration::from_millis(500)).await });
        assert_eq!(task.is_finished(), gives_up);
        get_in_another_runtime(&client);
        drop(idle);
    }
}
