//! Sign-ups, logins and tokens of users, on the scripted mock.

use http::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use users_core::authentication::*;
use users_core::model::{NewSignup, PasswordlessContent, Secret};
use users_core::{
    AccessToken, AuthenticationClient, Descriptor, Error, ErrorKind, Sent, TransportErrorKind, token_fn,
};
use users_mock::{MockTransport, VirtualClock};
use users_tests_pure::{clients, decode};

const EMAIL: &str = "ada@example.com";
const TOKENS: &str = r#"{"access_token":"at-1","id_token":"id-1","refresh_token":"rt-2","expires_in":86400,"token_type":"Bearer"}"#;
/// The error of a weak password, as Auth0's SDKs record it.
const WEAK: &str = r#"{"name":"PasswordStrengthError","message":"Password is too weak","code":"invalid_password","description":{"rules":[
    {"message":"At least %d characters in length","format":[8],"code":"lengthAtLeast","verified":false},
    {"message":"Contain at least %d of the following %d types of characters:","format":[3,4],"code":"containsAtLeast","verified":false,"items":[
        {"message":"lower case letters (a-z)","code":"lowerCase","verified":true},
        {"message":"numbers (i.e. 0-9)","code":"numbers","verified":false}]},
    {"message":"No more than %d identical characters in a row (e.g., \"%s\" not allowed)","format":[2,"aaa"],"code":"identicalChars","verified":true}
    ],"verified":false},"policy":"* At least 8 characters in length","statusCode":400}"#;

#[test]
fn a_wrong_password_is_an_invalid_grant_and_is_sent_once() {
    let (mock, _, auth) = clients();
    mock.expect(PasswordGrant::DESCRIPTOR).oauth_error(403, "invalid_grant", "Wrong email or password.");
    let error = mock.clock().block_on(auth.oauth().password_grant(EMAIL, "hunter2").send()).unwrap_err();
    mock.verify();
    assert_eq!(error.to_string(), "POST /oauth/token: 403 invalid_grant: Wrong email or password.");
    assert_eq!((error.operation(), error.kind()), (Some("oauth.password_grant"), ErrorKind::Status));
    assert!(!error.may_have_been_applied() && !error.is_retryable());
}

#[test]
fn a_weak_password_at_sign_up_comes_with_the_rules_that_it_violates() {
    let (mock, _, auth) = clients();
    mock.expect(SignUp::DESCRIPTOR).status(400).json(WEAK);
    let signup = NewSignup::new("db").email(EMAIL).password("abcd");
    let error = mock.clock().block_on(auth.database().sign_up(signup).send()).unwrap_err();
    assert_eq!((error.code(), error.message()), (Some("invalid_password"), "Password is too weak"));
    let body = error.error_body().unwrap();
    assert_eq!(body.policy.as_deref(), Some("* At least 8 characters in length"));
    let rules = body.password_rules().unwrap();
    assert_eq!(rules.verified, Some(false));
    let rules = rules.rules.unwrap();
    let violated: Vec<String> =
        rules.iter().filter(|rule| rule.verified == Some(false)).map(|rule| rule.text()).collect();
    assert_eq!(
        violated,
        ["At least 8 characters in length", "Contain at least 3 of the following 4 types of characters:"]
    );
    assert_eq!(rules[1].items.as_ref().unwrap()[1].code.as_deref(), Some("numbers"));
    assert_eq!(rules[2].text(), "No more than 2 identical characters in a row (e.g., \"aaa\" not allowed)");
    // Another error of a sign-up has no rules.
    let exists = r#"{"name":"BadRequestError","code":"invalid_signup","description":"Invalid sign up","statusCode":400}"#;
    assert_eq!(decode::<SignUp>(400, exists).unwrap_err().error_body().unwrap().password_rules(), None);
}

#[test]
fn a_code_is_exchanged_once_and_its_reuse_is_reported() {
    let (mock, _, auth) = clients();
    mock.expect(AuthorizationCodeGrant::DESCRIPTOR).json(TOKENS);
    mock.expect(AuthorizationCodeGrant::DESCRIPTOR).oauth_error(
        403,
        "invalid_grant",
        "Invalid authorization code",
    );
    let exchange = auth.oauth().authorization_code_grant("c0de-1", "app:/cb").code_verifier("verifier-1");
    mock.clock().block_on(async {
        let tokens = exchange.clone().await.unwrap();
        assert_eq!(tokens.refresh_token, Some(Secret::from("rt-2")));
        let error = exchange.await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Some("invalid_grant"), "Invalid authorization code"));
    });
    mock.verify();
}

