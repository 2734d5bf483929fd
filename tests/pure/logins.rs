//! Sign-ups, logins and tokens of users, on the scripted mock.

use http::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use users_core::authentication::*;
use users_core::model::{NewSignup, PasswordlessContent};
use users_core::{
    AccessToken, AuthenticationClient, Descriptor, Error, ErrorKind, Sent, TransportErrorKind, token_fn,
};
use users_mock::{FaultyTransport, MockTransport, Tenant, VirtualClock};
use users_tests_pure::{clients, decode};

const EMAIL: &str = "ada@example.com";
const TOKENS: &str = r#"{"access_token":"at-1","id_token":"id-1","refresh_token":"rt-2","expires_in":86400,"token_type":"Bearer"}"#;

type Send = fn(&AuthenticationClient, &VirtualClock) -> Result<(), Error>;

/// A call of every operation, and whether it is repeated where it may have been carried out.
#[rustfmt::skip]
const CALLS: &[(&Descriptor, bool, Send)] = &[
    (SignUp::DESCRIPTOR, false, |auth, clock| {
        let signup = NewSignup::new("db").email(EMAIL).password("new-password-1");
        clock.block_on(auth.database().sign_up(signup).send()).map(drop)
    }),
    (ChangePassword::DESCRIPTOR, false, |auth, clock| {
        clock.block_on(auth.database().change_password("db", EMAIL).send()).map(drop)
    }),
    (PasswordGrant::DESCRIPTOR, true, |auth, clock| {
        clock.block_on(auth.oauth().password_grant(EMAIL, "old-password-1").realm("db").send()).map(drop)
    }),
    (AuthorizationCodeGrant::DESCRIPTOR, false, |auth, clock| {
        let exchange = auth.oauth().authorization_code_grant("the-code-1", "app:/cb").code_verifier("the-verifier-1");
        clock.block_on(exchange.send()).map(drop)
    }),
    (RefreshTokenGrant::DESCRIPTOR, false, |auth, clock| {
        clock.block_on(auth.oauth().refresh_token_grant("refresh-token-1").send()).map(drop)
    }),
    (RequestToken::DESCRIPTOR, true, |auth, clock| {
        clock.block_on(auth.oauth().client_credentials_grant("https://api.example.com/").send()).map(drop)
    }),
    (RevokeRefreshToken::DESCRIPTOR, true, |auth, clock| {
        clock.block_on(auth.oauth().revoke_refresh_token("refresh-token-1").send())
    }),
    (SendPasswordlessEmail::DESCRIPTOR, false, |auth, clock| {
        clock.block_on(auth.passwordless().send_email(EMAIL).content(PasswordlessContent::Code).send()).map(drop)
    }),
    (SendPasswordlessSms::DESCRIPTOR, false, |auth, clock| {
        clock.block_on(auth.passwordless().send_sms("+14155550100").send()).map(drop)
    }),
    (LoginWithEmail::DESCRIPTOR, false, |auth, clock| {
        clock.block_on(auth.passwordless().login_with_email(EMAIL, "987654").send()).map(drop)
    }),
    (LoginWithSms::DESCRIPTOR, false, |auth, clock| {
        clock.block_on(auth.passwordless().login_with_sms("+14155550100", "987654").send()).map(drop)
    }),
];

#[test]
fn what_works_once_is_not_repeated_where_it_may_have_been_carried_out() {
    for (descriptor, is_repeated, call) in CALLS {
        let (mock, _, auth) = clients();
        let attempts = if *is_repeated { 3 } else { 1 };
        mock.expect(*descriptor).status(503).times(attempts);
        let error = call(&auth, &mock.clock()).unwrap_err();
        mock.expect(*descriptor).transport_error(TransportErrorKind::Timeout, Sent::Maybe).times(attempts);
        let lost = call(&auth, &mock.clock()).unwrap_err();
        mock.verify();
        assert_eq!((error.attempts(), lost.attempts()), (attempts, attempts), "{error}");
        // A token request changes nothing; a token that is revoked twice is revoked.
        let changes = *descriptor != PasswordGrant::DESCRIPTOR && *descriptor != RequestToken::DESCRIPTOR;
        assert_eq!(
            (error.may_have_been_applied(), lost.may_have_been_applied()),
            (changes, changes),
            "{error}"
        );

        // What was not carried out is repeated: a full bucket, and a request that was not sent.
        mock.expect(*descriptor).status(429).header("retry-after", "1");
        mock.expect(*descriptor).transport_error(TransportErrorKind::Connect, Sent::No);
        mock.expect(*descriptor).json(TOKENS);
        call(&auth, &mock.clock()).unwrap();
        mock.verify();
    }
}

