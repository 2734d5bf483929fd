//! Accounts of other services that a user has connected.

use crate::object::{object, open_enum};
use crate::timestamp::Timestamp;

open_enum! {
    /// The access that an application has to a connected account.
    pub enum AccessType {
        Offline = "offline",
    }
}

object! {
    /// An account of another service, which applications may access on the user's behalf.
    pub struct ConnectedAccount {
        /// The id: `cac_…`.
        pub id: Option<String> = "id",
        /// The name of the connection.
        pub connection: Option<String> = "connection",
        /// The id of the connection.
        pub connection_id: Option<String> = "connection_id",
        /// The type of the identity provider.
        pub strategy: Option<String> = "strategy",
        /// The access that an application has.
        pub access_type: Option<AccessType> = "access_type",
        /// The granted scopes.
        pub scopes: Option<Vec<String>> = "scopes",
        /// When it was connected.
        pub created_at: Option<Timestamp> = "created_at",
        /// When the grant expires.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// The organization that it was connected for.
        pub organization_id: Option<String> = "organization_id",
    }
}

object! {
    /// Metadata of another service's tokens that Auth0 stores for a user.
    pub struct FederatedTokenSet {
        /// The id.
        pub id: Option<String> = "id",
        /// The name of the connection.
        pub connection: Option<String> = "connection",
        /// The scopes, separated by spaces.
        pub scope: Option<String> = "scope",
        /// When the tokens expire.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// When the tokens were issued.
        pub issued_at: Option<Timestamp> = "issued_at",
        /// When the tokens were last used.
        pub last_used_at: Option<Timestamp> = "last_used_at",
    }
}
