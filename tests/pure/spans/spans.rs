//! The spans and events of a call, with OpenTelemetry's names.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use users_core::model::NewUser;
use users_core::{ManagementClient, Retry, Sent, TransportErrorKind};
use users_mock::MockTransport;

type Fields = BTreeMap<String, String>;

/// A span: its name, the name of its parent, its fields, and its events.
#[derive(Clone, Debug, Default)]
struct Seen {
    name: String,
    parent: Option<String>,
    fields: Fields,
    events: Vec<Fields>,
}

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Collected>>);

#[derive(Default)]
struct Collected {
    order: Vec<u64>,
    spans: HashMap<u64, Seen>,
}

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut seen = Seen { name: attributes.metadata().name().to_owned(), ..Seen::default() };
        seen.parent = context.span(id).and_then(|span| Some(span.parent()?.name().to_owned()));
        attributes.record(&mut Into(&mut seen.fields));
        let mut all = self.0.lock().unwrap();
        all.order.push(id.into_u64());
        all.spans.insert(id.into_u64(), seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut Into(&mut self.0.lock().unwrap().spans.get_mut(&id.into_u64()).unwrap().fields));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Into(&mut fields));
        if let Some(span) = context.event_span(event) {
            self.0.lock().unwrap().spans.get_mut(&span.id().into_u64()).unwrap().events.push(fields);
        }
    }
}

/// The spans that a closure creates, in order.
fn watch(what: impl FnOnce()) -> Vec<Seen> {
    let collector = Collector::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(collector.clone()), what);
    let all = collector.0.lock().unwrap();
    all.order.iter().map(|id| all.spans[id].clone()).collect()
}

