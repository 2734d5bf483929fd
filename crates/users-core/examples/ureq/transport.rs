//! A transport on ureq, which blocks the thread: for programs without an async runtime.

use async_trait::async_trait;
use bytes::Bytes;
use std::io::ErrorKind;
use std::time::Duration;
use users_core::{Body, HttpTransport, TransportError};

/// A transport on a ureq agent.
#[derive(Debug)]
pub(crate) struct Ureq(pub(crate) ureq::Agent);

#[async_trait]
impl HttpTransport for Ureq {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let request = request.map(|body| body.to_vec());
        let request = self.0.configure_request(request).timeout_global(deadline);
        // The client handles error statuses, and redirects must not be followed.
        let request = request.http_status_as_error(false).max_redirects(0).build();
        let (head, body) = self.0.run(request).map_err(transport_error)?.into_parts();
        let body = body.into_with_config().limit(16 << 20).read_to_vec().map_err(transport_error)?;
        Ok(http::Response::from_parts(head, body.into()))
    }
}

#[allow(clippy::needless_pass_by_value)] // `map_err` passes the error by value.
fn transport_error(error: ureq::Error) -> TransportError {
    match error {
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            TransportError::connect(error.to_string())
        }
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            TransportError::connect(error.to_string())
        }
        ureq::Error::Timeout(_) => TransportError::timeout(error.to_string()),
        _ => TransportError::io(error.to_string()),
    }
}
