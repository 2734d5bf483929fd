//! The authorization endpoint, its errors, and one-time codes.

use super::super::{as_admin, ask};
use super::PASSWORD;
use super::browser::{Browser, Shown};
use super::stories::{CALLBACK, VERIFIER, authorize};
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::{MailKind, Page, Seed, Tenant};

fn tenant() -> Tenant {
    let clients = json!([
        {"client_id": "spa", "name": "Shop", "app_type": "spa", "callbacks": ["https://shop.example.com/cb"],
         "allowed_logout_urls": ["https://shop.example.com/"]},
        {"client_id": "web", "name": "Back office", "client_secret": "s3cret-of-web", "callbacks": ["https://*.example.com/cb"],
         "grant_types": ["authorization_code"]},
    ]);
    let seed = json!({"clients": clients, "users": [{"user_id": "auth0|ada", "email": "ada@example.com"}]});
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    let token = format!("Bearer {}", tenant.management_token().expose());
    let answer = ask(&tenant, "PATCH", "/api/v2/users/auth0%7Cada", &token, &json!({"password": PASSWORD}));
    assert_eq!(answer.status(), 200);
    tenant
}

fn exchange(tenant: &Tenant, more: Value) -> (u16, Value) {
    let mut body = json!({"grant_type": "authorization_code", "client_id": "tenant-client", "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = ask(tenant, "POST", "/oauth/token", "", &body);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

fn code(tenant: &Tenant) -> String {
    let mut browser = Browser::new(tenant);
    let page = browser.open(&authorize(""));
    browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap()
}

#[test]
fn a_code_is_exchanged_once_by_its_application_with_the_verifier_and_in_time() {
    let tenant = tenant();
    let description = |more: Value| {
        let (status, body) = exchange(&tenant, more);
        assert_eq!((status, &body["error"]), (403, &json!("invalid_grant")));
        body["error_description"].as_str().unwrap().to_owned()
    };
    let first = code(&tenant);
    assert_eq!(exchange(&tenant, json!({"code": first})).0, 200);
    assert_eq!(description(json!({"code": first})), "Invalid authorization code");
    assert_eq!(
        description(json!({"code": code(&tenant), "code_verifier": "wrong"})),
        "Failed to verify code verifier"
    );
    assert_eq!(description(json!({"code": code(&tenant), "client_id": "spa"})), "Invalid authorization code");
    let late = code(&tenant);
    tenant.clock().advance(Duration::from_secs(601));
    assert_eq!(description(json!({"code": late})), "Invalid authorization code");
}

#[test]
fn what_is_wrong_with_the_application_is_shown_and_what_else_is_wrong_is_reported_to_it() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    for (query, status, text) in [
        ("client_id=nobody&redirect_uri=x&response_type=code", 400, "Unknown client: nobody"),
        ("redirect_uri=x&response_type=code", 400, "Missing required parameter: client_id"),
        (
            "client_id=spa&redirect_uri=https%3A%2F%2Fevil.example.com%2Fcb&response_type=code",
            403,
            "Callback URL mismatch",
        ),
        ("client_id=spa", 400, "Missing required parameter: response_type"),
        (
            "client_id=tenant-client&redirect_uri=https%3A%2F%2Fexample.com%2F&response_type=code",
            403,
            "Callback URL mismatch",
        ),
    ] {
        let shown = browser.open(&format!("/authorize?{query}"));
        let Shown::Page(found, Page::Error { description, .. }) = &shown else {
            panic!("{query}: {shown:?}")
        };
        assert!(*found == status && description.contains(text), "{query}: {description}");
    }
    let spa = "client_id=spa&response_type=code&state=s%20%26";
    for (query, error, text) in [
        (
            format!("{spa}&code_challenge=x&code_challenge_method=S512"),
            "invalid_request",
            "code_challenge_method",
        ),
        (
            format!("{spa}&code_challenge=x&audience=https%3A%2F%2Fnothing%2F"),
            "access_denied",
            "Service not found: https://nothing/",
        ),
        (format!("{spa}&code_challenge=x&connection=nothing"), "invalid_request", "connection"),
        (format!("{spa}&code_challenge=x&prompt=none"), "login_required", "Login required"),
        (
            "client_id=web&redirect_uri=https%3A%2F%2Fa.example.com%2Fcb&response_type=token&state=s%20%26"
                .to_owned(),
            "unauthorized_client",
            "implicit",
        ),
    ] {
        let shown = browser.open(&format!("/authorize?{query}"));
        let parameters = shown.parameters();
        assert_eq!((parameters["error"].as_str(), parameters["state"].as_str()), (error, "s &"), "{query}");
        assert!(parameters["error_description"].contains(text), "{query}: {parameters:?}");
    }
}

#[test]
fn an_application_must_authenticate_itself_unless_it_is_public() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    let address = "/authorize?client_id=web&redirect_uri=https%3A%2F%2Fa.example.com%2Fcb&response_type=code&scope=openid%20offline_access";
    let page = browser.open(address);
    let code = browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap();
    let ask = |more: Value| {
        let mut body = json!({"client_id": "web", "code": code, "redirect_uri": "https://a.example.com/cb", "code_verifier": null});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        exchange(&tenant, body)
    };
    assert_eq!(ask(json!({})).0, 401);
    assert_eq!(ask(json!({"client_secret": "wrong"})).0, 401);
    let (status, tokens) = ask(json!({"client_secret": "s3cret-of-web"}));
    // It may not use refresh tokens, so it gets none.
    assert_eq!((status, tokens.get("refresh_token"), &tokens["scope"]), (200, None, &json!("openid")));
}

#[test]
fn a_user_is_chosen_consents_and_logs_out() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    let Page::Login { action, .. } = browser.open(&authorize("&prompt=consent")).page() else { panic!() };
    let Page::Consent { action, scopes, application } =
        browser.post(&action, &[("user_id", "auth0|ada")]).page()
    else {
        panic!()
    };
    assert_eq!((application.as_str(), scopes.len()), ("Default App", 4));
    let back = browser.post(&action, &[("action", "accept")]);
    assert!(back.parameters().contains_key("code"));
    let denied = browser.open(&authorize("&prompt=consent")).page();
    let Page::Consent { action, .. } = denied else { panic!() };
    assert_eq!(browser.post(&action, &[("action", "deny")]).parameters()["error"], "access_denied");

    // A page of another site is not opened after a logout.
    let shown = browser.open("/v2/logout?client_id=spa&returnTo=https%3A%2F%2Fevil.example.com%2F");
    assert!(matches!(shown, Shown::Page(_, Page::Error { .. })));
    assert_eq!(browser.open(&authorize("&prompt=none")).parameters().get("error"), None);
    let shown = browser.open("/v2/logout?client_id=spa&returnTo=https%3A%2F%2Fshop.example.com%2F%3Fx%3D1");
    assert!(matches!(&shown, Shown::Left(url) if url == "https://shop.example.com/?x=1"), "{shown:?}");
    assert!(browser.cookies.is_empty());
    assert_eq!(browser.open(&authorize("&prompt=none")).parameters()["error"], "login_required");
}

