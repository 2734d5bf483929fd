//! Why a transport has no response.

use crate::error_chain::MOST_CAUSES;
use std::error::Error as StdError;
use std::fmt;

/// The kind of a [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: the name did not resolve, or the server or a proxy refused the connection.
    Connect,
    /// A time limit passed.
    Timeout,
    /// The TLS handshake failed: unknown authority, wrong name or expired certificate.
    Tls,
    /// The connection broke.
    Io,
    /// The request or the response is not valid HTTP, or not supported by the transport.
    Invalid,
    /// The response is larger than the limit.
    TooLarge,
    /// Any other failure.
    Other,
}

/// Whether a request was sent before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sent {
    /// No byte of the request can have reached the server.
    No,
    /// The request may have reached the server, in part or in full.
    Maybe,
    /// The server responded, at least in part.
    Yes,
}

/// The error of a transport: there is no complete response.
///
/// The message may include the texts of its causes. [`source`](StdError::source) then returns only the texts that it does not
/// include, so that a reporter that prints the chain shows each cause once. [`cause`](Self::cause) returns the causes themselves.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    sent: Sent,
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    source: Source,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Source::Cause => self.cause(),
            Source::Links(links) => links.as_ref().map(|link| link as _),
        }
    }
}

/// What `source` returns: the cause itself, or the texts of the causes that do not repeat another.
#[derive(Debug)]
enum Source {
    Cause,
    Links(Option<Link>),
}

/// The text of a cause, as a link of a chain.
#[derive(Debug)]
pub(crate) struct Link {
    text: String,
    next: Option<Box<Link>>,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Link {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.next.as_deref().map(|next| next as _)
    }
}

impl Source {
    fn new(message: &str, cause: &(dyn StdError + 'static)) -> Self {
        let mut texts = vec![message.to_owned()];
        let mut is_repeated = false;
        let mut next = Some(cause);
        while let Some(this) = next.filter(|_| texts.len() < MOST_CAUSES) {
            let text = this.to_string();
            if texts.iter().any(|earlier| earlier.contains(&text)) {
                is_repeated = true;
            } else {
                texts.push(text);
            }
            next = this.source();
        }
        if !is_repeated {
            return Self::Cause;
        }
        Self::Links(Link::chain(texts.into_iter().skip(1).collect()))
    }
}

impl Link {
    /// Links these texts; `None` if there are none.
    pub(crate) fn chain(texts: Vec<String>) -> Option<Self> {
        let link = |next: Option<Self>, text: String| Some(Self { text, next: next.map(Box::new) });
        texts.into_iter().rev().fold(None, link)
    }
}

impl TransportError {
    /// Creates an error. The message must not contain secrets: it appears in logs.
    pub fn new(kind: TransportErrorKind, sent: Sent, message: impl Into<String>) -> Self {
        Self { kind, sent, message: message.into(), cause: None, source: Source::Cause }
    }

    /// Sets the cause of this error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause = source.into();
        self.source = Source::new(&self.message, &*cause);
        self.cause = Some(cause);
        self
    }

    /// Creates an error of kind [`Connect`](TransportErrorKind::Connect): nothing was sent.
    pub fn connect(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Connect, Sent::No, message)
    }

    /// Creates an error of kind [`Timeout`](TransportErrorKind::Timeout): the request may have been sent.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Timeout, Sent::Maybe, message)
    }

    /// Creates an error of kind [`Io`](TransportErrorKind::Io): the request may have been sent.
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Io, Sent::Maybe, message)
    }

    /// Returns the cause of this error, of its original type.
    pub fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether the request was sent.
    pub fn sent(&self) -> Sent {
        self.sent
    }
}
