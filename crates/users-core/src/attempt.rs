//! One attempt: a request is sent once and its response is read.

use crate::client::Client;
use crate::clock::Timer;
use crate::pacing::Permit;
use crate::response::{RESPONSE_LIMIT, ResponseLimit};
use crate::transport::{Body, Sent, TransportError, TransportErrorKind};
use bytes::Bytes;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

/// The result of one attempt.
pub(crate) type Attempt = Result<http::Response<Bytes>, TransportError>;

/// A request that was handed to the transport.
pub(crate) struct Sending<'a> {
    response: Pin<Box<dyn Future<Output = Result<http::Response<Body>, TransportError>> + Send + 'a>>,
    /// The time limit of the attempt.
    time: Duration,
}

impl Client {
    /// Hands a request to the transport.
    pub(crate) fn start(
        &self,
        request: http::Request<Bytes>,
        permit: &mut Permit,
        time: Duration,
    ) -> Sending<'_> {
        let response = self.shared.transport.send(request, Some(time));
        permit.used();
        Sending { response, time }
    }

    /// Reads the whole response, within the attempt's time and this size.
    pub(crate) async fn receive(&self, sending: &mut Sending<'_>, limit: usize) -> Attempt {
        let time = sending.time;
        let is_enforced = self.shared.transport.enforces_timeout();
        let mut timer = if is_enforced { Timer::never() } else { Timer::new(&*self.shared.clock, time) };
        let response = timer.limit(&mut sending.response).await;
        let (parts, body) = response.map_err(|_| timed_out(Sent::Maybe, "no response", time))??.into_parts();
        let body = match timer.limit(pin!(body.collect(limit))).await {
            Ok(Ok(body)) => body,
            // An error status is reported as such, even if its body cannot be read.
            _ if !parts.status.is_success() => Bytes::new(),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(timed_out(Sent::Yes, "the response was not complete", time)),
        };
        let mut response = http::Response::from_parts(parts, body);
        if limit != RESPONSE_LIMIT {
            response.extensions_mut().insert(ResponseLimit(limit));
        }
        Ok(response)
    }
}

fn timed_out(sent: Sent, what: &str, time: Duration) -> TransportError {
    TransportError::new(TransportErrorKind::Timeout, sent, format!("{what} within {} s", time.as_secs_f32()))
}
