//! A call that has not been made yet.

use crate::base_url::BaseUrl;
use crate::client::{CallOptions, Client};
use crate::descriptor::Descriptor;
use crate::endpoint;
use crate::error::Error;
use crate::operation::Operation;
use crate::rate_limit::RateLimit;
use crate::redact;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;
use users_model::Secret;

/// A call as a value: set options on it, then `.await` it, [`send`](Self::send) it, or take the request out.
///
/// ```
/// # use users_core::management::UsersManager;
/// # async fn story(users: UsersManager) -> Result<(), users_core::Error> {
/// let user = users.get("auth0|507f1f77bcf86cd799439020").await?;
///
/// let maybe = users.get("auth0|507f1f77bcf86cd799439020").optional().await?;
///
/// let answer = users
///     .get("auth0|507f1f77bcf86cd799439020")
///     .timeout(std::time::Duration::from_secs(5))
///     .header("x-correlation-id", "checkout-42")
///     .with_meta()
///     .await?;
/// println!("{} {:?}", answer.status, answer.rate_limit());
/// # let _ = (user, maybe);
/// # Ok(())
/// # }
/// ```
///
/// # Dropping it
///
/// Dropping a call sends nothing. Dropping its future stops it where it is. If it was still waiting for a token or for the rate limit,
/// nothing was sent, and its place goes to the next. If it was sent, nobody can take it back: a write may be carried out all the same,
/// and there is no error to say so. Treat it like one whose
/// [`may_have_been_applied`](Error::may_have_been_applied) is true: look before you write again. The client goes on in every case, with
/// its token, its pace and its connections.
#[must_use = "a call does nothing until it is awaited or sent"]
pub struct Call<O: Operation> {
    client: Client,
    operation: Result<O, Error>,
    options: CallOptions,
}

impl<O: Operation> Call<O> {
    pub(crate) fn new(client: Client, operation: Result<O, Error>) -> Self {
        Self { client, operation, options: CallOptions::default() }
    }

