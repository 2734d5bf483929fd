//! What the tenant's log says of changes by the Management API.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use users_mock::{Mail, MailKind, Tenant};

/// A number that no float holds.
const HUGE: &str = "1e400";

/// Sends a request with a token that has every scope. The body is JSON text, since no value has a number that is too large.
fn send(tenant: &Tenant, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("https://tenant.example.com/api/v2{path}"))
        .header("authorization", format!("Bearer {}", tenant.management_token().expose()))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let answer = tenant.handle(request);
    let body = String::from_utf8(answer.body().to_vec()).unwrap().replace(HUGE, "1");
    (answer.status(), serde_json::from_str(&body).unwrap_or_default())
}

/// The entries of the log, the oldest first.
fn entries(tenant: &Tenant) -> Vec<Value> {
    let (_, Value::Array(mut entries)) = send(tenant, "GET", "/logs?per_page=100", "") else {
        panic!("no list")
    };
    entries.reverse();
    entries
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

#[test]
fn changes_by_the_management_api_are_logged_as_auth0_does() {
    let tenant = Tenant::new();
    let ada = json!({
        "connection": "Username-Password-Authentication", "email": "ada@example.com", "password": "Correct horse 1",
        "user_metadata": {"level": 7},
    });
    let (_, user) = send(&tenant, "POST", "/users", &ada.to_string());
    assert_eq!(send(&tenant, "POST", "/users", &ada.to_string()).0, StatusCode::CONFLICT);
    let id = user["user_id"].as_str().unwrap();
    let path = format!("/users/{}", id.replace('|', "%7C"));
    // A number that is too large for a float, and a body that is too long for the log.
    let change = format!(r#"{{"user_metadata": {{"level": 1e400, "notes": "{}"}}}}"#, "x".repeat(5000));
    assert_eq!(send(&tenant, "PATCH", &path, r#"{"user_metadata": {"level": 1e400}}"#).0, StatusCode::OK);
    assert_eq!(send(&tenant, "PATCH", &path, &change).0, StatusCode::OK);
    assert_eq!(send(&tenant, "PATCH", &path, r#"{"nothing": 1}"#).0, StatusCode::BAD_REQUEST);
    assert_eq!(send(&tenant, "DELETE", &path, "").0, StatusCode::NO_CONTENT);
    assert_eq!(send(&tenant, "DELETE", &path, "").0, StatusCode::NO_CONTENT);

    let entries = entries(&tenant);
    // Recorded: a creation is two entries, or three with a mail; so is a deletion, unless there was nothing to delete.
    assert_eq!(
        kinds(&entries),
        ["ss", "svr", "sapi", "fs", "sapi", "sapi", "sdu", "sapi", "sapi"],
        "{entries:#?}"
    );
    assert_eq!((&entries[0]["user_id"], &entries[0]["user_name"]), (&json!(id), &json!("ada@example.com")));
    let created = &entries[2];
    assert_eq!(created["description"], "Create a User");
    assert!(created["user_id"] == "" && created.get("connection").is_none(), "{created:#}");
    let (asked, answered) = (&created["details"]["request"], &created["details"]["response"]);
    assert_eq!((&asked["method"], &asked["path"]), (&json!("post"), &json!("/api/v2/users")));
    assert_eq!(asked["body"]["password"], "*****");
    assert_eq!((&answered["statusCode"], &answered["body"]["user_id"]), (&json!(201), &json!(id)));
    assert_eq!(
        (&entries[3]["description"], &entries[3]["user_id"]),
        (&json!("The user already exists."), &json!(""))
    );
    assert_eq!(entries[4]["description"], "Update a User");
    assert_eq!(entries[5]["details"]["request"]["body"], Value::Null);
    let bare = id.strip_prefix("auth0|").unwrap();
    assert_eq!(entries[6]["description"], format!("user_id: {bare}"));
    assert!(!serde_json::to_string(&entries).unwrap().contains("Correct horse"));
}

#[test]
fn a_verification_mail_is_sent_when_auth0_sends_one() {
    let tenant = Tenant::new();
    let sent = |mails: Vec<Mail>| mails.iter().filter(|mail| mail.kind == MailKind::VerifyEmail).count();
    for (number, (more, mails)) in [
        (json!({}), 1),
        (json!({"verify_email": true}), 1),
        (json!({"verify_email": false}), 0),
        (json!({"email_verified": true}), 0),
        (json!({"email_verified": false}), 0),
        (json!({"email_verified": false, "verify_email": true}), 1),
    ]
    .into_iter()
    .enumerate()
    {
        tenant.clear_mails();
        let mut user = json!({
            "connection": "Username-Password-Authentication", "email": format!("{number}@example.com"), "password": "Correct horse 1",
        });
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, created) = send(&tenant, "POST", "/users", &user.to_string());
        assert_eq!((status, sent(tenant.mails())), (StatusCode::CREATED, mails), "{more}");

        // A job sends one to every address that is not verified.
        tenant.clear_mails();
        let job = json!({"user_id": created["user_id"]}).to_string();
        send(&tenant, "POST", "/jobs/verification-email", &job);
        assert_eq!(sent(tenant.mails()), usize::from(created["email_verified"] != true), "{more}");
    }
    tenant.clear_mails();
    let id = tenant.user_ids()[0].replace('|', "%7C");
    let change = json!({"email": "new@example.com", "verify_email": true}).to_string();
    send(&tenant, "PATCH", &format!("/users/{id}"), &change);
    assert_eq!(tenant.mails().pop().unwrap().to, "new@example.com");
}

#[test]
fn no_secret_is_logged_at_any_depth() {
    let tenant = Tenant::new();
    let deep = format!(r#"{}"S3CRET"{}"#, r#"{"a":["#.repeat(40), "]}".repeat(40));
    for (path, body) in [
        ("/connections", r#"{"name": "corp", "strategy": "oidc", "options": {"client_id": "c", "client_secret": "S3CRET"}}"#.to_owned()),
        ("/users", r#"{"connection": "Username-Password-Authentication", "email": "a@example.com", "password": "S3CRET horse 1",
            "app_metadata": {"keys": [{"api_key": "S3CRET", "name": "shown"}]}}"#.to_owned()),
        ("/users", format!(r#"{{"connection": "Username-Password-Authentication", "email": "b@example.com", "password": "Correct horse 1",
            "user_metadata": {{"deep": {deep}}}}}"#)),
    ] {
        assert_eq!(send(&tenant, "POST", path, &body).0, StatusCode::CREATED, "{path}");
    }
    let id = tenant.user_ids()[0].replace('|', "%7C");
    let methods = r#"[{"type": "totp", "name": "phone", "totp_secret": "JBSWY3DPEHPK3PXP"}]"#;
    send(&tenant, "PUT", &format!("/users/{id}/authentication-methods"), methods);
    let (_, ticket) = send(
        &tenant,
        "POST",
        "/tickets/password-change",
        &json!({"user_id": tenant.user_ids()[0]}).to_string(),
    );
    let secret = ticket["ticket"].as_str().unwrap().split("ticket=").nth(1).unwrap();
    let text = serde_json::to_string(&entries(&tenant)).unwrap();
    for hidden in ["S3CRET", "JBSWY3DP", secret] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    assert!(text.contains("corp") && text.contains("*****"), "{text}");
}
