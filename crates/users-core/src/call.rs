//! A call that has not been sent yet.

use crate::base_url::BaseUrl;
use crate::client::{CallOptions, Client};
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation::Operation;
use crate::rate_limit::RateLimit;
use crate::request;
use crate::retry::Retry;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use std::fmt::{self, Display};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use users_model::Secret;

/// A call as a value: set options on it, then `.await` it, [`send`](Self::send) it, or convert it
/// [into a request](Self::into_request). A clone is an independent call.
///
/// ```
/// # use users_core::management::UsersManager;
/// # async fn example(users: UsersManager) -> Result<(), users_core::Error> {
/// let user = users.get("auth0|507f1f77bcf86cd799439020").await?;
///
/// let maybe = users.get("auth0|507f1f77bcf86cd799439020").optional().await?;
///
/// let response = users
///     .get("auth0|507f1f77bcf86cd799439020")
///     .timeout(std::time::Duration::from_secs(5))
///     .header("x-correlation-id", "checkout-42")
///     .with_meta()
///     .await?;
/// println!("{} {:?}", response.status, response.rate_limit());
/// # let _ = (user, maybe);
/// # Ok(())
/// # }
/// ```
///
/// # Futures
///
/// A call is not a future but converts into one, a [`CallFuture`]. Pass `.into_future()` or `.send()` to functions that take a future,
/// as `tokio::spawn` and `join_all` do.
///
/// # Cancellation
///
/// Dropping a call sends nothing. Dropping its future cancels it. If it was waiting for a token or for the rate limit, nothing
/// was sent, and its permit goes to the next call. If the request was sent, a write may be carried out all the same, and no error
/// reports it: treat it like a call whose error [`may_have_been_applied`](Error::may_have_been_applied), and read before you
/// write again. The client, its token, its pacer and its connections are not affected.
#[must_use = "a call does nothing until it is awaited or sent"]
#[derive(Clone)]
pub struct Call<O: Operation> {
    client: Client,
    /// An error where an argument was refused.
    operation: Result<O, Arc<Error>>,
    options: CallOptions,
}

impl<O: Operation> Call<O> {
    pub(crate) fn new(client: Client, operation: Result<O, Error>) -> Self {
        Self { client, operation: operation.map_err(Arc::new), options: CallOptions::default() }
    }

