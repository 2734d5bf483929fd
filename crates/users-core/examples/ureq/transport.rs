//! A transport on ureq, which blocks the thread: for programs without an async runtime.

use async_trait::async_trait;
use bytes::Bytes;
use std::io::ErrorKind;
use std::time::Duration;
use users_core::{Body, HttpTransport, Sent, TransportError, TransportErrorKind};

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

/// Classifies an error: what failed, and whether the request may have been sent.
fn transport_error(error: ureq::Error) -> TransportError {
    let (kind, sent, message) = match &error {
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            (TransportErrorKind::Connect, Sent::No, "connecting failed")
        }
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            (TransportErrorKind::Connect, Sent::No, "connecting failed")
        }
        // rustls reports the errors of a handshake as invalid data.
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            (TransportErrorKind::Tls, Sent::No, "the TLS handshake failed")
        }
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
            (TransportErrorKind::Tls, Sent::No, "the TLS handshake failed")
        }
        ureq::Error::Timeout(_) => (TransportErrorKind::Timeout, Sent::Maybe, "the response timed out"),
        _ => (TransportErrorKind::Io, Sent::Maybe, "the connection broke"),
    };
    TransportError::new(kind, sent, message).with_source(error)
}
