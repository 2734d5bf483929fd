//! Accounts at other services that a user has connected.

use crate::Timestamp;
use crate::object::{object, open_enum};

open_enum! {
    /// When an application may use a connected account.
    pub enum AccessType {
        Offline = "offline",
    }
}

object! {
    /// An account at another service, on whose behalf applications may act.
    pub struct ConnectedAccount {
        /// The id: `cac_…`.
        pub id: Option<String> = "id",
        /// The connection, by name.
        pub connection: Option<String> = "connection",
        /// The connection, by id.
        pub connection_id: Option<String> = "connection_id",
        /// The kind of identity provider.
        pub strategy: Option<String> = "strategy",
        /// When an application may use it.
        pub access_type: Option<AccessType> = "access_type",
        /// The scopes that were granted.
        pub scopes: Option<Vec<String>> = "scopes",
        /// When it was connected.
        pub created_at: Option<Timestamp> = "created_at",
        /// When the grant ends.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// The organization that it was connected for.
        pub organization_id: Option<String> = "organization_id",
    }
}

object! {
    /// Tokens of another service that Auth0 keeps for a user, by what is known of them.
    pub struct FederatedTokenSet {
        /// The id.
        pub id: Option<String> = "id",
        /// The connection, by name.
        pub connection: Option<String> = "connection",
        /// The scopes, separated by spaces.
        pub scope: Option<String> = "scope",
        /// When it ends.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// When it was issued.
        pub issued_at: Option<Timestamp> = "issued_at",
        /// When it was last used.
        pub last_used_at: Option<Timestamp> = "last_used_at",
    }
}
