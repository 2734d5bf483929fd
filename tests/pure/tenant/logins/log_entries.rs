//! The entries of the log that logins leave, and their details.

use super::super::{as_admin, ask, create};
use super::PASSWORD;
use super::browser::Browser;
use super::stories::authorize;
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::{Seed, Tenant};

fn tenant() -> Tenant {
    let tenant = Tenant::new();
    create(&tenant, json!({}));
    tenant
}

/// The latest entry of a type.
fn last(tenant: &Tenant, kind: &str) -> Value {
    let (_, log) = as_admin(tenant, "GET", "/api/v2/logs?per_page=100", &Value::Null);
    let entries = log.as_array().unwrap();
    let found = entries.iter().find(|entry| entry["type"] == kind).cloned();
    found.unwrap_or_else(|| panic!("no {kind}: {entries:?}"))
}

#[test]
fn a_login_by_a_page_tells_how_long_it_took_and_a_silent_one_that_it_was_silent() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    tenant.clock().advance(Duration::from_secs(7));
    browser.log_in(page, "ada@example.com", PASSWORD).parameters();
    let entry = last(&tenant, "s");
    let details = &entry["details"];
    assert_eq!(details["elapsedTime"], 7000);
    assert_eq!(details["completedAt"].as_u64().unwrap(), details["initiatedAt"].as_u64().unwrap() + 7000);
    assert_eq!(details["stats"], json!({"loginsCount": 1}));
    let prompt = &details["prompts"][0];
    assert_eq!(
        (&prompt["name"], &prompt["user_name"]),
        (&json!("prompt-authenticate"), &json!("ada@example.com"))
    );
    assert_eq!(entry["connection"], "Username-Password-Authentication");

    browser.open(&authorize("&prompt=none")).parameters();
    let silent = last(&tenant, "ssa");
    assert_eq!(silent["details"]["session_id"], details["session_id"]);
    assert_eq!(silent["details"]["prompts"], json!([]));
    assert!(silent.get("connection").is_none());
}

#[test]
fn a_login_that_is_reported_to_the_application_is_logged_as_failed() {
    let tenant = tenant();
    for (more, kind, description) in [
        ("&prompt=none", "fsa", "Login required"),
        ("&audience=nothing", "f", "Service not found: nothing"),
        ("&prompt=none&connection=nothing", "fsa", "the connection was not found"),
    ] {
        let response = Browser::new(&tenant).open(&authorize(more)).parameters();
        assert_eq!(response["error_description"], description);
        let entry = last(&tenant, kind);
        assert_eq!(entry["description"], description, "{entry}");
        assert_eq!(entry["details"]["error"]["oauthError"], json!(response["error"]));
        assert_eq!(entry["client_id"], "tenant-client");
    }
}

#[test]
fn what_is_shown_to_the_user_is_logged_as_failed_too() {
    let tenant = tenant();
    let evil = authorize("").replace("http%3A%2F%2Flocalhost%3A3000", "https%3A%2F%2Fevil.example.com");
    for (address, kind, text) in [
        (evil.clone(), "f", "Callback URL mismatch"),
        (format!("{evil}&prompt=none"), "fsa", "Callback URL mismatch"),
        ("/v2/logout?returnTo=https%3A%2F%2Fevil.example.com".to_owned(), "flo", "Allowed Logout URLs"),
    ] {
        Browser::new(&tenant).open(&address);
        let entry = last(&tenant, kind);
        assert!(entry["description"].as_str().unwrap().contains(text), "{address}: {entry}");
    }
}

#[test]
fn the_right_one_time_code_of_a_blocked_user_is_logged_as_refused() {
    let tenant = tenant();
    let log_in = || {
        let start = json!({"client_id": "tenant-client", "connection": "email", "email": "bea@example.com", "send": "code"});
        ask(&tenant, "POST", "/passwordless/start", "", &start);
        let body = json!({
            "grant_type": "http://auth0.com/oauth/grant-type/passwordless/otp", "client_id": "tenant-client", "realm": "email",
            "username": "bea@example.com", "otp": tenant.mails().pop().unwrap().code,
        });
        ask(&tenant, "POST", "/oauth/token", "", &body).status().as_u16()
    };
    assert_eq!(log_in(), 200);
    let id = tenant.user_ids().into_iter().find(|id| id.starts_with("email")).unwrap();
    as_admin(
        &tenant,
        "PATCH",
        &format!("/api/v2/users/{}", id.replace('|', "%7C")),
        &json!({"blocked": true}),
    );
    assert_eq!(log_in(), 403);
    let entry = last(&tenant, "fepotpft");
    assert_eq!((&entry["description"], &entry["user_id"]), (&json!("user is blocked"), &json!(id)));
}

#[test]
fn the_token_of_an_application_is_logged() {
    let tenant = tenant();
    let api = json!({"resource_servers": [{"id": "1", "identifier": "https://api/", "name": "API"}]});
    tenant.seed(Seed::from_json(&api.to_string()).unwrap());
    for (audience, kind, description) in [
        ("https://api/", "seccft", ""),
        ("https://nothing/", "feccft", "Service not enabled within domain: https://nothing/"),
    ] {
        let body = json!({
            "grant_type": "client_credentials", "client_id": "tenant-client", "client_secret": "tenant-secret", "audience": audience,
        });
        ask(&tenant, "POST", "/oauth/token", "", &body);
        let entry = last(&tenant, kind);
        assert_eq!((&entry["description"], &entry["audience"]), (&json!(description), &json!(audience)));
        assert_eq!((&entry["client_id"], &entry["user_id"]), (&json!("tenant-client"), &json!("")));
    }
    // Clients of tests fetch tokens for the Management API, and compare the log that they have seeded.
    let count = || as_admin(&tenant, "GET", "/api/v2/logs", &Value::Null).1.as_array().unwrap().len();
    let before = count();
    tenant.clock().block_on(async { tenant.management().users().get_all().await.unwrap() });
    assert_eq!(count(), before);
}

#[test]
fn a_verified_address_is_logged_with_what_the_link_was_for() {
    let tenant = tenant();
    let id = tenant.user_ids().remove(0);
    let body = json!({"user_id": id, "result_url": "https://app.example.com/done"});
    let (_, ticket) = as_admin(&tenant, "POST", "/api/v2/tickets/email-verification", &body);
    Browser::new(&tenant).open(ticket["ticket"].as_str().unwrap());
    let query = json!({
        "email": "ada@example.com", "idp_user_id": id.split_once('|').unwrap().1, "resultUrl": "https://app.example.com/done",
    });
    assert_eq!(last(&tenant, "sv")["details"]["query"], query);
}
