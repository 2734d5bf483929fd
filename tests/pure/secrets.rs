//! Secrets are not disclosed: every value that holds one is rendered in every way, and the text is searched.

use std::fmt::{Debug, Display};
use users_core::model::{
    Connection, EnrollmentTicket, Identity, Impersonation, Invitation, JsonObject, LinkTarget, NewUser,
    Protocol, Secret, User, UserUpdate,
};
use users_core::{
    AccessToken, AuthenticationClient, BaseUrl, Descriptor, Error, ManagementClient, RequestBuilder,
    StaticToken, assertion_fn, token_fn,
};
use users_mock::{MockTransport, VirtualClock};
use users_tests_pure::decode;

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
    "ticket-of-a-link",
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
fn models_hide_their_secrets() {
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
    let links = r#"{"provisioning_ticket_url":"https://t/p/samlp/ticket-of-a-link","invitation_url":"https://t/?invitation=ticket-of-a-link",
        "ticket_url":"https://t/?ticket=ticket-of-a-link","ticket_id":"ticket-of-a-link","options":{"client_secret":"client-secret-1"}}"#;
    debug("a connection", &serde_json::from_str::<Connection>(links).unwrap());
    debug("an invitation", &serde_json::from_str::<Invitation>(links).unwrap());
    debug("an enrollment ticket", &serde_json::from_str::<EnrollmentTicket>(links).unwrap());
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
fn clients_calls_and_requests_hide_their_secrets() {
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
        .client_assertion("id", assertion_fn(|_| async { Ok(Secret::from("assertion-1")) }))
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
    let base = BaseUrl::parse("https://tenant.example.com/api/v2").unwrap();
    let descriptor = Descriptor::get("hooks.get", "/hooks/{secret}");
    let request = RequestBuilder::new(&descriptor, &base)
        .path("secret", "client-secret-1")
        .query("token", Some(JWT))
        .header("x-api-key", "metadata-api-key");
    debug("a request builder", &request);
}

#[test]
fn errors_hide_secrets_that_the_server_quotes() {
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
            r#"["idp-access-token","odd-shaped-secret"]"#,
        )
        .unwrap_err(),
    );
    let odd = r#"{"access_token":"idp-access-token","expires_in":"odd-shaped-secret"}"#;
    let odd = decode::<users_core::authentication::RequestToken>(200, odd).unwrap();
    assert!(odd.unknown.contains_key("expires_in"));
    debug("a token response with an odd lifetime", &odd);
    error("a body that is not JSON", &decode::<users_core::management::GetUser>(200, JWT).unwrap_err());

    // The client redacts its own token, even if it is not a JWT.
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
fn a_row_that_cannot_be_serialized_is_not_quoted() {
    struct Row;
    impl serde::Serialize for Row {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("hunter2-password is no hash"))
        }
    }
    let call = MockTransport::new().management().jobs().import_users("con_1", [Row]);
    error("an import", &call.into_request().unwrap_err());
}

#[test]
fn errors_hide_secrets_of_the_call_itself() {
    let (mock, management, authentication) = users_tests_pure::clients();
    let users = management.users();
    for secret in ["hunter2-password", "assertion-1"] {
        mock.expect((http::Method::POST, "/users")).error(400, "x", &format!("'{secret}' is too weak"));
        mock.expect((http::Method::PATCH, "/users/{id}")).error(400, "x", &format!("'{secret}' is too weak"));
        mock.expect((http::Method::POST, "/users/{id}/identities")).error(
            400,
            "x",
            &format!("'{secret}' is not a JWT"),
        );
        mock.expect((http::Method::GET, "/userinfo")).error(400, "x", &format!("'{secret}' is not a JWT"));
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
fn an_invalid_header_does_not_show_its_value() {
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

/// The forms in which a server may quote a value.
fn quoted_forms(secret: &str) -> Vec<String> {
    let percent = |lower: bool, plus: bool| -> String {
        let encode = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            b' ' if plus => "+".to_owned(),
            _ if lower => format!("%{byte:02x}"),
            _ => format!("%{byte:02X}"),
        };
        secret.bytes().map(encode).collect()
    };
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let numeric: String = secret
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) })
        .collect();
    let hexadecimal: String = secret
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("&#x{:x};", u32::from(c)) })
        .collect();
    let json = serde_json::to_string(secret).unwrap();
    let unicode: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    vec![
        secret.to_owned(),
        percent(false, false),
        percent(true, false),
        percent(false, true),
        html.clone(),
        numeric,
        hexadecimal,
        json.trim_matches('"').to_owned(),
        json.trim_matches('"').replace('/', "\\/"),
        unicode,
        html.replace('&', "%26").replace(';', "%3B"),
    ]
}

