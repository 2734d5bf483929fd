//! Operations without a client, custom operations, and the options of every call.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use users_core::authentication::GetInfo;
use users_core::management::{CreateUser, GetAllUsers, GetUser, ListUserRoles, UpdateUser};
use users_core::model::{NewUser, Secret, UserUpdate};
use users_core::{
    Api, BaseUrl, Body, CATALOGUE, Clock, Descriptor, Error, FailedAttempt, HttpTransport, ManagementClient,
    Operation, RequestBuilder, Retry, TransportError, decode_json, transport_fn,
};
use users_mock::{FaultyTransport, MockTransport, Tenant, VirtualClock};

/// `GET /connections` as defined by a program outside the SDK.
#[derive(Clone, Debug)]
struct ListConnections {
    strategy: String,
    /// How the request deviates from its descriptor.
    deviation: Deviation,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Deviation {
    None,
    Framing,
    Credentials,
    Refused,
    Elsewhere,
    OtherPath,
    OtherMethod,
}

const LIST_CONNECTIONS: &Descriptor = &Descriptor::get("connections.list", "/connections")
    .scopes(&[&["read:connections"]])
    .query(&["strategy"]);

impl Operation for ListConnections {
    type Output = Vec<Value>;

    fn descriptor(&self) -> &Descriptor {
        LIST_CONNECTIONS
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        let request = RequestBuilder::new(LIST_CONNECTIONS, base).query("strategy", Some(&self.strategy));
        let mut request = request.empty()?;
        match self.deviation {
            Deviation::None => {}
            Deviation::Framing => {
                request.headers_mut().insert("content-length", 3.into());
            }
            Deviation::Credentials => {
                let token = http::HeaderValue::from_static("Bearer sesame-44-sesame");
                request.headers_mut().insert("authorization", token);
            }
            Deviation::Refused => {
                return Err(Error::new(users_core::ErrorKind::InvalidArgument, "not sesame-44-sesame"));
            }
            Deviation::Elsewhere => {
                *request.uri_mut() = "https://evil.example/api/v2/connections".parse().unwrap()
            }
            Deviation::OtherPath => {
                *request.uri_mut() = format!("{base}/users/").parse().unwrap();
            }
            Deviation::OtherMethod => *request.method_mut() = http::Method::DELETE,
        }
        Ok(request)
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![Secret::new("sesame-44-sesame")]
    }

