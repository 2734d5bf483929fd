//! The sessions of browsers, and what ends them and blocks.

use super::super::{as_admin, ask, create};
use super::PASSWORD;
use super::browser::{Browser, Shown};
use super::stories::{CALLBACK, VERIFIER, authorize};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::{Page, Seed, Tenant};

/// A tenant with one user, whose id is returned as a part of a path.
fn tenant() -> (Tenant, String) {
    let tenant = Tenant::new();
    let id = create(&tenant, json!({})).1["user_id"].as_str().unwrap().replace('|', "%7C");
    (tenant, id)
}

/// The claims of the ID token that the code of a response is exchanged for.
fn claims(tenant: &Tenant, shown: &Shown) -> Value {
    let body = json!({
        "grant_type": "authorization_code", "client_id": "tenant-client", "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        "code": shown.parameters()["code"],
    });
    let answer = ask(tenant, "POST", "/oauth/token", "", &body);
    let tokens: Value = serde_json::from_slice(answer.body()).unwrap();
    let payload = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn log_in(tenant: &Tenant, password: &str) -> (u16, Value) {
    let body = json!({
        "grant_type": "password", "client_id": "tenant-client", "username": "ada@example.com", "password": password,
    });
    let answer = ask(tenant, "POST", "/oauth/token", "", &body);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

#[test]
fn a_session_that_is_young_enough_states_when_its_user_logged_in() {
    let (tenant, id) = tenant();
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    let first = claims(&tenant, &browser.log_in(page, "ada@example.com", PASSWORD));
    assert!(first.get("auth_time").is_none() && first.get("amr").is_none(), "{first}");
    tenant.clock().advance(Duration::from_secs(600));
    let silent = claims(&tenant, &browser.open(&authorize("&max_age=3600")));
    assert_eq!(silent["sid"], first["sid"]);
    assert_eq!(silent["auth_time"].as_u64().unwrap() + 600, silent["iat"].as_u64().unwrap());
    assert!(silent.get("amr").is_none() && silent.get("acr").is_none(), "{silent}");
    let (_, sessions) = as_admin(&tenant, "GET", &format!("/api/v2/users/{id}/sessions"), &Value::Null);
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    // Silent use does not make it younger.
    tenant.clock().advance(Duration::from_secs(3001));
    let page = browser.open(&authorize("&max_age=3600"));
    assert!(matches!(page, Shown::Page(_, Page::Login { .. })), "{page:?}");
    let again = claims(&tenant, &browser.log_in(page, "ada@example.com", PASSWORD));
    assert_eq!(again["auth_time"], again["iat"]);
}

#[test]
fn either_cookie_of_a_session_names_it_and_no_other_does() {
    let (tenant, _) = tenant();
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    browser.log_in(page, "ada@example.com", PASSWORD).parameters();
    let names: Vec<String> = browser.cookies.keys().cloned().collect();
    assert_eq!(names, ["auth0", "auth0_compat"]);
    for (kept, name, has_session) in
        [("auth0", "auth0", true), ("auth0_compat", "auth0_compat", true), ("auth0", "other", false)]
    {
        let mut other = Browser::new(&tenant);
        other.cookies.insert(name.to_owned(), browser.cookies[kept].clone());
        let response = other.open(&authorize("&prompt=none")).parameters();
        assert_eq!(response.contains_key("code"), has_session, "{name}");
    }
}

#[test]
fn a_block_after_ten_wrong_passwords_ends_after_thirty_days_or_with_a_new_password() {
    let (tenant, id) = tenant();
    let blocks = || {
        as_admin(&tenant, "GET", &format!("/api/v2/user-blocks/{id}"), &Value::Null).1["blocked_for"].clone()
    };
    let block = || {
        for _ in 0..10 {
            assert_eq!(log_in(&tenant, "wrong").0, 403);
        }
        assert_eq!(log_in(&tenant, PASSWORD).0, 429);
        let shown = json!([{"identifier": "ada@example.com", "ip": "127.0.0.1", "connection": "Username-Password-Authentication"}]);
        assert_eq!(blocks(), shown);
    };
    block();
    tenant.clock().advance(Duration::from_secs(29 * 86_400));
    assert_eq!(log_in(&tenant, PASSWORD).0, 429);
    tenant.clock().advance(Duration::from_secs(86_401));
    assert_eq!((blocks(), log_in(&tenant, PASSWORD).0), (json!([]), 200));
    block();
    let change = json!({"password": "Correct horse 2"});
    assert_eq!(as_admin(&tenant, "PATCH", &format!("/api/v2/users/{id}"), &change).0, 200);
    assert_eq!((blocks(), log_in(&tenant, "Correct horse 2").0), (json!([]), 200));
}

#[test]
fn a_ticket_by_address_is_for_the_user_of_its_connection() {
    let seed = json!({
        "connections": [{"id": "con_first", "name": "first", "strategy": "auth0"}, {"id": "con_second", "name": "second", "strategy": "auth0"}],
    });
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    let ids = ["first", "second"].map(|connection| {
        create(&tenant, json!({"connection": connection})).1["user_id"].as_str().unwrap().to_owned()
    });
    let ticket = |connection: &str, email: &str| {
        let body = json!({"connection_id": connection, "email": email});
        as_admin(&tenant, "POST", "/api/v2/tickets/password-change", &body)
    };
    let (status, made) = ticket("con_second", "ada@example.com");
    assert_eq!(status, 201, "{made}");
    let mut browser = Browser::new(&tenant);
    let Page::ChangePassword { action, .. } = browser.open(made["ticket"].as_str().unwrap()).page() else {
        panic!()
    };
    browser.post(&action, &[("password", "Correct horse 2"), ("confirm", "Correct horse 2")]);
    let changed = ids.map(|id| {
        let (_, user) =
            as_admin(&tenant, "GET", &format!("/api/v2/users/{}", id.replace('|', "%7C")), &Value::Null);
        user.get("last_password_reset").is_some()
    });
    assert_eq!(changed, [false, true]);
    assert_eq!(ticket("con_second", "bob@example.com").0, 404);
}

#[test]
fn the_first_seventy_two_bytes_of_a_password_count() {
    let tenant = Tenant::new();
    let password = format!("Correct horse 1{}", "x".repeat(57));
    create(&tenant, json!({"password": password}));
    assert_eq!(log_in(&tenant, &format!("{password}and more")).0, 200);
    assert_eq!(log_in(&tenant, &password[..71]).0, 403);
}

#[test]
fn a_linked_account_logs_in_as_its_user_and_by_itself_once_it_is_unlinked() {
    let seed = json!({"connections": [{"id": "con_second", "name": "second", "strategy": "auth0"}]});
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    let ada = create(&tenant, json!({})).1["user_id"].as_str().unwrap().replace('|', "%7C");
    let bob = json!({"email": "bob@example.com", "password": "Correct horse 2", "connection": "second"});
    let (_, bob) = create(&tenant, bob);
    let bare = bob["user_id"].as_str().unwrap().strip_prefix("auth0|").unwrap();
    let log_in = |password: &str| {
        let body = json!({
            "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": "second", "client_id": "tenant-client",
            "username": "Bob@example.com", "password": password, "scope": "openid",
        });
        let answer = ask(&tenant, "POST", "/oauth/token", "", &body);
        let tokens: Value = serde_json::from_slice(answer.body()).unwrap();
        let payload = tokens["id_token"].as_str()?.split('.').nth(1)?.to_owned();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        Some(claims["sub"].as_str()?.replace('|', "%7C"))
    };
    let own = format!("auth0%7C{bare}");
    assert_eq!(log_in("Correct horse 2"), Some(own.clone()));
    let link = json!({"provider": "auth0", "user_id": bare});
    assert_eq!(as_admin(&tenant, "POST", &format!("/api/v2/users/{ada}/identities"), &link).0, 201);
    assert_eq!((log_in("Correct horse 2"), log_in(PASSWORD)), (Some(ada.clone()), None));
    let change = json!({"password": "Correct horse 3", "connection": "second"});
    assert_eq!(as_admin(&tenant, "PATCH", &format!("/api/v2/users/{ada}"), &change).0, 200);
    assert_eq!((log_in("Correct horse 2"), log_in("Correct horse 3")), (None, Some(ada.clone())));
    let unlink = format!("/api/v2/users/{ada}/identities/auth0/{bare}");
    assert_eq!(as_admin(&tenant, "DELETE", &unlink, &Value::Null).0, 200);
    assert_eq!(log_in("Correct horse 3"), Some(own));
}

#[test]
fn a_snapshot_restores_what_logins_had_left_behind() {
    let (tenant, _) = tenant();
    for _ in 0..5 {
        assert_eq!(log_in(&tenant, "wrong").0, 403);
    }
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    let code = browser.log_in(page, "ada@example.com", PASSWORD).parameters()["code"].clone();
    let exchange = || {
        let body = json!({"grant_type": "authorization_code", "client_id": "tenant-client", "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER, "code": code});
        ask(&tenant, "POST", "/oauth/token", "", &body).status().as_u16()
    };
    for _ in 0..5 {
        assert_eq!(log_in(&tenant, "wrong").0, 403);
    }
    let (mails, snapshot) = (tenant.mails(), tenant.snapshot());
    assert_eq!(exchange(), 200);
    for _ in 0..4 {
        assert_eq!(log_in(&tenant, "wrong").0, 403);
    }
    create(&tenant, json!({"email": "bob@example.com"}));
    let newest = tenant.mails().pop().unwrap().id;
    tenant.restore(&snapshot);
    assert_eq!(tenant.mails(), mails);
    assert_eq!(exchange(), 200);
    // Five and one failures are fewer than ten.
    assert_eq!(log_in(&tenant, "wrong").0, 403);
    assert_eq!(log_in(&tenant, PASSWORD).0, 200);
    // A test that waits for messages after the newest one finds the next.
    create(&tenant, json!({"email": "bob@example.com"}));
    assert_eq!(tenant.mails().pop().unwrap().id, newest + 1);
}

#[test]
fn a_new_password_by_a_ticket_of_the_management_api_lifts_the_block_of_an_administrator() {
    for is_of_api in [true, false] {
        let (tenant, id) = tenant();
        as_admin(&tenant, "PATCH", &format!("/api/v2/users/{id}"), &json!({"blocked": true}));
        let link = if is_of_api {
            let body = json!({"user_id": tenant.user_ids()[0]});
            let (_, ticket) = as_admin(&tenant, "POST", "/api/v2/tickets/password-change", &body);
            ticket["ticket"].as_str().unwrap().to_owned()
        } else {
            let body = json!({"connection": "Username-Password-Authentication", "email": "ada@example.com"});
            ask(&tenant, "POST", "/dbconnections/change_password", "", &body);
            tenant.mails().pop().unwrap().link.unwrap()
        };
        let fields = [("password", "Correct horse 2"), ("confirm", "Correct horse 2")];
        Browser::new(&tenant).post(&link, &fields);
        assert_eq!(log_in(&tenant, "Correct horse 2").0, if is_of_api { 200 } else { 403 });
    }
}

#[test]
fn applications_keep_their_tokens_after_a_reset_and_users_do_not() {
    let template = Tenant::builder().users(1).template();
    let tenant = template.tenant();
    let application = tenant.management_token();
    let user = tenant.access_token_for(&tenant.user_ids()[0]).unwrap();
    tenant.reset(&template);
    for (path, token, status) in [("/api/v2/users", application, 200), ("/userinfo", user, 401)] {
        let bearer = format!("Bearer {}", token.expose());
        assert_eq!(ask(&tenant, "GET", path, &bearer, &Value::Null).status(), status, "{path}");
    }
}