/// Whether a text contains the secret in any escaped form.
fn shows(text: &str, secret: &str) -> bool {
    quoted_forms(secret).iter().any(|form| text.contains(form.as_str()))
}

type Send = fn(&ManagementClient, &str) -> users_core::Call<users_core::Rest<serde_json::Value>>;

#[test]
fn values_of_a_request_that_the_server_quotes_are_hidden_in_every_form() {
    use serde_json::json;
    let secret = "s3<cr&t \"/key\\\u{fc}";
    let rest: &[(&str, Send)] = &[
        ("nested", |client, secret| {
            client.rest("/connections").create((), json!({"options": {"client_secret": secret}}))
        }),
        ("camel case", |client, secret| client.rest("/clients").create((), json!({"clientSecret": secret}))),
        ("kebab case", |client, secret| client.rest("/clients").create((), json!({"api-key": secret}))),
        ("below a hash", |client, secret| {
            client.rest("/x").create((), json!({"custom_password_hash": {"hash": {"value": secret}}}))
        }),
        ("in a list", |client, secret| client.rest("/x").create((), json!({"tokens": [1, secret]}))),
        ("a query", |client, secret| client.rest("/x").get_all(json!({"api_key": secret}))),
        ("metadata", |client, secret| {
            client.rest("/x").create((), json!({"user_metadata": {"deep": [{"note": secret}]}}))
        }),
        ("app metadata", |client, secret| {
            client.rest("/x").create((), json!({"app_metadata": {"note": secret}}))
        }),
        ("an otp", |client, secret| client.rest("/x").create((), json!({"otp": secret}))),
    ];
    for (what, call) in rest {
        for form in quoted_forms(secret) {
            let mock = MockTransport::new();
            let message = format!("Payload validation error: 'String does not match pattern ^x$: {form}'.");
            mock.expect((http::Method::GET, "/x")).error(400, "invalid_query_string", &message).always();
            for path in ["/x", "/connections", "/clients"] {
                mock.expect((http::Method::POST, path)).error(400, &form, &message).always();
            }
            let error = mock.clock().block_on(call(&mock.management(), secret).send()).unwrap_err();
            assert_eq!(error.status(), Some(http::StatusCode::BAD_REQUEST), "{what}: {error:?}");
            for rendered in [error.to_string(), format!("{error:?}"), error.message().to_owned()] {
                assert!(!shows(&rendered, secret), "{what} as {form}: {rendered}");
                assert!(rendered.contains("[redacted]") && rendered.contains("does not match"), "{rendered}");
            }
        }
    }
}

#[test]
fn no_operation_has_to_declare_its_secrets() {
    use users_core::model::{MetadataUpdate, NewAuthenticationMethod, UsersExport};
    let secret = "JBSWY3DPEHPK3PXP";
    let mock = MockTransport::new();
    let message = format!("'String does not match pattern ^[A-Z]+$: {secret}' on property x");
    for (method, path) in [
        (http::Method::POST, "/users/{id}/authentication-methods"),
        (http::Method::POST, "/jobs/users-imports"),
        (http::Method::PATCH, "/users/{id}"),
        (http::Method::POST, "/jobs/users-exports"),
    ] {
        mock.expect((method, path)).error(400, "invalid_body", &message).always();
    }
    let client = mock.management();
    let (users, jobs) = (client.users(), client.jobs());
    let hidden = |what: &str, error: Error| {
        for rendered in [error.to_string(), format!("{error:?}")] {
            assert!(!rendered.contains(secret), "{what}: {rendered}");
        }
    };
    mock.clock().block_on(async {
        let totp = NewAuthenticationMethod::new("totp").totp_secret(secret);
        hidden("totp", users.authentication_methods("a|1").create(totp).await.unwrap_err());
        let row = serde_json::json!({"email": "a@example.com", "custom_password_hash": {"algorithm": "md5", "hash": {"value": secret}}});
        hidden("import", jobs.import_users("con_1", [row]).await.unwrap_err());
        let metadata = MetadataUpdate::new().set("note", [secret]);
        hidden("metadata", users.update_user_metadata("a|1", metadata).await.unwrap_err());
        let export = jobs.export_users(UsersExport::new()).header("x-my-api", secret);
        hidden("a header of the call", export.await.unwrap_err());
        let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").token("t").clock(mock.clock());
        let client = builder.header("x-my-api", format!("Basic {secret}")).build().unwrap();
        hidden("a header of the client", client.jobs().export_users(UsersExport::new()).await.unwrap_err());
    });
}

