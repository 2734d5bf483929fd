//! Converting errors of hyper, rustls and proxies: one line with the cause and the host, and whether the request was sent.

use crate::gate::Sending;
use crate::tls::NoRoots;
use hyper_util::client::legacy;
use rustls::CertificateError;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;
use users_core::{Sent, TransportError, TransportErrorKind};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// The error of connecting. hyper's client wraps it; [`sending`] finds it among the sources.
#[derive(Debug)]
pub(crate) struct ConnectError {
    kind: TransportErrorKind,
    message: String,
    source: Option<BoxError>,
}

impl ConnectError {
    pub(crate) fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    #[cfg(test)]
    pub(crate) fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The connection to the server failed.
    pub(crate) fn dialing(target: &dyn fmt::Display, error: BoxError) -> Self {
        Self::from_source(&format!("no connection to {target}"), error)
    }

    /// The proxy could not be reached, or refused the tunnel.
    pub(crate) fn tunneling(target: &dyn fmt::Display, proxy: &str, error: BoxError) -> Self {
        Self::from_source(&format!("no connection to {target} through the proxy {proxy}"), error)
    }

    /// The TLS handshake failed.
    pub(crate) fn handshake(target: &dyn fmt::Display, error: BoxError) -> Self {
        Self::from_source(&format!("no TLS connection to {target}"), error)
    }

    fn from_source(what: &str, error: BoxError) -> Self {
        let (kind, why) = match find::<rustls::Error>(&*error) {
            Some(tls) => (TransportErrorKind::Tls, tls_reason(tls)),
            None if timed_out(&*error) => (TransportErrorKind::Timeout, reason(&*error)),
            None => (TransportErrorKind::Connect, reason(&*error)),
        };
        Self { kind, message: format!("{what}: {why}"), source: Some(error) }
    }
}

/// Whether no address accepted in time.
fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// An error of hyper's client without its wrappers.
#[derive(Debug)]
struct Unwrapped(legacy::Error);

impl Unwrapped {
    fn inner(&self) -> &(dyn StdError + 'static) {
        let dialing = find::<ConnectError>(&self.0).and_then(StdError::source);
        let hyper = || find::<hyper::Error>(&self.0).map(|error| error as _);
        dialing.or_else(hyper).unwrap_or(&self.0)
    }
}

impl fmt::Display for Unwrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.inner(), f)
    }
}

impl StdError for Unwrapped {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner().source()
    }
}

/// Converts an error that occurred before the response head.
pub(crate) fn sending(error: legacy::Error, target: &dyn fmt::Display, progress: &Sending) -> TransportError {
    use TransportErrorKind::{Connect, Invalid, Io, Other, Timeout};

    let (kind, sent, message) = if let Some(connect) = find::<ConnectError>(&error) {
        (connect.kind, Sent::No, connect.message.clone())
    } else if error.is_connect() {
        (Connect, Sent::No, format!("no connection to {target}: {}", reason(&error)))
    } else if let Some(hyper) = find::<hyper::Error>(&error) {
        let why = reason(hyper);
        // hyper reports only requests that it returns unsent as canceled.
        if hyper.is_canceled() || !progress.is_handed_over() {
            (Io, Sent::No, format!("the connection to {target} broke before the request was sent: {why}"))
        } else if let Some(refused) = refused(hyper, progress) {
            (Io, Sent::No, format!("{target} did not process the request ({refused}): {why}"))
        } else if progress.abandon() {
            (Io, Sent::No, format!("the connection to {target} broke before the request was sent: {why}"))
        } else if hyper.is_parse() {
            (Invalid, Sent::Yes, format!("{target} did not answer in HTTP: {why}"))
        } else if hyper.is_incomplete_message() {
            (Io, Sent::Maybe, format!("{target} closed the connection before it answered"))
        } else if hyper.is_timeout() {
            (Timeout, Sent::Maybe, format!("{target} no longer answers keep-alive pings"))
        } else if hyper.is_user() {
            (Other, Sent::Maybe, format!("the request to {target} was aborted: {why}"))
        } else {
            (Io, Sent::Maybe, format!("the connection to {target} broke before it answered: {why}"))
        }
    } else {
        (Invalid, Sent::No, format!("the request to {target} cannot be sent: {}", reason(&error)))
    };
    TransportError::new(kind, sent, message).with_source(Unwrapped(error))
}

/// The frame by which the server reports that it has not processed the request (RFC 9113, section 8.7).
fn refused(error: &hyper::Error, progress: &Sending) -> Option<&'static str> {
    let frame = refusing_frame(error)?;
    // h2 fails only the streams above the last id of a GOAWAY with it. hyper also reports it for a request whose stream is being
    // opened at that moment, and whose body has not been read.
    (frame != GO_AWAY || progress.is_begun()).then_some(frame)
}

const GO_AWAY: &str = "GOAWAY";

