//! The response of an expectation.

use crate::script::captured::Captured;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use users_core::{Sent, TransportError, TransportErrorKind};

/// The response of an expectation, or its transport error.
#[derive(Clone, Default)]
pub(crate) struct ScriptedResponse {
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) error: Option<(TransportErrorKind, Sent)>,
    pub(crate) function: Option<Arc<ResponseFn>>,
}

pub(crate) type ResponseFn = dyn Fn(&Captured) -> http::Response<Bytes> + Send + Sync;

impl ScriptedResponse {
    /// The result for a request.
    pub(crate) fn respond(self, request: &Captured) -> Result<http::Response<Bytes>, TransportError> {
        if let Some((kind, sent)) = self.error {
            return Err(TransportError::new(kind, sent, format!("the mock simulates an error: {kind:?}")));
        }
        if let Some(function) = self.function {
            return Ok(function(request));
        }
        let default = if self.body.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK };
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status.unwrap_or(default);
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}