#[test]
fn a_logout_of_openid_connect_needs_a_hint_or_a_click() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize(""));
    let code = browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap();
    let tokens = exchange(&tenant, json!({"code": code})).1;
    let id_token = tokens["id_token"].as_str().unwrap();
    let home = "post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2F&client_id=tenant-client&state=bye";
    let Page::Logout { action } = browser.open(&format!("/oidc/logout?{home}")).page() else { panic!() };
    let forged =
        browser.open(&format!("/oidc/logout?{home}&id_token_hint={}x", &id_token[..id_token.len() - 4]));
    assert!(matches!(forged, Shown::Page(_, Page::Error { .. })), "{forged:?}");
    let mut other = Browser::new(&tenant);
    other.cookies.clone_from(&browser.cookies);
    let shown = browser.open(&format!("/oidc/logout?{home}&id_token_hint={id_token}"));
    assert!(matches!(&shown, Shown::Left(url) if url == "http://localhost:3000/?state=bye"), "{shown:?}");
    // The session is over for everybody who has its cookie.
    assert_eq!(other.open(&authorize("&prompt=none")).parameters()["error"], "login_required");
    let shown = other.post(&action, &[]);
    assert!(matches!(shown, Shown::Left(_)), "{shown:?}");
}

#[test]
fn a_one_time_code_logs_in_within_three_minutes_and_three_tries_and_creates_the_user() {
    let tenant = tenant();
    let (auth, users) = (tenant.authentication(), tenant.management().users());
    tenant.clock().block_on(async {
        let send = || {
            auth.passwordless()
                .send_email("New@example.com")
                .content(users_core::model::PasswordlessContent::Code)
        };
        let code = || tenant.mails().pop().unwrap().code.unwrap();
        send().await.unwrap();
        assert_eq!(tenant.mails().pop().unwrap().kind, MailKind::Passcode);
        assert_eq!(tenant.user_count(), 1);
        let right = code();
        for _ in 0..3 {
            let error = auth.passwordless().login_with_email("new@example.com", "wrong").await.unwrap_err();
            assert_eq!(error.message(), "Wrong email or verification code.");
        }
        assert!(auth.passwordless().login_with_email("new@example.com", &*right).await.is_err());
        send().await.unwrap();
        tenant.clock().advance(Duration::from_secs(181));
        let error = auth.passwordless().login_with_email("new@example.com", code()).await.unwrap_err();
        assert_eq!(error.message(), "The verification code has expired. Please try to login again.");
        send().await.unwrap();
        auth.passwordless().login_with_email("new@example.com", code()).await.unwrap();
        assert!(auth.passwordless().login_with_email("new@example.com", code()).await.is_err());
        let id = tenant.user_ids().pop().unwrap();
        let user = users.get(&id).await.unwrap();
        assert!(id.starts_with("email|") && user.email_verified.unwrap().is_true());
        assert_eq!(user.logins_count, Some(1));
    });
}

