//! Where users are kept.

use std::ops::RangeInclusive;

/// The database that every new tenant has.
pub(super) const DATABASE: &str = "Username-Password-Authentication";

/// Where users are kept.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) name: String,
    /// The kind of identity provider.
    pub(super) strategy: String,
    /// How many characters a user name has.
    pub(super) username: RangeInclusive<usize>,
}

/// The length of user names in a new database.
pub(super) const USERNAME: RangeInclusive<usize> = 1..=15;

impl Connection {
    pub(super) fn is_database(&self) -> bool {
        self.strategy == "auth0"
    }
}
