//! The error of every operation.

use crate::descriptor::Descriptor;
use crate::pacing::PaceError;
use crate::path_template::{InvalidPath, PathTemplate};
use crate::rate_limit::RateLimit;
use crate::rate_limit::server_delay;
use crate::redact;
use crate::transport::{Link, MOST_CAUSES, Sent, TransportError, TransportErrorKind};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use users_model::{ErrorBody, InvalidId, JsonObject, Secret, within_memory};

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

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument was refused before anything was sent.
    InvalidArgument,
    /// The settings of a client are not valid.
    Configuration,
    /// No access token could be obtained; [`token_error`](Error::token_error) returns the reason.
    Token,
    /// The connection to the server failed. Nothing was sent.
    Connect,
    /// The TLS handshake failed. Nothing was sent.
    Tls,
    /// A time limit passed.
    Timeout,
    /// The connection broke, or the response is not HTTP.
    Transport,
    /// The response exceeds the size limit, or decoding it would allocate more than eight times the limit.
    ResponseTooLarge,
    /// The server answered with 429, or the rate limit requires a longer wait than the call allows.
    RateLimited,
    /// The pacer granted no permit, because its shared store is unavailable. Nothing was sent.
    Pacing,
    /// The status of the response is not 2xx.
    Status,
    /// The status of the response is 2xx, but its body cannot be decoded.
    Decode,
    /// A list has more entries than the 1000 that the server returns by offset.
    WindowExceeded,
    /// A list by checkpoint does not end: it returns empty pages only, or repeats an earlier page.
    EndlessList,
}

