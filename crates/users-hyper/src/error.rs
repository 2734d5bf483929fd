//! Converting errors of hyper, rustls and proxies: one line with the cause and the host, and whether the request was sent.

#[cfg(feature = "http2")]
use crate::gate::Sending;
use crate::tls::NoRoots;
use rustls::{AlertDescription, CertificateError};
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;
use users_core::{Sent, TransportError, TransportErrorKind, error_chain};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// The error of connecting.
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

    /// The connection ended before it could take a request.
    pub(crate) fn broken(target: &dyn fmt::Display, error: hyper::Error) -> Self {
        if let Some(why) = certificate_rejection(&error) {
            let message = format!("no TLS connection to {target}: {why}");
            return Self { kind: TransportErrorKind::Tls, message, source: Some(error.into()) };
        }
        let why = reason(&error);
        let message = format!("the connection to {target} broke before the request was sent: {why}");
        Self { kind: TransportErrorKind::Io, message, source: Some(error.into()) }
    }

    /// The task that opens the connection was dropped, or panicked.
    pub(crate) fn task_ended(target: &dyn fmt::Display) -> Self {
        let message = format!(
            "no connection to {target}: the tokio runtime is shut down, or does not have I/O and time enabled"
        );
        Self::new(TransportErrorKind::Other, message)
    }

    /// The same error for another request. Its source, which cannot be cloned, is part of the message.
    pub(crate) fn without_source(&self) -> Self {
        Self::new(self.kind, self.message.clone())
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

impl From<ConnectError> for TransportError {
    fn from(error: ConnectError) -> Self {
        let transport_error = Self::new(error.kind, Sent::No, error.message);
        match error.source {
            Some(source) => transport_error.with_source(source),
            None => transport_error,
        }
    }
}

/// The server rejected the client's certificate. It processes a request only after it has verified the certificate.
fn rejected(error: hyper::Error, target: &dyn fmt::Display, why: &str) -> TransportError {
    let message = format!("no TLS connection to {target}: {why}");
    TransportError::new(TransportErrorKind::Tls, Sent::No, message).with_source(error)
}

/// Converts the error of a request that hyper returned unsent.
pub(crate) fn unsent(error: hyper::Error, target: &dyn fmt::Display) -> TransportError {
    if let Some(why) = certificate_rejection(&error) {
        return rejected(error, target, &why);
    }
    let message = format!("the connection to {target} broke before the request was sent: {}", reason(&error));
    TransportError::new(TransportErrorKind::Io, Sent::No, message).with_source(error)
}

/// Converts an error that occurred before the head of the response.
pub(crate) fn sending(error: hyper::Error, target: &dyn fmt::Display) -> TransportError {
    use TransportErrorKind::{Invalid, Io, Other, Timeout};

    // hyper reports only requests that it returns unsent as canceled.
    if error.is_canceled() {
        return unsent(error, target);
    }
    if let Some(why) = certificate_rejection(&error) {
        return rejected(error, target, &why);
    }
    let why = reason(&error);
    let (kind, sent, message) = if error.is_parse() {
        (Invalid, Sent::Yes, format!("{target} did not answer in HTTP: {why}"))
    } else if error.is_incomplete_message() {
        (Io, Sent::Maybe, format!("{target} closed the connection before it answered"))
    } else if error.is_timeout() {
        (Timeout, Sent::Maybe, format!("{target} no longer answers keep-alive pings"))
    } else if error.is_user() {
        (Other, Sent::Maybe, format!("the request to {target} was aborted: {why}"))
    } else {
        (Io, Sent::Maybe, format!("the connection to {target} broke before it answered: {why}"))
    };
    TransportError::new(kind, sent, message).with_source(error)
}

/// Converts an error that occurred before the head of an HTTP/2 response.
#[cfg(feature = "http2")]
pub(crate) fn sending_stream(
    error: hyper::Error,
    target: &dyn fmt::Display,
    progress: &Sending,
) -> TransportError {
    if error.is_canceled() {
        unsent(error, target)
    } else if let Some(refused) = refused(&error, progress) {
        let message = format!("{target} did not process the request ({refused}): {}", reason(&error));
        TransportError::new(TransportErrorKind::Io, Sent::No, message).with_source(error)
    } else if progress.abandon() {
        unsent(error, target)
    } else {
        sending(error, target)
    }
}

/// The frame by which the server reports that it has not processed the request (RFC 9113, section 8.7).
#[cfg(feature = "http2")]
fn refused(error: &hyper::Error, progress: &Sending) -> Option<&'static str> {
    let error = find::<h2::Error>(error).filter(|error| error.is_remote())?;
    if error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM) {
        return Some("REFUSED_STREAM");
    }
    // h2 fails only the streams above the last id of a GOAWAY with it. hyper also reports it for a request whose stream is being
    // opened at that moment, and whose body has not been read.
    (error.is_go_away() && progress.is_begun()).then_some("GOAWAY")
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

/// The time limit passed before a connection was open.
pub(crate) fn not_connected(target: &dyn fmt::Display, time: Option<Duration>) -> TransportError {
    let message = format!("there was no connection to {target} within {:?}", time.unwrap_or_default());
    TransportError::new(TransportErrorKind::Timeout, Sent::No, message)
}

/// The deadline passed before the head of the response.
pub(crate) fn no_answer(target: &dyn fmt::Display, deadline: Option<Duration>) -> TransportError {
    let message = format!("{target} did not answer within {:?}", deadline.unwrap_or_default());
    TransportError::new(TransportErrorKind::Timeout, Sent::Maybe, message)
}

/// The deadline passed before the head of an HTTP/2 response.
#[cfg(feature = "http2")]
pub(crate) fn no_answer_on_stream(
    target: &dyn fmt::Display,
    deadline: Option<Duration>,
    progress: &Sending,
) -> TransportError {
    if !progress.abandon() {
        return no_answer(target, deadline);
    }
    let deadline = deadline.unwrap_or_default();
    let message = format!("{target} allowed no further request on its connection within {deadline:?}");
    TransportError::new(TransportErrorKind::Timeout, Sent::No, message)
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
        rustls::Error::AlertReceived(alert) if ABOUT_THE_CLIENT.contains(alert) => {
            return certificate_reason(*alert);
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

/// The alerts by which a server reports that it does not accept the client's certificate (RFC 8446, section 6.2).
const ABOUT_THE_CLIENT: [AlertDescription; 9] = [
    AlertDescription::CertificateRequired,
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::AccessDenied,
    AlertDescription::DecryptError,
];

fn certificate_reason(alert: AlertDescription) -> String {
    if alert == AlertDescription::CertificateRequired {
        "the server requires a client certificate; set it with client_certificate_pem".to_owned()
    } else {
        format!("the server does not accept the client certificate ({alert:?})")
    }
}

/// Why the server ended a connection, if that was for the client's certificate. With TLS 1.3, a client learns it only after it has
/// completed its handshake.
fn certificate_rejection(error: &hyper::Error) -> Option<String> {
    // HTTP/2 keeps only the text of the error below it.
    let text = find::<io::Error>(error)?.to_string();
    let is_this = |alert: &&AlertDescription| rustls::Error::AlertReceived(**alert).to_string() == text;
    ABOUT_THE_CLIENT.iter().find(is_this).map(|alert| certificate_reason(*alert))
}

/// Finds the error of this type among an error and its causes.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    error_chain(error).find_map(|error| error.downcast_ref())
}

/// The texts of an error and its causes in one line, without repetition.
fn reason(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for more in error_chain(error).map(ToString::to_string) {
        if text.is_empty() {
            text = more;
        } else if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
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
