//! A transport on ureq, which blocks: for programs that use no async runtime.

use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;
use users_core::{Body, HttpTransport, Sent, TransportError, TransportErrorKind};

/// ureq as a transport.
#[derive(Debug)]
pub struct Ureq(pub ureq::Agent);

#[async_trait]
impl HttpTransport for Ureq {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let request = request.map(|body| body.to_vec());
        let request = self.0.configure_request(request).timeout_global(deadline);
        // A 404 is an answer like any other, and a redirect is not to be followed.
        let request = request.http_status_as_error(false).max_redirects(0).build();
        let (head, body) = self.0.run(request).map_err(explain)?.into_parts();
        let body = body.into_with_config().limit(16 << 20).read_to_vec().map_err(explain)?;
        Ok(http::Response::from_parts(head, body.into()))
    }
}

fn explain(error: ureq::Error) -> TransportError {
    let (kind, sent) = match &error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => (TransportErrorKind::Connect, Sent::No),
        ureq::Error::Tls(_) => (TransportErrorKind::Tls, Sent::No),
        ureq::Error::Timeout(_) => (TransportErrorKind::Timeout, Sent::Maybe),
        _ => (TransportErrorKind::Io, Sent::Maybe),
    };
    TransportError::new(kind, sent, error.to_string())
}