/// The memory limit of decoding an error body, in bytes.
const ERROR_BODY_MEMORY: usize = 16 * 1024 * 1024;

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

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// A response whose status is not 2xx.
    pub(crate) fn status_of(descriptor: Option<&Descriptor>, response: http::Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        // A body that is too large to decode still makes an error.
        let error = within_memory(ERROR_BODY_MEMORY, || serde_json::from_slice::<ErrorBody>(&body));
        let error = error.ok().and_then(Result::ok);
        let message = error
            .as_ref()
            .and_then(ErrorBody::message)
            .map_or_else(|| describe(parts.status, &parts.headers, &body), ToOwned::to_owned);
        let limited = parts.status == StatusCode::TOO_MANY_REQUESTS;
        let mut this = Self::new(if limited { ErrorKind::RateLimited } else { ErrorKind::Status }, message);
        // There is no clock here: a delay until a date counts from the response's own date, and is zero without one.
        this.0.retry_after = server_delay(&parts.headers, SystemTime::UNIX_EPOCH)
            .filter(|_| parts.headers.contains_key("date") || parts.headers.contains_key("retry-after"));
        this.0.retryable = is_transient(parts.status);
        this.0.operation = descriptor.map(Operation::new);
        // The server may redirect or fail after it has carried out the write.
        this.0.maybe_applied = parts.status.is_redirection()
            || parts.status.is_server_error()
            || parts.status == StatusCode::REQUEST_TIMEOUT;
        this.0.response = Some(Response { status: parts.status, headers: parts.headers, body, error });
        this.redacted(&[])
    }

    /// A 2xx response whose body cannot be decoded. The message shows the JSON path without keys that come from the body.
    pub(crate) fn decode(
        descriptor: Option<&Descriptor>,
        response: http::Response<Bytes>,
        misfit: Misfit,
    ) -> Self {
        let message =
            match (describe_non_json(response.headers(), response.body()), misfit.shown_path.as_str()) {
                (Some(found), _) => format!("the response is {found}, not JSON"),
                (None, "") => {
                    format!("the response body cannot be decoded: {}", misfit.reason)
                }
                (None, path) => {
                    format!("the response body cannot be decoded at {path}: {}", misfit.reason)
                }
            };
        let mut this = Self::undecodable(descriptor, response, message);
        this.0.json_path = Some(misfit.path).filter(|path| !path.is_empty());
        this
    }

    /// A 2xx response whose decoding would allocate too much memory.
    pub(crate) fn too_large(descriptor: Option<&Descriptor>, response: http::Response<Bytes>) -> Self {
        let message = "decoding the response would take more than eight times the memory of the response limit; \
                       request fewer entries per page, or raise response_limit";
        let mut this = Self::undecodable(descriptor, response, message);
        this.0.kind = ErrorKind::ResponseTooLarge;
        this
    }

    pub(crate) fn undecodable(
        descriptor: Option<&Descriptor>,
        response: http::Response<Bytes>,
        message: impl Into<String>,
    ) -> Self {
        let (parts, body) = response.into_parts();
        let mut this = Self::new(ErrorKind::Decode, message);
        this.0.operation = descriptor.map(Operation::new);
        this.0.maybe_applied = true;
        this.0.response = Some(Response { status: parts.status, headers: parts.headers, body, error: None });
        this
    }

    /// A failure of the transport.
    pub(crate) fn transport(error: TransportError) -> Self {
        let kind = match error.kind() {
            TransportErrorKind::Connect => ErrorKind::Connect,
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            TransportErrorKind::Tls => ErrorKind::Tls,
            TransportErrorKind::TooLarge => ErrorKind::ResponseTooLarge,
            TransportErrorKind::Io | TransportErrorKind::Invalid | TransportErrorKind::Other => {
                ErrorKind::Transport
            }
        };
        let mut this = Self::new(kind, error.to_string());
        this.0.retryable = matches!(
            error.kind(),
            TransportErrorKind::Connect | TransportErrorKind::Timeout | TransportErrorKind::Io
        );
        this.0.maybe_applied = error.sent() != Sent::No;
        this.0.cause = Cause::Transport(error);
        this
    }

    /// No access token: the token source returned this error.
    pub(crate) fn token(error: Arc<Error>) -> Self {
        let mut this = Self::new(ErrorKind::Token, format!("no access token: {error}"));
        this.0.retryable = error.is_retryable();
        this.0.retry_after = error.retry_after();
        this.0.cause = Cause::Token(error);
        this
    }

    /// Marks the error as retryable.
    pub(crate) fn transient(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// The pacer granted no permit.
    pub(crate) fn paced(error: PaceError) -> Self {
        let wait = error.wait();
        let kind = if wait.is_some() { ErrorKind::RateLimited } else { ErrorKind::Pacing };
        let mut this = Self::new(kind, error.to_string()).transient();
        this.0.retry_after = wait;
        match error.into_source() {
            Some(source) => this.with_source(source),
            None => this,
        }
    }

    /// The same error without its source.
    pub(crate) fn without_source(&self) -> Self {
        let inner = &*self.0;
        Self(Box::new(Inner {
            kind: inner.kind,
            raw: inner.raw.clone(),
            message: inner.message.clone(),
            shown_code: inner.shown_code.clone(),
            redacted_causes: None,
            operation: inner.operation.clone(),
            response: inner.response.clone(),
            cause: Cause::None,
            json_path: inner.json_path.clone(),
            retry_after: inner.retry_after,
            attempts: inner.attempts,
            elapsed: inner.elapsed,
            retryable: inner.retryable,
            maybe_applied: inner.maybe_applied,
            budget_spent: inner.budget_spent,
            job_id: inner.job_id.clone(),
        }))
    }

    /// Sets whether the larger operation, of which the failed call was a part, may have been applied.
    pub(crate) fn with_applied(mut self, descriptor: &Descriptor, applied: bool) -> Self {
        let operation = self.0.operation.get_or_insert_with(|| Operation::new(descriptor));
        operation.writes = true;
        self.0.maybe_applied = applied;
        self
    }

    /// Sets the id of the accepted job.
    pub(crate) fn with_job_id(mut self, id: &str) -> Self {
        self.0.job_id = Some(id.to_owned());
        self
    }

    /// Marks the request as possibly carried out.
    pub(crate) fn maybe_applied(mut self) -> Self {
        self.0.maybe_applied = true;
        self
    }

    /// Sets the operation that failed.
    pub(crate) fn with_operation(mut self, descriptor: &Descriptor) -> Self {
        self.0.operation = Some(Operation::new(descriptor));
        self
    }

    pub(crate) fn with_budget_spent(mut self, spent: bool) -> Self {
        self.0.budget_spent = spent;
        self
    }

    pub(crate) fn with_attempts(
        mut self,
        attempts: u32,
        elapsed: Duration,
        earlier_maybe_applied: bool,
    ) -> Self {
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self.0.maybe_applied |= earlier_maybe_applied;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after.or(self.0.retry_after);
        self
    }

    /// Removes secrets from the displayed texts, where the server has quoted them.
    pub(crate) fn redacted(mut self, secrets: &[Secret]) -> Self {
        let mut secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        // Longest first: a secret may contain another one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.0.message = redact::line(&self.0.raw, &secrets);
        self.0.shown_code = self.code().map(|code| redact::line(code, &secrets));
        self.0.redacted_causes = self.redacted_causes(&secrets);
        self
    }

    /// The redacted texts of the causes; `None` if they quote no secret.
    fn redacted_causes(&self, secrets: &[&str]) -> Option<Link> {
        let mut texts = Vec::new();
        let mut cause = self.source();
        while let Some(this) = cause.filter(|_| texts.len() < MOST_CAUSES) {
            texts.push(this.to_string());
            cause = this.source();
        }
        let is_quoted = texts.iter().any(|text| redact::holds(text, secrets));
        is_quoted.then(|| Link::chain(texts.iter().map(|text| redact::line(text, secrets)).collect()))?
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the status of the response; `None` if there was none.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.response.as_ref().map(|response| response.status)
    }

    /// Returns Auth0's error code (`errorCode`, or OAuth's `error`). Many responses have none.
    pub fn code(&self) -> Option<&str> {
        self.0.response.as_ref()?.error.as_ref()?.code()
    }

    /// Returns the message: Auth0's if the response has one. Secrets and token-like text are redacted.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns Auth0's further details of the error (`attributes`).
    pub fn attributes(&self) -> Option<&JsonObject> {
        self.0.response.as_ref()?.error.as_ref()?.attributes.as_ref()
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
    /// Resume an export with [`resume_export`](crate::management::JobsManager::resume_export).
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

    /// Returns whether the rate limit was reached (429). [`retry_after`](Self::retry_after) returns how long to wait.
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
            // A token request changes no resource.
            writes: descriptor.access != crate::descriptor::Access::Read
                && descriptor.name != "authentication.token",
        }
    }
}

