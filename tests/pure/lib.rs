//! Helpers of the tests without sockets.

#[allow(missing_docs, clippy::missing_panics_doc, clippy::expect_used, clippy::indexing_slicing)]
pub mod fuzzing;

use http::StatusCode;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use users_core::{AuthenticationClient, ManagementClient, Operation};
use users_mock::{Fault, MockTransport};

/// Both clients on one mock.
pub fn clients() -> (MockTransport, ManagementClient, AuthenticationClient) {
    let mock = MockTransport::new();
    let (management, authentication) = (mock.management(), mock.authentication());
    (mock, management, authentication)
}

/// A client on a mock that requests its tokens.
pub fn client_with_credentials(mock: &MockTransport) -> ManagementClient {
    let builder = ManagementClient::builder(mock.clone()).domain("tenant.example.com");
    builder.client_credentials("my-client", "my-secret").build().expect("a fixed configuration")
}

/// A request as one line: method, path and query.
pub fn line(request: &http::Request<bytes::Bytes>) -> String {
    format!("{} {}", request.method(), request.uri().path_and_query().map_or("", |target| target.as_str()))
}

/// A response as a transport returns it.
pub fn answer(status: u16, body: &str) -> http::Response<bytes::Bytes> {
    let mut response = http::Response::new(bytes::Bytes::from(body.to_owned()));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    response
}

/// Decodes a response as an operation does.
pub fn decode<O: Operation>(status: u16, body: &str) -> Result<O::Output, users_core::Error> {
    O::decode(answer(status, body))
}

/// Every kind of fault, by its name in the documentation's tables.
pub const FAULTS: &[(&str, Fault)] = &[
    ("connection refused", Fault::ConnectRefused),
    ("reset before", Fault::ResetBefore),
    ("reset after", Fault::ResetAfter),
    ("no response", Fault::Hang),
    ("truncated response", Fault::Truncated),
    ("slow response", Fault::SlowBody(Duration::from_secs(60))),
    ("HTML page", Fault::Garbage),
    ("401", Fault::Status(StatusCode::UNAUTHORIZED)),
    ("408", Fault::Status(StatusCode::REQUEST_TIMEOUT)),
    ("429", Fault::Status(StatusCode::TOO_MANY_REQUESTS)),
    ("500", Fault::Status(StatusCode::INTERNAL_SERVER_ERROR)),
    ("502", Fault::Status(StatusCode::BAD_GATEWAY)),
    ("503", Fault::Status(StatusCode::SERVICE_UNAVAILABLE)),
];

/// Polls a future this number of times and drops it; returns its output if it was ready by then.
pub async fn polled<F: Future>(future: F, times: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls == times => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// An error and its sources, as reporters print them.
pub fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        chain.push(cause.to_string());
        source = cause.source();
    }
    chain
}

/// Checks that no cause of an error repeats an earlier one.
pub fn assert_each_cause_once(error: &users_core::Error) {
    let chain = chain(error);
    for (at, cause) in chain.iter().enumerate() {
        let repeated = chain.iter().take(at).any(|earlier| earlier.contains(cause.as_str()));
        assert!(!repeated, "{cause:?} is repeated: {chain:#?}");
    }
}
