//! A transport on a `tower` service.

use super::HttpTransport;
use super::body::Body;
use super::error::{Sent, TransportError, TransportErrorKind};
use crate::clock::{Clock, SystemClock, Timer};
use crate::error_chain::error_chain;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::poll_fn as poll_stream;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::io;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tower_service::Service;

type BoxError = Box<dyn StdError + Send + Sync>;

/// A transport on a `tower` service for HTTP, such as hyper-util's client or a stack of layers.
///
/// `B` is the service's type of request bodies, made from [`Bytes`]; it is usually inferred. Each request is sent by a clone of the
/// service, which is awaited until it is ready.
///
/// ```
/// use users_core::{ManagementClient, TowerTransport};
///
/// # #[derive(Clone)]
/// # struct Canned;
/// # impl tower_service::Service<http::Request<http_body_util::Full<bytes::Bytes>>> for Canned {
/// #     type Response = http::Response<http_body_util::Full<bytes::Bytes>>;
/// #     type Error = std::convert::Infallible;
/// #     type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
/// #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
/// #         std::task::Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, _: http::Request<http_body_util::Full<bytes::Bytes>>) -> Self::Future {
/// #         std::future::ready(Ok(http::Response::new(r#"{"user_id":"auth0|1"}"#.into())))
/// #     }
/// # }
/// # let service = Canned;
/// let client = ManagementClient::builder(TowerTransport::new(service)).domain("tenant.eu.auth0.com").token("token").build()?;
/// # let user = futures_executor::block_on(client.users().get("auth0|1").send())?;
/// # assert!(user.user_id.is_some());
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// # What the service must do
///
/// It sends a request exactly once: the client decides what is safe to repeat, so a retry layer has no place in it. It follows no
/// redirect, which would send the access token to another host. It returns compressed responses decompressed, if it requests them.
///
/// The timeout of an attempt covers the wait for readiness, the response and its body, and is enforced by this transport. A
/// [`ConnectTimeout`](super::ConnectTimeout) is passed to the service in the extensions of the request; unless the service applies it,
/// it has no effect, and a limit for connecting is set on the service itself.
///
/// # Errors
///
/// - A service that is not ready at the timeout, or whose readiness fails, has not taken the request: [`Sent::No`], so that the
///   request may be repeated with any method.
/// - If the service's error is or contains a [`TransportError`], its kind and [`Sent`] are used. `map_err` of tower's
///   `ServiceExt` is the place to state them, for example for a failed TLS handshake, or for a request that a load shedding layer
///   refuses. [`error_chain`] finds the causes.
/// - A refused connection is of kind [`Connect`](TransportErrorKind::Connect) and `Sent::No`. Any other error is of kind
///   [`Timeout`](TransportErrorKind::Timeout) or [`Io`](TransportErrorKind::Io), and [`Sent::Maybe`]: an error of unknown type does
///   not prove that nothing was sent.
/// - An error of the body is [`Sent::Yes`].
pub struct TowerTransport<S, B> {
    /// Locked to be cloned only, so that a service need not be `Sync`.
    service: Mutex<S>,
    clock: Option<Arc<dyn Clock>>,
    body: PhantomData<fn() -> B>,
}

impl<S, B> TowerTransport<S, B> {
    /// Creates a transport on a service.
    pub fn new(service: S) -> Self
    where
        Self: HttpTransport,
    {
        Self { service: Mutex::new(service), clock: None, body: PhantomData }
    }

    /// Sets the clock of timeouts, which clients on this transport use too. A service that requires the timers of a runtime needs the
    /// clock of that runtime. Defaults to [`SystemClock`], which needs none.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }
}

impl<S: Clone, B> TowerTransport<S, B> {
    fn service(&self) -> S {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn timer(&self, time: Duration) -> Timer<'static> {
        match &self.clock {
            Some(clock) => Timer::started(&**clock, time),
            None => Timer::started(&SystemClock::new(), time),
        }
    }
}

impl<S: Clone, B> Clone for TowerTransport<S, B> {
    fn clone(&self) -> Self {
        Self { service: Mutex::new(self.service()), clock: self.clock.clone(), body: PhantomData }
    }
}

impl<S, B> fmt::Debug for TowerTransport<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerTransport").field("clock", &self.clock).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S, B, R> HttpTransport for TowerTransport<S, B>
where
    S: Service<http::Request<B>, Response = http::Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: From<Bytes> + Send + 'static,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let mut timer = timeout.map_or_else(Timer::never, |time| self.timer(time));
        let mut service = self.service();
        let ready = poll_fn(|context| service.poll_ready(context).map_err(Into::into));
        match timer.limit(ready).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(not_ready(error)),
            Err(_) => return Err(timed_out(Sent::No, "the service was not ready", timeout)),
        }
        let response = timer.limit(pin!(service.call(request.map(B::from)))).await;
        match response.map(|response| response.map_err(Into::into)) {
            Ok(Ok(response)) => Ok(response.map(|body| limited(body, timer, timeout))),
            Ok(Err(error)) => Err(sending(error)),
            Err(_) => Err(timed_out(Sent::Maybe, "the service returned no response", timeout)),
        }
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        self.clock.clone()
    }

    fn enforces_timeout(&self) -> bool {
        true
    }
}

/// The body of a response, read until the timer fires.
fn limited<R>(body: R, mut timer: Timer<'static>, timeout: Option<Duration>) -> Body
where
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let mut reading = Some(Body::from_http_body(body, |error| reading_failed(error.into())));
    Body::from_stream(poll_stream(move |context| {
        let Some(body) = &mut reading else { return Poll::Ready(None) };
        // A body that is always ready would otherwise be read past the timeout.
        if timer.poll(context).is_pending() {
            return pin!(body.next_chunk()).poll(context);
        }
        reading = None;
        Poll::Ready(Some(Err(timed_out(Sent::Yes, "the response was not complete", timeout))))
    }))
}

/// Converts an error of a service that has not taken the request.
fn not_ready(error: BoxError) -> TransportError {
    let (kind, _) = classify(&*error);
    TransportError::new(kind, Sent::No, "the service is not ready").with_source(error)
}

/// Converts an error that occurred before the head of the response.
fn sending(error: BoxError) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(error) => *error,
        Err(error) => {
            let (kind, sent) = classify(&*error);
            TransportError::new(kind, sent, "the service returned no response").with_source(error)
        }
    }
}

/// Converts an error of the body.
fn reading_failed(error: BoxError) -> TransportError {
    let (kind, _) = classify(&*error);
    TransportError::new(kind, Sent::Yes, "the response cannot be read to its end").with_source(error)
}

/// What the causes of an error prove.
fn classify(error: &(dyn StdError + 'static)) -> (TransportErrorKind, Sent) {
    let proof = error_chain(error).find_map(|error| {
        if let Some(error) = error.downcast_ref::<TransportError>() {
            return Some((error.kind(), error.sent()));
        }
        match error.downcast_ref::<io::Error>()?.kind() {
            io::ErrorKind::ConnectionRefused => Some((TransportErrorKind::Connect, Sent::No)),
            io::ErrorKind::TimedOut => Some((TransportErrorKind::Timeout, Sent::Maybe)),
            _ => None,
        }
    });
    proof.unwrap_or((TransportErrorKind::Io, Sent::Maybe))
}

fn timed_out(sent: Sent, what: &str, timeout: Option<Duration>) -> TransportError {
    let message = format!("{what} within {:?}", timeout.unwrap_or_default());
    TransportError::new(TransportErrorKind::Timeout, sent, message)
}
