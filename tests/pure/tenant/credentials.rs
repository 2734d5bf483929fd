//! How an application authenticates itself to the tenant without a secret.

use super::ask;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::SystemTime;
use users_core::{Clock as _, ManagementClient};
use users_mock::Tenant;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[test]
fn an_assertion_is_accepted_once_and_only_with_valid_claims() {
    let tenant = Tenant::new();
    let now = tenant.clock().unix_now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let claims = |number: usize| {
        json!({
            "iss": "tenant-client", "sub": "tenant-client", "aud": "https://tenant.example.com/",
            "iat": now, "exp": now + 120, "jti": format!("id-{number}"),
        })
    };
    let ask_with = |assertion: &str, kind: &str, client: &str| {
        let body = json!({
            "grant_type": "client_credentials", "client_id": client,
            "audience": "https://tenant.example.com/api/v2/",
            "client_assertion": assertion, "client_assertion_type": kind,
        });
        ask(&tenant, "POST", "/oauth/token", "", &body).status().as_u16()
    };
    let jwt = |claims: &Value| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    for (number, (name, value, status)) in [
        ("iss", json!("tenant-client"), 200),
        ("aud", json!(["https://other.example.com/", "https://tenant.example.com/"]), 200),
        ("iat", json!(now + 10), 200),
        ("iat", Value::Null, 401),
        ("iat", json!(now + 60), 401),
        ("nbf", json!(now + 60), 401),
        ("exp", json!(now + 300), 200),
        ("exp", json!(now + 600), 401),
        ("exp", json!(now), 401),
        ("exp", json!("soon"), 401),
        ("iss", json!("other"), 401),
        ("sub", json!("other"), 401),
        ("aud", json!("https://other.example.com/"), 401),
        ("aud", json!("https://tenant.example.com"), 401),
        ("jti", json!(""), 401),
        ("jti", json!("x".repeat(65)), 401),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(number);
        claims[name] = value;
        assert_eq!(ask_with(&jwt(&claims), JWT_BEARER, "tenant-client"), status, "{claims}");
    }
    let valid = jwt(&claims(100));
    assert_eq!(ask_with(&valid, "another type", "tenant-client"), 401);
    assert_eq!(ask_with(&valid, JWT_BEARER, "other"), 401);
    assert_eq!(ask_with("not.a.jwt", JWT_BEARER, "tenant-client"), 401);
    assert_eq!(ask_with(&valid, JWT_BEARER, "tenant-client"), 200);
    assert_eq!(ask_with(&valid, JWT_BEARER, "tenant-client"), 401, "an assertion is accepted once");
}

#[test]
fn a_client_certificate_is_assumed_on_the_alias_alone() {
    let tenant = Tenant::new();
    let (id, _) = tenant.client();
    let client = ManagementClient::builder(tenant.clone())
        .domain(tenant.domain())
        .clock(tenant.clock())
        .mtls_credentials(id)
        .build()
        .unwrap();
    tenant.clock().block_on(client.users().get_all().send()).unwrap();

    let body = json!({
        "grant_type": "client_credentials", "client_id": "tenant-client",
        "audience": "https://tenant.example.com/api/v2/",
    });
    assert_eq!(ask(&tenant, "POST", "/oauth/token", "", &body).status(), 401);
}
