//! Groups of users.

use crate::object::object;
use crate::timestamp::Timestamp;

object! {
    /// A group of users, provisioned by a directory.
    pub struct Group {
        /// The id: `grp_…`.
        pub id: Option<String> = "id",
        /// The name.
        pub name: Option<String> = "name",
        /// The id in the directory.
        pub external_id: Option<String> = "external_id",
        /// The id of the directory's connection: `con_…`.
        pub connection_id: Option<String> = "connection_id",
        /// The name of the tenant.
        pub tenant_name: Option<String> = "tenant_name",
        /// When it was created.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it was last changed.
        pub updated_at: Option<Timestamp> = "updated_at",
        /// When the user became a member. Set only when a user's groups are listed.
        pub membership_created_at: Option<Timestamp> = "membership_created_at",
    }
}
