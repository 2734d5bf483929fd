//! The log of a tenant's requests.

use http::{Method, StatusCode};

/// A request to a tenant, and the status of its response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged {
    /// The method.
    pub method: Method,
    /// The path and query, as they were received.
    pub target: String,
    /// The status of the response.
    pub status: StatusCode,
}

/// The number of requests that are kept.
const CAPACITY: usize = 100_000;

/// The first requests to a tenant.
#[derive(Default)]
pub(crate) struct Log(Vec<Logged>);

impl Log {
    /// Adds a request unless the log is full.
    pub(crate) fn push(&mut self, method: Method, target: String, status: StatusCode) {
        if self.0.len() < CAPACITY {
            self.0.push(Logged { method, target, status });
        }
    }

    pub(crate) fn entries(&self) -> &[Logged] {
        &self.0
    }
}