    /// Changes the operation, unless an argument was refused already.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut O)) -> Self {
        if let Ok(operation) = &mut self.operation {
            change(operation);
        }
        self
    }

    pub(crate) fn into_parts(self) -> (Client, Result<O, Error>, CallOptions) {
        (self.client, self.operation, self.options)
    }

    pub(crate) fn from_parts(client: Client, operation: O, options: CallOptions) -> Self {
        Self { client, operation: Ok(operation), options }
    }

    /// How long the whole call may take: waiting for a token and for the rate limit, every attempt and every pause. A call
    /// that would have to wait past it returns at once.
    pub fn timeout(mut self, overall: Duration) -> Self {
        self.options.overall = Some(overall);
        self
    }

    /// How long each attempt may wait for its connection, where the transport can tell ([`ConnectTimeout`](crate::ConnectTimeout)).
    pub fn connect_timeout(mut self, connect: Duration) -> Self {
        self.options.connect = Some(connect);
        self
    }

    /// How long each attempt may take, headers and body, from the moment it goes. 30 s unless set.
    pub fn attempt_timeout(mut self, attempt: Duration) -> Self {
        self.options.attempt = Some(attempt);
        self
    }

    /// Adds a header, or replaces the client's own of that name. With `Authorization`, the client adds no token of its own.
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match endpoint::header(name, value) {
            Ok((name, value)) => {
                self.options.headers.insert(name, value);
            }
            Err(error) => self.operation = self.operation.and(Err(error)),
        }
        self
    }

    /// The custom domain that mails and tickets name (`Auth0-Custom-Domain`). Sent only where the endpoint takes it.
    pub fn custom_domain(mut self, domain: &str) -> Self {
        match HeaderValue::from_str(domain) {
            Ok(value) => self.options.custom_domain = Some(value),
            Err(_) => {
                self.operation =
                    self.operation.and(Err(Error::invalid("the custom domain is no header value")));
            }
        }
        self
    }

    /// Your word on whether the request may be sent twice. With `true`, a write whose fate is unknown is sent again after a
    /// 5xx, a timeout or a broken connection; with `false`, nothing is.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.options.idempotent = Some(idempotent);
        self
    }

    /// How many bytes the answer may have, decoded. 16 MiB unless set.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.options.response = Some(bytes);
        self
    }

    /// Gives a 404 as `None`.
    pub fn optional(self) -> Call<Optional<O>> {
        Call { client: self.client, operation: self.operation.map(Optional), options: self.options }
    }

    /// Gives the value together with the answer's status, headers and rate limit.
    pub fn with_meta(self) -> Call<WithMeta<O>> {
        Call { client: self.client, operation: self.operation.map(WithMeta), options: self.options }
    }

    /// The request, as it would be sent but for the access token, for a transport that is not this client's.
    ///
    /// The `Debug` output of a request is that of the `http` crate: it shows every header that is not marked as sensitive, and the
    /// body, which may hold a password. Do not log it.
    pub fn into_request(self) -> Result<http::Request<Bytes>, Error> {
        let operation = self.operation.map_err(refused::<O>)?;
        let descriptor = operation.descriptor();
        let request = operation.request(&self.client.shared.base).map_err(|error| error.of(descriptor))?;
        Ok(self.client.with_defaults(descriptor, request, &self.options))
    }

    /// Makes the call.
    pub async fn send(self) -> Result<O::Output, Error> {
        let operation = self.operation.map_err(refused::<O>)?;
        let descriptor = operation.descriptor();
        let request = operation.request(&self.client.shared.base).map_err(|error| error.of(descriptor))?;
        let request = self.client.with_defaults(descriptor, request, &self.options);
        let mut sent = Vec::new();
        let received = self.client.run(descriptor, &request, &self.options, &mut sent).await;
        let decoded = received.and_then(|received| {
            O::decode(received.response).map_err(|error| {
                error.of(descriptor).wait(received.retry_after).after(
                    received.attempts,
                    received.elapsed,
                    received.maybe_applied,
                )
            })
        });
        decoded.map_err(|error| {
            let mut secrets = redact::secrets(&request);
            secrets.extend(operation.secrets());
            secrets.extend(sent.iter().map(|token| token.secret().clone()));
            error.without(&secrets)
        })
    }
}

impl<O: Operation> IntoFuture for Call<O> {
    type Output = Result<O::Output, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<O: Operation> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A refused argument as an error that names its operation.
fn refused<O: Operation>(error: Error) -> Error {
    match O::STATIC {
        Some(descriptor) => error.of(descriptor),
        None => error,
    }
}

/// An operation whose 404 is `None`.
#[derive(Clone, Debug)]
pub struct Optional<O>(O);

impl<O: Operation> Operation for Optional<O> {
    type Output = Option<O::Output>;

    const STATIC: Option<&'static Descriptor> = O::STATIC;

    fn descriptor(&self) -> &Descriptor {
        self.0.descriptor()
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        self.0.request(base)
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.secrets()
    }

    fn decode(response: http::Response<Bytes>) -> Result<Self::Output, Error> {
        if response.status() == StatusCode::NOT_FOUND { Ok(None) } else { O::decode(response).map(Some) }
    }
}

/// An operation that gives its answer's status and headers beside the value.
#[derive(Clone, Debug)]
pub struct WithMeta<O>(O);

impl<O: Operation> Operation for WithMeta<O> {
    type Output = Meta<O::Output>;

    const STATIC: Option<&'static Descriptor> = O::STATIC;

    fn descriptor(&self) -> &Descriptor {
        self.0.descriptor()
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        self.0.request(base)
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.secrets()
    }

    fn decode(response: http::Response<Bytes>) -> Result<Self::Output, Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Meta { value: O::decode(response)?, status, headers })
    }
}

/// A value, and the answer that it came in. `Debug` shows the headers' names only, since a server may set cookies.
#[derive(Clone)]
#[non_exhaustive]
pub struct Meta<T> {
    /// What the operation gives.
    pub value: T,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
}

impl<T> Meta<T> {
    /// What the answer said of the rate limit.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        RateLimit::from_headers(&self.headers)
    }
}

impl<T: fmt::Debug> fmt::Debug for Meta<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish()
    }
}
