//! Responses.

use crate::tenant::assumptions::{AssumedError, Assumptions};
use crate::tenant::object::set;
use crate::tenant::random::Random;
use crate::tenant::rules::limiter::{Rejection, Standing};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION, PRAGMA, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use std::borrow::Cow;
use users_core::model::JsonObject;

/// Forbids every cache to keep a response.
const NEVER_CACHED: &str =
    "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform";

/// A response with its whole body.
pub(crate) type Answer = Response<Bytes>;

/// A response with a JSON body. A body that consists of `JsonObject`s keeps the text of every number.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    // Every body of the tenant has a JSON form.
    let body = serde_json::to_vec(body).unwrap_or_default();
    with_type(status, "application/json; charset=utf-8", body.into())
}

/// A response with a JSON body whose content type has no charset.
pub(crate) fn json_without_charset(status: StatusCode, body: &impl Serialize) -> Answer {
    let mut answer = json(status, body);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// Success without a body. Auth0 sends a content type nevertheless.
pub(crate) fn no_content() -> Answer {
    with_type(StatusCode::NO_CONTENT, "application/json; charset=utf-8", Bytes::new())
}

/// Accepted for later execution, with an empty object.
pub(crate) fn accepted() -> Answer {
    json(StatusCode::ACCEPTED, &JsonObject::new())
}

/// A response with plain text.
pub(crate) fn text(status: StatusCode, body: &str) -> Answer {
    with_type(status, "text/plain; charset=utf-8", Bytes::from(body.to_owned()))
}

fn with_type(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// An error of the Management API: `{statusCode, error, message, errorCode?}`.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: Option<Cow<'static, str>>,
    message: String,
    /// Whether `attributes` repeats the message, as for a rejected token.
    repeated: bool,
    /// Whether the response asks for a bearer token.
    challenge: bool,
}

impl Failure {
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Option<&'static str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into().map(Cow::Borrowed),
            message: message.into(),
            repeated: false,
            challenge: false,
        }
    }

    /// An error that is assumed of Auth0; each placeholder of its message is replaced.
    pub(crate) fn assumed(error: &AssumedError, placeholders: &[(&str, &str)]) -> Self {
        let status = StatusCode::from_u16(error.status_code).unwrap_or(StatusCode::BAD_REQUEST);
        let message = placeholders.iter().fold(error.message.clone(), |message, (name, value)| {
            message.replace(&format!("{{{name}}}"), value)
        });
        Self { code: error.error_code.clone().map(Cow::Owned), ..Self::new(status, None, message) }
    }

    pub(crate) fn bad_request(code: impl Into<Option<&'static str>>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, None, "Not Found")
    }

    /// The error as Auth0 words it. Where scopes are required together, it names the first alternative.
    pub(crate) fn insufficient_scope(alternatives: &[&[&str]]) -> Self {
        let (which, scopes) = match alternatives.first() {
            Some(first) if first.len() > 1 => ("all of", first.to_vec()),
            _ => ("any of", alternatives.iter().copied().flatten().copied().collect()),
        };
        let message = format!("Insufficient scope, expected {which}: {}", scopes.join(","));
        Self::new(StatusCode::FORBIDDEN, "insufficient_scope", message)
    }

    pub(crate) fn no_such_user() -> Self {
        Self::new(StatusCode::NOT_FOUND, "inexistent_user", "The user does not exist.")
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "auth0_idp_error", message)
    }

    /// A body that the endpoint does not accept.
    pub(crate) fn body(reason: &str) -> Self {
        Self::bad_request("invalid_body", format!("Payload validation error: {reason}."))
    }

    /// A query parameter that the endpoint does not accept.
    pub(crate) fn query(reason: &str) -> Self {
        Self::bad_request("invalid_query_string", format!("Query validation error: {reason}."))
    }

    /// The token is missing.
    pub(crate) fn unauthenticated() -> Self {
        Self { challenge: true, ..Self::new(StatusCode::UNAUTHORIZED, None, "Missing authentication") }
    }

    /// The token is invalid or has expired.
    pub(crate) fn rejected_token(message: &str) -> Self {
        Self { repeated: true, ..Self::new(StatusCode::UNAUTHORIZED, None, message) }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        let mut body = JsonObject::new();
        set(&mut body, "statusCode", failure.status.as_u16());
        set(&mut body, "error", failure.status.canonical_reason().unwrap_or_default());
        set(&mut body, "message", &failure.message);
        if let Some(code) = &failure.code {
            set(&mut body, "errorCode", code);
        }
        if failure.repeated {
            set(&mut body, "attributes", json!({"error": failure.message}));
        }
        let mut answer = json(failure.status, &body);
        if failure.challenge {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// An error of the Authentication API: `{error, error_description}`.
pub(crate) fn oauth_error(status: StatusCode, error: &str, description: &str) -> Answer {
    json(status, &json!({"error": error, "error_description": description}))
}

/// An error of the Authentication API that is assumed of Auth0.
pub(crate) fn assumed_oauth_error(error: &AssumedError) -> Answer {
    assumed_oauth_error_of(error, &[])
}

/// An error of the Authentication API that is assumed of Auth0, whose text has placeholders.
pub(crate) fn assumed_oauth_error_of(error: &AssumedError, placeholders: &[(&str, &str)]) -> Answer {
    let failure = Failure::assumed(error, placeholders);
    oauth_error(failure.status(), error.error_code.as_deref().unwrap_or_default(), failure.message())
}

/// The answer where Auth0 has something that the tenant has not.
pub(crate) fn not_implemented(what: &str) -> Answer {
    let description = format!(
        "The embedded tenant does not implement {what}. A test in Rust can script the response with MockTransport."
    );
    oauth_error(StatusCode::NOT_IMPLEMENTED, "not_implemented", &description)
}

/// Sends a browser elsewhere; an empty answer if the address may not be a header.
pub(crate) fn redirect(location: &str) -> Answer {
    let mut answer = text(StatusCode::FOUND, &format!("Found. Redirecting to {location}"));
    if let Ok(location) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

/// Adds the headers of every Management API response, errors included.
pub(crate) fn add_standard_headers(answer: &mut Answer) {
    add_headers(answer, "no-cache");
}

/// Adds the headers of `/userinfo` responses.
pub(crate) fn add_userinfo_headers(answer: &mut Answer) {
    add_headers(answer, NEVER_CACHED);
}

/// Adds the headers of every response of the token endpoint, as recorded.
pub(crate) fn add_token_headers(answer: &mut Answer, random: &mut Random) {
    let is_success = answer.status().is_success();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding, Origin"));
    if is_success {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    } else {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(NEVER_CACHED));
    }
    if let Ok(id) = HeaderValue::from_str(&random.hex(20)) {
        headers.insert(HeaderName::from_static("x-auth0-requestid"), id);
    }
}

fn add_headers(answer: &mut Answer, cache_control: &'static str) {
    for (name, value) in [
        ("cache-control", cache_control),
        ("vary", "origin,accept-encoding"),
        ("strict-transport-security", "max-age=31536000"),
    ] {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Adds the headers that errors of this status are assumed to have.
pub(crate) fn add_assumed_headers(answer: &mut Answer, assumptions: &Assumptions) {
    let status = answer.status().as_u16();
    for header in assumptions.error_headers.iter().filter(|header| header.status_code == status) {
        if let (Ok(name), Ok(value)) =
            (header.name.parse::<HeaderName>(), header.value.parse::<HeaderValue>())
        {
            answer.headers_mut().insert(name, value);
        }
    }
}

/// The response to a request that exceeds the rate limit.
pub(crate) fn too_many_requests(rejection: Rejection, with_headers: bool) -> Answer {
    let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", rejection.message);
    let mut answer = failure.into();
    if with_headers {
        add_standing(&mut answer, rejection.standing);
    }
    answer
}

/// The response of the Authentication API to a request that exceeds the rate limit.
pub(crate) fn too_many_logins(rejection: &Rejection) -> Answer {
    let mut answer = oauth_error(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", &rejection.message);
    add_standing(&mut answer, rejection.standing);
    answer
}

/// The rate limit of a request for a change of password, which is not enforced, as recorded.
pub(crate) fn add_change_standing(answer: &mut Answer, now: u64) {
    add_standing(answer, Standing { limit: 10, remaining: 9, reset: now / 1000 + 60 });
}

/// The rate limit of a login by password, which is not enforced, as recorded on success and on errors.
pub(crate) fn add_login_standing(answer: &mut Answer, now: u64) {
    add_standing(answer, Standing { limit: 100, remaining: 99, reset: now / 1000 + 1 });
}

/// Adds the rate limit headers.
pub(crate) fn add_standing(answer: &mut Answer, standing: Standing) {
    for (name, value) in [
        ("x-ratelimit-limit", standing.limit),
        ("x-ratelimit-remaining", standing.remaining),
        ("x-ratelimit-reset", standing.reset),
    ] {
        answer.headers_mut().insert(HeaderName::from_static(name), value.into());
    }
}
