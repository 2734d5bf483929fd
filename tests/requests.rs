//! Every operation's request, made with `into_request` alone: no transport, no runtime, no clock.

use serde_json::json;
use users_core::authentication::RequestToken;
use users_core::management::{Confirm, SearchEngine};
use users_core::model::{Impersonation, LinkTarget, MetadataUpdate, NewUser, Protocol, UserUpdate};
use users_core::{Access, Api, BaseUrl, CATALOGUE, Error, Operation as _, Safety};
use users_mock::MockTransport;
use users_tests::{clients, line};

type Request = http::Request<bytes::Bytes>;

struct Case {
    operation: &'static str,
    request: Result<Request, Error>,
    line: &'static str,
    body: Option<&'static str>,
}

fn case(
    operation: &'static str,
    request: Result<Request, Error>,
    line: &'static str,
    body: impl Into<Option<&'static str>>,
) -> Case {
    Case { operation, request, line, body: body.into() }
}

fn cases() -> Vec<Case> {
    let (_, management, authentication) = clients();
    let (users, auth) = (management.users(), authentication.users());
    let id = "auth0|507f1f77bcf86cd799439020";
    vec![
        case(
            "users.create",
            users
                .create(
                    NewUser::new("Username-Password-Authentication")
                        .email("ada@example.com")
                        .password("correct horse")
                        .blocked(false)
                        .user_metadata(
                            users_core::model::JsonObject::from_json(
                                r#"{"n":123456789012345678901234567890}"#,
                            )
                            .unwrap(),
                        ),
                )
                .into_request(),
            "POST /api/v2/users",
            r#"{"connection":"Username-Password-Authentication","email":"ada@example.com","password":"correct horse","blocked":false,"user_metadata":{"n":123456789012345678901234567890}}"#,
        ),
        case("users.get_all", users.get_all().into_request(), "GET /api/v2/users", None),
        case(
            "users.get_all",
            users
                .get_all()
                .page(2)
                .per_page(10)
                .include_totals(true)
                .sort("created_at:-1")
                .connection("acme")
                .fields(["user_id", "email"])
                .q(r#"email:"ada+1@example.com" AND logins_count:[1 TO *]"#)
                .search_engine(SearchEngine::V3)
                .primary_order(false)
                .into_request(),
            "GET /api/v2/users?page=2&per_page=10&include_totals=true&sort=created_at%3A-1&connection=acme\
             &fields=user_id%2Cemail&include_fields=true\
             &q=email%3A%22ada%2B1%40example.com%22%20AND%20logins_count%3A%5B1%20TO%20%2A%5D\
             &search_engine=v3&primary_order=false",
            None,
        ),
        case(
            "users.get",
            users.get(id).into_request(),
            "GET /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            None,
        ),
        case(
            "users.get",
            users.get(id).exclude_fields(["identities"]).into_request(),
            "GET /api/v2/users/auth0%7C507f1f77bcf86cd799439020?fields=identities&include_fields=false",
            None,
        ),
        case(
            "users.update",
            users
                .update(
                    id,
                    UserUpdate::new()
                        .nickname("Ada")
                        .clear_picture()
                        .blocked(true)
                        .user_metadata(MetadataUpdate::clear_all())
                        .app_metadata(MetadataUpdate::new().set("plan", "gold").remove("trial")),
                )
                .into_request(),
            "PATCH /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            r#"{"nickname":"Ada","picture":null,"blocked":true,"user_metadata":{},"app_metadata":{"plan":"gold","trial":null}}"#,
        ),
        case(
            "users.update",
            users.update_user_metadata(id, json!({"theme": "dark"})).into_request(),
            "PATCH /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            r#"{"user_metadata":{"theme":"dark"}}"#,
        ),
        case(
            "users.update",
            users.update_app_metadata(id, MetadataUpdate::new().remove("trial")).into_request(),
            "PATCH /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            r#"{"app_metadata":{"trial":null}}"#,
        ),
        case(
            "users.delete",
            users.delete(id).into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            None,
        ),
        case(
            "users.delete_collection",
            users.delete_all(Confirm::tenant(MockTransport::DOMAIN)).collection_request().into_request(),
            "DELETE /api/v2/users",
            None,
        ),
        case(
            "users.delete_multifactor_provider",
            users.delete_multifactor_provider(id, "google-authenticator").into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020/multifactor/google-authenticator",
            None,
        ),
        case(
            "users.link",
            users
                .link(id, LinkTarget::account("github", "42").connection("con_ftSSLHb0O7rcUGmF"))
                .into_request(),
            "POST /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities",
            r#"{"provider":"github","user_id":"42","connection_id":"con_ftSSLHb0O7rcUGmF"}"#,
        ),
        case(
            "users.link",
            users.identities().link(id, LinkTarget::id_token("a.b.c")).into_request(),
            "POST /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities",
            r#"{"link_with":"a.b.c"}"#,
        ),
        case(
            "users.unlink",
            users.unlink(id, "google-oauth2", "103547991597142817347").into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities/google-oauth2/103547991597142817347",
            None,
        ),
        case(
            "users.unlink",
            users.identities().unlink(id, "samlp", "samlp|acme|ada@example.com").into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities/samlp/acme%7Cada%40example.com",
            None,
        ),
        case("authentication.get_info", auth.get_info("user token").into_request(), "GET /userinfo", None),
        case(
            "authentication.impersonate",
            auth.impersonate(
                id,
                Impersonation::new("auth0|support", Protocol::OAuth2)
                    .token("global token")
                    .additional_parameter("state", "xyz")
                    .parameter("response_type", "code"),
            )
            .into_request(),
            "POST /users/auth0%7C507f1f77bcf86cd799439020/impersonate",
            r#"{"impersonator_id":"auth0|support","protocol":"oauth2","client_id":"mock-client","additionalParameters":{"state":"xyz"},"response_type":"code"}"#,
        ),
        case(
            "authentication.token",
            RequestToken::client_credentials("id", "https://tenant.example.com/api/v2/")
                .client_secret("secret")
                .request(&BaseUrl::parse("tenant.example.com").unwrap()),
            "POST /oauth/token",
            r#"{"grant_type":"client_credentials","client_id":"id","audience":"https://tenant.example.com/api/v2/","client_secret":"secret"}"#,
        ),
    ]
}

#[test]
fn every_operation_makes_the_request_that_auth0_documents() {
    for case in cases() {
        let request = case.request.unwrap_or_else(|error| panic!("{}: {error}", case.operation));
        assert_eq!(line(&request), case.line, "{}", case.operation);
        assert_eq!(request.uri().authority().unwrap(), "tenant.example.com");
        assert_eq!(request.headers()["accept"], "application/json");
        match case.body {
            Some(body) => {
                assert_eq!(std::str::from_utf8(request.body()).unwrap(), body, "{}", case.operation);
                assert_eq!(request.headers()["content-type"], "application/json");
            }
            None => {
                assert!(request.body().is_empty(), "{}", case.operation);
                assert!(!request.headers().contains_key("content-type"), "{}", case.operation);
            }
        }
    }
}

#[test]
fn no_operation_of_the_catalogue_is_left_out_of_the_table() {
    for descriptor in CATALOGUE {
        let case = cases().into_iter().find(|case| case.operation == descriptor.name);
        let case = case.unwrap_or_else(|| panic!("{} has no case", descriptor.name));
        let request = case.request.unwrap();
        assert_eq!(request.method(), descriptor.method);
        let prefix = if descriptor.api == Api::Management { "/api/v2" } else { "" };
        let path = request.uri().path().strip_prefix(prefix).unwrap();
        assert_eq!(path.split('/').count(), descriptor.path.split('/').count(), "{}", descriptor.name);
        assert!(path.split('/').skip(1).all(|segment| !segment.is_empty()));
    }
}

#[test]
fn what_is_safe_to_repeat_follows_the_method() {
    for descriptor in CATALOGUE {
        let expected = match (descriptor.name, descriptor.method.as_str()) {
            ("authentication.token", _) => (Safety::Idempotent, Access::Write),
            (_, "GET") => (Safety::Safe, Access::Read),
            (_, "DELETE") => (Safety::Idempotent, Access::Delete),
            _ => (Safety::Unsafe, Access::Write),
        };
        assert_eq!((descriptor.safety, descriptor.access), expected, "{}", descriptor.name);
    }
}

#[test]
fn a_call_carries_the_client_s_headers_and_its_own() {
    let mock = MockTransport::new();
    let users = users_core::ManagementClient::builder(mock)
        .domain("https://Tenant.Example.com/")
        .header("x-team", "identity")
        .header("x-tier", "gold")
        .custom_domain("login.example.com")
        .telemetry(true)
        .build()
        .unwrap()
        .users();
    let request = users
        .get("auth0|1")
        .header("x-tier", "silver")
        .header("authorization", "Bearer mine")
        .into_request()
        .unwrap();
    let headers = request.headers();
    assert_eq!(headers["user-agent"], concat!("users/", env!("CARGO_PKG_VERSION")).replace("0.0.0", "0.1.0"));
    assert_eq!(
        (&headers["x-team"], &headers["x-tier"]),
        (&"identity".parse().unwrap(), &"silver".parse().unwrap())
    );
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["auth0-client"], "eyJuYW1lIjoidXNlcnMiLCJ2ZXJzaW9uIjoiMC4xLjAifQ==");
    assert!(!headers.contains_key("auth0-custom-domain"), "a read takes no custom domain");

    let created = users.create(NewUser::new("db")).custom_domain("other.example.com").into_request().unwrap();
    assert_eq!(created.headers()["auth0-custom-domain"], "other.example.com");
    let updated = users.update("auth0|1", UserUpdate::new().name("Ada")).into_request().unwrap();
    assert_eq!(updated.headers()["auth0-custom-domain"], "login.example.com");
}

