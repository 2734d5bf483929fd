//! What went wrong, where, and what can be done about it.

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

/// Why a call gave no value.
///
/// `Display` is one line: method, path template, status, Auth0's code and message. It holds no id, no query, no body and no
/// token; those that exist are in the accessors.
///
/// ```
/// use users_core::management::GetUser;
/// use users_core::{ErrorKind, Operation as _};
///
/// let answer = http::Response::builder().status(404).body(
///     r#"{"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#.into(),
/// )?;
/// let error = GetUser::decode(answer).unwrap_err();
/// assert!(error.is_not_found());
/// assert_eq!(error.kind(), ErrorKind::Status);
/// assert_eq!(error.code(), Some("inexistent_user"));
/// assert_eq!(error.to_string(), "GET /users/{id}: 404 inexistent_user: The user does not exist.");
/// # Ok::<(), http::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    /// As it came; what people see is `message`.
    raw: String,
    /// On one line, without anything secret.
    message: String,
    /// Auth0's code, without anything secret.
    shown_code: Option<String>,
    /// The causes without anything secret, where they quote something.
    redacted_causes: Option<Link>,
    operation: Option<Operation>,
    answer: Option<Answer>,
    cause: Cause,
    json_path: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    elapsed: Duration,
    retryable: bool,
    /// Whether the request may have been carried out; it only matters if it was a write.
    maybe_applied: bool,
    job_id: Option<String>,
}

/// What led to an error. Where the message is that of the cause itself, `source` begins below it, so that a reporter that prints
/// the chain shows each cause once.
enum Cause {
    None,
    Transport(TransportError),
    Token(Arc<Error>),
    Other(Box<dyn StdError + Send + Sync>),
}

/// The operation that an error is about.
#[derive(Clone, Debug)]
struct Operation {
    name: &'static str,
    method: Method,
    path: PathTemplate,
    writes: bool,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    error: Option<ErrorBody>,
}

/// Why a body does not fit.
pub(crate) struct Misfit {
    pub(crate) reason: String,
    /// Where it is.
    pub(crate) path: String,
    /// The same without the keys that may come from the body.
    pub(crate) shown_path: String,
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument was refused before anything was sent.
    InvalidArgument,
    /// The client could not be built as it was asked for.
    Configuration,
    /// There is no access token; [`token_error`](Error::token_error) gives the reason.
    Token,
    /// No connection to the server. Nothing was sent.
    Connect,
    /// The TLS handshake failed. Nothing was sent.
    Tls,
    /// A time limit passed.
    Timeout,
    /// The connection broke, or what came is no HTTP.
    Transport,
    /// The response is larger than its limit, or decoding it would take more than eight times as much memory.
    ResponseTooLarge,
    /// The server asked to wait (429), longer than the call may; or the client's own rate limit requires a longer wait.
    RateLimited,
    /// The pacer gave no permit, since the store that it shares is unavailable. Nothing was sent.
    Pacing,
    /// The server answered with another status than success.
    Status,
    /// The server answered with success, but the body is not what the operation gives.
    Decode,
    /// A list goes on beyond the first 1000 entries, which is as far as the server lists by offset.
    WindowExceeded,
    /// A list by checkpoint does not end: it gives nothing but empty pages, or comes back to an earlier page.
    EndlessList,
}

/// How much memory reading an error body may take.
const ERROR_BODY_MEMORY: usize = 16 * 1024 * 1024;

