//! The kinds of errors.

/// The kind of an [`Error`](crate::Error).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument was refused before anything was sent.
    InvalidArgument,
    /// The settings of a client are not valid.
    Configuration,
    /// No access token could be obtained; [`token_error`](crate::Error::token_error) returns the reason.
    Token,
    /// The connection to the server failed. Nothing was sent.
    Connect,
    /// The TLS handshake failed. Nothing was sent.
    Tls,
    /// A time limit passed.
    Timeout,
    /// The connection broke, or the response is not HTTP.
    Transport,
    /// The response exceeds the size limit, or decoding it would allocate more than eight times the limit.
    ResponseTooLarge,
    /// The server answered with 429, or the rate limit requires a longer wait than the call allows. Not for a login that is blocked
    /// (`too_many_attempts`), which is a [`Status`](Self::Status).
    RateLimited,
    /// The pacer granted no permit, because its shared store is unavailable. Nothing was sent.
    Pacing,
    /// The status of the response is not 2xx.
    Status,
    /// The status of the response is 2xx, but its body cannot be decoded.
    Decode,
    /// A list has more entries than the 1000 that the server returns by offset.
    WindowExceeded,
    /// A part of [`everyone`](crate::Call::everyone) cannot be proved complete. The message names it.
    IncompleteList,
    /// The journal of a bulk run cannot be read, written or used.
    Journal,
    /// A list by checkpoint does not end: it returns empty pages only, or repeats an earlier page.
    EndlessList,
}
