//! Options of a tenant: custom domains, quotas of tokens, attributes of 2026.

use super::{DATABASE, as_admin, ask};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::{Seed, Tenant, TokenQuota};

fn with_domains(domains: &[&str]) -> Tenant {
    let user = r#"{"user_id":"auth0|ada","email":"ada@example.com"}"#;
    Tenant::builder().custom_domains(domains.iter().copied()).seed(Seed::new().user(user).unwrap()).build()
}

fn ask_for_domain(
    tenant: &Tenant,
    method: &str,
    path: &str,
    body: &Value,
    domain: Option<&str>,
) -> (u16, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("https://tenant.example.com/api/v2{path}"))
        .header("authorization", format!("Bearer {}", tenant.management_token().expose()))
        .header("content-type", "application/json");
    if let Some(domain) = domain {
        request = request.header("auth0-custom-domain", domain);
    }
    let answer = tenant.handle(request.body(Bytes::from(body.to_string())).unwrap());
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

#[test]
fn a_tenant_with_several_custom_domains_must_be_asked_for_one_of_them() {
    let tenant = with_domains(&["login.example.com", "login.example.org"]);
    let new_user = json!({"connection": DATABASE, "email": "b@example.com", "password": "Correct horse 1"});
    let of_ada = json!({"user_id": "auth0|ada"});
    let conflict = json!({"statusCode": 409, "error": "Conflict", "message": "The tenant has multiple verified custom domains.",
        "errorCode": "custom_domain_conflict"});
    for (method, path, body) in [
        ("POST", "/users", &new_user),
        ("PATCH", "/users/auth0%7Cada", &json!({"nickname": "Ada"})),
        ("POST", "/jobs/verification-email", &of_ada),
        ("POST", "/tickets/email-verification", &of_ada),
        ("POST", "/tickets/password-change", &of_ada),
        ("POST", "/guardian/enrollments/ticket", &of_ada),
    ] {
        let (status, error) = ask_for_domain(&tenant, method, path, body, None);
        assert_eq!((status, error), (409, conflict.clone()), "{path}");
        assert_eq!(ask_for_domain(&tenant, method, path, body, Some("login.example.net")).0, 400, "{path}");
        let (status, answer) = ask_for_domain(&tenant, method, path, body, Some("login.example.org"));
        assert!(status < 300, "{path}: {answer}");
        if let Some(link) = answer["ticket"].as_str().or(answer["ticket_url"].as_str()) {
            assert!(link.starts_with("https://login.example.org/"), "{link}");
        }
    }
    for (method, path) in [("GET", "/users/auth0%7Cada"), ("DELETE", "/users/auth0%7Cada")] {
        assert!(
            ask_for_domain(&tenant, method, path, &Value::Null, None).0 < 300,
            "{method} needs no domain"
        );
    }
}

#[test]
fn one_custom_domain_or_none_needs_no_header() {
    let of_ada = json!({"user_id": "auth0|ada"});
    for domains in [&[] as &[&str], &["login.example.com"]] {
        let (status, ticket) =
            ask_for_domain(&with_domains(domains), "POST", "/tickets/email-verification", &of_ada, None);
        assert_eq!(status, 201);
        assert!(
            ticket["ticket"].as_str().unwrap().starts_with("https://tenant.example.com/u/email-verification")
        );
    }
}

#[test]
fn a_quota_of_tokens_is_shown_and_enforced_until_the_hour_is_over() {
    let tenant = Tenant::builder().token_quota(TokenQuota::none().per_hour(2).per_day(3)).build();
    let (id, secret) = tenant.client();
    let body = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret.expose(),
        "audience": "https://tenant.example.com/api/v2/"});
    let fetch = || ask(&tenant, "POST", "/oauth/token", "", &body);
    let quota =
        |answer: &Response<Bytes>| answer.headers()["auth0-client-quota-limit"].to_str().unwrap().to_owned();
    assert_eq!(quota(&fetch()), "b=per_hour;q=2;r=1;t=3600,b=per_day;q=3;r=2;t=86400");
    tenant.clock().advance(Duration::from_secs(60));
    assert_eq!(quota(&fetch()), "b=per_hour;q=2;r=0;t=3540,b=per_day;q=3;r=1;t=86340");
    let rejected = fetch();
    assert_eq!(rejected.status(), 429);
    assert_eq!(rejected.headers()["retry-after"], "3540");
    assert_eq!(
        serde_json::from_slice::<Value>(rejected.body()).unwrap(),
        json!({"error": "too_many_requests", "error_description": "Client quota exceeded"})
    );
    tenant.clock().advance(Duration::from_secs(3540));
    assert_eq!(fetch().status(), 200);
    assert_eq!(fetch().headers()["retry-after"], "82800", "the quota of the day is spent");
    assert_eq!(tenant.tokens_fetched(), 3);
}

#[test]
fn new_roles_and_organizations_have_the_attributes_of_2026_if_wanted() {
    for shown in [false, true] {
        let tenant = Tenant::builder().fields_of_2026(shown).build();
        let role = as_admin(&tenant, "POST", "/api/v2/roles", &json!({"name": "editor"})).1;
        assert_eq!(role.get("type"), shown.then_some(&json!("tenant")));
        let organization = as_admin(&tenant, "POST", "/api/v2/organizations", &json!({"name": "acme"})).1;
        let path = format!("/api/v2/organizations/{}", organization["id"].as_str().unwrap());
        let organization = as_admin(&tenant, "GET", &path, &Value::Null).1;
        assert_eq!(organization.get("third_party_client_access"), shown.then_some(&json!("block")));
        assert_eq!(organization.get("is_app_entitlement_active"), shown.then_some(&json!(false)));
    }
}
