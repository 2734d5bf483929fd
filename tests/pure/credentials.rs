//! How an application authenticates itself: by a signed assertion, or by the certificate of its transport.

use http::Method;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::management::GetUser;
use users_core::model::Secret;
use users_core::{
    AssertionRequest, AssertionSource, AuthenticationClient, Clock as _, Error, ErrorKind, ManagementClient,
    Sent, TransportErrorKind, assertion_fn,
};
use users_mock::MockTransport;

const USER: &str = r#"{"user_id":"auth0|1"}"#;
const TOKEN: (Method, &str) = (Method::POST, "/oauth/token");
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn token(lifetime: u32) -> String {
    format!(r#"{{"access_token":"token","expires_in":{lifetime},"token_type":"Bearer"}}"#)
}

/// A source of numbered assertions, and what was requested from it.
fn numbered() -> (impl AssertionSource, Arc<Mutex<Vec<AssertionRequest>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&requests);
    let source = assertion_fn(move |request| {
        let mut requests = record.lock().unwrap();
        requests.push(request);
        let number = requests.len();
        async move { Ok(Secret::from(format!("assertion-{number}"))) }
    });
    (source, requests)
}

fn asserted(mock: &MockTransport, source: impl AssertionSource) -> ManagementClient {
    ManagementClient::builder(mock.clone())
        .domain("Login.Example.com")
        .audience("https://tenant.example.com/api/v2/")
        .client_assertion("my-client", source)
        .build()
        .unwrap()
}

/// The body of a token request with this assertion.
fn body(assertion: &str) -> serde_json::Value {
    json!({
        "grant_type": "client_credentials", "client_id": "my-client",
        "audience": "https://tenant.example.com/api/v2/",
        "client_assertion": assertion, "client_assertion_type": JWT_BEARER,
    })
}

#[test]
fn an_assertion_is_made_for_the_tenant_at_the_time_of_the_client_s_clock() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).with_body(body("assertion-1")).json(token(3600));
    mock.expect(TOKEN).with_body(body("assertion-2")).json(token(3600));
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let (source, requests) = numbered();
    let (users, clock) = (asserted(&mock, source).users(), mock.clock());
    let first = clock.unix_now();
    clock.block_on(async {
        users.get("auth0|1").await.unwrap();
        clock.sleep(Duration::from_secs(3600)).await;
        users.get("auth0|1").await.unwrap();
    });
    let request = |now| AssertionRequest::new("my-client", "https://login.example.com/", now);
    let second = first + Duration::from_secs(3600);
    assert_eq!(*requests.lock().unwrap(), [request(first), request(second)]);
    assert_eq!(mock.requests()[0].uri().to_string(), "https://login.example.com/oauth/token");
    mock.verify();
}

#[test]
fn an_attempt_that_is_repeated_has_a_new_assertion() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).with_body(body("assertion-1")).transport_error(TransportErrorKind::Io, Sent::Maybe);
    mock.expect(TOKEN).with_body(body("assertion-2")).status(503);
    mock.expect(TOKEN).with_body(body("assertion-3")).json(token(3600));
    mock.expect(GetUser::DESCRIPTOR).json(USER);
    let (source, requests) = numbered();
    mock.clock().block_on(asserted(&mock, source).users().get("auth0|1").send()).unwrap();
    assert_eq!(requests.lock().unwrap().len(), 3);
    mock.verify();
}