#[test]
fn the_token_of_a_second_factor_is_accessible_but_not_shown() {
    let (mock, _, auth) = clients();
    mock.expect(PasswordGrant::DESCRIPTOR).status(403).model(json!({
        "error": "mfa_required", "error_description": "Multifactor authentication required",
        "mfa_token": "Fe26.2*the-mfa-token", "mfa_requirements": {"challenge": [{"type": "otp"}]},
    }));
    let error = mock.clock().block_on(auth.oauth().password_grant(EMAIL, "hunter2").send()).unwrap_err();
    assert_eq!(error.code(), Some("mfa_required"));
    assert_eq!(error.mfa_token().map(Secret::expose), Some("Fe26.2*the-mfa-token"));
    assert!(error.error_body().unwrap().mfa_requirements.as_ref().unwrap().contains_key("challenge"));
    let shown = format!("{error} {error:?} {:#?}", error.error_body());
    assert!(!shown.contains("the-mfa-token"), "{shown}");
}

#[test]
fn a_login_that_is_blocked_is_not_repeated_but_one_that_exceeds_the_rate_is() {
    let (mock, _, auth) = clients();
    let login = || mock.clock().block_on(auth.oauth().password_grant(EMAIL, "hunter2").send());
    mock.expect(PasswordGrant::DESCRIPTOR)
        .oauth_error(429, "too_many_requests", "Client quota exceeded")
        .header("retry-after", "60");
    mock.expect(PasswordGrant::DESCRIPTOR).json(TOKENS);
    login().unwrap();
    let blocked = "Your account has been blocked after multiple consecutive login attempts.";
    mock.expect(PasswordGrant::DESCRIPTOR).oauth_error(429, "too_many_attempts", blocked);
    let error = login().unwrap_err();
    mock.verify();
    assert_eq!((error.attempts(), error.code()), (1, Some("too_many_attempts")));
    assert!(!error.is_rate_limited() && !error.is_retryable() && error.status().unwrap() == 429);
}

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
    let error = mock.clock().block_on(auth.oauth().password_grant("ada", "p").send()).unwrap_err();
    assert!(error.to_string().contains("grant_type is not refresh_token"), "{error}");
}

