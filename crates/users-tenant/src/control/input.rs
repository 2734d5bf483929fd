//! The body of a request to the control API.

use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;

/// The largest body, in bytes. A seed can be large.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A body of JSON. An empty one is an empty object.
pub(super) struct Input<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = read(request).await?;
        let json: &[u8] = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { &body };
        let parsed = serde_json::from_slice(json);
        parsed
            .map(Self)
            .map_err(|error| Problem::bad_request(format!("The body is not as it must be: {error}.")))
    }
}

/// The text of a body.
pub(super) struct Text(pub(super) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = read(request).await?;
        let text = String::from_utf8(body.to_vec());
        text.map(Self).map_err(|_| Problem::bad_request("The body is not UTF-8."))
    }
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let too_large = || format!("The body could not be read, or is larger than {MAX_BODY} bytes.");
    Ok(body.map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, too_large()))?.to_bytes())
}
