//! The error of every operation.

mod construct;
mod context;
mod display;
mod kind;

pub(crate) use construct::ERROR_BODY_MEMORY;
pub use kind::ErrorKind;

use crate::descriptor::{Access, Descriptor};
use crate::path_template::{InvalidPath, PathTemplate};
use crate::rate_limit::RateLimit;
use crate::redact;
use crate::transport::error::{Link, TransportError};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use users_model::{ErrorBody, InvalidId, JsonObject, PasswordProblem, Secret};

/// The error of a call.
///
/// `Display` is one line: method, path template, status, Auth0's code and message. It contains no id, query, body or token. The
/// accessors return the response in full.
///
/// ```
/// use users_core::management::GetUser;
/// use users_core::{ErrorKind, Operation as _};
///
/// let response = http::Response::builder().status(404).body(
///     r#"{"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#.into(),
/// )?;
/// let error = GetUser::decode(response).unwrap_err();
/// assert!(error.is_not_found());
/// assert_eq!(error.kind(), ErrorKind::Status);
/// assert_eq!(error.code(), Some("inexistent_user"));
/// assert_eq!(error.to_string(), "GET /users/{id}: 404 inexistent_user: The user does not exist.");
/// # Ok::<(), http::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    /// The message as received. `message` is what is displayed.
    raw: String,
    /// The message on one line, redacted.
    message: String,
    /// Auth0's code, redacted.
    shown_code: Option<String>,
    /// The causes, redacted; `None` if they quote no secret.
    redacted_causes: Option<Link>,
    operation: Option<Operation>,
    response: Option<Response>,
    cause: Cause,
    json_path: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    elapsed: Duration,
    retryable: bool,
    /// Whether the request may have been carried out. Relevant for writes only.
    maybe_applied: bool,
    /// Whether a retry was not made because the client's budget is spent.
    budget_spent: bool,
    job_id: Option<String>,
}

/// The cause of an error. If the error's message is that of the cause, `source` starts below the cause, so that a reporter that
/// prints the chain shows each cause once.
enum Cause {
    None,
    Transport(TransportError),
    Token(Arc<Error>),
    Other(Box<dyn StdError + Send + Sync>),
}

/// The operation that failed.
#[derive(Clone, Debug)]
struct Operation {
    name: &'static str,
    method: Method,
    path: PathTemplate,
    writes: bool,
}

#[derive(Clone)]
struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    error: Option<ErrorBody>,
}

/// Why a response body does not match the expected type.
pub(crate) struct Misfit {
    pub(crate) reason: String,
    /// The JSON path of the value.
    pub(crate) path: String,
    /// The same path without keys that may come from the body.
    pub(crate) shown_path: String,
}

