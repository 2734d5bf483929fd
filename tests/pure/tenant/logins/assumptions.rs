//! What the tenant assumes of logins, as a test sets it.

use super::super::{as_admin, ask, create};
use super::PASSWORD;
use super::browser::Browser;
use super::stories::{CALLBACK, VERIFIER, authorize};
use serde_json::{Value, json};
use users_mock::{AssumedError, Assumptions, Seed, Tenant};

fn tenant(change: impl FnOnce(&mut Assumptions)) -> Tenant {
    let mut assumptions = Assumptions::default();
    change(&mut assumptions);
    let seed = json!({
        "organizations": [{"id": "org_acme", "name": "acme"}],
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
