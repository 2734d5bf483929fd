//! A secret shows up nowhere: everything that holds one is rendered in every way, and searched.

use std::fmt::{Debug, Display};
use users_core::model::{
    Identity, Impersonation, JsonObject, LinkTarget, NewUser, Protocol, Secret, User, UserUpdate,
};
use users_core::{AccessToken, AuthenticationClient, Error, ManagementClient, StaticToken, token_fn};
use users_mock::{MockTransport, VirtualClock};
use users_tests::decode;

const SECRETS: &[&str] = &[
    "hunter2-password",
    "idp-access-token",
    "idp-refresh-token",
    "idp-token-secret",
    "client-secret-1",
    "management-token-1",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
    "eyJhbGciOi",
    "assertion-1",
    "metadata-api-key",
    "odd-shaped-secret",
];
const JWT: &str = SECRETS[6];

fn hides(what: &str, rendered: &str) {
    for secret in SECRETS {
        assert!(!rendered.contains(secret), "{what} shows {secret}: {rendered}");
    }
}

fn debug(what: &str, value: &impl Debug) {
    hides(what, &format!("{value:?}"));
    hides(what, &format!("{value:#?}"));
}

fn error(what: &str, value: &Error) {
    debug(what, value);
    let mut cause: Option<&dyn std::error::Error> = Some(value);
    while let Some(error) = cause {
        hides(what, &error.to_string());
        hides(what, &format!("{error:?}"));
        cause = error.source();
    }
}

