//! The kinds of faults.

use http::StatusCode;
use std::time::Duration;

/// A failure of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is refused, and the request is not sent.
    ConnectRefused,
    /// The connection is reset before the request is carried out; the client cannot know that.
    ResetBefore,
    /// The request is carried out, and the connection is reset before the response.
    ResetAfter,
    /// The request is carried out, and there is never a response.
    Hang,
    /// The request is carried out, and the body of the response is truncated.
    Truncated,
    /// The request is carried out, and the response is an HTML page.
    Garbage,
    /// The request is carried out, and the body of the response is sent in pieces over this time.
    SlowBody(Duration),
    /// The request is not carried out, and is answered with this status: with an error of Auth0's form, unless
    /// [`Injected::header`](crate::Injected::header) and [`Injected::body`](crate::Injected::body) say otherwise.
    Status(StatusCode),
    /// The request is not carried out, and is answered after two seconds as a search that took too long: 503, "The query exceeded the
    /// timeout".
    QueryTimeout,
}

impl Fault {
    /// Whether the fault is an answer, which can have headers and a body.
    pub(crate) fn is_answer(self) -> bool {
        matches!(self, Self::Status(_) | Self::QueryTimeout)
    }
}
