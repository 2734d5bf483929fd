//! Logins with the one-time code of an authenticator.

use super::super::{as_admin, ask};
use super::PASSWORD;
use super::browser::{Browser, Shown};
use super::stories::authorize;
use serde_json::{Value, json};
use std::time::Duration;
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
    let access = |audience: Value, scope: &str| {
        let (status, tokens) = token(&tenant, json!({"audience": audience, "scope": scope}));
        assert_eq!(status, 200, "{tokens}");
        (format!("Bearer {}", tokens["access_token"].as_str().unwrap()), tokens["expires_in"].clone())
    };
    // Another access token is not for this API.
    let (other, _) = access(Value::Null, "openid profile");
    for (method, path) in
        [("POST", "/mfa/associate"), ("GET", "/mfa/authenticators"), ("DELETE", "/mfa/authenticators/x")]
    {
        assert_eq!(
            ask(&tenant, method, path, &other, &json!({"authenticator_types": ["otp"]})).status(),
            401,
            "{path}"
        );
    }
    let scopes = "enroll read:authenticators remove:authenticators";
    let (bearer, lifetime) = access(json!("https://tenant.example.com/mfa/"), scopes);
    assert_eq!(lifetime, 600);
    let answer = ask(&tenant, "POST", "/mfa/associate", &bearer, &json!({"authenticator_types": ["otp"]}));
    let added: Value = serde_json::from_slice(answer.body()).unwrap();
    let secret = added["secret"].as_str().unwrap();
    assert!(secret.len() == 32 && added["barcode_uri"].as_str().unwrap().contains(secret), "{added}");
    // It is not confirmed, so a password is enough.
    assert_eq!(token(&tenant, json!({})).0, 200);
    let list = ask(&tenant, "GET", "/mfa/authenticators", &bearer, &Value::Null);
    let list: Value = serde_json::from_slice(list.body()).unwrap();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["active"]), (1, &json!(false)));
    assert_eq!(last_events(&tenant, 2), ["gd_start_enroll", "sepft"]);
    let id = list[0]["id"].as_str().unwrap().replace('|', "%7C");
    assert_eq!(
        ask(&tenant, "DELETE", &format!("/mfa/authenticators/{id}"), &bearer, &Value::Null).status(),
        204
    );
    assert_eq!(ask(&tenant, "GET", "/mfa/authenticators", "", &Value::Null).status(), 401);
}

/// The types of the latest entries of the log, the newest last.
fn last_events(tenant: &Tenant, count: usize) -> Vec<String> {
    let (_, entries) = as_admin(tenant, "GET", &format!("/api/v2/logs?per_page={count}"), &Value::Null);
    let kinds = entries.as_array().unwrap().iter().rev();
    kinds.map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
}

/// The token of a login that waits for the second factor.
fn pending(tenant: &Tenant) -> Value {
    let (status, asked) = token(tenant, json!({}));
    assert_eq!((status, &asked["error"]), (403, &json!("mfa_required")));
    asked["mfa_token"].clone()
}

fn redeem(tenant: &Tenant, mfa: &Value, otp: &str) -> (u16, Value) {
    token(tenant, json!({"grant_type": OTP, "mfa_token": mfa, "otp": otp}))
}

#[test]
fn every_way_to_log_in_asks_for_the_second_factor_and_no_code_counts_twice() {
    let tenant = tenant();
    enroll(&tenant);
    let mfa = pending(&tenant);
    assert_eq!(last_events(&tenant, 1), ["mfar"]);
    let used = code(&tenant, SECRET);
    let (status, tokens) = redeem(&tenant, &mfa, &used);
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(redeem(&tenant, &pending(&tenant), &used).0, 403);

    // A code that was sent is the first factor.
    let send_code = || {
        ask(
            &tenant,
            "POST",
            "/passwordless/start",
            "",
            &json!({
                "client_id": "tenant-client", "connection": "email", "email": "ada@example.com", "send": "code",
            }),
        );
        tenant.mails().pop().unwrap().code.unwrap()
    };
    let created = send_code();
    let passwordless = |otp: &str| {
        token(
            &tenant,
            json!({
                "grant_type": "http://auth0.com/oauth/grant-type/passwordless/otp", "realm": "email", "otp": otp,
            }),
        )
    };
    let (status, tokens) = passwordless(&created);
    assert_eq!(status, 200, "{tokens}");
    let id = tenant.user_ids().into_iter().find(|id| id.starts_with("email|")).unwrap().replace('|', "%7C");
    let method = json!({"type": "totp", "name": "phone", "totp_secret": SECRET});
    as_admin(&tenant, "POST", &format!("/api/v2/users/{id}/authentication-methods"), &method);
    let sent = send_code();
    let (status, asked) = passwordless(&sent);
    assert_eq!((status, &asked["error"]), (403, &json!("mfa_required")));

    // A user who is blocked between the two is refused.
    tenant.clock().advance(Duration::from_secs(60));
    let mfa = pending(&tenant);
    as_admin(&tenant, "PATCH", "/api/v2/users/auth0%7Cada", &json!({"blocked": true}));
    let (status, refused) = redeem(&tenant, &mfa, &code(&tenant, SECRET));
    assert_eq!((status, &refused["error_description"]), (403, &json!("user is blocked")));
}

