//! Groups that users are members of.

use crate::Timestamp;
use crate::object::object;

object! {
    /// A group of users, as a directory sends it.
    pub struct Group {
        /// The id: `grp_…`.
        pub id: Option<String> = "id",
        /// The name.
        pub name: Option<String> = "name",
        /// The id in the directory that it comes from.
        pub external_id: Option<String> = "external_id",
        /// The connection that it comes from: `con_…`.
        pub connection_id: Option<String> = "connection_id",
        /// The tenant.
        pub tenant_name: Option<String> = "tenant_name",
        /// When it was created.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it last changed.
        pub updated_at: Option<Timestamp> = "updated_at",
        /// When the user became a member; only where a user's groups are listed.
        pub membership_created_at: Option<Timestamp> = "membership_created_at",
    }
}
