//! The configuration of a tenant.

use std::time::Duration;

/// The configuration of a tenant, which does not change.
pub(crate) struct Config {
    pub(crate) domain: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// A Management API token that is always accepted.
    pub(crate) fixed_token: Option<String>,
    pub(crate) token_lifetime: Duration,
    /// Whether `DELETE /users` deletes every user.
    pub(crate) legacy_delete_all: bool,
}

impl Config {
    /// The audience of Management API tokens.
    pub(crate) fn management_audience(&self) -> String {
        format!("https://{}/api/v2/", self.domain)
    }
}
