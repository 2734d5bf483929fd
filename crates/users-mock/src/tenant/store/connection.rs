//! A connection, as the store keeps it.

use crate::tenant::store::table::Record;
use std::ops::RangeInclusive;

/// The name of the database that every new tenant has.
pub(crate) const DEFAULT_DATABASE: &str = "Username-Password-Authentication";

/// The length of user names in a new database, in characters.
pub(crate) const DEFAULT_USERNAME_LENGTH: RangeInclusive<usize> = 1..=15;

/// A source of users: a database or an identity provider.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The kind of identity provider.
    pub(crate) strategy: String,
    /// The permitted length of user names, in characters.
    pub(crate) username_length: RangeInclusive<usize>,
}

impl Connection {
    /// The database that every new tenant has.
    pub(crate) fn default_database() -> Self {
        Self {
            id: "con_TenantDatabase00".to_owned(),
            name: DEFAULT_DATABASE.to_owned(),
            strategy: "auth0".to_owned(),
            username_length: DEFAULT_USERNAME_LENGTH,
        }
    }

    pub(crate) fn is_database(&self) -> bool {
        self.strategy == "auth0"
    }
}

impl Record for Connection {
    /// The name, which is unique in a tenant as the id is.
    fn key(&self) -> &str {
        &self.name
    }
}