    /// Changes the operation, unless an argument was refused already.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut O)) -> Self {
        if let Ok(operation) = &mut self.operation {
            change(operation);
        }
        self
    }

    /// Refuses an argument, unless an earlier one was.
    fn refuse(mut self, error: Error) -> Self {
        self.operation = self.operation.and(Err(Arc::new(error)));
        self
    }

    pub(crate) fn into_parts(self) -> (Client, Result<O, Error>, CallOptions) {
        (self.client, self.operation.map_err(refused::<O>), self.options)
    }

    pub(crate) fn from_parts(client: Client, operation: O, options: CallOptions) -> Self {
        Self { client, operation: Ok(operation), options }
    }

    /// Makes the request of each further attempt anew.
    pub(crate) fn remade_by(
        mut self,
        remake: impl Fn() -> BoxFuture<'static, Result<http::Request<Bytes>, Error>> + Send + Sync + 'static,
    ) -> Self {
        self.options.set().remake = Some(Arc::new(remake));
        self
    }

    /// Sets the time limit of the whole call: waiting for a token and for the rate limit, every attempt and every delay. A call
    /// that would have to wait past it fails at once. No limit unless set.
    pub fn timeout(mut self, overall: Duration) -> Self {
        self.options.set().overall = Some(overall);
        self
    }

    /// Sets the time limit of connecting, for each attempt, where the transport supports it
    /// ([`ConnectTimeout`](crate::ConnectTimeout)).
    pub fn connect_timeout(mut self, connect: Duration) -> Self {
        self.options.set().connect = Some(connect);
        self
    }

    /// Sets the time limit of each attempt, headers and body, from the moment that the transport gets the request. 30 s unless
    /// set.
    pub fn attempt_timeout(mut self, attempt: Duration) -> Self {
        self.options.set().attempt = Some(attempt);
        self
    }

    /// Adds a header, or replaces the client's header of that name. With `Authorization`, the client adds no token of its own.
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match request::header(name, value) {
            Ok((name, value)) => {
                self.options.set().headers.insert(name, value);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Adds a query parameter that the operation does not model, in addition to its own ones. Errors do not show its value if its name is sensitive.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let page = users.get_all().query("new_parameter", true).await?;
    /// # let _ = page;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.options.set().query.push((name.into(), value.to_string()));
        self
    }

    /// Sets a property of the JSON body that the operation does not model, or replaces one of that name. Refused for an operation
    /// whose body is not a JSON object.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::UserUpdate;
    ///
    /// let update = UserUpdate::new().nickname("Ada");
    /// let user = users.update("auth0|1", update).body_property("new_property", ["a", "b"]).await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    pub fn body_property(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match self.options.set().body.insert(name.as_str(), value) {
            Ok(()) => self,
            // serde_json's error may quote a value.
            Err(_) => self.refuse(Error::invalid(format!("{name}: the value cannot be serialized as JSON"))),
        }
    }

    /// Sets the custom domain that e-mails and tickets name (`Auth0-Custom-Domain`). Sent only where the endpoint takes it.
    pub fn custom_domain(mut self, domain: &str) -> Self {
        match HeaderValue::from_str(domain) {
            Ok(value) => {
                self.options.set().custom_domain = Some(value);
                self
            }
            Err(_) => self.refuse(Error::invalid("the custom domain is not a valid header value")),
        }
    }

    /// Sets the retry policy of this call, in place of the client's.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.set().retry = Some(retry);
        self
    }

    /// Overrides whether the request is treated as idempotent. With `true`, a write whose outcome is unknown is repeated after a
    /// 5xx, a timeout or a broken connection; with `false`, no request is.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.options.set().idempotent = Some(idempotent);
        self
    }

    /// Sets the size limit of the response in bytes, decompressed. 16 MiB unless set.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.options.set().response = Some(bytes);
        self
    }

    /// Returns `None` for a 404.
    pub fn optional(self) -> Call<Optional<O>> {
        Call { client: self.client, operation: self.operation.map(Optional), options: self.options }
    }

    /// Returns the value together with the response's status, headers and rate limit.
    pub fn with_meta(self) -> Call<WithMeta<O>> {
        Call { client: self.client, operation: self.operation.map(WithMeta), options: self.options }
    }

    /// Returns the request as it would be sent, except for the access token: for use with another HTTP client.
    ///
    /// The `Debug` output of the request is that of the `http` crate: it shows every header that is not marked as sensitive, and
    /// the body, which may contain a password. Do not log it.
    ///
    /// # Errors
    ///
    /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where an argument was refused.
    pub fn into_request(self) -> Result<http::Request<Bytes>, Error> {
        let operation = self.operation.map_err(refused::<O>)?;
        let request = self.client.prepare(&operation, &self.options);
        request.map_err(|error| error.with_operation(operation.descriptor()))
    }

    /// Sends the call and returns its result. `.await` on the call does the same.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub fn send(self) -> impl Future<Output = Result<O::Output, Error>> + Send + 'static {
        let (client, operation, options) = self.into_parts();
        client.execute(operation, options)
    }
}

impl Client {
    /// Returns a call of this operation, or one that fails if an argument was refused.
    pub(crate) fn call<O: Operation>(&self, operation: Result<O, Error>) -> Call<O> {
        Call::new(self.clone(), operation)
    }
}

impl<O: Operation> IntoFuture for Call<O> {
    type Output = Result<O::Output, Error>;
    type IntoFuture = CallFuture<O::Output>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.send())
    }
}

/// The future of a call, or of an operation that makes several calls.
#[must_use = "a future does nothing until it is awaited"]
pub struct CallFuture<T, E = Error>(Pin<Box<dyn Future<Output = Result<T, E>> + Send>>);

impl<T, E> CallFuture<T, E> {
    pub(crate) fn new(future: impl Future<Output = Result<T, E>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<T, E> Future for CallFuture<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T, E> fmt::Debug for CallFuture<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallFuture(…)")
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

/// The error of a refused argument, which names its operation.
fn refused<O: Operation>(error: Arc<Error>) -> Error {
    let error = Arc::try_unwrap(error).unwrap_or_else(|error| error.without_source());
    match O::STATIC {
        Some(descriptor) => error.with_operation(descriptor),
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

/// An operation that returns the response's status and headers together with the value.
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

/// A value with the status and headers of its response. `Debug` shows the headers' names only, since a server may set cookies.
#[derive(Clone)]
#[non_exhaustive]
pub struct Meta<T> {
    /// The value.
    pub value: T,
    /// The response's status.
    pub status: StatusCode,
    /// The response's headers.
    pub headers: HeaderMap,
}

impl<T> Meta<T> {
    /// Returns the rate limit that the response states.
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