/// The message for a response without a readable error body.
fn describe(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> String {
    let reason = status.canonical_reason().unwrap_or("no reason given");
    if status.is_redirection() {
        return format!(
            "{reason}: the server responded with a redirect, which is not followed; check the domain"
        );
    }
    match describe_non_json(headers, body) {
        Some(found) => format!("{reason} (the response is {found}, not JSON)"),
        None => reason.to_owned(),
    }
}

/// Describes a body that is not JSON; `None` if it appears to be JSON.
fn describe_non_json(headers: &HeaderMap, body: &Bytes) -> Option<String> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => Some("empty".to_owned()),
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9') => None,
        Some(b't' | b'f' | b'n') if body.len() < 16 => None,
        Some(_) => {
            let kind = headers
                .get(http::header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.split(';').next())
                .map_or("of no stated type", str::trim);
            Some(format!("{} bytes, {kind}", body.len()))
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = &inner.operation {
            write!(f, "{} {}: ", operation.method, operation.path)?;
        }
        if let Some(response) = &inner.response {
            write!(f, "{}", response.status.as_u16())?;
            if let Some(code) = &inner.shown_code {
                write!(f, " {code}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&inner.message)?;
        if let Some(wait) = inner.retry_after.filter(|_| self.is_rate_limited()) {
            write!(f, " (retry after {} s)", wait.as_secs_f32().ceil())?;
        }
        if let Some(id) = &inner.job_id {
            write!(f, " (job {id})")?;
        }
        if inner.attempts > 1 {
            write!(f, " ({} attempts)", inner.attempts)?;
        }
        if inner.budget_spent {
            f.write_str(" (not retried: the client's retry budget is spent)")?;
        }
        if self.may_have_been_applied() {
            f.write_str(" (the change may have been made)")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("operation", &self.operation())
            .field("job_id", &inner.job_id)
            .field("status", &self.status())
            .field("code", &inner.shown_code)
            .field("message", &inner.message)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("elapsed", &inner.elapsed)
            .field("may_have_been_applied", &self.may_have_been_applied())
            .field("source", &self.source().map(|source| redact::line(&source.to_string(), &[])))
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        if let Some(redacted) = &self.0.redacted_causes {
            return Some(redacted);
        }
        match &self.0.cause {
            Cause::None => None,
            Cause::Transport(error) => error.source(),
            Cause::Token(error) => error.source(),
            Cause::Other(source) => Some(&**source as _),
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
