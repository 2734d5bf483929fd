//! Roles and their users.

use crate::object::{object, open_enum};

object! {
    /// A role: a named set of permissions.
    pub struct Role {
        /// The id: `rol_…`.
        pub id: Option<String> = "id",
        /// The name.
        pub name: Option<String> = "name",
        /// The description.
        pub description: Option<String> = "description",
    }
}

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
        /// How the user obtained it.
        pub sources: Option<Vec<RoleSource>> = "sources",
    }
}