impl Error {
    /// Creates a custom error, for example in a [`TokenSource`](crate::TokenSource). The message must not contain secrets.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let raw = message.into();
        Self(Box::new(Inner {
            kind,
            message: redact::line(&raw, &[]),
            raw,
            shown_code: None,
            redacted_causes: None,
            operation: None,
            response: None,
            cause: Cause::None,
            json_path: None,
            retry_after: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            retryable: false,
            maybe_applied: false,
            budget_spent: false,
            job_id: None,
        }))
    }

    /// Sets the source of this error. The message must not repeat the source's.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Cause::Other(source.into());
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the status of the response; `None` if there was none.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.response.as_ref().map(|response| response.status)
    }

    /// Returns Auth0's error code (`errorCode`, OAuth's `error`, or `code` of a sign-up). Many responses have none.
    pub fn code(&self) -> Option<&str> {
        self.error_body()?.code()
    }

    /// Returns the message: Auth0's if the response has one. Secrets and token-like text are redacted.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns Auth0's further details of the error (`attributes`).
    pub fn attributes(&self) -> Option<&JsonObject> {
        self.error_body()?.attributes.as_ref()
    }

    /// Returns the decoded body of the response, if it is an error of Auth0: with the rules of a
    /// [weak password](ErrorBody::password_rules), for example. Its messages are not redacted: do not log them.
    pub fn error_body(&self) -> Option<&ErrorBody> {
        self.0.response.as_ref()?.error.as_ref()
    }

    /// Returns the token with which to continue a login that requires a second factor (`mfa_required`). It is valid for ten
    /// minutes.
    pub fn mfa_token(&self) -> Option<&Secret> {
        self.error_body()?.mfa_token.as_ref()
    }

    /// Returns the rate limit that the response states.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        RateLimit::from_headers(self.headers()?)
    }

    /// Returns the delay that the server requested, or the wait that the rate limit requires.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the headers of the response; `None` if there was none.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.response.as_ref().map(|response| &response.headers)
    }

    /// Returns the unredacted body of the response; `None` if there was none. It may contain secrets: do not log it.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.response.as_ref().map(|response| &response.body)
    }

    /// Returns the name of the operation that failed: `users.get`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_ref().map(|operation| operation.name)
    }

    /// Returns the id of the job that the error concerns. Auth0 accepted it, and its result can still be read.
    ///
    /// Continue an export with [`export_job`](crate::management::JobsManager::export_job).
    pub fn job_id(&self) -> Option<&str> {
        self.0.job_id.as_deref()
    }

    /// Returns the error of the transport, if there was no complete response.
    pub fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.cause {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the token source, for an error of kind [`Token`](ErrorKind::Token).
    pub fn token_error(&self) -> Option<&Error> {
        match &self.0.cause {
            Cause::Token(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the number of attempts; 0 if the request was never sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the duration of the call.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// Returns the JSON path of the value that could not be decoded: `[3].user_id`. The message shows it without keys that may
    /// come from the body.
    pub fn json_path(&self) -> Option<&str> {
        self.0.json_path.as_deref()
    }

    /// Returns whether the status is 404.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Returns whether the status is 409: the resource exists already, or its state does not allow the request.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT)
    }

    /// Returns whether the rate limit was reached (429). [`retry_after`](Self::retry_after) returns how long to wait. `false` for the
    /// 429 of a login that is blocked after too many wrong passwords (`too_many_attempts`).
    pub fn is_rate_limited(&self) -> bool {
        self.kind() == ErrorKind::RateLimited
    }

    /// Returns whether the status is 401: the access token was rejected.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }

    /// Returns whether the status is 403: the access token lacks a scope, or the tenant's plan a feature.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN)
    }

    /// Returns whether the password was refused: it is too weak, too common, contains information about the user, or was used
    /// before. [`ErrorBody::password_problem`] says which, for sign-ups [`ErrorBody::password_rules`] lists the rules.
    pub fn is_weak_password(&self) -> bool {
        self.password_problem().is_some()
    }

    /// Returns whether the password was refused because the user had it before.
    pub fn is_password_reused(&self) -> bool {
        self.password_problem() == Some(PasswordProblem::Reused)
    }

    fn password_problem(&self) -> Option<PasswordProblem> {
        let body = self.error_body().filter(|_| self.status() == Some(StatusCode::BAD_REQUEST))?;
        body.password_problem()
    }

    /// Returns whether a time limit passed.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Returns whether an argument was refused before anything was sent.
    pub fn is_invalid_argument(&self) -> bool {
        self.kind() == ErrorKind::InvalidArgument
    }

    /// Returns whether a list has more entries than the 1000 that the server returns by offset. Auth0's total is capped at 1000
    /// too, so a list of exactly 1000 entries cannot be distinguished from a longer one, and is an error as well.
    pub fn is_window_exceeded(&self) -> bool {
        self.kind() == ErrorKind::WindowExceeded
    }

    /// Returns whether the same call may succeed later: after 429, 408, 500, 502, 503, 504, a timeout or a broken connection. For
    /// a write, check [`may_have_been_applied`](Self::may_have_been_applied) before repeating it.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns whether the server may have carried out the write although the call failed. Read the resource before you repeat
    /// the write.
    pub fn may_have_been_applied(&self) -> bool {
        let writes = self.0.operation.as_ref().is_some_and(|operation| operation.writes);
        writes && self.0.maybe_applied
    }
}

/// Whether a 429 is not about the rate of requests: after too many wrong passwords, the account or the address stays blocked, and
/// repeating the request does not help.
pub(crate) fn is_blocked(error: Option<&ErrorBody>) -> bool {
    error.and_then(ErrorBody::code) == Some("too_many_attempts")
}

/// Whether a status reports a transient state.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

impl Operation {
    fn new(descriptor: &Descriptor) -> Self {
        Self {
            name: descriptor.name,
            method: descriptor.method.clone(),
            path: descriptor.path.clone(),
            writes: descriptor.access != Access::Read,
        }
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::transport(error)
    }
}

impl From<InvalidPath> for Error {
    fn from(invalid: InvalidPath) -> Self {
        Self::invalid(invalid.to_string())
    }
}

impl From<InvalidId> for Error {
    fn from(invalid: InvalidId) -> Self {
        Self::invalid(invalid.to_string())
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