#[test]
fn telemetry_is_off_unless_asked() {
    let (_, management, _) = clients();
    assert!(
        !management.users().get("auth0|1").into_request().unwrap().headers().contains_key("auth0-client")
    );
}

#[test]
fn the_token_of_a_call_is_marked_so_that_nothing_prints_it() {
    let (_, _, authentication) = clients();
    let request = authentication.users().get_info("user-token-1").into_request().unwrap();
    assert_eq!(request.headers()["authorization"], "Bearer user-token-1");
    assert!(!format!("{request:?}").contains("user-token-1"));
}

#[test]
fn arguments_that_auth0_would_misread_are_refused_before_anything_is_sent() {
    let (mock, management, authentication) = clients();
    let (users, auth) = (management.users(), authentication.users());
    let refused = [
        ("an update of nothing", users.update("auth0|1", UserUpdate::new()).into_request().err()),
        ("an empty map would wipe", users.update_user_metadata("auth0|1", json!({})).into_request().err()),
        (
            "wipe and set",
            users
                .update_app_metadata("auth0|1", MetadataUpdate::clear_all().set("a", 1))
                .into_request()
                .err(),
        ),
        ("metadata that is no object", users.update_app_metadata("auth0|1", json!([1])).into_request().err()),
        ("no connection", users.create(NewUser::new("")).into_request().err()),
        ("a page too large", users.get_all().per_page(101).into_request().err()),
        ("nothing to link", users.link("auth0|1", LinkTarget::account("", "")).into_request().err()),
        ("an empty ID token", users.link("auth0|1", LinkTarget::id_token(" ")).into_request().err()),
        ("no token", auth.get_info(" ").into_request().err()),
        ("a token with a line end", auth.get_info("a\nb").into_request().err()),
        (
            "no impersonator",
            auth.impersonate("auth0|1", Impersonation::new("", "oauth2")).into_request().err(),
        ),
        ("no protocol", auth.impersonate("auth0|1", Impersonation::new("auth0|2", " ")).into_request().err()),
        ("a header with a line end", users.get("auth0|1").header("x-a", "b\r\nc").into_request().err()),
        (
            "the wrong tenant",
            users.delete_all(Confirm::tenant("other.example.com")).collection_request().into_request().err(),
        ),
    ];
    for (why, error) in refused {
        let error = error.unwrap_or_else(|| panic!("{why} was let through"));
        assert!(error.is_invalid_argument(), "{why}: {error:?}");
        assert!(!error.may_have_been_applied());
    }
    assert!(mock.requests().is_empty());
}