#[test]
fn a_fault_of_one_grant_does_not_apply_to_another() {
    let (mock, _, _) = clients();
    let faulty = FaultyTransport::new(mock.clone(), mock.clock());
    faulty.inject_spec(&"400@oauth.refresh_token_grant,always".parse().unwrap());
    let builder = AuthenticationClient::builder(faulty).domain("tenant.example.com").client_id("id");
    let auth = builder.build().unwrap();
    mock.expect(PasswordGrant::DESCRIPTOR).json(TOKENS);
    mock.clock().block_on(auth.oauth().password_grant(EMAIL, "p").send()).unwrap();
    assert!(mock.clock().block_on(auth.oauth().refresh_token_grant("rt").send()).is_err());
    mock.verify();
}

#[test]
fn the_embedded_tenant_answers_that_it_has_no_logins_of_devices_yet() {
    let tenant = Tenant::new();
    for path in ["/oauth/par", "/oauth/device/code", "/passwordless/verify", "/otp/challenge"] {
        let uri = format!("https://{}{path}", tenant.domain());
        let response = tenant.handle(http::Request::post(uri).body(bytes::Bytes::new()).unwrap());
        assert_eq!(response.status(), 501, "{path}");
        assert!(String::from_utf8_lossy(response.body()).contains("MockTransport"), "{path}");
    }
}

#[test]
fn no_error_shows_a_secret_of_a_login_that_the_server_quotes() {
    const SECRETS: &[&str] = &[
        "new-password-1",
        "old-password-1",
        "the-code-1",
        "the-verifier-1",
        "refresh-token-1",
        "987654",
        "client-secret-1",
    ];
    for (descriptor, _, call) in CALLS {
        let mock = MockTransport::new();
        let quoted = SECRETS.join(" ");
        mock.expect(*descriptor).answer(move |request| {
            let sent = String::from_utf8_lossy(request.body()).into_owned();
            // What was sent is quoted, and nothing else.
            let quoted: Vec<&str> = quoted.split(' ').filter(|secret| sent.contains(*secret)).collect();
            let body =
                json!({"error": "invalid_grant", "error_description": format!("Bad: {}", quoted.join(", "))});
            http::Response::builder().status(400).body(body.to_string().into()).unwrap()
        });
        let builder =
            AuthenticationClient::builder(mock.clone()).domain("tenant.example.com").clock(mock.clock());
        let auth = builder.client_id("id").client_secret("client-secret-1").build().unwrap();
        let error = call(&auth, &mock.clock()).unwrap_err();
        let shown = format!("{error} {error:?} {auth:?} {mock:?} {:?}", mock.requests());
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{descriptor}: {shown}");
        }
        let has_secrets = *descriptor != ChangePassword::DESCRIPTOR;
        assert_eq!(error.message().contains("[redacted]"), has_secrets, "{descriptor}: {error}");
    }
}

