//! The rules by which Auth0 accepts and completes what it is sent.

pub(crate) mod application;
pub(crate) mod assertion;
pub(crate) mod brute_force;
pub(crate) mod claims;
pub(crate) mod credentials;
pub(crate) mod defaults;
pub(crate) mod grant;
pub(crate) mod import_row;
pub(crate) mod imported_hash;
pub(crate) mod limiter;
pub(crate) mod limits;
pub(crate) mod linked_password;
pub(crate) mod metadata;
pub(crate) mod password;
pub(crate) mod password_history;
pub(crate) mod password_rules;
pub(crate) mod quota;
pub(crate) mod schema;
