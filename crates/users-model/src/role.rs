//! Roles, and who has them.

use crate::object::{object, open_enum};

object! {
    /// A role: a name for a set of permissions.
    pub struct Role {
        /// The id: `rol_…`.
        pub id: Option<String> = "id",
        /// The name.
        pub name: Option<String> = "name",
        /// What it is for.
        pub description: Option<String> = "description",
    }
}

object! {
    /// A user who has a role, in brief.
    pub struct RoleUser {
        /// The user's id.
        pub user_id: Option<crate::UserId> = "user_id",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// The full name.
        pub name: Option<String> = "name",
        /// The e-mail address.
        pub email: Option<String> = "email",
    }
}

open_enum! {
    /// How a user came to a role.
    pub enum RoleSource {
        Direct = "direct",
        Groups = "groups",
    }
}

object! {
    /// A role that a user has in effect, and how the user came to it.
    pub struct EffectiveRole {
        /// The id: `rol_…`.
        pub id: Option<String> = "id",
        /// The name.
        pub name: Option<String> = "name",
        /// What it is for.
        pub description: Option<String> = "description",
        /// How the user came to it.
        pub sources: Option<Vec<RoleSource>> = "sources",
    }
}
