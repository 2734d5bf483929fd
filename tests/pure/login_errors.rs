//! What goes wrong with sign-ups and logins: Auth0's codes and messages.

use serde_json::json;
use users_core::authentication::{AuthorizationCodeGrant, PasswordGrant, SignUp};
use users_core::management::UpdateUser;
use users_core::model::{ErrorBody, NewSignup, PasswordProblem, Secret};
use users_core::{ErrorKind, Operation as _};
use users_tests_pure::{clients, decode};

const EMAIL: &str = "ada@example.com";
const TOKENS: &str =
    r#"{"access_token":"at-1","refresh_token":"rt-2","expires_in":86400,"token_type":"Bearer"}"#;
/// The error of a weak password, as Auth0's SDKs record it.
const WEAK: &str = r#"{"name":"PasswordStrengthError","message":"Password is too weak","code":"invalid_password","description":{"rules":[
    {"message":"At least %d characters in length","format":[8],"code":"lengthAtLeast","verified":false},
    {"message":"Contain at least %d of the following %d types of characters:","format":[3,4],"code":"containsAtLeast","verified":false,"items":[
        {"message":"lower case letters (a-z)","code":"lowerCase","verified":true},
        {"message":"numbers (i.e. 0-9)","code":"numbers","verified":false}]},
    {"message":"No more than %d identical characters in a row (e.g., \"%s\" not allowed)","format":[2,"aaa"],"code":"identicalChars","verified":true}
    ],"verified":false},"policy":"* At least 8 characters in length","statusCode":400}"#;

/// The error body of a sign-up.
fn signup(name: &str, code: &str, description: &str) -> String {
    json!({"name": name, "code": code, "description": description, "statusCode": 400}).to_string()
}

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
fn a_refused_password_is_recognized_in_both_apis() {
    let error = |status: u16, body: &str| {
        let response = http::Response::builder().status(status).body(body.to_owned().into()).unwrap();
        UpdateUser::decode(response).unwrap_err()
    };
    let management =
        |message: &str| json!({"statusCode": 400, "error": "Bad Request", "message": message}).to_string();
    for (body, problem) in [
        (WEAK.to_owned(), Some(PasswordProblem::Strength)),
        (signup("PasswordHistoryError", "invalid_password", "Used before"), Some(PasswordProblem::Reused)),
        (signup("BadRequestError", "invalid_password", "No"), Some(PasswordProblem::Other)),
        (management("PasswordStrengthError: Password is too weak"), Some(PasswordProblem::Strength)),
        (
            management("PasswordHistoryError: Password has previously been used"),
            Some(PasswordProblem::Reused),
        ),
        (management("PasswordNoUserInfoError: Password contains it"), Some(PasswordProblem::UserInfo)),
        (management("PasswordDictionaryError: Password is too common"), Some(PasswordProblem::Dictionary)),
        (management("The password is a PasswordStrengthError: no"), None),
        (management("Payload validation error: 'PasswordStrengthError'"), None),
        (signup("BadRequestError", "invalid_signup", "Invalid sign up"), None),
        ("PasswordStrengthError".to_owned(), None),
    ] {
        let error400 = error(400, &body);
        let found = error400.error_body().and_then(ErrorBody::password_problem);
        assert_eq!(found, problem, "{body}");
        assert_eq!(error400.is_weak_password(), problem.is_some(), "{body}");
        assert_eq!(error400.is_password_reused(), problem == Some(PasswordProblem::Reused), "{body}");
        assert!(!error(500, &body).is_weak_password(), "{body}");
    }
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

#[test]
fn every_documented_failure_has_its_code_and_its_message() {
    let oauth = |error: &str, description: &str| {
        json!({"error": error, "error_description": description}).to_string()
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
        (
            400,
            text(
                r#"{"statusCode":400,"error":"bad.connection","error_description":"Connection is disabled"}"#,
            ),
            Some("bad.connection"),
            "Connection is disabled",
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
