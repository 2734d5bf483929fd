//! Spans and events, where the feature `tracing` is on. They name the operation and its path template, never an id, a query
//! or a token.

#[cfg(feature = "tracing")]
mod on {
    use crate::Descriptor;
    use http::StatusCode;
    use std::future::Future;
    use std::time::Duration;
    use tracing::{Instrument as _, Span};

    pub(crate) fn call(descriptor: &Descriptor, authority: &str) -> Span {
        tracing::info_span!(
            "users.call",
            otel.kind = "client",
            operation = descriptor.name,
            http.request.method = descriptor.method.as_str(),
            url.template = &*descriptor.path,
            server.address = authority,
        )
    }

    pub(crate) fn attempt() -> Span {
        tracing::debug_span!("users.attempt")
    }

    pub(crate) fn within<F: Future>(span: Span, future: F) -> impl Future<Output = F::Output> {
        future.instrument(span)
    }

    pub(crate) fn retry(attempt: u32, pause: Duration, status: Option<StatusCode>) {
        let status = status.map(|status| status.as_u16());
        tracing::debug!(
            attempt,
            pause_ms = pause.as_millis(),
            status,
            "the request is sent again after a pause"
        );
    }

    pub(crate) fn paced(waited: Duration) {
        if !waited.is_zero() {
            tracing::debug!(pause_ms = waited.as_millis(), "the request waited for the rate limit");
        }
    }

    pub(crate) fn renew() {
        tracing::debug!("the access token was refused and is renewed");
    }
}

#[cfg(not(feature = "tracing"))]
mod on {
    use crate::Descriptor;
    use http::StatusCode;
    use std::time::Duration;

    pub(crate) struct Span;

    pub(crate) fn call(_: &Descriptor, _: &str) -> Span {
        Span
    }

    pub(crate) fn attempt() -> Span {
        Span
    }

    pub(crate) fn within<F: Future>(_: Span, future: F) -> F {
        future
    }

    pub(crate) fn retry(_: u32, _: Duration, _: Option<StatusCode>) {}

    pub(crate) fn paced(_: Duration) {}

    pub(crate) fn renew() {}
}

pub(crate) use on::{attempt, call, paced, renew, retry, within};
