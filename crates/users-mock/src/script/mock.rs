//! A scripted transport.

use crate::client::build;
use crate::clock::VirtualClock;
use crate::script::captured::Captured;
use crate::script::expectation::Expectation;
use crate::script::matcher::Matcher;
use crate::script::response::ScriptedResponse;
use crate::script::rule::{Delay, Rule, SharedRule};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::fmt::Write as _;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::{
    ApiClient, AuthenticationClient, Body, ClientBuilder, Clock, HttpTransport, ManagementClient, Sent,
    TransportError, TransportErrorKind,
};

/// A transport that answers requests as a test expects them, and records them. It uses no network.
///
/// The first expectation that matches a request, and was not yet received as often as expected, answers it. A request that matches none
/// fails with an error that states what was sent and why each expectation does not match.
///
/// When the last handle of the mock is dropped, of which each client has one, a test fails if an expectation is not met or a request was
/// not expected. [`verify`](Self::verify) checks it earlier, at the line that calls it.
///
/// ```
/// use users_core::management::{DeleteUser, GetUser};
/// use users_mock::MockTransport;
///
/// let mock = MockTransport::new();
/// mock.expect(GetUser::DESCRIPTOR).with_path("id", "auth0|1").json(r#"{"user_id":"auth0|1","nickname":"Ada"}"#);
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
#[derive(Clone)]
pub struct MockTransport {
    shared: Arc<Shared>,
}

struct Shared {
    clock: VirtualClock,
    state: Mutex<State>,
    /// Where the mock was created.
    created: &'static Location<'static>,
}

#[derive(Default)]
struct State {
    rules: Vec<SharedRule>,
    requests: Vec<Captured>,
    unexpected: Vec<String>,
    /// Whether nothing remains to be checked when the mock is dropped.
    is_checked: bool,
}

impl State {
    /// The requests that are missing and those that were not expected; empty if there are none.
    fn report(&self) -> String {
        let mut report = String::new();
        for rule in &self.rules {
            if let Some(unmet) = rule.with(|rule| (!rule.is_met()).then(|| rule.describe())) {
                let _ = writeln!(report, "  expected {unmet}");
            }
        }
        for unexpected in &self.unexpected {
            let _ = writeln!(report, "  not expected: {}", unexpected.replace('\n', "\n    "));
        }
        report
    }
}

/// The check of a mock that nobody verified. A test that fails already is not failed twice.
impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let report =
            if state.is_checked || std::thread::panicking() { String::new() } else { state.report() };
        assert!(
            report.is_empty(),
            "the expectations of the mock that was created at {} are not met:\n{report}",
            self.created
        );
    }
}

impl MockTransport {
    /// The domain of the clients that the mock builds.
    pub const DOMAIN: &'static str = "tenant.example.com";

    /// A mock without expectations.
    #[track_caller]
    pub fn new() -> Self {
        let created = Location::caller();
        Self { shared: Arc::new(Shared { clock: VirtualClock::default(), state: Mutex::default(), created }) }
    }

    /// Turns off the check when the last handle is dropped, for a test that leaves expectations unmet on purpose.
    pub fn ignore_unmet(&self) {
        self.state().is_checked = true;
    }

    /// Expects a request, by the descriptor of an operation or by a method and a path template; once by default.
    ///
    /// The template is that of the operation, `/users/{id}`, with or without the API's prefix `/api/v2`. Operations that share an
    /// endpoint, such as the grants of `POST /oauth/token`, are distinguished by their bodies.
    pub fn expect(&self, what: impl Into<Matcher>) -> Expectation {
        let rule = SharedRule::new(Rule::new(what.into()));
        let mut state = self.state();
        state.rules.push(rule.clone());
        state.is_checked = false;
        drop(state);
        Expectation::new(rule)
    }

    /// Builds a Management API client on this mock, for the domain [`DOMAIN`](Self::DOMAIN), with a token and the mock's clock. For
    /// other options use `ManagementClient::builder(mock.clone()).domain(MockTransport::DOMAIN).token("token")`.
    #[allow(clippy::missing_panics_doc)]
    pub fn management(&self) -> ManagementClient {
        build(
            self.with_tenant_defaults(ManagementClient::builder(self.clone())).token("mock-management-token"),
        )
    }

    /// Builds an Authentication API client on this mock, for the domain [`DOMAIN`](Self::DOMAIN), with the mock's clock and the client id
    /// `mock-client`.
    #[allow(clippy::missing_panics_doc)]
    pub fn authentication(&self) -> AuthenticationClient {
        build(self.with_tenant_defaults(AuthenticationClient::builder(self.clone())).client_id("mock-client"))
    }

    /// The clock of the clients that the mock builds.
    pub fn clock(&self) -> VirtualClock {
        self.shared.clock.clone()
    }

    /// All requests so far, expected or not.
    pub fn requests(&self) -> Vec<Captured> {
        self.state().requests.clone()
    }

    /// Checks that every expected request was received, and no other.
    ///
    /// # Panics
    ///
    /// At the line of the caller, with a list of the requests that are missing and of those that were not expected.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn verify(&self) {
        let mut state = self.state();
        state.is_checked = true;
        let report = state.report();
        drop(state);
        assert!(report.is_empty(), "the mock's expectations are not met:\n{report}");
    }

    fn with_tenant_defaults<T: ApiClient>(&self, builder: ClientBuilder<T>) -> ClientBuilder<T> {
        builder.domain(Self::DOMAIN).clock(self.clock())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The response for a request, or the reasons why there is none.
    fn find(&self, request: &Captured) -> Result<(ScriptedResponse, Delay), String> {
        let mut state = self.state();
        state.requests.push(request.clone());
        let mut reasons = Vec::new();
        for rule in &state.rules {
            match rule.with(|rule| rule.take(request).map_err(|reason| format!("{}: {reason}", rule.name())))
            {
                Ok(response) => return Ok(response),
                Err(reason) => reasons.push(reason),
            }
        }
        let mut report = format!("{} {}", request.method(), request.target());
        if reasons.is_empty() {
            report.push_str("\nthere are no expectations");
        }
        for reason in reasons {
            let _ = write!(report, "\n- {reason}");
        }
        state.unexpected.push(report.clone());
        Err(report)
    }
}

#[async_trait]
impl HttpTransport for MockTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let request = Captured::new(request);
        let (response, delay) = self.find(&request).map_err(|report| {
            TransportError::new(
                TransportErrorKind::Invalid,
                Sent::No,
                format!("the mock does not expect {}", report.replace('\n', " ")),
            )
        })?;
        match delay {
            Delay::Of(delay) if delay.is_zero() => {}
            Delay::Of(delay) => self.shared.clock.sleep(delay).await,
            Delay::Forever => std::future::pending().await,
        }
        response.respond(&request).map(|response| response.map(Body::from))
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        Some(Arc::new(self.shared.clock.clone()))
    }
}

impl Default for MockTransport {
    #[track_caller]
    fn default() -> Self {
        Self::new()
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
