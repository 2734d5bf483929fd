//! A transport on reqwest.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use std::error::Error;
use std::time::Duration;
use users_core::{Body, HttpTransport, Sent, TransportError, TransportErrorKind};

/// A transport on a reqwest client, which must not follow redirects: `redirect(reqwest::redirect::Policy::none())`.
#[derive(Debug)]
pub(crate) struct Reqwest(pub(crate) reqwest::Client);

#[async_trait]
impl HttpTransport for Reqwest {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let mut request = reqwest::Request::try_from(request).map_err(sending)?;
        *request.timeout_mut() = deadline;
        let response = self.0.execute(request).await.map_err(sending)?;
        let mut head = http::Response::new(());
        (*head.status_mut(), *head.headers_mut()) = (response.status(), response.headers().clone());
        Ok(head.map(|()| Body::from_stream(response.bytes_stream().map_err(reading))))
    }
}

/// Classifies an error before the response: what failed, and whether the request may have been sent.
fn sending(error: reqwest::Error) -> TransportError {
    let (kind, sent, message) = if error.is_builder() {
        (TransportErrorKind::Invalid, Sent::No, "the request cannot be sent")
    } else if has_tls_error(&error) {
        (TransportErrorKind::Tls, Sent::No, "the TLS handshake failed")
    } else if error.is_connect() && error.is_timeout() {
        (TransportErrorKind::Timeout, Sent::No, "connecting timed out")
    } else if error.is_connect() {
        (TransportErrorKind::Connect, Sent::No, "connecting failed")
    } else if error.is_timeout() {
        (TransportErrorKind::Timeout, Sent::Maybe, "the response timed out")
    } else {
        (TransportErrorKind::Io, Sent::Maybe, "the connection broke before the response")
    };
    transport_error(kind, sent, message, error)
}

/// Classifies an error of the response's body.
fn reading(error: reqwest::Error) -> TransportError {
    let (kind, message) = if error.is_timeout() {
        (TransportErrorKind::Timeout, "the response body timed out")
    } else {
        (TransportErrorKind::Io, "the connection broke before the end of the response body")
    };
    transport_error(kind, Sent::Yes, message, error)
}

/// Keeps the cause without the URL, which may contain an e-mail address in a search query.
fn transport_error(
    kind: TransportErrorKind,
    sent: Sent,
    message: &str,
    error: reqwest::Error,
) -> TransportError {
    TransportError::new(kind, sent, message).with_source(error.without_url())
}

/// Whether TLS failed while connecting.
fn has_tls_error(error: &reqwest::Error) -> bool {
    let mut error: Option<&(dyn Error + 'static)> = error.is_connect().then_some(error);
    while let Some(this) = error {
        if this.is::<rustls::Error>() {
            return true;
        }
        // The TLS error is wrapped in an `io::Error`, whose `source` is that of the wrapped error.
        error = match this.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => this.source(),
        };
    }
    false
}
