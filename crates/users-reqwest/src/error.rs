//! Converting errors of reqwest: what failed, and whether the request was sent.

use http::Uri;
use std::error::Error as StdError;
use std::fmt;
use users_core::{Sent, TransportError, TransportErrorKind, error_chain};

/// The host and port of a request, for messages.
pub(crate) struct Target {
    host: String,
    port: Option<u16>,
}

impl Target {
    pub(crate) fn new(uri: &Uri) -> Self {
        Self { host: uri.host().unwrap_or_default().to_owned(), port: uri.port_u16() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The client could not be built.
pub(crate) fn building(error: reqwest::Error) -> TransportError {
    let message = "the reqwest client cannot be built";
    TransportError::new(TransportErrorKind::Other, Sent::No, message).with_source(error)
}

/// There is no runtime to send a request on.
pub(crate) fn no_runtime() -> TransportError {
    let message = "ReqwestTransport was used outside a tokio runtime";
    TransportError::new(TransportErrorKind::Other, Sent::No, message)
}

/// The URL of a request would not be sent as it is.
pub(crate) fn changed(target: &Target) -> TransportError {
    let message = format!("the path or query of the request to {target} is not one of a normalized URL");
    TransportError::new(TransportErrorKind::Invalid, Sent::No, message)
}

/// The client followed a redirect.
pub(crate) fn redirected(target: &Target) -> TransportError {
    let message =
        format!("the reqwest client followed a redirect of {target}; build it with redirect::Policy::none()");
    TransportError::new(TransportErrorKind::Invalid, Sent::Yes, message)
}

/// Converts an error that occurred before the head of the response.
pub(crate) fn sending(error: reqwest::Error, target: &Target) -> TransportError {
    use TransportErrorKind::{Connect, Invalid, Io, Timeout, Tls};

    if error.is_redirect() {
        return redirected(target).with_source(error.without_url());
    }
    let unsent = is_unsent(&error);
    let maybe = if unsent { Sent::No } else { Sent::Maybe };
    let (kind, sent, message) = if error.is_builder() {
        (Invalid, Sent::No, format!("the request to {target} cannot be sent"))
    } else if error.is_connect() && is_tls(&error) {
        (Tls, Sent::No, format!("no TLS connection to {target}"))
    } else if error.is_connect() && error.is_timeout() {
        (Timeout, Sent::No, format!("there was no connection to {target} in time"))
    } else if error.is_connect() {
        (Connect, Sent::No, format!("no connection to {target}"))
    } else if is_alert(&error) {
        (Tls, maybe, format!("{target} ended the TLS connection, perhaps for the client's certificate"))
    } else if unsent {
        (Io, Sent::No, format!("the connection to {target} broke before the request was sent"))
    } else if is_refused(&error) {
        (Io, Sent::No, format!("{target} did not process the request"))
    } else if error.is_timeout() {
        (Timeout, Sent::Maybe, format!("{target} did not answer in time"))
    } else if find::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse) {
        (Invalid, Sent::Yes, format!("{target} did not answer in HTTP"))
    } else {
        (Io, Sent::Maybe, format!("the connection to {target} broke before it answered"))
    };
    TransportError::new(kind, sent, message).with_source(error.without_url())
}

/// Converts an error of the response's body.
pub(crate) fn reading(error: reqwest::Error, target: &Target) -> TransportError {
    let (kind, message) = if error.is_timeout() {
        (TransportErrorKind::Timeout, format!("the whole response of {target} did not come in time"))
    } else {
        (TransportErrorKind::Io, format!("the response of {target} cannot be read to its end"))
    };
    TransportError::new(kind, Sent::Yes, message).with_source(error)
}

/// Whether hyper returned the request unsent: it reports only such a request as canceled.
fn is_unsent(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled)
}

/// Whether rustls failed.
#[cfg(feature = "rustls-no-provider")]
fn is_tls(error: &reqwest::Error) -> bool {
    find::<rustls::Error>(error).is_some()
}

/// Without rustls, the type of TLS errors is unknown.
#[cfg(not(feature = "rustls-no-provider"))]
fn is_tls(_: &reqwest::Error) -> bool {
    false
}

/// Whether the server ended an open connection by an alert. With TLS 1.3, a client learns that its certificate is not accepted only
/// after it has completed its handshake.
#[cfg(feature = "rustls-no-provider")]
fn is_alert(error: &reqwest::Error) -> bool {
    let Some(error) = find::<std::io::Error>(error) else { return false };
    // HTTP/2 keeps only the text of rustls's error.
    let text = error.to_string();
    let alerts = (0..=u8::MAX).map(|code| rustls::Error::AlertReceived(code.into()));
    alerts.map(|alert| alert.to_string()).any(|alert| alert == text)
}

/// Without rustls, the type of TLS errors is unknown.
#[cfg(not(feature = "rustls-no-provider"))]
fn is_alert(_: &reqwest::Error) -> bool {
    false
}

/// Whether the server reports that it has not processed the request (RFC 9113, section 8.7): h2 fails only the streams above the last id
/// of a GOAWAY with it.
#[cfg(feature = "http2")]
fn is_refused(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).filter(|error| error.is_remote()).is_some_and(|error| {
        error.is_go_away() || error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

/// Only HTTP/2 reports it.
#[cfg(not(feature = "http2"))]
fn is_refused(_: &reqwest::Error) -> bool {
    false
}

/// Finds the error of this type among an error and its causes.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    error_chain(error).find_map(|error| error.downcast_ref())
}
