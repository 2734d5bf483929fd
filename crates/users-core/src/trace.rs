//! Spans and events of the feature `tracing`, named by OpenTelemetry's conventions for HTTP clients
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>). They contain the operation's name and its path template, but
//! no URL, id, query or token.

#[cfg(feature = "tracing")]
mod on {
    use crate::base_url::BaseUrl;
    use crate::descriptor::Descriptor;
    use crate::error::Error;
    use http::StatusCode;
    use std::fmt::Debug;
    use std::future::Future;
    use std::time::Duration;
    use tracing::field::{Empty, debug};
    use tracing::{Instrument as _, Span};

    /// The span of a call: waiting, attempts and delays.
    pub(crate) fn call(descriptor: &Descriptor) -> Span {
        tracing::info_span!(
            "users.call",
            otel.name = descriptor.name,
            otel.kind = "internal",
            otel.status_code = Empty,
            http.request.method = descriptor.method.as_str(),
            http.response.status_code = Empty,
            url.template = descriptor.path.as_str(),
            "error.type" = Empty,
        )
    }

    /// The span of one attempt. The first is number 1.
    pub(crate) fn attempt(descriptor: &Descriptor, base: &BaseUrl, number: u32) -> Span {
        let span = tracing::info_span!(
            "users.attempt",
            otel.name = %format_args!("{} {}{}", descriptor.method, base.path(), descriptor.path),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = descriptor.method.as_str(),
            http.request.resend_count = Empty,
            http.response.status_code = Empty,
            url.template = %format_args!("{}{}", base.path(), descriptor.path),
            server.address = base.host(),
            server.port = base.port(),
            "error.type" = Empty,
        );
        if number > 1 && !span.is_disabled() {
            span.record("http.request.resend_count", number - 1);
        }
        span
    }

    pub(crate) fn within<F: Future>(span: &Span, future: F) -> impl Future<Output = F::Output> {
        future.instrument(span.clone())
    }

    pub(crate) fn in_scope<T>(span: &Span, run: impl FnOnce() -> T) -> T {
        span.in_scope(run)
    }

    /// Records the status of a response.
    pub(crate) fn answered(span: &Span, status: StatusCode) {
        // Otherwise each field is searched by its name.
        if span.is_disabled() {
            return;
        }
        span.record("http.response.status_code", status.as_u16());
        if status.is_client_error() || status.is_server_error() {
            span.record("error.type", status.as_str());
            span.record("otel.status_code", "ERROR");
        }
    }

    /// Records that there was no response.
    pub(crate) fn failed(span: &Span, kind: &dyn Debug) {
        span.record("error.type", debug(kind));
        span.record("otel.status_code", "ERROR");
    }

    pub(crate) fn retry(attempt: u32, delay: Duration, status: Option<StatusCode>) {
        let status = status.map(|status| status.as_u16());
        tracing::debug!(
            attempt,
            pause_ms = delay.as_millis(),
            http.response.status_code = status,
            "retrying the request after a delay"
        );
    }

    pub(crate) fn paced(waited: Duration) {
        if !waited.is_zero() {
            tracing::debug!(pause_ms = waited.as_millis(), "the request waited for the rate limit");
        }
    }

    pub(crate) fn token_rejected() {
        tracing::debug!("the access token was rejected; renewing it");
    }

    pub(crate) fn token_renewed(lifetime: Option<Duration>) {
        tracing::debug!(lifetime_s = lifetime.map(|lifetime| lifetime.as_secs()), "obtained an access token");
    }

    pub(crate) fn token_not_renewed(error: &Error, old_one_works: bool) {
        tracing::warn!(%error, old_one_works, "the access token could not be renewed");
    }
}

#[cfg(not(feature = "tracing"))]
mod on {
    use crate::base_url::BaseUrl;
    use crate::descriptor::Descriptor;
    use crate::error::Error;
    use http::StatusCode;
    use std::fmt::Debug;
    use std::future::Future;
    use std::time::Duration;

    pub(crate) struct Span;

    pub(crate) fn call(_: &Descriptor) -> Span {
        Span
    }

    pub(crate) fn attempt(_: &Descriptor, _: &BaseUrl, _: u32) -> Span {
        Span
    }

    pub(crate) fn within<F: Future>(_: &Span, future: F) -> F {
        future
    }

    pub(crate) fn in_scope<T>(_: &Span, run: impl FnOnce() -> T) -> T {
        run()
    }

    pub(crate) fn answered(_: &Span, _: StatusCode) {}

    pub(crate) fn failed(_: &Span, _: &dyn Debug) {}

    pub(crate) fn retry(_: u32, _: Duration, _: Option<StatusCode>) {}

    pub(crate) fn paced(_: Duration) {}

    pub(crate) fn token_rejected() {}

    pub(crate) fn token_renewed(_: Option<Duration>) {}

    pub(crate) fn token_not_renewed(_: &Error, _: bool) {}
}

pub(crate) use on::{
    answered, attempt, call, failed, in_scope, paced, retry, token_not_renewed, token_rejected,
    token_renewed, within,
};
