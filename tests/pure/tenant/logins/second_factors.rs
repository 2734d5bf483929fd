//! Logins with the one-time code of an authenticator.

use super::super::{as_admin, ask};
use super::PASSWORD;
use super::browser::{Browser, Shown};
use super::stories::authorize;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};
use users_core::Clock as _;
use users_core::model::Timestamp;
use users_mock::{Page, Seed, Tenant};

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

fn code(tenant: &Tenant, secret: &str) -> String {
    let bytes = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let now = Timestamp::from(tenant.clock().unix_now()).unix_millis() / 1000;
    TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, bytes).generate(u64::try_from(now).unwrap())
}

fn tenant() -> Tenant {
    let seed = json!({"users": [{"user_id": "auth0|ada", "email": "ada@example.com"}]});
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    assert_eq!(
        as_admin(&tenant, "PATCH", "/api/v2/users/auth0%7Cada", &json!({"password": PASSWORD})).0,
        200
    );
    tenant
}

fn enroll(tenant: &Tenant) {
    let method = json!({"type": "totp", "name": "phone", "totp_secret": SECRET});
    let (status, shown) =
        as_admin(tenant, "POST", "/api/v2/users/auth0%7Cada/authentication-methods", &method);
    assert_eq!((status, shown.get("totp_secret")), (201, None));
}

fn token(tenant: &Tenant, more: Value) -> (u16, Value) {
    let mut body = json!({"client_id": "tenant-client", "username": "ada@example.com", "password": PASSWORD, "grant_type": "password"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = ask(tenant, "POST", "/oauth/token", "", &body);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";

#[test]
fn a_login_by_password_asks_for_the_second_factor() {
    let tenant = tenant();
    assert_eq!(token(&tenant, json!({})).0, 200);
    enroll(&tenant);
    let (status, asked) = token(&tenant, json!({}));
    assert_eq!((status, &asked["error"]), (403, &json!("mfa_required")));
    let mfa = asked["mfa_token"].as_str().unwrap();
    let challenge = ask(
        &tenant,
        "POST",
        "/mfa/challenge",
        "",
        &json!({"mfa_token": mfa, "challenge_type": "otp", "client_id": "tenant-client"}),
    );
    assert_eq!(serde_json::from_slice::<Value>(challenge.body()).unwrap(), json!({"challenge_type": "otp"}));
    let (status, wrong) = token(&tenant, json!({"grant_type": OTP, "mfa_token": mfa, "otp": "000000"}));
    assert_eq!((status, &wrong["error_description"]), (403, &json!("Invalid otp_code.")));
    let right = code(&tenant, SECRET);
    assert_eq!(token(&tenant, json!({"grant_type": OTP, "mfa_token": mfa, "otp": right})).0, 200);
    // The login is over.
    assert_eq!(token(&tenant, json!({"grant_type": OTP, "mfa_token": mfa, "otp": right})).0, 401);
    assert_eq!(
        token(&tenant, json!({"grant_type": OTP, "mfa_token": "x", "otp": right})).1["error_description"],
        "Malformed mfa_token"
    );
}

#[test]
fn a_login_in_a_browser_asks_for_the_second_factor() {
    let tenant = tenant();
    enroll(&tenant);
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    let Page::SecondFactor { action, error: None } = browser.log_in(page, "ada@example.com", PASSWORD).page()
    else {
        panic!()
    };
    // There is no session before it.
    assert!(browser.cookies.is_empty());
    let wrong = browser.post(&action, &[("code", "000000")]);
    assert!(matches!(wrong, Shown::Page(_, Page::SecondFactor { error: Some(_), .. })), "{wrong:?}");
    let right = code(&tenant, SECRET);
    assert!(browser.post(&action, &[("code", right.as_str())]).parameters().contains_key("code"));
    assert!(browser.open(&authorize("&prompt=none")).parameters().contains_key("code"));
}

#[test]
fn an_authenticator_is_added_by_the_user_and_counts_once_it_is_confirmed() {
    let tenant = tenant();
    let access = tenant.access_token_for("auth0|ada").unwrap();
    let bearer = format!("Bearer {}", access.expose());
    let answer = ask(&tenant, "POST", "/mfa/associate", &bearer, &json!({"authenticator_types": ["otp"]}));
    let added: Value = serde_json::from_slice(answer.body()).unwrap();
    let secret = added["secret"].as_str().unwrap();
    assert!(secret.len() == 32 && added["barcode_uri"].as_str().unwrap().contains(secret), "{added}");
    // It is not confirmed, so a password is enough.
    assert_eq!(token(&tenant, json!({})).0, 200);
    let list = ask(&tenant, "GET", "/mfa/authenticators", &bearer, &Value::Null);
    let list: Value = serde_json::from_slice(list.body()).unwrap();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["active"]), (1, &json!(false)));
    let id = list[0]["id"].as_str().unwrap().replace('|', "%7C");
    assert_eq!(
        ask(&tenant, "DELETE", &format!("/mfa/authenticators/{id}"), &bearer, &Value::Null).status(),
        204
    );
    assert_eq!(ask(&tenant, "GET", "/mfa/authenticators", "", &Value::Null).status(), 401);
}