#[cfg(feature = "http2")]
fn refusing_frame(error: &hyper::Error) -> Option<&'static str> {
    let error = find::<h2::Error>(error).filter(|error| error.is_remote())?;
    if error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM) {
        return Some("REFUSED_STREAM");
    }
    error.is_go_away().then_some(GO_AWAY)
}

#[cfg(not(feature = "http2"))]
fn refusing_frame(_: &hyper::Error) -> Option<&'static str> {
    None
}

/// The deadline passed before a connection was free.
pub(crate) fn no_free_connection(
    target: &dyn fmt::Display,
    deadline: Option<Duration>,
    cap: usize,
) -> TransportError {
    let deadline = deadline.unwrap_or_default();
    let message = format!(
        "all {cap} connections were in use for {deadline:?}, so nothing was sent to {target}; see max_connections"
    );
    TransportError::new(TransportErrorKind::Timeout, Sent::No, message)
}

/// The deadline passed before the response head.
pub(crate) fn head_timed_out(
    target: &dyn fmt::Display,
    deadline: Option<Duration>,
    progress: &Sending,
) -> TransportError {
    let deadline = deadline.unwrap_or_default();
    let (sent, what) = if !progress.is_handed_over() {
        (Sent::No, format!("there was no connection to {target} within {deadline:?}"))
    } else if progress.abandon() {
        (Sent::No, format!("{target} allowed no further request on its connection within {deadline:?}"))
    } else {
        (Sent::Maybe, format!("{target} did not answer within {deadline:?}"))
    };
    TransportError::new(TransportErrorKind::Timeout, sent, what)
}

/// The deadline passed before the end of the body.
pub(crate) fn body_timed_out(target: &dyn fmt::Display) -> TransportError {
    let message = format!("the deadline passed before the whole response of {target} had come");
    TransportError::new(TransportErrorKind::Timeout, Sent::Yes, message)
}

/// Converts an error of the body's connection.
pub(crate) fn reading(error: hyper::Error, target: &dyn fmt::Display) -> TransportError {
    let cut_short = error.is_incomplete_message()
        || find::<io::Error>(&error).is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
    let message = if cut_short {
        format!("the connection to {target} closed before the whole response had come")
    } else {
        format!("the connection to {target} broke before the whole response had come: {}", reason(&error))
    };
    TransportError::new(TransportErrorKind::Io, Sent::Yes, message).with_source(error)
}

/// Converts an error of decompression: the body is not gzip, or reading it failed, in which case that error is returned.
#[cfg(feature = "gzip")]
pub(crate) fn decoding(error: io::Error, target: &dyn fmt::Display) -> TransportError {
    let error = match error.downcast::<TransportError>() {
        Ok(error) => return error,
        Err(error) => error,
    };
    let message = if error.kind() == io::ErrorKind::UnexpectedEof {
        format!("the gzip data of {target} ended too early")
    } else {
        format!("the gzip data of {target} cannot be read: {}", reason(&error))
    };
    TransportError::new(TransportErrorKind::Io, Sent::Yes, message).with_source(error)
}

fn tls_reason(error: &rustls::Error) -> String {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };

    let certificate = match error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::InvalidMessage(_) => {
            return one_line(&format!("the server does not speak TLS ({error})"));
        }
        rustls::Error::Other(other) if other.0.is::<NoRoots>() => return one_line(&other.0.to_string()),
        error => return one_line(&error.to_string()),
    };
    match certificate {
        // A bad signature comes from an authority of the same name with another key.
        UnknownIssuer | BadSignature => {
            "the certificate comes from an authority that is not trusted here".to_owned()
        }
        NotValidForName | NotValidForNameContext { .. } => {
            one_line(&format!("the certificate is for another name ({certificate})"))
        }
        Expired | ExpiredContext { .. } => one_line(&format!("the certificate has expired ({certificate})")),
        NotValidYet | NotValidYetContext { .. } => {
            one_line(&format!("the certificate is not valid yet ({certificate})"))
        }
        certificate => one_line(&format!("the certificate cannot be trusted ({certificate})")),
    }
}

/// Finds the error of this type among an error and its sources.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut error = Some(error);
    while let Some(this) = error {
        if let Some(found) = this.downcast_ref() {
            return Some(found);
        }
        error = source_of(this);
    }
    None
}

/// The source of an error. An `io::Error` skips the error that it wraps, so that one is returned.
fn source_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The texts of an error and its sources in one line, without repetition.
fn reason(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut error = source_of(error);
    while let Some(this) = error {
        let more = this.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        error = source_of(this);
    }
    one_line(&text)
}

/// A text of limited length without control characters: some texts come from the server.
fn one_line(text: &str) -> String {
    const MAX_LENGTH: usize = 300;
    let mut line: String =
        text.chars().take(MAX_LENGTH).map(|char| if char.is_control() { ' ' } else { char }).collect();
    if text.chars().nth(MAX_LENGTH).is_some() {
        line.push('…');
    }
    line
}