#[test]
fn the_session_of_another_user_is_no_second_factor() {
    let tenant = tenant();
    let (_, other) = super::super::create(&tenant, json!({"email": "bob@example.com"}));
    assert!(other["user_id"].is_string());
    enroll(&tenant);
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    assert!(browser.log_in(page, "bob@example.com", PASSWORD).parameters().contains_key("code"));
    let Shown::Page(_, Page::Consent { action, .. }) = browser.open(&authorize("&prompt=consent")) else {
        panic!()
    };
    let login = action.replace("/u/consent", "/u/login");
    let shown = browser.post(&login, &[("username", "ada@example.com"), ("password", PASSWORD)]);
    assert!(matches!(shown, Shown::Page(_, Page::SecondFactor { .. })), "{shown:?}");
}

#[test]
fn after_ten_wrong_codes_none_is_right_for_six_minutes() {
    let tenant = tenant();
    enroll(&tenant);
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    let Page::SecondFactor { action, .. } = browser.log_in(page, "ada@example.com", PASSWORD).page() else {
        panic!()
    };
    let mfa = pending(&tenant);
    // Those of the page and of the grant count together.
    for _ in 0..5 {
        assert_eq!(redeem(&tenant, &mfa, "000000").0, 403);
        assert!(matches!(browser.post(&action, &[("code", "000000")]), Shown::Page(..)));
    }
    assert_eq!(redeem(&tenant, &mfa, &code(&tenant, SECRET)).0, 403);
    assert!(last_events(&tenant, 2).contains(&"gd_otp_rate_limit_exceed".to_owned()));
    let right = code(&tenant, SECRET);
    assert!(matches!(browser.post(&action, &[("code", right.as_str())]), Shown::Page(..)));
    tenant.clock().advance(Duration::from_secs(361));
    assert_eq!(redeem(&tenant, &mfa, &code(&tenant, SECRET)).0, 200);
}

#[test]
fn a_session_without_the_second_factor_is_not_enough_once_the_user_has_one() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    browser.log_in(page, "ada@example.com", PASSWORD).parameters();
    enroll(&tenant);
    let silent = browser.open(&authorize("&prompt=none")).parameters();
    assert_eq!(silent["error"], "login_required");
    assert_eq!(silent["error_description"], "Multifactor authentication required");
    assert_eq!(last_events(&tenant, 1), ["fsa"]);
    let page = browser.open(&authorize(""));
    let Shown::Page(_, Page::SecondFactor { action, .. }) = page else { panic!("{page:?}") };
    browser.post(&action, &[("code", &code(&tenant, SECRET))]).parameters();
    // From now on the session has it.
    assert!(browser.open(&authorize("&prompt=none")).parameters().contains_key("code"));
}

#[test]
fn a_login_that_waits_for_a_code_lists_the_authenticators() {
    let tenant = tenant();
    enroll(&tenant);
    let bearer = format!("Bearer {}", pending(&tenant).as_str().unwrap());
    let list = ask(&tenant, "GET", "/mfa/authenticators", &bearer, &Value::Null);
    let list: Value = serde_json::from_slice(list.body()).unwrap();
    assert_eq!((&list[0]["authenticator_type"], &list[0]["active"]), (&json!("otp"), &json!(true)), "{list}");
}
