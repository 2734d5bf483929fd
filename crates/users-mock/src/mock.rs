//! A transport that answers as it was told.

use crate::VirtualClock;
use crate::captured::Captured;
use crate::expectation::{Answer, Expectation, Matcher, Rule, SharedRule};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::{
    ApiClient, AuthenticationClient, Body, ClientBuilder, Clock as _, HttpTransport, ManagementClient, Sent,
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
struct State {
    rules: Vec<SharedRule>,
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
        let rule = SharedRule::new(Rule::new(what.into()));
        self.state().rules.push(rule.clone());
        Expectation::new(rule)
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
        for unmet in
            state.rules.iter().filter_map(|rule| rule.with(|rule| (!rule.is_met()).then(|| rule.describe())))
        {
            let _ = writeln!(report, "  expected {unmet}");
        }
        for unexpected in &state.unexpected {
            let _ = writeln!(report, "  not expected: {}", unexpected.replace('\n', "\n    "));
        }
        drop(state);
        assert!(report.is_empty(), "the mock's expectations are not met:\n{report}");
    }

    fn dress<T: ApiClient>(&self, builder: ClientBuilder<T>) -> ClientBuilder<T> {
        builder.domain(Self::DOMAIN).clock(self.clock())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which answer a request gets, or why it gets none.
    fn find(&self, request: &Captured) -> Result<(Answer, Duration), String> {
        let mut state = self.state();
        state.requests.push(request.clone());
        let mut reasons = Vec::new();
        for rule in &state.rules {
            match rule.with(|rule| rule.take(request).map_err(|reason| format!("{}: {reason}", rule.name())))
            {
                Ok(answer) => return Ok(answer),
                Err(reason) => reasons.push(reason),
            }
        }
        let mut report = format!("{} {}", request.method(), request.target());
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
pub(crate) fn ready<T: ApiClient>(builder: ClientBuilder<T>) -> T {
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
