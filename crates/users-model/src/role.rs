//! Roles and their users.

use crate::object::{object, open_enum, setters};

object! {
    /// A role: a named set of permissions.
    pub struct Role {
        /// The id: `rol_…`.
        pub id: Option<String> = "id",
        /// The name.
        pub name: Option<String> = "name",
        /// The description.
        pub description: Option<String> = "description",
        /// Whether the role belongs to the tenant or to an organization.
        pub kind: Option<RoleType> = "type",
        /// The id of the organization that owns the role: `org_…`. Absent from roles of the tenant.
        pub owner_id: Option<String> = "owner_id",
    }
}

open_enum! {
    /// To what a role belongs.
    pub enum RoleType {
        Tenant = "tenant",
        Organization = "organization",
    }
}

object! {
    /// A role to create.
    pub struct NewRole {
        /// The name.
        pub name: Option<String> = "name",
        /// The description.
        pub description: Option<String> = "description",
        /// Whether the role belongs to the tenant, as it does unless set, or to an organization. It cannot be changed later.
        pub kind: Option<RoleType> = "type",
        /// The id of the organization that owns the role: `org_…`. It cannot be changed later.
        pub owner_id: Option<String> = "owner_id",
    }
}

impl NewRole {
    /// Creates a role of the tenant with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }
}

setters!(NewRole {
    /// Sets the description.
    description: String,
    /// Sets whether the role belongs to the tenant or to an organization, which [`owner_id`](Self::owner_id) names.
    kind: RoleType,
    /// Sets the organization that owns a role of the type `organization`: `org_…`.
    owner_id: String,
});

object! {
    /// An update of a role. What is not set remains.
    pub struct RoleUpdate {
        /// The name.
        pub name: Option<String> = "name",
        /// The description.
        pub description: Option<String> = "description",
    }
}

impl RoleUpdate {
    /// Creates an update that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(RoleUpdate {
    /// Sets the name.
    name: String,
    /// Sets the description.
    description: String,
});

object! {
    /// A user who has a role.
    pub struct RoleUser {
        /// The user's id.
        pub user_id: Option<crate::id::UserId> = "user_id",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// The full name.
        pub name: Option<String> = "name",
        /// The e-mail address.
        pub email: Option<String> = "email",
    }
}

open_enum! {
    /// How a user obtained a role.
    pub enum RoleSource {
        Direct = "direct",
        Groups = "groups",
    }
}

object! {
    /// An effective role of a user.
    pub struct EffectiveRole {
        /// The id: `rol_…`.
        pub id: Option<String> = "id",
        /// The name.
        pub name: Option<String> = "name",
        /// The description.
        pub description: Option<String> = "description",
        /// The type.
        pub kind: Option<RoleType> = "type",
        /// The organization to which a role of the type `organization` belongs.
        pub owner_id: Option<String> = "owner_id",
        /// How the user obtained it.
        pub sources: Option<Vec<RoleSource>> = "sources",
    }
}
