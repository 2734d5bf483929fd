//! Permissions: what a user may do at an API.

use crate::object::{object, open_enum};

object! {
    /// A permission to be given or taken away: a scope of an API.
    pub struct PermissionRef {
        /// The API, by its identifier.
        pub resource_server_identifier: Option<String> = "resource_server_identifier",
        /// The scope.
        pub permission_name: Option<String> = "permission_name",
    }
}

impl PermissionRef {
    /// This scope of this API.
    pub fn new(resource_server_identifier: impl Into<String>, permission_name: impl Into<String>) -> Self {
        Self {
            resource_server_identifier: Some(resource_server_identifier.into()),
            permission_name: Some(permission_name.into()),
            ..Self::default()
        }
    }
}

object! {
    /// A permission that a user has been given.
    pub struct Permission {
        /// The scope.
        pub permission_name: Option<String> = "permission_name",
        /// What it allows.
        pub description: Option<String> = "description",
        /// The API's name.
        pub resource_server_name: Option<String> = "resource_server_name",
        /// The API, by its identifier.
        pub resource_server_identifier: Option<String> = "resource_server_identifier",
        /// Where it comes from.
        pub sources: Option<Vec<PermissionOrigin>> = "sources",
    }
}

object! {
    /// Where a permission comes from: given directly, or by a role.
    pub struct PermissionOrigin {
        /// The role's id; empty where it was given directly.
        pub source_id: Option<String> = "source_id",
        /// The role's name; empty where it was given directly.
        pub source_name: Option<String> = "source_name",
        /// `DIRECT` or `ROLE`.
        pub source_type: Option<String> = "source_type",
    }
}

open_enum! {
    /// How a user came to a permission.
    pub enum PermissionSource {
        Direct = "direct",
        Roles = "roles",
    }
}

object! {
    /// A permission that a user has in effect, and how the user came to it.
    pub struct EffectivePermission {
        /// The API, by its identifier.
        pub resource_server_identifier: Option<String> = "resource_server_identifier",
        /// The scope.
        pub permission_name: Option<String> = "permission_name",
        /// The API's name.
        pub resource_server_name: Option<String> = "resource_server_name",
        /// What it allows.
        pub description: Option<String> = "description",
        /// How the user came to it.
        pub sources: Option<Vec<PermissionSource>> = "sources",
    }
}
