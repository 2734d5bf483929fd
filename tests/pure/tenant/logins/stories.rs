//! Stories of users from their creation on.

use super::browser::{Browser, Shown};
use super::{DATABASE, PASSWORD};
use http::StatusCode;
use users_core::model::{NewUser, PasswordChangeTicket, UserUpdate};
use users_mock::{MailKind, Page, Tenant};

pub(super) const CALLBACK: &str = "http://localhost:3000/callback";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The address that an application sends the browser to.
pub(super) fn authorize(more: &str) -> String {
    authorize_for("openid%20profile%20email%20offline_access", more)
}

/// The same for these scopes.
pub(super) fn authorize_for(scope: &str, more: &str) -> String {
    format!(
        "/authorize?response_type=code&client_id=tenant-client&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback\
         &scope={scope}&state=xyz&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

#[test]
fn a_user_verifies_the_address_logs_in_is_blocked_unblocked_and_changes_the_password() {
    let tenant = Tenant::new();
    let (management, auth) = (tenant.management(), tenant.authentication());
    let users = management.users();
    tenant.clock().block_on(async {
        // Created by the Management API, which sends a mail.
        let ada = NewUser::new(DATABASE).email("ada@example.com").password(PASSWORD).verify_email(true);
        let ada = users.create(ada).await.unwrap();
        let id = ada.user_id.unwrap();
        assert!(!ada.email_verified.unwrap().is_true());
        let mail = tenant.mails().pop().unwrap();
        assert_eq!((mail.kind, mail.to.as_str()), (MailKind::VerifyEmail, "ada@example.com"));
        let mut browser = Browser::new(&tenant);
        let link = mail.link.unwrap();
        assert!(
            matches!(browser.open(&link).page(), Page::Message { title, .. } if title == "Email verified")
        );
        assert!(users.get(&id).await.unwrap().email_verified.unwrap().is_true());
        let again = browser.open(&link).page();
        assert!(matches!(again, Page::Message { text, .. } if text == "This ticket was already used."));

        // Logs in: first with a wrong password.
        let page = browser.open(&authorize(""));
        let shown = browser.log_in(page, "ada@example.com", "wrong");
        let Shown::Page(StatusCode::BAD_REQUEST, page) = &shown else { panic!("{shown:?}") };
        let Page::Login { error, username, users: choice, .. } = page else { panic!("{page:?}") };
        assert_eq!(
            (error.as_deref(), username.as_str()),
            (Some("Wrong email or password"), "ada@example.com")
        );
        assert_eq!(choice[0].user_id, id.as_str());
        let back = browser.log_in(shown, "Ada@example.com", PASSWORD);
        let response = back.parameters();
        assert_eq!(response["state"], "xyz");
        let exchange = auth.oauth().authorization_code_grant(response["code"].clone(), CALLBACK);
        let tokens = exchange.code_verifier(VERIFIER).await.unwrap();
        let refresh_token = tokens.refresh_token.clone().unwrap();
        assert!(tokens.id_token.is_some());
        let claims = auth.users().get_info(tokens.access_token.unwrap()).await.unwrap();
        assert_eq!(claims.email.as_deref(), Some("ada@example.com"));

        // The Management API shows what she did.
        let user = users.get(&id).await.unwrap();
        assert_eq!((user.logins_count, user.last_ip.as_deref()), (Some(1), Some("127.0.0.1")));
        let sessions = users.sessions(&id).list().await.unwrap();
        assert_eq!(sessions.len(), 1);
        let shown = users.refresh_tokens(&id).list().await.unwrap();
        assert_eq!((shown.len(), &shown.items[0].session_id), (1, &sessions.items[0].id));
        let logs = users.logs(&id).await.unwrap();
        let kinds: Vec<String> = logs.iter().filter_map(|entry| entry.kind.clone()).collect();
        assert_eq!(kinds, ["ss", "svr", "sv", "fp", "s", "seacft"]);

        // A second application finds the session: no login page.
        let back = browser.open(&authorize("&prompt=none"));
        assert!(back.parameters().contains_key("code"), "{back:?}");
        assert_eq!(users.get(&id).await.unwrap().logins_count, Some(1));

        // Blocked, her session has ended, and she is refused.
        users.update(&id, UserUpdate::new().blocked(true)).await.unwrap();
        assert_eq!(users.sessions(&id).list().await.unwrap().len(), 0);
        let none = browser.open(&authorize("&prompt=none")).parameters();
        assert_eq!(none["error"], "login_required");
        let page = browser.open(&authorize(""));
        let refused = browser.log_in(page, "ada@example.com", PASSWORD).parameters();
        assert_eq!(
            (refused["error"].as_str(), refused["error_description"].as_str()),
            ("unauthorized", "user is blocked")
        );
        let error = auth.oauth().refresh_token_grant(refresh_token.expose()).await.unwrap_err();
        assert_eq!((error.code(), error.status().unwrap().as_u16()), (Some("invalid_grant"), 403));
        users.update(&id, UserUpdate::new().blocked(false)).await.unwrap();
        auth.oauth().refresh_token_grant(refresh_token.expose()).await.unwrap();
        let page = browser.open(&authorize(""));
        assert!(browser.log_in(page, "ada@example.com", PASSWORD).parameters().contains_key("code"));

        // A password that the Management API changes ends the sessions.
        users.update(&id, UserUpdate::new().password("Correct horse 3")).await.unwrap();
        assert_eq!(users.sessions(&id).list().await.unwrap().len(), 0);
        let page = browser.open(&authorize(""));
        assert!(browser.log_in(page, "ada@example.com", "Correct horse 3").parameters().contains_key("code"));

        // So does a change of the address.
        assert_eq!(users.sessions(&id).list().await.unwrap().len(), 1);
        users.update(&id, UserUpdate::new().email("ada@example.org")).await.unwrap();
        assert_eq!(users.sessions(&id).list().await.unwrap().len(), 0);
        users.update(&id, UserUpdate::new().email("ada@example.com").email_verified(true)).await.unwrap();
        let page = browser.open(&authorize(""));
        browser.log_in(page, "ada@example.com", "Correct horse 3").parameters();

        // The password is changed by a ticket.
        let ticket =
            management.tickets().change_password(PasswordChangeTicket::user(id.as_str())).await.unwrap();
        let form = browser.open(ticket.ticket.unwrap().expose()).page();
        let Page::ChangePassword { action, email, .. } = form else { panic!("{form:?}") };
        assert_eq!(email, "ada@example.com");
        let weak = browser.post(&action, &[("password", "short"), ("confirm", "short")]).page();
        assert!(matches!(weak, Page::ChangePassword { error: Some(_), .. }), "{weak:?}");
        let done =
            browser.post(&action, &[("password", "Correct horse 2"), ("confirm", "Correct horse 2")]).page();
        assert!(matches!(done, Page::Message { .. }), "{done:?}");
        assert_eq!(users.sessions(&id).list().await.unwrap().len(), 0);
        let error = auth.oauth().refresh_token_grant(refresh_token.expose()).await.unwrap_err();
        assert_eq!(error.message(), "Unknown or invalid refresh token.");
        let none = browser.open(&authorize("&prompt=none")).parameters();
        assert_eq!(none["error"], "login_required");
        let error = auth.oauth().password_grant("ada@example.com", PASSWORD).await.unwrap_err();
        assert_eq!(error.code(), Some("invalid_grant"));
        auth.oauth().password_grant("ada@example.com", "Correct horse 2").await.unwrap();
    });
}
