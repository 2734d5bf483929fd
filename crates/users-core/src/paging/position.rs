//! Where a stream over a list stands, to be stored.

use super::Paged;
use super::options::ListPage;
use crate::client::{CallOptions, Client};
use crate::error::Error;
use flate2::Crc;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The version of the format.
const VERSION: u32 = 1;

/// The query parameters that select a page.
const PAGE_PARAMETERS: [&str; 5] = ["page", "per_page", "include_totals", "from", "take"];

/// Where an [`Items`](super::Items) or a [`Pages`](super::Pages) stands: one that [resumes](super::Items::resume) there does not return again
/// what was returned.
///
/// It is stored as JSON, with serde or by `to_string` and `parse`. It contains the number or the checkpoint of a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListPosition {
    version: u32,
    /// The operation's name.
    operation: String,
    /// The checksum of the request without its page, which must be the same.
    list: u32,
    /// The page to continue with; `None` at the end of the list.
    pub(super) page: Option<ListPage>,
    /// The number of items of that page that were returned.
    pub(super) skip: u64,
}

impl ListPosition {
    pub(super) fn new<O: Paged>(
        client: &Client,
        operation: &O,
        options: &CallOptions,
        page: Option<ListPage>,
        skip: usize,
    ) -> Self {
        Self {
            version: VERSION,
            operation: operation.descriptor().name.to_owned(),
            list: checksum(client, operation, options),
            page,
            skip: skip as u64,
        }
    }

    /// Checks that it is a position of this list.
    pub(super) fn check<O: Paged>(
        &self,
        client: &Client,
        operation: &O,
        options: &CallOptions,
    ) -> Result<(), Error> {
        let refused = |message| Err(Error::invalid(message).with_operation(operation.descriptor()));
        if self.version != VERSION {
            let version = self.version;
            return refused(format!("the position has the format {version}; this version reads {VERSION}"));
        }
        let name = operation.descriptor().name;
        if self.operation != name {
            return refused(format!("the position is of the list {:?}, not of {name:?}", self.operation));
        }
        if self.list != checksum(client, operation, options) {
            return refused(
                "the position is of a list of another tenant, or with other arguments".to_owned(),
            );
        }
        Ok(())
    }

    /// Returns whether the list has no further items.
    pub fn is_at_end(&self) -> bool {
        self.page.is_none()
    }
}

/// The checksum of the tenant and the request's path and query without the page; 0 if there is none, since an argument is refused.
fn checksum<O: Paged>(client: &Client, operation: &O, options: &CallOptions) -> u32 {
    let Ok(request) = client.prepare(operation, options) else { return 0 };
    let mut crc = Crc::new();
    crc.update(client.shared.base.authority().as_bytes());
    crc.update(request.uri().path().as_bytes());
    for parameter in request.uri().query().unwrap_or_default().split('&') {
        let name = parameter.split('=').next().unwrap_or_default();
        if !PAGE_PARAMETERS.contains(&name) {
            crc.update(b"&");
            crc.update(parameter.as_bytes());
        }
    }
    crc.sum()
}

/// Writes it as one line of JSON.
impl fmt::Display for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for ListPosition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map_err(|error| Error::invalid(format!("the position cannot be read: {error}")))
    }
}