impl Error {
    /// An error of your own making, for a [`TokenSource`](crate::TokenSource) say. The message must hold no secret.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let raw = message.into();
        Self(Box::new(Inner {
            kind,
            message: redact::line(&raw, &[]),
            raw,
            shown_code: None,
            redacted_causes: None,
            operation: None,
            answer: None,
            cause: Cause::None,
            json_path: None,
            retry_after: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            retryable: false,
            maybe_applied: false,
            job_id: None,
        }))
    }

    /// Keeps the error that led to this one. The message must not repeat what it says.
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

    /// An answer whose status is none of success.
    pub(crate) fn status_of(descriptor: Option<&Descriptor>, response: http::Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        // An error body is small; one that is not is no less an error.
        let error = within_memory(ERROR_BODY_MEMORY, || serde_json::from_slice::<ErrorBody>(&body));
        let error = error.ok().and_then(Result::ok);
        let message = error
            .as_ref()
            .and_then(ErrorBody::message)
            .map_or_else(|| describe(parts.status, &parts.headers, &body), ToOwned::to_owned);
        let limited = parts.status == StatusCode::TOO_MANY_REQUESTS;
        let mut this = Self::new(if limited { ErrorKind::RateLimited } else { ErrorKind::Status }, message);
        // Without a clock a date counts from the answer's own; where it has none, as if it were met.
        this.0.retry_after = server_delay(&parts.headers, SystemTime::UNIX_EPOCH)
            .filter(|_| parts.headers.contains_key("date") || parts.headers.contains_key("retry-after"));
        this.0.retryable = is_transient(parts.status);
        this.0.operation = descriptor.map(Operation::of);
        // A redirect may follow a write that was carried out, and a 5xx certainly may.
        this.0.maybe_applied = parts.status.is_redirection()
            || parts.status.is_server_error()
            || parts.status == StatusCode::REQUEST_TIMEOUT;
        this.0.answer = Some(Answer { status: parts.status, headers: parts.headers, body, error });
        this.redacted(&[])
    }

    /// A response with a status of success whose body does not fit. Where it stands is given as a path that holds no key of the body.
    pub(crate) fn decode(
        descriptor: Option<&Descriptor>,
        response: http::Response<Bytes>,
        misfit: Misfit,
    ) -> Self {
        let message = match (looks_like(response.headers(), response.body()), misfit.shown_path.as_str()) {
            (Some(looks), _) => format!("the answer is {looks}, not JSON"),
            (None, "") => format!("the answer's body does not fit: {}", misfit.reason),
            (None, path) => format!("the answer's body does not fit at {path}: {}", misfit.reason),
        };
        let mut this = Self::undecodable(descriptor, response, message);
        this.0.json_path = Some(misfit.path).filter(|path| !path.is_empty());
        this
    }

    /// A successful response that would take too much memory.
    pub(crate) fn too_large(descriptor: Option<&Descriptor>, response: http::Response<Bytes>) -> Self {
        let message = "decoding the response would take more than eight times the memory of the response limit; \
                       ask for less at once, or raise response_limit";
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
        this.0.operation = descriptor.map(Operation::of);
        this.0.maybe_applied = true;
        this.0.answer = Some(Answer { status: parts.status, headers: parts.headers, body, error: None });
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

    /// No access token, for the reason that the token source gave.
    pub(crate) fn token(error: Arc<Error>) -> Self {
        let mut this = Self::new(ErrorKind::Token, format!("no access token: {error}"));
        this.0.retryable = error.is_retryable();
        this.0.retry_after = error.retry_after();
        this.0.cause = Cause::Token(error);
        this
    }

    /// The same call may succeed later.
    pub(crate) fn transient(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// No permit to send the request.
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
            answer: inner.answer.clone(),
            cause: Cause::None,
            json_path: inner.json_path.clone(),
            retry_after: inner.retry_after,
            attempts: inner.attempts,
            elapsed: inner.elapsed,
            retryable: inner.retryable,
            maybe_applied: inner.maybe_applied,
            job_id: inner.job_id.clone(),
        }))
    }

    /// Whether the whole, of which the failed operation was a part, may have changed something.
    pub(crate) fn with_applied(mut self, descriptor: &Descriptor, applied: bool) -> Self {
        let operation = self.0.operation.get_or_insert_with(|| Operation::of(descriptor));
        operation.writes = true;
        self.0.maybe_applied = applied;
        self
    }

    /// Names the job that runs on, or whose result is still there.
    pub(crate) fn with_job_id(mut self, id: &str) -> Self {
        self.0.job_id = Some(id.to_owned());
        self
    }

    /// The request was, or may have been, carried out.
    pub(crate) fn maybe_applied(mut self) -> Self {
        self.0.maybe_applied = true;
        self
    }

    /// Says which operation failed.
    pub(crate) fn with_operation(mut self, descriptor: &Descriptor) -> Self {
        self.0.operation = Some(Operation::of(descriptor));
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

    /// Takes secrets out of what people see, should the server have quoted them.
    pub(crate) fn redacted(mut self, secrets: &[Secret]) -> Self {
        let mut secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        // One may hold another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.0.message = redact::line(&self.0.raw, &secrets);
        self.0.shown_code = self.code().map(|code| redact::line(code, &secrets));
        self.0.redacted_causes = self.redacted_causes(&secrets);
        self
    }

    /// The texts of the causes without these secrets, where they hold one.
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

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The answer's status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref().map(|answer| answer.status)
    }

    /// Auth0's code for the error (`errorCode`, or OAuth's `error`), if it gave one; it often does not.
    pub fn code(&self) -> Option<&str> {
        self.0.answer.as_ref()?.error.as_ref()?.code()
    }

    /// What went wrong, in words: Auth0's where it gave any, with anything that looks like a token taken out.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// More about the error, if Auth0 said more (`attributes`).
    pub fn attributes(&self) -> Option<&JsonObject> {
        self.0.answer.as_ref()?.error.as_ref()?.attributes.as_ref()
    }

    /// What the answer said of the rate limit.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        RateLimit::from_headers(self.headers()?)
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The answer's headers, if there was an answer.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.answer.as_ref().map(|answer| &answer.headers)
    }

    /// The answer's body as it came, if there was an answer. It may hold what must not be logged.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.answer.as_ref().map(|answer| &answer.body)
    }

    /// The name of the operation that failed: `users.get`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_ref().map(|operation| operation.name)
    }

    /// The id of the job that the error is about: one that was accepted, and whose result can still be looked at.
    ///
    /// An export continues with [`resume_export`](crate::management::JobsManager::resume_export).
    pub fn job_id(&self) -> Option<&str> {
        self.0.job_id.as_deref()
    }

    /// The failure of the transport, if there was no complete response.
    pub fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.cause {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// Why there is no access token, for an error of kind [`Token`](ErrorKind::Token) that a token source gave.
    pub fn token_error(&self) -> Option<&Error> {
        match &self.0.cause {
            Cause::Token(error) => Some(error),
            _ => None,
        }
    }

    /// How often the request was sent. 0 if it never was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The time from the call's start to its end.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// Where in the response's JSON the value is that does not fit: `[3].user_id`. Messages show it without the keys, which may
    /// come from the body.
    pub fn json_path(&self) -> Option<&str> {
        self.0.json_path.as_deref()
    }

    /// There is no such thing (404).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// There is such a thing already (409), or another state stands against it.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT)
    }

    /// The tenant's rate limit was reached (429); [`retry_after`](Self::retry_after) tells how long to wait.
    pub fn is_rate_limited(&self) -> bool {
        self.kind() == ErrorKind::RateLimited
    }

    /// The access token was refused (401).
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }

    /// The access token lacks a scope, or the plan a feature (403).
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN)
    }

    /// A time limit passed.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// The argument was refused before anything was sent.
    pub fn is_invalid_argument(&self) -> bool {
        self.kind() == ErrorKind::InvalidArgument
    }

    /// A list goes on beyond the first 1000 entries that the server lists. Auth0's total ends at 1000 too, so a list of exactly 1000
    /// entries cannot be distinguished from a longer one, and is an error as well.
    pub fn is_window_exceeded(&self) -> bool {
        self.kind() == ErrorKind::WindowExceeded
    }

    /// The same call may succeed later: 429, 408, 500, 502, 503, 504, a timeout, a broken connection. For a write, look at
    /// [`may_have_been_applied`](Self::may_have_been_applied) before calling again.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// The server may have carried out the write although the call failed: look before doing it again.
    pub fn may_have_been_applied(&self) -> bool {
        let writes = self.0.operation.as_ref().is_some_and(|operation| operation.writes);
        writes && self.0.maybe_applied
    }
}

/// Whether a status tells of a state that passes.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

impl Operation {
    fn of(descriptor: &Descriptor) -> Self {
        Self {
            name: descriptor.name,
            method: descriptor.method.clone(),
            path: descriptor.path.clone(),
            // A token request changes nothing that anyone could look at.
            writes: descriptor.access != crate::Access::Read && descriptor.name != "authentication.token",
        }
    }
}

/// What an error's answer is, where it says nothing that can be read.
fn describe(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> String {
    let reason = status.canonical_reason().unwrap_or("no reason given");
    if status.is_redirection() {
        return format!(
            "{reason}: the server answers with a redirect, which is not followed; check the domain"
        );
    }
    match looks_like(headers, body) {
        Some(looks) => format!("{reason} (the answer is {looks}, not JSON)"),
        None => reason.to_owned(),
    }
}

/// What a body is that is no JSON.
fn looks_like(headers: &HeaderMap, body: &Bytes) -> Option<String> {
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
        if let Some(answer) = &inner.answer {
            write!(f, "{}", answer.status.as_u16())?;
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
