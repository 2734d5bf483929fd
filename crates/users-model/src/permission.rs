//! Permissions of users: scopes of APIs.

use crate::object::{object, open_enum};

object! {
    /// A permission to assign or remove: a scope of an API.
    pub struct PermissionRef {
        /// The identifier of the API.
        pub resource_server_identifier: Option<String> = "resource_server_identifier",
        /// The scope.
        pub permission_name: Option<String> = "permission_name",
    }
}

impl PermissionRef {
    /// Names a scope of an API.
    pub fn new(resource_server_identifier: impl Into<String>, permission_name: impl Into<String>) -> Self {
        Self {
            resource_server_identifier: Some(resource_server_identifier.into()),
            permission_name: Some(permission_name.into()),
            ..Self::default()
        }
    }
}

object! {
    /// A permission of a user.
    pub struct Permission {
        /// The scope.
        pub permission_name: Option<String> = "permission_name",
        /// The description.
        pub description: Option<String> = "description",
        /// The name of the API.
        pub resource_server_name: Option<String> = "resource_server_name",
        /// The identifier of the API.
        pub resource_server_identifier: Option<String> = "resource_server_identifier",
        /// How the user obtained it.
        pub sources: Option<Vec<PermissionOrigin>> = "sources",
    }
}

object! {
    /// How a user obtained a permission: directly or by a role.
    pub struct PermissionOrigin {
        /// The id of the role; empty if the permission was assigned directly.
        pub source_id: Option<String> = "source_id",
        /// The name of the role; empty if the permission was assigned directly.
        pub source_name: Option<String> = "source_name",
        /// `DIRECT` or `ROLE`.
        pub source_type: Option<String> = "source_type",
    }
}

open_enum! {
    /// How a user obtained an effective permission.
    pub enum PermissionSource {
        Direct = "direct",
        Roles = "roles",
    }
}

object! {
    /// An effective permission of a user.
    pub struct EffectivePermission {
        /// The identifier of the API.
        pub resource_server_identifier: Option<String> = "resource_server_identifier",
        /// The scope.
        pub permission_name: Option<String> = "permission_name",
        /// The name of the API.
        pub resource_server_name: Option<String> = "resource_server_name",
        /// The description.
        pub description: Option<String> = "description",
        /// How the user obtained it.
        pub sources: Option<Vec<PermissionSource>> = "sources",
    }
}