#[test]
fn short_values_of_sensitive_properties_are_removed_from_validation_messages() {
    for (property, message, shown) in [
        (
            "password",
            "Payload validation error: 'String is too short (2 chars), minimum 8: ab' on property password (The user's password).",
            "ab'",
        ),
        (
            "totp_secret",
            "Payload validation error: 'String does not match pattern ^[A-Z]+$: ab' on property totp_secret.",
            "ab'",
        ),
        (
            "user_metadata",
            "Payload validation error: 'Object didn't pass validation for format x: ab' on property user_metadata.note.",
            "ab'",
        ),
    ] {
        let mock = MockTransport::new();
        mock.expect((http::Method::POST, "/x")).error(400, "invalid_body", message);
        let call = mock.management().rest("/x").create::<()>((), serde_json::json!({property: "ab"}));
        let error = mock.clock().block_on(call.send()).unwrap_err().to_string();
        assert!(
            !error.contains(shown) && error.contains(property) && error.contains("[redacted]"),
            "{error}"
        );
    }
}

#[test]
fn ids_addresses_and_connection_names_stay_in_messages() {
    let mock = MockTransport::new();
    let message =
        "The user auth0|123 with ada@example.com already exists in Username-Password-Authentication.";
    mock.expect((http::Method::POST, "/users")).error(409, "auth0_idp_error", message);
    let ada = NewUser::new("Username-Password-Authentication")
        .email("ada@example.com")
        .password("hunter2-password");
    let error = mock.clock().block_on(mock.management().users().create(ada).send()).unwrap_err();
    assert_eq!(error.message(), message);
}

#[test]
fn the_query_of_a_url_is_removed_from_messages() {
    let mock = MockTransport::new();
    let message = "no such file: https://files.example.com/a.gz?X-Amz-Signature=0123456789abcdef, see https://auth0.com/docs";
    mock.expect((http::Method::GET, "/jobs/{id}")).error(404, "x", message);
    let error = mock.clock().block_on(mock.management().jobs().get("job_1").send()).unwrap_err();
    assert_eq!(
        error.message(),
        "no such file: https://files.example.com/a.gz?[redacted], see https://auth0.com/docs"
    );
}

#[test]
fn headers_of_callers_and_presigned_urls_are_in_no_debug_output() {
    let mock = MockTransport::new();
    let client = ManagementClient::builder(mock.clone())
        .domain("a.example.com")
        .token("t")
        .header("x-api-key", "hunter2-password");
    debug("a builder with a header", &client);
    let client = client.build().unwrap();
    let call = client.users().get("auth0|1").header("x-api-key", "hunter2-password");
    debug("a call with a header", &call);
    assert!(format!("{call:?}").contains("x-api-key"), "the name is shown: {call:?}");
}

#[test]
fn a_decode_error_quotes_nothing_of_the_body() {
    use std::collections::BTreeMap;
    #[derive(serde::Deserialize, Debug)]
    #[serde(rename_all = "snake_case")]
    enum Plan {
        Gold,
    }
    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "plans")]
        _plans: BTreeMap<String, Plan>,
        #[serde(rename = "when")]
        _when: Option<Custom>,
    }
    #[derive(Debug)]
    struct Custom;
    impl<'de> serde::Deserialize<'de> for Custom {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!("bad value: {text}")))
        }
    }
    for body in [
        r#"{"plans":{"hunter2-password":"gold","x":"hunter2-password"}}"#,
        r#"{"plans":{"hunter2-password":"silver"}}"#,
        r#"{"plans":{},"hunter2-password":1}"#,
        r#"{"plans":{},"when":"hunter2-password"}"#,
        r#"{"plans":"hunter2-password"}"#,
    ] {
        let mock = MockTransport::new();
        mock.expect((http::Method::GET, "/x")).json(body);
        let call = mock.management().rest("/x").get_all::<Strict>(());
        let failed = mock.clock().block_on(call.send()).unwrap_err();
        assert_eq!(failed.kind(), users_core::ErrorKind::Decode);
        error(body, &failed);
    }
}

