//! The transport: converts requests and responses, and checks that they are what was sent.

use crate::error::{self, Target};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use std::fmt;
use std::time::Duration;
use tokio::runtime::Handle;
use users_core::{Body, HttpTransport, TransportError};

/// Sends requests with a [`reqwest::Client`]. Clones share its pool of connections.
///
/// It must be used inside a tokio runtime with I/O and time enabled, the same one for all requests, as reqwest requires.
///
/// # What the client must not do
///
/// - Follow redirects, which sends the access token to another place: `redirect(reqwest::redirect::Policy::none())`. A response that comes
///   from another URL than that of the request is an error.
/// - Repeat requests: `retry(reqwest::retry::never())`. By default, reqwest repeats those that an HTTP/2 server reports as not processed,
///   which is safe, but is not counted as an attempt.
///
/// [`from_builder`](Self::from_builder) sets both; [`new`](Self::new) takes a client as it is.
///
/// # Timeouts
///
/// The timeout of an attempt covers connecting, the response and its body, and replaces that of the client. reqwest has no limit for
/// connecting for a single request, so [`ConnectTimeout`](users_core::ConnectTimeout) is ignored; the client's
/// [`connect_timeout`](reqwest::ClientBuilder::connect_timeout) applies. It should be shorter than the timeout of an attempt: an attempt
/// that ends while it connects may, as far as reqwest reports, have been sent, and a write is then not repeated.
///
/// # Errors
///
/// A failed TLS handshake is of kind [`Tls`](users_core::TransportErrorKind::Tls) if reqwest uses rustls. With another TLS library it is of
/// kind [`Connect`](users_core::TransportErrorKind::Connect), which is retried. Causes are kept, without the URL of the request.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// Creates a transport on an existing client, which must neither follow redirects nor repeat requests.
    ///
    /// ```
    /// let client = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .retry(reqwest::retry::never())
    ///     .build()?;
    /// let transport = users_reqwest::ReqwestTransport::new(client);
    /// # let _ = transport;
    /// # Ok::<(), reqwest::Error>(())
    /// ```
    pub fn new(client: reqwest::Client) -> Self {
        Self { client }
    }

    /// Creates a transport on a new client that follows no redirect and repeats no request.
    ///
    /// # Errors
    ///
    /// Of kind [`Other`](users_core::TransportErrorKind::Other), if the client cannot be built.
    pub fn from_builder(builder: reqwest::ClientBuilder) -> Result<Self, TransportError> {
        let builder = builder.redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
        builder.build().map(Self::new).map_err(error::building)
    }
}

impl From<reqwest::Client> for ReqwestTransport {
    fn from(client: reqwest::Client) -> Self {
        Self::new(client)
    }
}

// The client's own output contains its default headers.
impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpTransport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        // reqwest panics without a runtime.
        if Handle::try_current().is_err() {
            return Err(error::no_runtime());
        }
        let target = Target::new(request.uri());
        let mut request = convert(request, &target)?;
        *request.timeout_mut() = timeout;
        let url = request.url().clone();
        let response = self.client.execute(request).await.map_err(|error| error::sending(error, &target))?;
        if *response.url() != url {
            return Err(error::redirected(&target));
        }
        let response = http::Response::<reqwest::Body>::from(response);
        Ok(response.map(|body| Body::from_http_body(body, move |error| error::reading(error, &target))))
    }

    fn enforces_timeout(&self) -> bool {
        true
    }
}

/// Converts a request whose URL reqwest sends unchanged.
fn convert(mut request: http::Request<Bytes>, target: &Target) -> Result<reqwest::Request, TransportError> {
    let uri = request.uri().clone();
    if request.body().is_empty() && matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) {
        // hyper would omit it, and some servers require it.
        request.headers_mut().entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
    }
    let request = reqwest::Request::try_from(request).map_err(|error| error::sending(error, target))?;
    // A URL, unlike a URI, has no dot segments, and `\` is `/` in it.
    if (request.url().path(), request.url().query()) == (uri.path(), uri.query()) {
        Ok(request)
    } else {
        Err(error::changed(target))
    }
}