#[test]
fn neither_messages_nor_pages_show_what_logs_a_user_in_when_they_are_printed() {
    let tenant = tenant();
    let auth = tenant.authentication();
    tenant.clock().block_on(async {
        let content = users_core::model::PasswordlessContent::Code;
        auth.passwordless().send_email("ada@example.com").content(content).await.unwrap();
        auth.database().change_password(super::DATABASE, "ada@example.com").await.unwrap();
    });
    let mails = tenant.mails();
    let (code, link) = (mails[0].code.clone().unwrap(), mails[1].link.clone().unwrap());
    let ticket = link.split_once("ticket=").unwrap().1.trim_end_matches('#');
    let mut browser = Browser::new(&tenant);
    let form = browser.open(&link).page();
    let page = browser.open(&authorize("&response_mode=form_post"));
    let sent = browser.log_in(page, "ada@example.com", PASSWORD).page();
    let Page::FormPost { fields, .. } = &sent else { panic!("{sent:?}") };
    let secrets = [code.as_str(), ticket, fields[0].1.as_str()];
    let printed = format!("{mails:?} {form:?} {sent:?}");
    assert!(secrets.iter().all(|secret| secret.len() >= 6 && !printed.contains(secret)), "{printed}");
    assert!(printed.contains("ada@example.com") && printed.contains("FormPost"), "{printed}");
}

#[test]
fn ten_wrong_passwords_block_until_the_management_api_or_a_mail_lifts_it() {
    let tenant = tenant();
    let (auth, users) = (tenant.authentication(), tenant.management());
    tenant.clock().block_on(async {
        let try_password = |password: &str| auth.oauth().password_grant("ada@example.com", password).send();
        for lift in [0, 1] {
            for _ in 0..10 {
                assert_eq!(try_password("wrong").await.unwrap_err().code(), Some("invalid_grant"));
            }
            let error = auth
                .oauth()
                .password_grant("ada@example.com", PASSWORD)
                .retry(users_core::Retry::never())
                .await
                .unwrap_err();
            assert_eq!((error.status().unwrap().as_u16(), error.code()), (429, Some("too_many_attempts")));
            let blocks = users.user_blocks().get("auth0|ada").await.unwrap();
            let blocked = blocks.blocked_for.unwrap();
            assert_eq!((blocked.len(), blocked[0].identifier.as_deref()), (1, Some("ada@example.com")));
            if lift == 0 {
                users.user_blocks().delete("auth0|ada").await.unwrap();
            } else {
                let mail = tenant.mails().pop().unwrap();
                assert_eq!(mail.kind, MailKind::Blocked);
                Browser::new(&tenant).open(&mail.link.unwrap());
            }
            try_password(PASSWORD).await.unwrap();
        }
        let logs = users.logs().list().q("type:limit_wc").await.unwrap();
        assert_eq!(logs.len(), 2);
    });
}

