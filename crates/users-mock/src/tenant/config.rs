//! The configuration of a tenant.

use crate::tenant::assumptions::Assumptions;
use crate::tenant::rules::quota::TokenQuota;
use std::time::Duration;

/// The configuration of a tenant, which does not change.
#[allow(clippy::struct_excessive_bools)] // each is an option of the builder
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) domain: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// A Management API token that is always accepted.
    pub(crate) fixed_token: Option<String>,
    pub(crate) token_lifetime: Duration,
    /// Whether requests are logged.
    pub(crate) logs_requests: bool,
    /// Whether `DELETE /users` deletes every user.
    pub(crate) legacy_delete_all: bool,
    /// Whether users with the same value of the attribute that they are sorted by are in another order in each response.
    pub(crate) shuffles_ties: bool,
    pub(crate) id_search: IdSearch,
    /// Whether new roles and organizations have the attributes that Auth0 added in 2026.
    pub(crate) fields_of_2026: bool,
    /// The verified custom domains.
    pub(crate) custom_domains: Vec<String>,
    pub(crate) token_quota: TokenQuota,
    pub(crate) assumptions: Assumptions,
    /// The time from the creation of a job to its end.
    pub(crate) job_duration: Duration,
}

/// How `user_id` can be searched.
#[derive(Clone, Copy)]
pub(crate) struct IdSearch {
    pub(crate) by_ranges: bool,
    pub(crate) by_wildcards: bool,
}

impl IdSearch {
    pub(crate) const ALL: Self = Self { by_ranges: true, by_wildcards: true };
}

impl Config {
    /// The audience of Management API tokens.
    pub(crate) fn management_audience(&self) -> String {
        format!("https://{}/api/v2/", self.domain)
    }
}