#[test]
fn an_assertion_that_cannot_be_made_is_the_error_of_the_call() {
    let refusing = |failing: usize| {
        let made = Mutex::new(0);
        assertion_fn(move |_| {
            let mut made = made.lock().unwrap();
            *made += 1;
            let outcome = match *made {
                number if number == failing => Err(Error::new(ErrorKind::Token, "the vault is sealed")),
                _ => Ok(Secret::from("assertion-1")),
            };
            async move { outcome }
        })
    };
    for (failing, attempts) in [(1, 0), (2, 1)] {
        let mock = MockTransport::new();
        mock.expect(TOKEN).status(503).always();
        let error = mock.clock().block_on(asserted(&mock, refusing(failing)).users().get("auth0|1").send());
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Token);
        let chain = format!("{error} {:?}", error.token_error().map(ToString::to_string));
        assert!(chain.contains("the vault is sealed") && !chain.contains("assertion-1"), "{chain}");
        assert_eq!(mock.requests().len(), attempts, "{failing}");
    }
}

#[test]
fn with_mtls_tokens_are_requested_from_the_alias_without_a_secret() {
    for (domain, expected) in [
        ("login.example.com", ["mtls.login.example.com", "login.example.com"]),
        ("localhost:4000", ["localhost", "localhost"]),
        ("127.0.0.1:4000", ["127.0.0.1", "127.0.0.1"]),
    ] {
        for base in [false, true] {
            let mock = MockTransport::new();
            mock.expect(TOKEN)
                .with_body(json!({
                    "grant_type": "client_credentials", "client_id": "my-client",
                    "audience": "https://tenant.example.com/api/v2/",
                }))
                .json(token(3600));
            mock.expect(GetUser::DESCRIPTOR).with_header("authorization", "Bearer token").json(USER);
            let builder = ManagementClient::builder(mock.clone());
            let builder = if base {
                builder.base_url(format!("https://{domain}/api/v2"))
            } else {
                builder.domain(domain)
            };
            let client = builder
                .audience("https://tenant.example.com/api/v2/")
                .mtls_credentials("my-client")
                .build()
                .unwrap();
            mock.clock().block_on(client.users().get("auth0|1").send()).unwrap();
            let requests = mock.requests();
            let hosts: Vec<_> = requests.iter().map(|request| request.uri().host().unwrap()).collect();
            assert_eq!(hosts, expected);
            assert!(!requests[0].headers().contains_key("authorization"));
            mock.verify();
        }
    }
}

#[test]
fn without_an_audience_an_mtls_token_is_for_the_domain_itself() {
    let mock = MockTransport::new();
    mock.expect(TOKEN)
        .with_body(json!({
            "grant_type": "client_credentials", "client_id": "my-client",
            "audience": "https://login.example.com/api/v2/",
        }))
        .json(token(3600));
    mock.expect(GetUser::DESCRIPTOR).json(USER);
    let builder = ManagementClient::builder(mock.clone()).domain("login.example.com");
    let client = builder.mtls_credentials("my-client").build().unwrap();
    mock.clock().block_on(client.users().get("auth0|1").send()).unwrap();
    mock.verify();
}

#[test]
fn with_mtls_every_request_of_the_authentication_api_goes_to_the_alias() {
    let mock = MockTransport::new();
    mock.expect((Method::GET, "/userinfo")).json(r#"{"sub":"auth0|1"}"#).always();
    for (address, expected) in [
        ("login.example.com", "https://mtls.login.example.com/userinfo"),
        ("https://login.example.com:8443", "https://mtls.login.example.com:8443/userinfo"),
        ("127.0.0.1:4000", "https://127.0.0.1:4000/userinfo"),
    ] {
        let builder = AuthenticationClient::builder(mock.clone()).client_id("my-client").use_mtls();
        let client = builder.domain(address).build().unwrap();
        mock.clock().block_on(client.users().get_info("a token").send()).unwrap();
        assert_eq!(mock.requests().last().unwrap().uri().to_string(), expected);
    }
}

#[test]
fn credentials_without_a_client_id_are_refused() {
    let mock = MockTransport::new();
    let builder = || ManagementClient::builder(mock.clone()).domain("login.example.com");
    for builder in [builder().mtls_credentials(" "), builder().client_assertion("", numbered().0)] {
        let error = builder.build().unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Configuration, "the client id is empty"));
    }
}