#[test]
fn the_url_of_an_export_is_in_no_debug_output() {
    let job: users_core::model::Job = serde_json::from_str(
        r#"{"id":"job_1","location":"https://files.example.com/a.gz?X-Amz-Signature=hunter2-password"}"#,
    )
    .unwrap();
    debug("a job", &job);
    assert!(serde_json::to_string(&job).unwrap().contains("X-Amz-Signature"), "it is encoded again");
}

/// A client whose server answers every request with 400 and this message.
fn refused_with(message: &str) -> ManagementClient {
    let body = serde_json::json!({"statusCode": 400, "error": "Bad Request", "message": message}).to_string();
    let transport = users_core::transport_fn(move |_, _| {
        let mut response = http::Response::new(users_core::Body::from(body.clone()));
        *response.status_mut() = http::StatusCode::BAD_REQUEST;
        async move { Ok(response) }
    });
    let builder =
        ManagementClient::builder(transport).domain("tenant.example.com").token("management-token-1");
    builder.pacer(users_core::Unpaced::new()).build().unwrap()
}

fn everything(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(this) = cause {
        text.push_str(&format!(" {this} {this:?}"));
        cause = this.source();
    }
    text
}

#[tokio::test]
async fn parameters_headers_cookies_and_short_values_are_hidden() {
    use serde_json::{Value, json};
    use users_core::model::MetadataUpdate;
    let mut errors = Vec::new();
    let client = refused_with("No invitation s3cret-1");
    errors.push(
        client.rest("/invitations/{token}").get::<Value>(json!({"token": "s3cret-1"})).await.unwrap_err(),
    );
    let client = refused_with("Bad key: s3cret-2");
    errors.push(
        client.rest("/x").get_all::<Value>(json!({"api_key": ["first", "s3cret-2"]})).await.unwrap_err(),
    );
    let latin_1 = http::HeaderValue::from_bytes(b"caf\xe9-s3cret").unwrap();
    for (message, name, value) in [
        ("Bad header: caf\u{e9}-s3cret", "x-api-key", latin_1),
        ("Bad cookie s3cret-3", "cookie", "a=abcd; b=s3cret-3".parse().unwrap()),
        ("Bad agent s3cret-4", "user-agent", "s3cret-4".parse().unwrap()),
        ("Bad type s3cret-5", "accept", "s3cret-5".parse().unwrap()),
        ("Bad basic s3cret-6", "authorization", "Basic  s3cret-6".parse().unwrap()),
    ] {
        let call = refused_with(message).users().get("auth0|1").header(name, value);
        errors.push(call.await.unwrap_err());
    }
    for reason in [
        "'String is too short, minimum 8:s3c' on property password (The password).",
        "\"String is too short, minimum 8: s3c\" on property password (The password).",
        "'Value s3c is too short' on property password (The password).",
        "'String does not match pattern ^x$: s3c' on property user.password.",
        "'String does not match pattern ^x$: s3c' on properties password.",
        "'String does not match pattern ^x$: s3c'  on property \"password\".",
    ] {
        let client = refused_with(&format!("Payload validation error: {reason}"));
        errors.push(client.users().create(NewUser::new("db").password("s3c")).await.unwrap_err());
    }
    let odd = JsonObject::from_json(r#"{"a":"\ud83ds3cret-leaf"}"#).unwrap();
    let client = refused_with("Bad \u{fffd}s3cret-leaf");
    errors.push(client.users().update_user_metadata("auth0|1", MetadataUpdate::from(odd)).await.unwrap_err());
    for error in errors {
        assert!(!everything(&error).contains("s3c"), "{}", everything(&error));
    }
}

#[tokio::test]
async fn a_token_that_a_transport_quotes_is_redacted_in_every_error_of_the_chain() {
    let transport = users_core::transport_fn(|request: http::Request<bytes::Bytes>, _| async move {
        let header = request.headers()["authorization"].to_str().unwrap().to_owned();
        let error = users_core::TransportError::io(format!("cannot send header {header}"));
        Err(error.with_source(format!("bad header: {header}")))
    });
    let builder =
        ManagementClient::builder(transport).domain("tenant.example.com").token("management-token-1");
    let users = builder.retry(users_core::Retry::never()).build().unwrap().users();
    let failed = users.get("auth0|1").await.unwrap_err();
    assert!(everything(&failed).contains("cannot send header"), "{failed}");
    error("a transport's error", &failed);
}
