//! A transport that answers as it was told.

use crate::VirtualClock;
use crate::expectation::{Answer, Expectation, Matcher, Rule};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use std::fmt;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::{
    AuthenticationClient, Body, Builder, Clock as _, HttpTransport, ManagementClient, Product, Sent,
    TransportError, TransportErrorKind,
};

/// A transport that answers as it was told, and remembers what it was asked. It never touches a network.
///
/// A request is answered by the first expectation that matches it and has answers left. One that none matches is an error that
/// says what was sent and why no expectation took it; [`verify`](Self::verify) fails for it as well.
///
/// ```
/// use users_core::management::{DeleteUser, GetUser};
/// use users_mock::MockTransport;
///
/// let mock = MockTransport::new();
/// mock.expect(GetUser::DESCRIPTOR).path("id", "auth0|1").json(r#"{"user_id":"auth0|1","nickname":"Ada"}"#);
/// mock.expect(DeleteUser::DESCRIPTOR).status(204).times(2);
///
/// let users = mock.management().users();
/// mock.clock().block_on(async {
///     assert_eq!(users.get("auth0|1").await?.nickname.as_deref(), Some("Ada"));
///     users.delete("auth0|1").await?;
///     users.delete("auth0|2").await?;
///     Ok::<(), users_core::Error>(())
/// })?;
///
/// mock.verify();
/// assert_eq!(mock.requests()[2].path(), "/api/v2/users/auth0|2");
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MockTransport {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    clock: VirtualClock,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) rules: Vec<Rule>,
    requests: Vec<Captured>,
    unexpected: Vec<String>,
}

impl MockTransport {
    /// The authority of the ready-made clients.
    pub const DOMAIN: &'static str = "tenant.example.com";

    /// A mock that expects nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects a request: an operation's descriptor, or a method and a path template. It is expected once unless told otherwise.
    ///
    /// The template is the operation's own, `/users/{id}`; the API's `/api/v2` in front of it does not matter.
    pub fn expect(&self, what: impl Into<Matcher>) -> Expectation {
        let mut state = self.state();
        state.rules.push(Rule::new(what.into()));
        Expectation::new(self.clone(), state.rules.len() - 1)
    }

    /// A Management API client on this mock, for the tenant [`DOMAIN`](Self::DOMAIN), with a token and the mock's clock.
    #[allow(clippy::missing_panics_doc)]
    pub fn management(&self) -> ManagementClient {
        ready(self.dress(ManagementClient::builder(self.clone())).token("mock-management-token"))
    }

    /// An Authentication API client on this mock, for the tenant [`DOMAIN`](Self::DOMAIN), with the mock's clock and the client id
    /// `mock-client`.
    #[allow(clippy::missing_panics_doc)]
    pub fn authentication(&self) -> AuthenticationClient {
        ready(self.dress(AuthenticationClient::builder(self.clone())).client_id("mock-client"))
    }

    /// The clock of the ready-made clients.
    pub fn clock(&self) -> VirtualClock {
        self.shared.clock.clone()
    }

    /// Every request so far, whether it was expected or not.
    pub fn requests(&self) -> Vec<Captured> {
        self.state().requests.clone()
    }

    /// Checks that everything expected has come and nothing else.
    ///
    /// # Panics
    ///
    /// At its caller's line, with a list of what is missing and what came too much.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn verify(&self) {
        let mut report = String::new();
        let state = self.state();
        for rule in state.rules.iter().filter(|rule| !rule.is_met()) {
            let _ = writeln!(report, "  expected {}", rule.describe());
        }
        for unexpected in &state.unexpected {
            let _ = writeln!(report, "  not expected: {}", unexpected.replace('\n', "\n    "));
        }
        drop(state);
        assert!(report.is_empty(), "the mock's expectations are not met:\n{report}");
    }

    fn dress<T: Product>(&self, builder: Builder<T>) -> Builder<T> {
        builder.domain(Self::DOMAIN).clock(self.clock())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which answer a request gets, or why it gets none.
    fn find(&self, request: &Captured) -> Result<(Answer, Duration), String> {
        let mut state = self.state();
        state.requests.push(request.clone());
        let mut reasons = Vec::new();
        for rule in &mut state.rules {
            match rule.take(request) {
                Ok(answer) => return Ok(answer),
                Err(reason) => reasons.push(format!("{}: {reason}", rule.name())),
            }
        }
        let mut report = format!("{} {}", request.method, request.target());
        if reasons.is_empty() {
            report.push_str("\nnothing is expected at all");
        }
        for reason in reasons {
            let _ = write!(report, "\n- {reason}");
        }
        state.unexpected.push(report.clone());
        Err(report)
    }
}

/// The ready-made clients' configuration is fixed, so building them cannot fail.
#[allow(clippy::expect_used)]
pub(crate) fn ready<T: Product>(builder: Builder<T>) -> T {
    builder.build().expect("a fixed configuration")
}

#[async_trait]
impl HttpTransport for MockTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _deadline: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let request = Captured::new(request);
        let (answer, delay) = self.find(&request).map_err(|report| {
            TransportError::new(
                TransportErrorKind::Invalid,
                Sent::No,
                format!("the mock does not expect {}", report.replace('\n', " ")),
            )
        })?;
        if !delay.is_zero() {
            self.shared.clock.sleep(delay).await;
        }
        answer.give(&request).map(|response| response.map(Body::from))
    }
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MockTransport")
            .field("expectations", &state.rules.len())
            .field("requests", &state.requests.len())
            .finish_non_exhaustive()
    }
}

/// A request that came to the mock. `Debug` shows no header values and no body.
#[derive(Clone)]
pub struct Captured {
    method: Method,
    uri: http::Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Captured {
    fn new(request: http::Request<Bytes>) -> Self {
        let (parts, body) = request.into_parts();
        Self { method: parts.method, uri: parts.uri, headers: parts.headers, body }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URI, as it was sent.
    pub fn uri(&self) -> &http::Uri {
        &self.uri
    }

    /// The path, decoded.
    pub fn path(&self) -> String {
        decode(self.uri.path())
    }

    /// A query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let pairs = self.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| decode(key) == name).map(|(_, value)| decode(value))
    }

    /// The headers. `authorization` is marked as sensitive.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", |target| target.as_str())
    }
}

pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method, self.target(), self.body.len())
    }
}
