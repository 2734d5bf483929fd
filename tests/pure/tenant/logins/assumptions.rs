//! What the tenant assumes of logins, as a test sets it.

use super::super::{as_admin, ask, create};
use super::PASSWORD;
use super::browser::{Browser, Shown};
use super::stories::{CALLBACK, VERIFIER, authorize};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::{AssumedError, Assumptions, Page, Seed, Tenant};

fn tenant(change: impl FnOnce(&mut Assumptions)) -> Tenant {
    let mut assumptions = Assumptions::default();
    change(&mut assumptions);
    let seed = json!({
        "organizations": [{"id": "org_acme", "name": "acme"}],
        "resource_servers": [{"id": "api", "identifier": "https://api/", "name": "API", "allow_offline_access": true}],
        "clients": [{
            "client_id": "app", "name": "App", "app_type": "native", "callbacks": [CALLBACK],
            "refresh_token": {"rotation_type": "non-rotating"},
        }],
    });
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let tenant = Tenant::builder().assumptions(assumptions).seed(seed).build();
    create(&tenant, json!({}));
    tenant
}

fn post(tenant: &Tenant, path: &str, body: &Value) -> (u16, Value) {
    let answer = ask(tenant, "POST", path, "", body);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

fn token(tenant: &Tenant, more: &Value) -> (u16, Value) {
    let mut body = json!({
        "grant_type": "password", "client_id": "tenant-client", "username": "ada@example.com", "password": PASSWORD,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(tenant, "/oauth/token", &body)
}

fn code(tenant: &Tenant) -> String {
    let mut browser = Browser::new(tenant);
    let page = browser.open(&authorize(""));
    browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap()
}

fn exchange(tenant: &Tenant, code: &str, verifier: &str, callback: &str) -> (u16, Value) {
    let body = json!({
        "grant_type": "authorization_code", "client_id": "tenant-client", "code": code, "redirect_uri": callback,
        "code_verifier": verifier,
    });
    post(tenant, "/oauth/token", &body)
}

/// Sets an assumption.
type Change = fn(&mut Assumptions, AssumedError);

/// What leads to an error, whose status, `error` and `error_description` are returned.
type Story = fn(&Tenant) -> (u16, Value);

#[test]
fn each_assumption_about_an_error_of_a_login_can_be_changed() {
    let rows: &[(Change, Story)] = &[
        (
            |to, error| to.blocked_password_login = error,
            |tenant| {
                let id = tenant.user_ids()[0].replace('|', "%7C");
                as_admin(tenant, "PATCH", &format!("/api/v2/users/{id}"), &json!({"blocked": true}));
                token(tenant, &json!({}))
            },
        ),
        (
            |to, error| to.unknown_realm = error,
            |tenant| {
                let grant = "http://auth0.com/oauth/grant-type/password-realm";
                token(tenant, &json!({"grant_type": grant, "realm": "nothing"}))
            },
        ),
        (
            |to, error| to.wrong_redirect_uri = error,
            |tenant| exchange(tenant, &code(tenant), VERIFIER, "http://localhost:3000/other"),
        ),
        (
            |to, error| to.expired_mfa_token = error,
            |tenant| {
                let grant = "http://auth0.com/oauth/grant-type/mfa-otp";
                token(tenant, &json!({"grant_type": grant, "mfa_token": "Fe26.2*old", "otp": "123456"}))
            },
        ),
        (
            |to, error| to.change_password_of_unknown_user = Some(error),
            |tenant| {
                let body =
                    json!({"connection": "Username-Password-Authentication", "email": "nobody@example.com"});
                post(tenant, "/dbconnections/change_password", &body)
            },
        ),
        (
            |to, error| to.missing_parameter = error,
            |tenant| post(tenant, "/oauth/token", &json!({"client_id": "tenant-client"})),
        ),
        (
            |to, error| to.missing_parameter = error,
            |tenant| {
                let body = json!({"grant_type": "authorization_code", "client_id": "tenant-client"});
                post(tenant, "/oauth/token", &body)
            },
        ),
    ];
    for (number, (change, story)) in rows.iter().enumerate() {
        let default = story(&tenant(|_| {}));
        assert_ne!(default.0, 418, "{number}");
        let changed = tenant(|to| change(to, AssumedError::new(418, "assumed text").code("assumed_code")));
        let expected = json!({"error": "assumed_code", "error_description": "assumed text"});
        assert_eq!(story(&changed), (418, expected), "{number}: {default:?}");
    }
}

#[test]
fn what_is_no_error_can_be_changed_too() {
    let sign_up = json!({
        "client_id": "tenant-client", "connection": "Username-Password-Authentication", "email": "ada@example.com", "password": PASSWORD,
    });
    let exists = AssumedError::new(400, "The user already exists.").code("user_exists");
    let tenant_of = tenant(|to| to.signup_of_existing_user = exists);
    assert_eq!(post(&tenant_of, "/dbconnections/signup", &sign_up).1["code"], "user_exists");

    for voids in [true, false] {
        let tenant = tenant(|to| to.wrong_verifier_voids_code = voids);
        let code = code(&tenant);
        assert_eq!(exchange(&tenant, &code, "wrong", CALLBACK).0, 403);
        assert_eq!(exchange(&tenant, &code, VERIFIER, CALLBACK).0, if voids { 403 } else { 200 });
    }
    for returns in [true, false] {
        let tenant = tenant(|to| to.non_rotating_exchange_returns_token = returns);
        let first =
            token(&tenant, &json!({"client_id": "app", "scope": "openid offline_access"})).1["refresh_token"]
                .clone();
        let body = json!({"grant_type": "refresh_token", "client_id": "app", "refresh_token": first});
        let (status, next) = post(&tenant, "/oauth/token", &body);
        assert_eq!((status, next.get("refresh_token")), (200, returns.then_some(&first)), "{next}");
    }
    let tenant = tenant(|to| {
        to.not_a_member = AssumedError::new(403, "{user} is not in {organization}").code("no_member")
    });
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize("&organization=org_acme"));
    let refused = browser.log_in(page, "ada@example.com", PASSWORD).parameters();
    assert_eq!(refused["error"], "no_member");
    assert_eq!(refused["error_description"], format!("{} is not in org_acme", tenant.user_ids()[0]));
}

fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn the_lifetime_and_the_tokens_of_a_code_can_be_changed() {
    let tenant_of = tenant(|to| to.code_lifetime = 60);
    for (waits, status) in [(59, 200), (60, 403)] {
        let code = code(&tenant_of);
        tenant_of.clock().advance(Duration::from_secs(waits));
        assert_eq!(exchange(&tenant_of, &code, VERIFIER, CALLBACK).0, status, "{waits}");
    }
    for has_hash in [true, false] {
        let tenant = tenant(|to| {
            to.code_exchange_has_at_hash = has_hash;
            to.refreshed_token_has_gty = false;
        });
        let (_, tokens) = exchange(&tenant, &code(&tenant), VERIFIER, CALLBACK);
        assert_eq!(claims(&tokens["id_token"]).get("at_hash").is_some(), has_hash);
        let body = json!({
            "grant_type": "refresh_token", "client_id": "tenant-client", "refresh_token": tokens["refresh_token"],
        });
        let (_, next) = post(&tenant, "/oauth/token", &body);
        assert!(claims(&next["id_token"]).get("at_hash").is_none(), "it is of the code alone");
    }
    for has_gty in [true, false] {
        let tenant = tenant(|to| to.refreshed_token_has_gty = has_gty);
        let first = token(&tenant, &json!({"audience": "https://api/", "scope": "offline_access"})).1;
        let body = json!({
            "grant_type": "refresh_token", "client_id": "tenant-client", "refresh_token": first["refresh_token"],
        });
        let (_, next) = post(&tenant, "/oauth/token", &body);
        assert_eq!(claims(&next["access_token"]).get("gty").is_some(), has_gty);
    }
}

#[test]
fn the_errors_of_the_authorization_endpoint_can_be_changed() {
    let tenant_of = tenant(|to| to.login_required = "No session".to_owned());
    let response = Browser::new(&tenant_of).open(&authorize("&prompt=none")).parameters();
    assert_eq!((&*response["error"], &*response["error_description"]), ("login_required", "No session"));
    for on_page in [true, false] {
        let tenant = tenant(|to| to.reports_unknown_audience_on_page = on_page);
        for unknown in ["&audience=nothing", "&connection=nothing"] {
            match Browser::new(&tenant).open(&authorize(unknown)) {
                Shown::Page(status, Page::Error { .. }) => assert!(on_page && status == 400, "{unknown}"),
                shown => assert_eq!(shown.parameters().contains_key("error"), !on_page, "{unknown}"),
            }
        }
    }
}

#[test]
fn the_count_of_failed_logins_can_continue_after_a_successful_one() {
    for resets in [true, false] {
        let tenant = tenant(|to| to.login_resets_failures = resets);
        for password in [vec!["wrong"; 9], vec![PASSWORD, "wrong"]].concat() {
            token(&tenant, &json!({"password": password}));
        }
        assert_eq!(token(&tenant, &json!({})).0, if resets { 200 } else { 429 });
    }
}

#[test]
fn a_change_of_password_that_was_asked_for_can_leave_the_address_unverified() {
    for verifies in [true, false] {
        let tenant = tenant(|to| to.requested_change_verifies_email = verifies);
        let body = json!({"connection": "Username-Password-Authentication", "email": "ada@example.com"});
        let answer = ask(&tenant, "POST", "/dbconnections/change_password", "", &body);
        assert_eq!(
            (&answer.headers()["x-ratelimit-limit"], &answer.headers()["x-ratelimit-remaining"]),
            (&"10".parse().unwrap(), &"9".parse().unwrap())
        );
        let link = tenant.mails().pop().unwrap().link.unwrap();
        let path = link.strip_prefix("https://tenant.example.com").unwrap().trim_end_matches('#');
        Browser::new(&tenant).post(path, &[("password", "Correct horse 2"), ("confirm", "Correct horse 2")]);
        let user = tenant.user(&tenant.user_ids()[0]).unwrap();
        assert_eq!(user.email_verified.is_some_and(|flag| flag.is_true()), verifies);
    }
}

#[test]
fn a_login_with_a_one_time_code_is_logged_as_one_in_a_browser_or_not_at_all() {
    for logs in [true, false] {
        let tenant = tenant(|to| to.logs_passcode_logins = logs);
        let start = json!({"client_id": "tenant-client", "connection": "email", "email": "bea@example.com", "send": "code"});
        post(&tenant, "/passwordless/start", &start);
        let code = tenant.mails().pop().unwrap().code.unwrap();
        let body = json!({
            "grant_type": "http://auth0.com/oauth/grant-type/passwordless/otp", "client_id": "tenant-client", "realm": "email",
            "username": "bea@example.com", "otp": code, "audience": "https://api/",
        });
        let (status, tokens) = post(&tenant, "/oauth/token", &body);
        assert_eq!(status, 200, "{tokens}");
        assert!(claims(&tokens["access_token"]).get("gty").is_none());
        let (_, log) = as_admin(&tenant, "GET", "/api/v2/logs", &Value::Null);
        let kinds: Vec<&str> =
            log.as_array().unwrap().iter().filter_map(|entry| entry["type"].as_str()).collect();
        assert_eq!(kinds.contains(&"s"), logs, "{kinds:?}");
        assert!(!kinds.contains(&"sepft"), "{kinds:?}");
    }
}
