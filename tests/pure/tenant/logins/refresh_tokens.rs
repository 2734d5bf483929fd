//! Refresh tokens: rotation, reuse, expiry and revocation.

use super::super::{as_admin, ask, create};
use super::PASSWORD;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::{Seed, Tenant};

fn tenant(rules: Value) -> Tenant {
    let seed = json!({
        "clients": [{"client_id": "app", "name": "App", "app_type": "native", "refresh_token": rules}],
        "users": [{"user_id": "auth0|ada", "email": "ada@example.com"}],
    });
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    assert_eq!(
        as_admin(&tenant, "PATCH", "/api/v2/users/auth0%7Cada", &json!({"password": PASSWORD})).0,
        200
    );
    tenant
}

fn post(tenant: &Tenant, path: &str, body: &Value) -> (u16, Value) {
    let answer = ask(tenant, "POST", path, "", body);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

fn log_in(tenant: &Tenant) -> String {
    let body = json!({"grant_type": "password", "client_id": "app", "username": "ada@example.com", "password": PASSWORD,
        "scope": "openid email offline_access"});
    post(tenant, "/oauth/token", &body).1["refresh_token"].as_str().unwrap().to_owned()
}

fn refresh(tenant: &Tenant, token: &str) -> (u16, Value) {
    post(
        tenant,
        "/oauth/token",
        &json!({"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}),
    )
}

fn next(tenant: &Tenant, token: &str) -> String {
    let (status, body) = refresh(tenant, token);
    assert_eq!(status, 200, "{body}");
    body["refresh_token"].as_str().unwrap().to_owned()
}

fn is_refused(tenant: &Tenant, token: &str) {
    let (status, body) = refresh(tenant, token);
    assert_eq!(
        (status, &body["error_description"]),
        (403, &json!("Unknown or invalid refresh token.")),
        "{body}"
    );
}

fn shown(tenant: &Tenant) -> Value {
    as_admin(tenant, "GET", "/api/v2/users/auth0%7Cada/refresh-tokens", &Value::Null).1["tokens"].clone()
}

#[test]
fn a_token_that_does_not_rotate_is_used_again() {
    let tenant = tenant(json!({}));
    let token = log_in(&tenant);
    for _ in 0..3 {
        let (status, body) = refresh(&tenant, &token);
        assert_eq!(
            (status, body.get("refresh_token"), &body["scope"]),
            (200, None, &json!("openid email offline_access"))
        );
        assert!(body["id_token"].is_string() && body["access_token"].is_string());
    }
    let narrowed = json!({"grant_type": "refresh_token", "client_id": "app", "refresh_token": token, "scope": "openid admin"});
    assert_eq!(post(&tenant, "/oauth/token", &narrowed).1["scope"], "openid");
    assert!(shown(&tenant)[0]["last_exchanged_at"].is_string());
}

#[test]
fn the_reuse_of_a_rotated_token_revokes_its_family() {
    let tenant = tenant(json!({"rotation_type": "rotating"}));
    let (first, other) = (log_in(&tenant), log_in(&tenant));
    let second = next(&tenant, &first);
    let third = next(&tenant, &second);
    assert_eq!(shown(&tenant).as_array().unwrap().len(), 2);
    is_refused(&tenant, &first);
    is_refused(&tenant, &third);
    assert_eq!(shown(&tenant).as_array().unwrap().len(), 1);
    next(&tenant, &other);
    let logs = as_admin(&tenant, "GET", "/api/v2/logs?q=type%3Aferrt", &Value::Null).1;
    assert_eq!(logs.as_array().unwrap().len(), 1);
}

#[test]
fn the_token_of_another_application_is_refused_and_revokes_nothing() {
    let tenant = tenant(json!({"rotation_type": "rotating"}));
    let first = log_in(&tenant);
    let second = next(&tenant, &first);
    let theirs = json!({"grant_type": "refresh_token", "client_id": "tenant-client", "refresh_token": first});
    assert_eq!(post(&tenant, "/oauth/token", &theirs).0, 403);
    next(&tenant, &second);
}

#[test]
fn within_the_leeway_the_previous_token_is_accepted_and_the_one_before_it_is_not() {
    let tenant = tenant(json!({"rotation_type": "rotating", "leeway": 10}));
    let first = log_in(&tenant);
    let second = next(&tenant, &first);
    let again = next(&tenant, &first);
    next(&tenant, &again);
    is_refused(&tenant, &first);
    is_refused(&tenant, &second);

    let first = log_in(&tenant);
    next(&tenant, &first);
    tenant.clock().advance(Duration::from_secs(11));
    is_refused(&tenant, &first);
}

#[test]
fn a_token_expires_when_it_is_idle_and_after_its_lifetime() {
    let rules = json!({"rotation_type": "rotating", "expiration_type": "expiring", "token_lifetime": 100, "idle_token_lifetime": 30,
        "infinite_token_lifetime": false, "infinite_idle_token_lifetime": false});
    let tenant = tenant(rules);
    let mut token = log_in(&tenant);
    for _ in 0..4 {
        tenant.clock().advance(Duration::from_secs(24));
        token = next(&tenant, &token);
    }
    // 96 of 100 seconds are over, whether it was used or not.
    tenant.clock().advance(Duration::from_secs(5));
    is_refused(&tenant, &token);
    let idle = log_in(&tenant);
    tenant.clock().advance(Duration::from_secs(31));
    is_refused(&tenant, &idle);
}

#[test]
fn a_token_is_revoked_by_the_application_the_management_api_or_the_deletion_of_the_user() {
    let tenant = tenant(json!({}));
    let (one, two, three) = (log_in(&tenant), log_in(&tenant), log_in(&tenant));
    // That of another application remains.
    let foreign = json!({"client_id": "tenant-client", "client_secret": "tenant-secret", "token": one});
    assert_eq!(post(&tenant, "/oauth/revoke", &foreign), (200, Value::Null));
    assert_eq!(refresh(&tenant, &one).0, 200);
    assert_eq!(
        post(&tenant, "/oauth/revoke", &json!({"client_id": "app", "token": one})),
        (200, Value::Null)
    );
    is_refused(&tenant, &one);
    assert_eq!(post(&tenant, "/oauth/revoke", &json!({"client_id": "app", "token": "nothing"})).0, 200);
    assert_eq!(post(&tenant, "/oauth/revoke", &json!({"client_id": "app"})).0, 400);
    assert_eq!(post(&tenant, "/oauth/revoke", &json!({"client_id": "nobody", "token": two})).0, 401);

    let id = shown(&tenant)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(as_admin(&tenant, "DELETE", &format!("/api/v2/refresh-tokens/{id}"), &Value::Null).0, 204);
    is_refused(&tenant, &two);
    assert_eq!(as_admin(&tenant, "DELETE", "/api/v2/users/auth0%7Cada", &Value::Null).0, 204);
    let (status, body) = refresh(&tenant, &three);
    assert_eq!(
        (status, body["error_description"].as_str().unwrap()),
        (403, "The refresh_token was generated for a user who doesn't exist anymore.")
    );
}

#[test]
fn a_refreshed_access_token_has_the_scopes_of_the_first_one_and_reuse_is_logged_with_its_counters() {
    let tenant = tenant(json!({"rotation_type": "rotating"}));
    let first = log_in(&tenant);
    let (_, body) = refresh(&tenant, &first);
    assert_eq!(body["scope"], "openid email offline_access");
    let second = body["refresh_token"].as_str().unwrap();
    next(&tenant, second);
    is_refused(&tenant, &first);
    let (_, log) = as_admin(&tenant, "GET", "/api/v2/logs", &Value::Null);
    let reuse = log.as_array().unwrap().iter().find(|entry| entry["type"] == "ferrt").unwrap();
    let details = &reuse["details"];
    assert_eq!((&details["tokenCounter"], &details["latestCounter"]), (&json!(0), &json!(2)), "{details}");
}

#[test]
fn a_refreshed_access_token_of_an_api_names_the_scope_offline_access() {
    let seed = json!({"resource_servers": [{"id": "1", "identifier": "https://api/", "name": "API", "allow_offline_access": true}]});
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    create(&tenant, json!({}));
    let body = json!({
        "grant_type": "password", "client_id": "tenant-client", "username": "ada@example.com", "password": PASSWORD,
        "audience": "https://api/", "scope": "openid offline_access",
    });
    let (_, first) = post(&tenant, "/oauth/token", &body);
    let body = json!({
        "grant_type": "refresh_token", "client_id": "tenant-client", "refresh_token": first["refresh_token"],
    });
    let (_, next) = post(&tenant, "/oauth/token", &body);
    for tokens in [first, next] {
        let part = tokens["access_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert_eq!(claims["scope"], "openid offline_access", "{claims}");
    }
}

#[test]
fn once_rotation_is_turned_on_or_off_the_first_exchange_removes_the_other_tokens() {
    for (before, after) in [("non-rotating", "rotating"), ("rotating", "non-rotating")] {
        let tenant = tenant(json!({"rotation_type": before}));
        let tokens = [(); 3].map(|()| log_in(&tenant));
        let client = json!({"client_id": "app", "name": "App", "app_type": "native", "refresh_token": {"rotation_type": after}});
        tenant.seed(Seed::from_json(&json!({"clients": [client]}).to_string()).unwrap());
        assert_eq!(refresh(&tenant, &tokens[0]).0, 200);
        is_refused(&tenant, &tokens[1]);
        is_refused(&tenant, &tokens[2]);
        let shown = shown(&tenant);
        assert_eq!(shown.as_array().unwrap().len(), 1, "{shown}");
        assert_eq!(shown[0]["rotating"], json!(after == "rotating"));
    }
}