#[test]
fn no_value_of_a_login_shows_a_secret() {
    let (_, _, auth) = clients();
    let (oauth, passwordless) = (auth.oauth(), auth.passwordless());
    let tokens = decode::<PasswordGrant>(200, &TOKENS.replace("-", "-hunter2-")).unwrap();
    for shown in [
        format!("{:?}", auth.database().sign_up(NewSignup::new("db").password("hunter2"))),
        format!("{:?}", oauth.password_grant("ada", "hunter2").client_secret("hunter2")),
        format!("{:?}", oauth.authorization_code_grant("hunter2", "app:/cb").code_verifier("hunter2")),
        format!("{:?}", oauth.refresh_token_grant("hunter2").client_assertion("hunter2")),
        format!("{:?}", oauth.revoke_refresh_token("hunter2")),
        format!("{:?}", passwordless.login_with_email(EMAIL, "hunter2")),
        format!("{:?}", AuthenticationClient::builder(MockTransport::new()).client_secret("hunter2")),
        format!("{tokens:?}"),
    ] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_call_names_the_client_s_application_unless_it_sets_another() {
    let builder = || AuthenticationClient::builder(MockTransport::new()).domain("tenant.example.com");
    let none = builder().build().unwrap();
    let public = builder().client_id("app").build().unwrap();
    let confidential = builder().client_id("app").client_secret("s3cret").build().unwrap();
    let grant = |auth: &AuthenticationClient| auth.oauth().refresh_token_grant("rt");
    let assertion = r#","client_assertion":"a.b.c","client_assertion_type":"urn:ietf:params:oauth:client-assertion-type:jwt-bearer""#;
    for (call, expected) in [
        (grant(&public), r#""client_id":"app""#),
        (grant(&public).client_secret("own"), r#""client_id":"app","client_secret":"own""#),
        (grant(&confidential), r#""client_id":"app","client_secret":"s3cret""#),
        (grant(&confidential).client_id("app"), r#""client_id":"app","client_secret":"s3cret""#),
        // The secret belongs to the client's application only.
        (grant(&confidential).client_id("other"), r#""client_id":"other""#),
        (
            grant(&confidential).client_secret("own").client_id("other"),
            r#""client_id":"other","client_secret":"own""#,
        ),
        (grant(&confidential).client_assertion("a.b.c"), &format!(r#""client_id":"app"{assertion}"#)),
        (grant(&none).client_id("app").client_secret("own"), r#""client_id":"app","client_secret":"own""#),
    ] {
        let request = call.into_request().unwrap();
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        assert_eq!(body, format!(r#"{{{expected},"grant_type":"refresh_token","refresh_token":"rt"}}"#));
    }
    let error = grant(&none).into_request().unwrap_err();
    assert!(error.is_invalid_argument() && error.to_string().contains("client_id is missing"), "{error}");
    // Auth0 requires no application for these.
    none.database().sign_up(NewSignup::new("db")).into_request().unwrap();
    none.database().change_password("db", EMAIL).into_request().unwrap();

    for (builder, says) in [
        (builder().client_secret("s3cret"), "needs the client id"),
        (builder().client_id("app").client_secret(" "), "the client secret is empty"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_login_neither_requests_nor_sends_the_client_s_access_token() {
    for (descriptor, _, call) in CALLS {
        let mock = MockTransport::new();
        let requested = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&requested);
        let source = token_fn(mock.clock(), move || {
            counter.fetch_add(1, Ordering::Relaxed);
            async { Ok(AccessToken::new("global-token")) }
        });
        let builder =
            AuthenticationClient::builder(mock.clone()).domain("tenant.example.com").clock(mock.clock());
        let auth = builder.client_id("id").client_secret("s").token_source(source).build().unwrap();
        mock.expect(*descriptor).oauth_error(401, "access_denied", "Unauthorized");
        let error = call(&auth, &mock.clock()).unwrap_err();
        mock.verify();
        assert_eq!((error.attempts(), requested.load(Ordering::Relaxed)), (1, 0), "{descriptor}");
        assert!(!mock.requests()[0].headers().contains_key("authorization"), "{descriptor}");
    }
}

#[test]
fn an_expectation_of_one_grant_is_not_met_by_another() {
    for (expected, _, _) in CALLS {
        for (sent, _, call) in CALLS {
            let (mock, _, auth) = clients();
            mock.expect(*expected).json(TOKENS);
            mock.ignore_unmet();
            assert_eq!(
                call(&auth, &mock.clock()).is_ok(),
                sent == expected,
                "{} for {}",
                sent.name,
                expected.name
            );
        }
    }
    let (mock, _, auth) = clients();
    mock.expect((Method::POST, "/oauth/token")).json(TOKENS).times(2);
    mock.clock().block_on(auth.oauth().refresh_token_grant("rt").send()).unwrap();
    mock.clock().block_on(auth.oauth().password_grant("ada", "p").send()).unwrap();
    mock.expect(RefreshTokenGrant::DESCRIPTOR).json(TOKENS);
    mock.ignore_unmet();
    let error = mock.clock().block_on(auth.oauth().password_grant("ada", "p").send()).unwrap_err();
    assert!(error.to_string().contains("grant_type is not refresh_token"), "{error}");
}