fn fields<const N: usize>(fields: [(&str, &str); N]) -> Fields {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn client(mock: &MockTransport) -> ManagementClient {
    let builder =
        ManagementClient::builder(mock.clone()).domain("tenant.example.com:8443").clock(mock.clock());
    builder.client_credentials("the-client", "the-secret").build().unwrap()
}

#[test]
fn a_call_that_is_sent_twice_has_a_span_and_one_for_each_attempt() {
    let mock = MockTransport::new();
    mock.expect((http::Method::POST, "/oauth/token"))
        .json(r#"{"access_token":"the-token","expires_in":86400}"#);
    mock.expect((http::Method::GET, "/users/{id}")).status(503).header("retry-after", "7");
    mock.expect((http::Method::GET, "/users/{id}")).json(r#"{"email":"ada@example.com"}"#);
    let users = client(&mock).users();
    let seen = watch(|| {
        mock.clock().block_on(users.get("auth0|ada").send()).unwrap();
    });
    let names: Vec<(&str, Option<&str>)> =
        seen.iter().map(|span| (span.fields["otel.name"].as_str(), span.parent.as_deref())).collect();
    assert_eq!(
        names,
        [
            ("users.get", None),
            ("authentication.token", Some("users.call")),
            ("POST /oauth/token", Some("users.call")),
            ("GET /api/v2/users/{id}", Some("users.call")),
            ("GET /api/v2/users/{id}", Some("users.call")),
        ]
    );
    let call = &seen[0];
    assert_eq!(
        call.fields,
        fields([
            ("otel.name", "users.get"),
            ("otel.kind", "internal"),
            ("http.request.method", "GET"),
            ("http.response.status_code", "200"),
            ("url.template", "/users/{id}"),
        ])
    );
    assert_eq!(
        call.events,
        [
            fields([("message", "obtained an access token"), ("lifetime_s", "86400")]),
            fields([
                ("message", "retrying the request after a delay"),
                ("attempt", "1"),
                ("pause_ms", "7000"),
                ("http.response.status_code", "503"),
            ]),
        ]
    );
    let attempt = [
        ("otel.name", "GET /api/v2/users/{id}"),
        ("otel.kind", "client"),
        ("http.request.method", "GET"),
        ("url.template", "/api/v2/users/{id}"),
        ("server.address", "tenant.example.com"),
        ("server.port", "8443"),
    ];
    let mut first = fields(attempt);
    first.extend(fields([
        ("http.response.status_code", "503"),
        ("error.type", "503"),
        ("otel.status_code", "ERROR"),
    ]));
    assert_eq!(seen[3].fields, first);
    let mut second = fields(attempt);
    second.extend(fields([("http.response.status_code", "200"), ("http.request.resend_count", "1")]));
    assert_eq!(seen[4].fields, second);
}

#[test]
fn a_failure_names_its_kind_and_a_pause_and_a_renewal_are_events() {
    let mock = MockTransport::new();
    let token = r#"{"access_token":"the-token","expires_in":86400}"#;
    mock.expect((http::Method::POST, "/oauth/token")).json(token);
    mock.expect((http::Method::GET, "/users/{id}")).error(401, "invalid_token", "Invalid token");
    mock.expect((http::Method::POST, "/oauth/token")).json(token.replace("the-token", "another"));
    mock.expect((http::Method::GET, "/users/{id}"))
        .json("{}")
        .header("x-ratelimit-limit", "2")
        .header("x-ratelimit-remaining", "0")
        .times(2);
    mock.expect((http::Method::GET, "/users/{id}"))
        .transport_error(TransportErrorKind::Connect, Sent::No)
        .always();
    let client = client(&mock);
    let seen = watch(|| {
        mock.clock().block_on(async {
            let users = client.users();
            users.get("auth0|ada").await.unwrap();
            users.get("auth0|ada").await.unwrap();
            users.get("auth0|ada").await.unwrap_err();
        });
    });
    let calls: Vec<&Seen> = seen.iter().filter(|span| span.fields["otel.name"] == "users.get").collect();
    let messages = |span: &Seen| span.events.iter().map(|event| event["message"].clone()).collect::<Vec<_>>();
    assert_eq!(
        messages(calls[0]),
        [
            "obtained an access token",
            "the access token was rejected; renewing it",
            "obtained an access token"
        ]
    );
    assert_eq!(messages(calls[1]), ["the request waited for the rate limit"]);
    assert_eq!(
        (calls[2].fields["error.type"].as_str(), calls[2].fields["otel.status_code"].as_str()),
        ("Connect", "ERROR")
    );
    let attempts =
        seen.iter().filter(|span| span.fields.get("error.type").is_some_and(|kind| kind == "Connect"));
    assert_eq!(attempts.count(), 4, "the call and its three attempts");
}

#[test]
fn spans_and_events_contain_no_personal_data_and_no_secrets() {
    let mock = MockTransport::new();
    mock.expect((http::Method::POST, "/oauth/token"))
        .json(r#"{"access_token":"the-token","expires_in":86400}"#);
    mock.expect((http::Method::POST, "/users")).error(
        409,
        "auth0_idp_error",
        "The user ada@example.com already exists.",
    );
    mock.expect((http::Method::GET, "/users")).json("[]");
    mock.expect((http::Method::GET, "/users/{id}"))
        .transport_error(TransportErrorKind::Io, Sent::Maybe)
        .always();
    let client = client(&mock);
    let seen = watch(|| {
        mock.clock().block_on(async {
            let users = client.users();
            let new = NewUser::new("db").email("ada@example.com").password("Correct horse 1");
            users.create(new).await.unwrap_err();
            users.get_all().q("email:ada@example.com").await.unwrap();
            users.get("auth0|ada").await.unwrap_err();
        });
    });
    assert!(seen.len() > 8);
    let all = format!("{seen:?}");
    for secret in ["ada", "example.com already", "Correct", "the-token", "the-secret", "the-client", "q="] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}

#[test]
fn a_call_that_is_never_retried_has_one_attempt() {
    let mock = MockTransport::new();
    mock.expect((http::Method::DELETE, "/users/{id}")).status(500);
    let builder = ManagementClient::builder(mock.clone()).domain("tenant.example.com").clock(mock.clock());
    let users = builder.token("the-token").retry(Retry::never()).build().unwrap().users();
    let seen = watch(|| {
        mock.clock().block_on(users.delete("auth0|ada").send()).unwrap_err();
    });
    let names: Vec<&str> = seen.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["users.call", "users.attempt"]);
    assert_eq!(seen[1].fields["server.port"], "443");
}
