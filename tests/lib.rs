//! What the tests across the crates share. The README's programs are compiled and run as doc tests of this crate.
#![doc = include_str!("../README.md")]

#[allow(missing_docs, clippy::missing_panics_doc)]
pub mod bench;
#[allow(missing_docs, clippy::missing_panics_doc, clippy::expect_used, clippy::indexing_slicing)]
pub mod fuzzing;

use users_core::{AuthenticationClient, ManagementClient, Operation};
use users_mock::MockTransport;

/// Both clients on one mock.
pub fn clients() -> (MockTransport, ManagementClient, AuthenticationClient) {
    let mock = MockTransport::new();
    let (management, authentication) = (mock.management(), mock.authentication());
    (mock, management, authentication)
}

/// A request as one line: method, path and query.
pub fn line(request: &http::Request<bytes::Bytes>) -> String {
    format!("{} {}", request.method(), request.uri().path_and_query().map_or("", |target| target.as_str()))
}

/// An answer as a transport would give it.
pub fn answer(status: u16, body: &str) -> http::Response<bytes::Bytes> {
    let mut response = http::Response::new(bytes::Bytes::from(body.to_owned()));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    response
}

/// Reads an answer as an operation does.
pub fn decode<O: Operation>(status: u16, body: &str) -> Result<O::Output, users_core::Error> {
    O::decode(answer(status, body))
}