    fn decode(response: http::Response<Bytes>) -> Result<Vec<Value>, Error> {
        decode_json(LIST_CONNECTIONS, response)
    }
}

fn list(deviation: Deviation) -> ListConnections {
    ListConnections { strategy: "auth0".to_owned(), deviation }
}

#[test]
fn an_operation_defined_outside_the_crate_is_sent_like_one_of_its_own() {
    let tenant = Tenant::new();
    let client = tenant.management();
    tenant.clock().block_on(async {
        let connections = client.call(list(Deviation::None)).await.unwrap();
        assert_eq!(connections[0]["name"], "Username-Password-Authentication");
        let missing =
            client.call(list(Deviation::None)).header("authorization", "Bearer wrong").await.unwrap_err();
        assert_eq!(missing.operation(), Some("connections.list"));
        assert!(missing.to_string().starts_with("GET /connections: 400"), "{missing}");
    });
}

#[test]
fn a_request_that_contradicts_its_descriptor_is_refused_before_it_is_sent() {
    let mock = MockTransport::new();
    let client = mock.management();
    for (deviation, expected) in [
        (Deviation::Framing, "content-length"),
        (Deviation::Elsewhere, "another authority"),
        (Deviation::OtherPath, "does not match"),
        (Deviation::OtherMethod, "method"),
    ] {
        let error = client.call(list(deviation)).into_request().unwrap_err();
        assert!(
            error.is_invalid_argument() && error.to_string().contains(expected),
            "{deviation:?}: {error}"
        );
        let sent = mock.clock().block_on(async { client.call(list(deviation)).await }).unwrap_err();
        assert!(sent.is_invalid_argument(), "{deviation:?}: {sent}");
    }
    assert!(mock.requests().is_empty());
}

#[test]
fn an_operation_written_outside_shows_no_credential_and_none_of_its_secrets() {
    let client = MockTransport::new().management();
    let request = client.call(list(Deviation::Credentials)).into_request().unwrap();
    assert!(!format!("{request:?}").contains("sesame"), "{request:?}");
    let error = client.call(list(Deviation::Refused)).into_request().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sesame"), "{error:?}");
}

#[test]
fn an_operation_of_the_other_api_is_refused() {
    let tenant = Tenant::new();
    let error = tenant.management().call(GetInfo::new("token")).into_request().unwrap_err();
    assert!(error.is_invalid_argument(), "{error}");
    assert!(error.to_string().contains("Authentication API"), "{error}");
    let get = GetUser::new("auth0|1").unwrap();
    let error = tenant.authentication().call(get).into_request().unwrap_err();
    assert!(error.to_string().contains("Management API"), "{error}");
}

#[test]
fn operations_need_no_client() {
    let base = BaseUrl::parse("https://tenant.example.com/api/v2").unwrap();
    let request = GetUser::new("auth0|1").unwrap().fields(["email"]).request(&base).unwrap();
    assert_eq!(
        request.uri(),
        "https://tenant.example.com/api/v2/users/auth0%7C1?fields=email&include_fields=true"
    );
    let request = GetAllUsers::new().page(2).q("email:a*").request(&base).unwrap();
    assert_eq!(request.uri(), "https://tenant.example.com/api/v2/users?page=2&q=email%3Aa%2A");
    let request = ListUserRoles::new("auth0|1").unwrap().per_page(5).request(&base).unwrap();
    assert_eq!(request.uri(), "https://tenant.example.com/api/v2/users/auth0%7C1/roles?per_page=5");
    assert!(GetUser::new("..").unwrap_err().is_invalid_argument());
    assert!(CreateUser::new(NewUser::default()).request(&base).unwrap_err().is_invalid_argument());
}

#[test]
fn a_call_accepts_query_parameters_and_properties_that_are_not_modelled() {
    let client = Tenant::new().management();
    let call = client.users().update("auth0|1", UserUpdate::new().nickname("Ada"));
    let request = call
        .clone()
        .query("dry run", true)
        .body_property("nickname", "Grace")
        .body_property("new", json!({"a": [1]}))
        .into_request()
        .unwrap();
    assert_eq!(request.uri().query(), Some("dry%20run=true"));
    assert_eq!(request.body(), r#"{"nickname":"Grace","new":{"a":[1]}}"#);
    assert_eq!(call.into_request().unwrap().body(), r#"{"nickname":"Ada"}"#, "a clone is a separate call");
    let request = client.users().delete("auth0|1").body_property("a", 1).into_request().unwrap();
    assert_eq!(
        (request.body(), &request.headers()["content-type"]),
        (&Bytes::from(r#"{"a":1}"#), &"application/json".parse().unwrap())
    );
    let request = client.users().get_all().page(1).query("x", "&").into_request().unwrap();
    assert_eq!(request.uri().query(), Some("page=1&x=%26"));
    let no_body = client.users().get("auth0|1").body_property("a", 1).into_request().unwrap_err();
    assert!(no_body.is_invalid_argument(), "{no_body}");
    let no_object = client.jobs().import_users("con_1", [json!({})]).body_property("a", 1).into_request();
    assert!(no_object.unwrap_err().is_invalid_argument());
}

#[test]
fn an_error_quotes_no_secret_from_a_query_parameter_or_property() {
    let mock = MockTransport::new();
    mock.expect(UpdateUser::DESCRIPTOR)
        .status(400)
        .json(r#"{"message":"no hunter-22-hunter, no sesame-44-sesame"}"#);
    let client = mock.management();
    let call = client.users().update("auth0|1", UserUpdate::new().nickname("Ada"));
    let call = call
        .query("api_key", "hunter-22-hunter")
        .body_property("newPassword", "sesame-44-sesame")
        .timeout(MINUTE);
    assert!(!format!("{call:?}").contains("hunter"), "{call:?}");
    let error = mock.clock().block_on(async { call.await }).unwrap_err();
    assert!(!error.to_string().contains("hunter") && !error.to_string().contains("sesame"), "{error}");
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_call_may_override_the_retry_policy() {
    let tenant = Tenant::builder().users(1).build();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    faulty.inject_spec(&"503@users.get,always".parse().unwrap());
    let client = ManagementClient::builder(faulty)
        .domain(tenant.domain())
        .clock(tenant.clock())
        .token(tenant.management_token().expose())
        .build()
        .unwrap();
    let id = tenant.user_ids().remove(0);
    tenant.clock().block_on(async {
        let attempts = |retry: Option<Retry>| {
            let call = client.users().get(&id);
            let call = if let Some(retry) = retry { call.retry(retry) } else { call };
            async { call.await.unwrap_err().attempts() }
        };
        assert_eq!(attempts(None).await, 3);
        assert_eq!(attempts(Some(Retry::never())).await, 1);
        let five = Retry::by(|failed| (failed.errors < 5).then_some(Duration::from_secs(1)));
        assert_eq!(five.delay_after(&FailedAttempt::new().errors(4)), Some(Duration::from_secs(1)));
        assert_eq!(attempts(Some(five)).await, 5);
    });
    let many = FailedAttempt::new().errors(u32::MAX).rate_limited(1).status(StatusCode::TOO_MANY_REQUESTS);
    assert!(Retry::default().delay_after(&many).is_some(), "any counts are accepted");
}

#[test]
fn a_spent_retry_budget_is_reported_and_can_be_turned_off() {
    let tenant = Tenant::builder().users(1).build();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    faulty.inject_spec(&"503@users.get,always".parse().unwrap());
    let client = ManagementClient::builder(faulty)
        .domain(tenant.domain())
        .token(tenant.management_token().expose())
        .build()
        .unwrap();
    let get = client.users().get(tenant.user_ids().remove(0));
    tenant.clock().block_on(async {
        let mut last = get.clone().await.unwrap_err();
        assert!(!last.to_string().contains("budget"), "{last}");
        for _ in 0..20 {
            last = get.clone().await.unwrap_err();
        }
        assert!(last.to_string().contains("the client's retry budget is spent"), "{last}");
        let unlimited = get.retry(Retry::default().without_budget()).await.unwrap_err();
        assert_eq!(unlimited.attempts(), 3);
        assert!(!unlimited.to_string().contains("budget"), "{unlimited}");
    });
}

/// A transport that requires a clock.
#[derive(Debug)]
struct Clocked(VirtualClock);

#[async_trait::async_trait]
impl HttpTransport for Clocked {
    async fn send(
        &self,
        _: http::Request<Bytes>,
        _: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        Err(TransportError::timeout("late"))
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        Some(Arc::new(self.0.clone()))
    }
}

#[test]
fn a_client_uses_the_clock_that_its_transport_requires() {
    let clock = VirtualClock::new();
    let client =
        ManagementClient::builder(Clocked(clock.clone())).domain("a.example.com").token("token").build();
    let client = client.unwrap();
    // Two retries wait on this clock; the call would not end if they waited on another one.
    let error = clock.block_on(async { client.users().get("auth0|1").await }).unwrap_err();
    assert_eq!(error.attempts(), 3);
    assert!(error.elapsed() > Duration::ZERO && clock.now().since_start() >= error.elapsed());
}

/// A transport that responds with an error a minute after its time limit.
#[derive(Debug)]
struct Late {
    clock: VirtualClock,
    enforces_timeout: bool,
}

#[async_trait::async_trait]
impl HttpTransport for Late {
    async fn send(
        &self,
        _: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        self.clock.sleep(timeout.unwrap_or_default() + MINUTE).await;
        Err(TransportError::timeout("the transport's own error"))
    }

    fn enforces_timeout(&self) -> bool {
        self.enforces_timeout
    }
}

#[test]
fn a_client_ends_an_attempt_unless_its_transport_does() {
    let clock = VirtualClock::new();
    for (enforces_timeout, expected) in
        [(false, "no response within 30 s"), (true, "the transport's own error")]
    {
        let late = || Late { clock: clock.clone(), enforces_timeout };
        let behind_faults = FaultyTransport::new(late(), clock.clone());
        // Faults can wait longer than the transport behind them, so the client ends the attempt.
        assert!(!behind_faults.enforces_timeout());
        let client = ManagementClient::builder(Arc::new(late())).domain("a.example.com").token("token");
        let client = client.clock(clock.clone()).retry(Retry::never()).build().unwrap();
        let error = clock.block_on(async { client.users().get("auth0|1").await }).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn every_wrapper_forwards_the_clock_of_its_transport() {
    let clock = VirtualClock::new();
    clock.advance(MINUTE);
    let is_forwarded = |transport: &dyn HttpTransport| {
        transport.clock().is_some_and(|forwarded| forwarded.now() == clock.now())
    };
    let transport = || Clocked(clock.clone());
    assert!(is_forwarded(&Arc::new(transport())));
    assert!(HttpTransport::clock(&Tenant::builder().system_clock().build()).is_none());
    assert!(
        HttpTransport::clock(&MockTransport::new()).is_some()
            && HttpTransport::clock(&Tenant::new()).is_some()
    );
    assert!(is_forwarded(&FaultyTransport::new(transport(), clock.clone())));
    let erased: Arc<dyn HttpTransport> = Arc::new(transport());
    assert!(is_forwarded(&erased));
    assert!(transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }).clock().is_none());
}

#[test]
fn scopes_are_alternatives_of_sets() {
    let named = |name: &str| *CATALOGUE.iter().find(|descriptor| descriptor.name == name).unwrap();
    let revoke = named("users.revoke_access");
    assert!(!revoke.allows(["delete:sessions"]) && !revoke.allows(["delete:refresh_tokens"]));
    assert!(revoke.allows(["delete:refresh_tokens", "delete:sessions"]));
    let roles = named("users.roles.list");
    assert!(!roles.allows(["read:users"]) && !roles.allows(["read:roles"]));
    assert!(roles.allows(["read:roles", "read:users"]) && roles.allows(["read:role_members"]));
    assert!(
        !named("users.get_all").allows(["read:user_idp_tokens"]),
        "this scope only adds tokens to identities"
    );
    assert!(named("users.get").allows(["read:current_user"]));
    assert_eq!(named("users.get").api, Api::Management);
}

#[test]
fn the_tenant_admits_a_token_that_has_all_scopes_of_one_alternative() {
    let tenant = Tenant::builder().users(1).build();
    let id = tenant.user_ids().remove(0);
    let status = |scopes: &[&str]| {
        let client = ManagementClient::builder(tenant.clone())
            .domain(tenant.domain())
            .clock(tenant.clock())
            .token(tenant.management_token_with(scopes).expose())
            .build()
            .unwrap();
        let users = client.users();
        tenant.clock().block_on(async { users.roles(&id).list().await }).map_err(|error| error.to_string())
    };
    assert!(status(&["read:users", "read:roles"]).is_ok());
    assert!(status(&["read:role_members"]).is_ok());
    let error = status(&["read:users"]).unwrap_err();
    assert!(
        error.contains("403 insufficient_scope") && error.contains("all of: read:users,read:roles"),
        "{error}"
    );
}