#[test]
fn pages_of_applications_may_call_the_authentication_api_and_others_may_not() {
    let tenant = tenant();
    let send = |method: &str, path: &str, origin: &str| {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://tenant.example.com{path}"))
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let answer = tenant.handle(request.body(bytes::Bytes::new()).unwrap());
        answer.headers().get("access-control-allow-origin").map(|origin| origin.to_str().unwrap().to_owned())
    };
    for (origin, is_allowed) in [
        ("http://localhost:3000", true),
        ("https://shop.example.com", true),
        ("https://shop.example.com.evil.com", false),
        ("https://evil.com", false),
        ("null", false),
    ] {
        let expected = is_allowed.then(|| origin.to_owned());
        assert_eq!(send("OPTIONS", "/oauth/token", origin), expected, "{origin}");
        assert_eq!(send("GET", "/.well-known/jwks.json", origin), expected, "{origin}");
        for path in ["/api/v2/users", "/authorize", "/u/login?state=x"] {
            assert_eq!(send("GET", path, origin), None, "{origin} {path}");
        }
    }
}

#[test]
fn a_public_application_exchanges_a_code_without_a_challenge_and_the_address_is_compared() {
    let tenant = tenant();
    let callback = "https://shop.example.com/cb";
    for (given, sent, status) in [
        (None, None, 200),
        (None, Some(callback), 200),
        (Some(callback), Some(callback), 200),
        (Some(callback), None, 403),
        (Some(callback), Some("https://other.example.com/"), 403),
    ] {
        let mut browser = Browser::new(&tenant);
        let given = given.map(|uri| format!("&redirect_uri={uri}")).unwrap_or_default();
        let page = browser.open(&format!("/authorize?client_id=spa&response_type=code{given}"));
        let code = browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap();
        let body = json!({"client_id": "spa", "code": code, "redirect_uri": sent, "code_verifier": null});
        let (found, answer) = exchange(&tenant, body);
        assert_eq!(found, status, "{given:?} {sent:?}: {answer}");
    }
}

#[test]
fn an_application_that_is_created_logs_users_in() {
    let tenant = tenant();
    for (kind, rotates) in [("regular_web", false), ("spa", true)] {
        let body = json!({"name": "New", "app_type": kind, "callbacks": ["https://new.example.com/cb"]});
        let (status, client) = as_admin(&tenant, "POST", "/api/v2/clients", &body);
        assert_eq!(status, 201);
        let (id, secret) = (client["client_id"].as_str().unwrap(), &client["client_secret"]);
        let rotation = if rotates { "rotating" } else { "non-rotating" };
        assert_eq!(client["refresh_token"]["rotation_type"], rotation);
        let (_, read) = as_admin(&tenant, "GET", &format!("/api/v2/clients/{id}"), &Value::Null);
        assert_eq!(read["client_secret"], *secret);
        let mut browser = Browser::new(&tenant);
        let page = browser.open(&format!("/authorize?client_id={id}&response_type=code"));
        let code = browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap();
        let body = json!({
            "client_id": id, "client_secret": secret, "code": code, "redirect_uri": null, "code_verifier": null,
        });
        assert_eq!(exchange(&tenant, body).0, 200, "{kind}");
    }
    // As recorded.
    let (_, client) = as_admin(&tenant, "POST", "/api/v2/clients", &json!({"name": "Other"}));
    assert!(client.get("client_secret").is_none(), "{client}");
}

#[test]
fn a_connection_without_passwords_shows_no_form_for_one() {
    let tenant = tenant();
    let seed = json!({"connections": [{"id": "con_email", "name": "email", "strategy": "email"}]});
    tenant.seed(Seed::from_json(&seed.to_string()).unwrap());
    for (connection, expected) in [("Username-Password-Authentication", true), ("email", false)] {
        let page = Browser::new(&tenant)
            .open(&format!("/authorize?client_id=spa&response_type=code&connection={connection}"));
        let Page::Login { has_password, .. } = page.page() else { panic!("{connection}") };
        assert_eq!(has_password, expected, "{connection}");
    }
}
