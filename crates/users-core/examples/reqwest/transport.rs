//! A transport on reqwest.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use std::time::Duration;
use users_core::{Body, HttpTransport, TransportError};

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
        let mut request = reqwest::Request::try_from(request).map_err(explain)?;
        *request.timeout_mut() = deadline;
        let response = self.0.execute(request).await.map_err(explain)?;
        let mut head = http::Response::new(());
        (*head.status_mut(), *head.headers_mut()) = (response.status(), response.headers().clone());
        Ok(head.map(|()| Body::from_stream(response.bytes_stream().map_err(explain))))
    }
}

fn explain(error: reqwest::Error) -> TransportError {
    let (connect, timeout) = (error.is_connect() || error.is_builder(), error.is_timeout());
    // The URL may hold a search for somebody's address.
    let message = error.without_url().to_string();
    match (connect, timeout) {
        (true, _) => TransportError::connect(message),
        (_, true) => TransportError::timeout(message),
        _ => TransportError::io(message),
    }
}
