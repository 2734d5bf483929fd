//! What a tenant remembers of its requests.

use http::{Method, StatusCode};

/// A request that came to a tenant, and the status of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged {
    /// The method.
    pub method: Method,
    /// The path and query, as they came.
    pub target: String,
    /// The answer's status.
    pub status: StatusCode,
}
