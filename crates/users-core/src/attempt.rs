//! One attempt: a request is sent once and its response is read.

use crate::client::{CallOptions, Client};
use crate::clock::Timer;
use crate::deadline::Deadline;
use crate::pacing::Permit;
use crate::response::ResponseLimit;
use crate::transport::{Sent, TransportError, TransportErrorKind};
use bytes::Bytes;
use std::time::Duration;

/// The result of one attempt.
pub(crate) type Attempt = Result<http::Response<Bytes>, TransportError>;

impl Client {
    /// Sends a request once and reads the whole response, within the time and size that are left.
    pub(crate) async fn attempt(
        &self,
        request: http::Request<Bytes>,
        permit: &mut Permit,
        deadline: &Deadline,
        options: &CallOptions,
    ) -> Attempt {
        let clock = &*self.shared.clock;
        let attempt = options.attempt.unwrap_or(self.shared.limits.attempt);
        let time = deadline.left(clock).map_or(attempt, |left| left.min(attempt));
        let limit = options.response.unwrap_or(self.shared.limits.response);
        let mut timer = Timer::new(clock, time);

        let sending = self.shared.transport.send(request, Some(time));
        permit.used();
        let response =
            timer.limit(sending).await.map_err(|_| timed_out(Sent::Maybe, "no response", time))??;
        let (parts, body) = response.into_parts();
        let body = match timer.limit(body.collect(limit)).await {
            Ok(Ok(body)) => body,
            // An error status is reported as such, even if its body cannot be read.
            _ if !parts.status.is_success() => Bytes::new(),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(timed_out(Sent::Yes, "the response was not complete", time)),
        };
        let mut response = http::Response::from_parts(parts, body);
        response.extensions_mut().insert(ResponseLimit(limit));
        Ok(response)
    }
}

fn timed_out(sent: Sent, what: &str, time: Duration) -> TransportError {
    TransportError::new(TransportErrorKind::Timeout, sent, format!("{what} within {} s", time.as_secs_f32()))
}
