//! Closing a connection instead of answering a request.

use axum::response::Response;

/// Marks a response in place of which the connection is closed.
#[derive(Clone, Debug)]
pub(crate) struct Disconnect;

/// The response in place of which the connection is closed.
pub(crate) fn disconnected() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(Disconnect);
    response
}
