//! An error of the server itself, as opposed to one of a tenant.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// An error of the server itself, answered in Auth0's form. The message says what to do.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    #[allow(clippy::needless_pass_by_value)] // It is passed to `map_err`.
    pub(crate) fn bad_request(message: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message.to_string())
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = self.status.canonical_reason().unwrap_or_default();
        let body = json!({"statusCode": self.status.as_u16(), "error": error, "message": self.message});
        (self.status, Json(body)).into_response()
    }
}