#[test]
fn models_hide_what_they_hold() {
    let identity: Identity = serde_json::from_str(
        r#"{"access_token":"idp-access-token","refresh_token":"idp-refresh-token","access_token_secret":"idp-token-secret"}"#,
    )
    .unwrap();
    debug("an identity", &identity);
    let odd: Identity =
        serde_json::from_str(r#"{"access_token":["odd-shaped-secret"],"id_token":"idp-access-token"}"#)
            .unwrap();
    debug("an identity of odd shape", &odd);
    let user = NewUser::new("db").password("hunter2-password");
    debug("a new user", &user);
    debug("an update", &UserUpdate::new().password("hunter2-password"));
    debug("a link target", &LinkTarget::id_token(JWT));
    debug(
        "an impersonation",
        &Impersonation::new("a|1", Protocol::OAuth2).token(JWT).parameter("id_token", JWT),
    );
    let metadata = JsonObject::from_json(r#"{"key":"metadata-api-key"}"#).unwrap();
    debug(
        "metadata",
        &serde_json::from_str::<User>(r#"{"app_metadata":{"key":"metadata-api-key"}}"#).unwrap(),
    );
    debug("metadata alone", &metadata);
    debug("a secret", &Secret::from("hunter2-password"));
    debug("an access token", &AccessToken::new(JWT));
    debug("a static source", &StaticToken::new(JWT));
    debug("a closure source", &token_fn(VirtualClock::new(), || async { Ok(AccessToken::new(JWT)) }));
}

#[test]
fn clients_calls_and_requests_hide_what_they_hold() {
    let mock = MockTransport::new();
    let client = ManagementClient::builder(mock.clone())
        .domain("tenant.example.com")
        .client_credentials("id", "client-secret-1")
        .build()
        .unwrap();
    debug("a client", &client);
    let builder = ManagementClient::builder(mock.clone())
        .token("management-token-1")
        .header("authorization", "management-token-1");
    debug("a builder", &builder);
    let assertion = ManagementClient::builder(mock.clone())
        .domain("tenant.example.com")
        .client_assertion("id", || async { Ok(Secret::from("assertion-1")) })
        .build()
        .unwrap();
    debug("a client with an assertion", &assertion);
    let auth =
        AuthenticationClient::builder(mock.clone()).domain("tenant.example.com").token(JWT).build().unwrap();
    debug("an authentication client", &auth);

    let users = client.users();
    debug("a call", &users.create(NewUser::new("db").password("hunter2-password")));
    debug("a call with a header", &users.get("auth0|1").header("authorization", "Bearer management-token-1"));
    debug("a link call", &users.link("auth0|1", LinkTarget::id_token(JWT)));
    debug("get_info", &auth.users().get_info(JWT));
    debug(
        "impersonate",
        &auth.users().impersonate("auth0|1", Impersonation::new("a|1", "oauth2").token(JWT)),
    );
    let rest = client.rest("/users").create::<()>((), serde_json::json!({"password": "hunter2-password"}));
    debug("a rest call", &rest);
    let request = auth.users().get_info(JWT).into_request().unwrap();
    debug("a request", &request);
}

#[test]
fn errors_hide_what_the_server_quoted() {
    let quoted = format!(
        r#"{{"statusCode":401,"error":"Unauthorized","message":"Invalid token: {JWT} (Bearer {JWT})"}}"#
    );
    error("a quoted JWT", &decode::<users_core::management::GetUser>(401, &quoted).unwrap_err());
    let code = format!(r#"{{"statusCode":400,"message":"x","errorCode":"{JWT}"}}"#);
    let strange = decode::<users_core::management::GetUser>(400, &code).unwrap_err();
    error("a strange code", &strange);
    error(
        "a token response of the wrong shape",
        &decode::<users_core::authentication::RequestToken>(
            200,
            r#"{"access_token":"idp-access-token","expires_in":"odd-shaped-secret"}"#,
        )
        .unwrap_err(),
    );
    error("a body that is no JSON", &decode::<users_core::management::GetUser>(200, JWT).unwrap_err());

    // The client knows its own token, so one that is no JWT is taken out as well.
    let mock = MockTransport::new();
    let users = ManagementClient::builder(mock.clone())
        .domain("tenant.example.com")
        .token("management-token-1")
        .clock(mock.clock())
        .build()
        .unwrap()
        .users();
    mock.expect(users_core::management::GetUser::DESCRIPTOR).error(
        400,
        "x",
        "Bad header: Bearer management-token-1",
    );
    let quoted = mock.clock().block_on(users.get("auth0|1").send()).unwrap_err();
    assert!(quoted.message().contains("[redacted]"), "{quoted}");
    error("a quoted opaque token", &quoted);
    debug("the mock", &mock);
    debug("what the mock captured", &mock.requests());
}

#[test]
fn errors_hide_what_the_call_itself_carried() {
    let (mock, management, authentication) = users_tests::clients();
    let users = management.users();
    for secret in ["hunter2-password", "assertion-1"] {
        mock.expect((http::Method::POST, "/users")).error(400, "x", &format!("'{secret}' is too weak"));
        mock.expect((http::Method::PATCH, "/users/{id}")).error(400, "x", &format!("'{secret}' is too weak"));
        mock.expect((http::Method::POST, "/users/{id}/identities")).error(
            400,
            "x",
            &format!("'{secret}' is no JWT"),
        );
        mock.expect((http::Method::GET, "/userinfo")).error(400, "x", &format!("'{secret}' is no JWT"));
        mock.expect((http::Method::POST, "/users/{id}/impersonate")).error(400, "x", &format!("{secret}?"));
        mock.clock().block_on(async {
            error("create", &users.create(NewUser::new("db").password(secret)).await.unwrap_err());
            error(
                "update",
                &users.update("a|1", UserUpdate::new().password(secret)).with_meta().await.unwrap_err(),
            );
            error("link", &users.link("a|1", LinkTarget::id_token(secret)).optional().await.unwrap_err());
            error("get_info", &authentication.users().get_info(secret).await.unwrap_err());
            let settings = Impersonation::new("a|2", "oauth2").token(secret);
            error("impersonate", &authentication.users().impersonate("a|1", settings).await.unwrap_err());
        });
    }
    mock.verify();
}

#[test]
fn a_failing_token_endpoint_does_not_show_the_client_secret() {
    let mock = MockTransport::new();
    mock.expect((http::Method::POST, "/oauth/token"))
        .status(401)
        .json(r#"{"error":"access_denied","error_description":"Unauthorized: client-secret-1"}"#);
    let users = ManagementClient::builder(mock.clone())
        .domain("tenant.example.com")
        .client_credentials("id", "client-secret-1")
        .clock(mock.clock())
        .build()
        .unwrap()
        .users();
    let refused = mock.clock().block_on(users.get("auth0|1").send()).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("GET /users/{id}: no access token: POST /oauth/token: 401 access_denied: ")
    );
    error("a refused client", &refused);
}

#[test]
fn a_header_that_cannot_be_does_not_show_its_value() {
    let mock = MockTransport::new();
    let refused = ManagementClient::builder(mock)
        .domain("x.example.com")
        .header("authorization", "hunter2-password\n")
        .build();
    error("a broken header", &refused.unwrap_err());
    fn assert_display(value: &impl Display) {
        hides("a base URL", &value.to_string());
    }
    let url = users_core::BaseUrl::parse("https://ada:hunter2-password@x.example.com");
    assert_display(&url.unwrap_err());
}
