//! The log of a tenant's requests.

use crate::encoding::properties;
use crate::tenant::object::string;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use users_core::{Api, CATALOGUE, Descriptor};

/// A request to a tenant, and the status of its response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged {
    /// The method.
    pub method: Method,
    /// The path and query, as they were received.
    pub target: String,
    /// The body of the request; empty once the log holds 16 MiB of bodies.
    pub body: Bytes,
    /// The status of the response.
    pub status: StatusCode,
}

impl Logged {
    /// A request that a server logs itself.
    ///
    /// ```
    /// let request = users_mock::Logged::new(http::Method::GET, "/api/v2/users/auth0%7C1", "", http::StatusCode::OK);
    /// assert_eq!(request.operation(), Some("users.get"));
    /// ```
    pub fn new(
        method: Method,
        target: impl Into<String>,
        body: impl Into<Bytes>,
        status: StatusCode,
    ) -> Self {
        Self { method, target: target.into(), body: body.into(), status }
    }

    /// The name of the operation that makes a request like this, such as `users.get`; `None` if there is none.
    pub fn operation(&self) -> Option<&'static str> {
        let path = self.target.split('?').next().unwrap_or_default();
        let (api, path) = match path.strip_prefix("/api/v2") {
            Some(below) => (Api::Management, below),
            None => (Api::Authentication, path),
        };
        let is_of = |descriptor: &&&Descriptor| {
            descriptor.api == api
                && descriptor.method == self.method
                && descriptor.path.matches(path).is_some()
                && (descriptor.distinguished_by.is_empty() || self.has_properties(descriptor))
        };
        CATALOGUE.iter().find(is_of).map(|descriptor| descriptor.name)
    }

    /// Whether the body has the values that tell operations on the same endpoint apart.
    fn has_properties(&self, descriptor: &Descriptor) -> bool {
        let body = properties(&self.body);
        descriptor
            .distinguished_by
            .iter()
            .all(|(name, values)| string(&body, name).is_some_and(|value| values.contains(&value.as_str())))
    }

    /// Parses the body of the request as JSON.
    ///
    /// # Errors
    ///
    /// If the body is not JSON, or not that of the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// The number of requests that are kept.
const CAPACITY: usize = 100_000;

/// The number of bytes of bodies that are kept.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The first requests to a tenant.
#[derive(Default)]
pub(crate) struct Log {
    entries: Vec<Logged>,
    bytes: usize,
}

impl Log {
    /// Adds a request unless the log is full.
    pub(crate) fn push(&mut self, mut entry: Logged) {
        if self.entries.len() >= CAPACITY {
            return;
        }
        if self.bytes.saturating_add(entry.body.len()) > MOST_BYTES {
            entry.body = Bytes::new();
        }
        self.bytes += entry.body.len();
        self.entries.push(entry);
    }

    pub(crate) fn entries(&self) -> &[Logged] {
        &self.entries
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
