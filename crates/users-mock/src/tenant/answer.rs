//! What the tenant answers with.

use super::limits::{Refusal, Standing};
use super::values::put;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use users_core::model::JsonObject;

/// An answer in the making.
pub(super) type Answer = Response<Bytes>;

/// A JSON body. Bodies made of `JsonObject` keep the text of every number.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    // Everything the tenant answers with has a JSON form.
    let body = serde_json::to_vec(body).unwrap_or_default();
    with_type(status, "application/json; charset=utf-8", body.into())
}

/// Success without a body. Auth0 states a type all the same.
pub(super) fn no_content() -> Answer {
    with_type(StatusCode::NO_CONTENT, "application/json; charset=utf-8", Bytes::new())
}

/// Accepted, to be carried out in a moment: an empty object.
pub(super) fn accepted() -> Answer {
    json(StatusCode::ACCEPTED, &JsonObject::new())
}

/// Plain text.
pub(super) fn text(status: StatusCode, body: &str) -> Answer {
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
pub(super) struct Failure {
    status: StatusCode,
    code: Option<&'static str>,
    message: String,
    /// Whether the message stands again in `attributes`, as it does where a token is refused.
    repeated: bool,
    challenge: bool,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        code: impl Into<Option<&'static str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, code: code.into(), message: message.into(), repeated: false, challenge: false }
    }

    pub(super) fn bad_request(code: impl Into<Option<&'static str>>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, None, "Not Found")
    }

    pub(super) fn no_such_user() -> Self {
        Self::new(StatusCode::NOT_FOUND, "inexistent_user", "The user does not exist.")
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "auth0_idp_error", message)
    }

    /// A body that the endpoint does not take.
    pub(super) fn body(reason: &str) -> Self {
        Self::bad_request("invalid_body", format!("Payload validation error: {reason}."))
    }

    /// A query parameter that the endpoint does not take.
    pub(super) fn query(reason: &str) -> Self {
        Self::bad_request("invalid_query_string", format!("Query validation error: {reason}."))
    }

    /// No token, or none that Auth0 takes for one.
    pub(super) fn unauthenticated() -> Self {
        Self { challenge: true, ..Self::new(StatusCode::UNAUTHORIZED, None, "Missing authentication") }
    }

    /// A token that is refused.
    pub(super) fn refused_token(message: &str) -> Self {
        Self { repeated: true, ..Self::new(StatusCode::UNAUTHORIZED, None, message) }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        let mut body = JsonObject::new();
        put(&mut body, "statusCode", failure.status.as_u16());
        put(&mut body, "error", failure.status.canonical_reason().unwrap_or_default());
        put(&mut body, "message", &failure.message);
        if let Some(code) = failure.code {
            put(&mut body, "errorCode", code);
        }
        if failure.repeated {
            put(&mut body, "attributes", json!({"error": failure.message}));
        }
        let mut answer = json(failure.status, &body);
        if failure.challenge {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// An error of the Authentication API: `{error, error_description}`.
pub(super) fn oauth_error(status: StatusCode, error: &str, description: &str) -> Answer {
    json(status, &json!({"error": error, "error_description": description}))
}

/// What every response of the Management API carries, errors too.
pub(super) fn add_standard_headers(answer: &mut Answer) {
    add_headers(answer, "no-cache");
}

/// What the responses of `/userinfo` carry.
pub(super) fn add_userinfo_headers(answer: &mut Answer) {
    add_headers(
        answer,
        "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform",
    );
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

/// The answer to a request too many.
pub(super) fn too_many_requests(refusal: Refusal) -> Answer {
    let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", refusal.message);
    let mut answer = failure.into();
    add_standing(&mut answer, refusal.standing);
    answer
}

/// States how full a bucket is.
pub(super) fn add_standing(answer: &mut Answer, standing: Standing) {
    for (name, value) in [
        ("x-ratelimit-limit", standing.limit),
        ("x-ratelimit-remaining", standing.remaining),
        ("x-ratelimit-reset", standing.reset),
    ] {
        answer.headers_mut().insert(HeaderName::from_static(name), value.into());
    }
}
