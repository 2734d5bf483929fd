//! How errors are made inside the crate.

use super::{Cause, Error, ErrorKind, Inner, Misfit, Operation, Response, is_blocked, is_transient};
use crate::descriptor::Descriptor;
use crate::pacing::error::PaceError;
use crate::rate_limit::server_delay;
use crate::transport::error::{Sent, TransportError, TransportErrorKind};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use users_model::{ErrorBody, json};

/// How much memory decoding an error body may allocate.
pub(crate) const ERROR_BODY_MEMORY: usize = 16 * 1024 * 1024;

impl Error {
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
        let error = json::from_slice::<ErrorBody>(&body, ERROR_BODY_MEMORY).ok();
        let message = error
            .as_ref()
            .and_then(ErrorBody::message)
            .map_or_else(|| describe(parts.status, &parts.headers, &body), ToOwned::to_owned);
        let is_blocked = is_blocked(error.as_ref());
        let limited = parts.status == StatusCode::TOO_MANY_REQUESTS && !is_blocked;
        let mut this = Self::new(if limited { ErrorKind::RateLimited } else { ErrorKind::Status }, message);
        // There is no clock here: a delay until a date counts from the response's own date, and is zero without one.
        this.0.retry_after = server_delay(&parts.headers, SystemTime::UNIX_EPOCH)
            .filter(|_| parts.headers.contains_key("date") || parts.headers.contains_key("retry-after"));
        this.0.retryable = is_transient(parts.status) && !is_blocked;
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
                (None, "") => format!("the response body cannot be decoded: {}", misfit.reason),
                (None, path) => format!("the response body cannot be decoded at {path}: {}", misfit.reason),
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
        // Where one source wraps another, the error of the inner one already says so.
        let error = match &error.0.cause {
            Cause::Token(reason) => Arc::clone(reason),
            _ => error,
        };
        let mut this = Self::new(ErrorKind::Token, format!("no access token: {error}"));
        this.0.retryable = error.is_retryable();
        this.0.retry_after = error.retry_after();
        this.0.cause = Cause::Token(error);
        this
    }

    /// The journal of a bulk run cannot be read or written.
    pub(crate) fn journal(path: &Path, problem: &str, error: io::Error) -> Self {
        Self::journal_text(path, problem).with_source(error)
    }

    /// The journal of a bulk run cannot be used.
    pub(crate) fn journal_text(path: &Path, problem: &str) -> Self {
        Self::new(ErrorKind::Journal, format!("the journal {} {problem}", path.display()))
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
}

/// The message for a response without a readable error body.
fn describe(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> String {
    let reason = status.canonical_reason().unwrap_or("no reason given");
    if status.is_redirection() {
        return format!(
            "{reason}: the server responded with a redirect, which is not followed; check the domain"
        );
    }
    if let Some(text) = plain_text(headers, body) {
        return text.to_owned();
    }
    match describe_non_json(headers, body) {
        Some(found) => format!("{reason} (the response is {found}, not JSON)"),
        None => reason.to_owned(),
    }
}

/// The text of a body that is a short plain text, as some endpoints send instead of JSON. Not a page of a proxy.
fn plain_text<'a>(headers: &HeaderMap, body: &'a Bytes) -> Option<&'a str> {
    const LONGEST: usize = 400;
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_plain = text.starts_with(char::is_alphabetic)
        && text.len() <= LONGEST
        && !text.contains(|c: char| c.is_control() || c == '<');
    let is_text = match headers.get(http::header::CONTENT_TYPE) {
        Some(kind) => kind.as_bytes().starts_with(b"text/"),
        None => true,
    };
    (is_plain && is_text).then_some(text)
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
