//! The access log.

use crate::disconnect::Disconnect;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::header::HOST;
use http::uri::Authority;
use std::fmt;
use users_core::model::Timestamp;
use users_core::{Clock as _, Instant, SystemClock};
use users_mock::Scrub;

/// A line of the access log.
pub(crate) struct Line {
    started: Instant,
    clock: SystemClock,
    request: http::Request<Bytes>,
    host: String,
}

impl Line {
    pub(crate) fn begin(request: &Request) -> Self {
        let clock = SystemClock::new();
        let mut logged = http::Request::new(Bytes::new());
        *logged.method_mut() = request.method().clone();
        *logged.uri_mut() = request.uri().clone();
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host = request.uri().authority().map_or(host, Authority::as_str).to_owned();
        Self { started: clock.now(), clock, request: logged, host }
    }

    /// The time, host, method, path and query without secrets, status, and milliseconds.
    pub(crate) fn end(&self, response: &Response) -> String {
        let time = Timestamp::from(self.clock.unix_now());
        let target = Scrub::Secrets.exchange(&self.request, &http::Response::default()).target;
        let took = self.clock.now().saturating_since(self.started).as_secs_f64() * 1e3;
        let status: &dyn fmt::Display = match response.extensions().get::<Disconnect>() {
            Some(Disconnect) => &"-",
            None => &response.status().as_u16(),
        };
        format!("{} {} {} {target} {status} {took:.1} ms", time.as_str(), self.host, self.request.method())
    }
}
