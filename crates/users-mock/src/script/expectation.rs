//! An expectation of a mock.

use crate::script::captured::Captured;
use crate::script::rule::{Delay, Rule, SharedRule};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use users_core::{Sent, TransportErrorKind};

/// An expectation of a [`MockTransport`](crate::MockTransport). It is active as soon as it is created; the methods refine it.
///
/// By default the request is expected once and answered with an empty 204.
pub struct Expectation {
    rule: SharedRule,
}

impl Expectation {
    pub(crate) fn new(rule: SharedRule) -> Self {
        Self { rule }
    }

    fn with(self, change: impl FnOnce(&mut Rule)) -> Self {
        self.rule.with(change);
        self
    }

    /// Matches only if this path parameter has this decoded value.
    ///
    /// # Panics
    ///
    /// If the path has no parameter of this name.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn with_path(self, name: &str, value: &str) -> Self {
        match self.rule.with(|rule| rule.check_path_parameter(name)) {
            Ok(()) => self.with(|rule| rule.path.push((name.to_owned(), value.to_owned()))),
            Err(reason) => panic!("{reason}"),
        }
    }

    /// Matches only if this query parameter has this decoded value.
    pub fn with_query(self, name: &str, value: &str) -> Self {
        self.with(|rule| rule.query.push((name.to_owned(), value.to_owned())))
    }

    /// Matches only if this header has this value.
    pub fn with_header(self, name: &str, value: &str) -> Self {
        self.with(|rule| rule.headers.push((name.to_owned(), value.to_owned())))
    }

    /// Matches only if the body is this JSON: a model, `serde_json::json!({…})`, or any other value that serializes. The order of keys is
    /// ignored.
    pub fn with_body(self, body: impl Serialize) -> Self {
        self.with(|rule| rule.body = Some(serde_json::to_string(&body).unwrap_or_default()))
    }

    /// Expects the request once, which is the default.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Expects the request exactly this number of times.
    pub fn times(self, times: u32) -> Self {
        self.with(|rule| (rule.at_least, rule.at_most) = (times, Some(times)))
    }

    /// Expects the request this number of times or less, including never.
    pub fn at_most(self, times: u32) -> Self {
        self.with(|rule| (rule.at_least, rule.at_most) = (0, Some(times)))
    }

    /// Expects the request this number of times or more.
    pub fn at_least(self, times: u32) -> Self {
        self.with(|rule| (rule.at_least, rule.at_most) = (times, None))
    }

    /// Expects the request any number of times, including zero.
    pub fn always(self) -> Self {
        self.at_least(0)
    }

    /// Expects the request only after another expectation was met as often as it states.
    ///
    /// ```
    /// use users_core::management::{DeleteUser, GetUser};
    /// use users_mock::MockTransport;
    ///
    /// let mock = MockTransport::new();
    /// let read = mock.expect(GetUser::DESCRIPTOR).json(r#"{"blocked":true}"#);
    /// mock.expect(DeleteUser::DESCRIPTOR).after(&read);
    ///
    /// let users = mock.management().users();
    /// mock.clock().block_on(async {
    ///     assert_eq!(users.get("auth0|1").await?.blocked, Some(true));
    ///     users.delete("auth0|1").await
    /// })?;
    /// # Ok::<(), users_core::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If it is the same expectation, or one that is to come after this one.
    #[track_caller]
    pub fn after(self, earlier: &Self) -> Self {
        let is_cycle = earlier.rule.comes_after(&self.rule);
        assert!(!is_cycle, "each of two expectations is to come after the other");
        let earlier = earlier.rule.clone();
        self.with(|rule| rule.after = Some(earlier))
    }

    /// Answers with this status. The default is 200, or 204 without a body.
    ///
    /// # Panics
    ///
    /// If it is not an HTTP status.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn status(self, status: u16) -> Self {
        let Ok(status) = StatusCode::from_u16(status) else { panic!("{status} is not an HTTP status") };
        self.with(|rule| rule.response.status = Some(status))
    }

    /// Answers with this header.
    ///
    /// # Panics
    ///
    /// If it is not a valid header.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn header(self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.with(|rule| {
                rule.response.headers.append(name, value);
            }),
            _ => panic!("{name}: {value} is not a valid header"),
        }
    }

    /// Answers with this JSON text.
    pub fn json(self, json: impl Into<String>) -> Self {
        self.with(|rule| {
            rule.response
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
            rule.response.body = json.into().into();
        })
    }

    /// Answers with a model, or any other value that serializes, as JSON.
    ///
    /// # Panics
    ///
    /// If it has no JSON form.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn model(self, model: impl Serialize) -> Self {
        match serde_json::to_string(&model) {
            Ok(json) => self.json(json),
            Err(error) => panic!("the response has no JSON form: {error}"),
        }
    }

    /// Answers with an error of the Management API: `{statusCode, error, message, errorCode}`.
    pub fn error(self, status: u16, code: &str, message: &str) -> Self {
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default();
        self.status(status).model(serde_json::json!({
            "statusCode": status, "error": reason, "message": message, "errorCode": code,
        }))
    }

    /// Answers with an error of the Authentication API: `{error, error_description}`.
    pub fn oauth_error(self, status: u16, error: &str, description: &str) -> Self {
        self.status(status).model(serde_json::json!({"error": error, "error_description": description}))
    }

    /// Answers with these bytes.
    pub fn bytes(self, body: impl Into<Bytes>) -> Self {
        self.with(|rule| rule.response.body = body.into())
    }

    /// Fails with a transport error. `Io` with `Sent::Maybe` is a response that was lost, `Connect` with `Sent::No` a refused connection.
    pub fn transport_error(self, kind: TransportErrorKind, sent: Sent) -> Self {
        self.with(|rule| rule.response.error = Some((kind, sent)))
    }

    /// Never answers: the call waits until its timeout passes or its future is dropped.
    pub fn never(self) -> Self {
        self.with(|rule| rule.delay = Delay::Forever)
    }

    /// Answers with the return value of a function of the request.
    pub fn answer(
        self,
        function: impl Fn(&Captured) -> http::Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.with(|rule| rule.response.function = Some(Arc::new(function)))
    }

    /// Answers after this time on the mock's clock.
    pub fn delay(self, delay: Duration) -> Self {
        self.with(|rule| rule.delay = Delay::Of(delay))
    }
}

impl fmt::Debug for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expectation").field(&self.rule.with(|rule| rule.describe())).finish()
    }
}