#[test]
fn every_documented_failure_has_its_code_and_its_message() {
    let oauth = |error: &str, description: &str| {
        json!({"error": error, "error_description": description}).to_string()
    };
    let signup = |name: &str, code: &str, description: &str| {
        json!({"name": name, "code": code, "description": description, "statusCode": 400}).to_string()
    };
    let text = |text: &str| text.to_owned();
    for (status, body, code, message) in [
        // Tokens.
        (
            403,
            oauth("invalid_grant", "Invalid authorization code"),
            Some("invalid_grant"),
            "Invalid authorization code",
        ),
        (
            403,
            oauth("invalid_grant", "Failed to verify code verifier"),
            Some("invalid_grant"),
            "Failed to verify code verifier",
        ),
        (
            403,
            oauth("invalid_grant", "Unknown or invalid refresh token."),
            Some("invalid_grant"),
            "Unknown or invalid refresh token.",
        ),
        (403, oauth("invalid_grant", "user is blocked"), Some("invalid_grant"), "user is blocked"),
        (
            403,
            oauth("invalid_grant", "The refresh_token was generated for a user who doesn't exist anymore."),
            Some("invalid_grant"),
            "The refresh_token was generated for a user who doesn't exist anymore.",
        ),
        (
            403,
            oauth("invalid_grant", "Wrong email or password."),
            Some("invalid_grant"),
            "Wrong email or password.",
        ),
        (
            400,
            oauth("invalid_request", "invalid audience specified for password grant exchange"),
            Some("invalid_request"),
            "invalid audience specified for password grant exchange",
        ),
        (
            401,
            oauth("password_leaked", "Please check your email for more information."),
            Some("password_leaked"),
            "Please check your email for more information.",
        ),
        (
            429,
            oauth("too_many_attempts", "Your account has been blocked."),
            Some("too_many_attempts"),
            "Your account has been blocked.",
        ),
        (403, oauth("unauthorized", "user is blocked"), Some("unauthorized"), "user is blocked"),
        (
            403,
            oauth("invalid_grant", "Wrong phone number or verification code."),
            Some("invalid_grant"),
            "Wrong phone number or verification code.",
        ),
        (
            403,
            oauth("unauthorized_client", "Grant type 'password' not allowed for the client."),
            Some("unauthorized_client"),
            "Grant type 'password' not allowed for the client.",
        ),
        (
            500,
            oauth("server_error", "Authorization server not configured with default connection."),
            Some("server_error"),
            "Authorization server not configured with default connection.",
        ),
        (
            403,
            oauth("mfa_required", "Multifactor authentication required"),
            Some("mfa_required"),
            "Multifactor authentication required",
        ),
        (
            401,
            oauth("requires_verification", "Suspicious request requires verification"),
            Some("requires_verification"),
            "Suspicious request requires verification",
        ),
        (
            400,
            oauth("invalid_scope", "Scope must be an array or a string"),
            Some("invalid_scope"),
            "Scope must be an array or a string",
        ),
        (401, oauth("access_denied", "Unauthorized"), Some("access_denied"), "Unauthorized"),
        (404, text(r#"{"error":"endpoint_disabled"}"#), Some("endpoint_disabled"), "endpoint_disabled"),
        (
            400,
            oauth(
                "authorization_pending",
                "Authorization pending: please repeat the request in a few seconds.",
            ),
            Some("authorization_pending"),
            "Authorization pending: please repeat the request in a few seconds.",
        ),
        // Sign-ups.
        (
            400,
            signup("BadRequestError", "invalid_signup", "Invalid sign up"),
            Some("invalid_signup"),
            "Invalid sign up",
        ),
        (
            400,
            signup("BadRequestError", "user_exists", "The user already exists."),
            Some("user_exists"),
            "The user already exists.",
        ),
        (
            400,
            signup("PasswordHistoryError", "invalid_password", "Password has previously been used"),
            Some("invalid_password"),
            "Password has previously been used",
        ),
        (
            400,
            signup("PasswordNoUserInfoError", "invalid_password", "Password contains user information"),
            Some("invalid_password"),
            "Password contains user information",
        ),
        (
            400,
            signup("PasswordDictionaryError", "invalid_password", "Password is too common"),
            Some("invalid_password"),
            "Password is too common",
        ),
        (400, text(WEAK), Some("invalid_password"), "Password is too weak"),
        (400, text("public signup is disabled"), None, "public signup is disabled"),
        (400, text(r#"{"error":"public signup is disabled"}"#), None, "public signup is disabled"),
        (
            400,
            text(
                r#"{"error":"missing username for Username-Password-Authentication connection with requires_username enabled"}"#,
            ),
            None,
            "missing username for Username-Password-Authentication connection with requires_username enabled",
        ),
        (
            400,
            signup("Unauthorized", "unauthorized", "denied by a rule"),
            Some("unauthorized"),
            "denied by a rule",
        ),
        // Logins without a password.
        (
            400,
            oauth("bad.connection", "Connection does not exist"),
            Some("bad.connection"),
            "Connection does not exist",
        ),
        (
            400,
            oauth("bad.connection", "Missing required property: connection"),
            Some("bad.connection"),
            "Missing required property: connection",
        ),
        (
            400,
            oauth("bad.phone_number", "String does not match pattern: ^\\+[0-9]{1,15}$"),
            Some("bad.phone_number"),
            "String does not match pattern: ^\\+[0-9]{1,15}$",
        ),
        (
            400,
            oauth("sms_provider_error", "The SMS cannot be sent"),
            Some("sms_provider_error"),
            "The SMS cannot be sent",
        ),
        // Neither OAuth nor sign-up.
        (
            400,
            text(
                r#"{"statusCode":400,"error":"Bad Request","message":"connection is required","errorCode":"invalid_body"}"#,
            ),
            Some("invalid_body"),
            "connection is required",
        ),
        (401, text("Unauthorized"), None, "Unauthorized"),
        (
            502,
            text("<html>Bad gateway</html>"),
            None,
            "Bad Gateway (the response is 24 bytes, of no stated type, not JSON)",
        ),
    ] {
        for error in [
            decode::<PasswordGrant>(status, &body).unwrap_err(),
            decode::<SignUp>(status, &body).unwrap_err(),
        ] {
            assert_eq!((error.code(), error.message()), (code, message), "{status} {body}");
        }
    }
}
