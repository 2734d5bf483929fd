//! A transport on reqwest.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use std::error::Error;
use std::time::Duration;
use users_core::{Body, HttpTransport, Sent, TransportError, TransportErrorKind};

/// reqwest as a transport. Its client must follow no redirects: `redirect(reqwest::redirect::Policy::none())`.
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

/// Why there is no response: what failed, and whether the request may have been sent.
fn sending(error: reqwest::Error) -> TransportError {
    let (kind, sent, message) = if error.is_builder() {
        (TransportErrorKind::Invalid, Sent::No, "the request cannot be sent")
    } else if has_tls_error(&error) {
        (TransportErrorKind::Tls, Sent::No, "the TLS handshake failed")
    } else if error.is_connect() && error.is_timeout() {
        (TransportErrorKind::Timeout, Sent::No, "there was no connection in time")
    } else if error.is_connect() {
        (TransportErrorKind::Connect, Sent::No, "there is no connection")
    } else if error.is_timeout() {
        (TransportErrorKind::Timeout, Sent::Maybe, "there was no answer in time")
    } else {
        (TransportErrorKind::Io, Sent::Maybe, "the connection broke before it answered")
    };
    explain(kind, sent, message, error)
}

/// Why a response's body ends early.
fn reading(error: reqwest::Error) -> TransportError {
    let (kind, message) = if error.is_timeout() {
        (TransportErrorKind::Timeout, "the response did not come in time")
    } else {
        (TransportErrorKind::Io, "the connection broke before the whole response had come")
    };
    explain(kind, Sent::Yes, message, error)
}

/// Keeps the cause, but not the URL: it may hold a search for somebody's address.
fn explain(kind: TransportErrorKind, sent: Sent, message: &str, error: reqwest::Error) -> TransportError {
    TransportError::new(kind, sent, message).with_source(error.without_url())
}

/// Whether TLS failed while the connection was made.
fn has_tls_error(error: &reqwest::Error) -> bool {
    let mut error: Option<&(dyn Error + 'static)> = error.is_connect().then_some(error);
    while let Some(this) = error {
        if this.is::<rustls::Error>() {
            return true;
        }
        // An `io::Error` wraps TLS's; its `source` is the wrapped error's source.
        error = match this.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => this.source(),
        };
    }
    false
}
