//! A transport on reqwest.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use std::time::Duration;
use users_core::{Body, HttpTransport, Sent, TransportError, TransportErrorKind};

/// reqwest as a transport. Its client must follow no redirects: `redirect(reqwest::redirect::Policy::none())`.
#[derive(Debug)]
pub struct Reqwest(pub reqwest::Client);

#[async_trait]
impl HttpTransport for Reqwest {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let mut request = reqwest::Request::try_from(request).map_err(explain)?;
        *request.timeout_mut() = deadline;
        let response = self.0.execute(request).await.map_err(explain)?;
        let mut head = http::Response::new(());
        (*head.status_mut(), *head.headers_mut()) = (response.status(), response.headers().clone());
        Ok(head.map(|()| Body::from_stream(response.bytes_stream().map_err(explain))))
    }
}

fn explain(error: reqwest::Error) -> TransportError {
    let (kind, sent) = match () {
        () if error.is_connect() => (TransportErrorKind::Connect, Sent::No),
        () if error.is_builder() => (TransportErrorKind::Invalid, Sent::No),
        () if error.is_timeout() => (TransportErrorKind::Timeout, Sent::Maybe),
        () => (TransportErrorKind::Io, Sent::Maybe),
    };
    // The URL may hold a search for somebody's address.
    TransportError::new(kind, sent, error.without_url().to_string())
}
