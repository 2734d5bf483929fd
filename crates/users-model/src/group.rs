//! Groups of users.

use crate::object::{object, open_enum};
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

object! {
    /// A member of a group.
    pub struct GroupMember {
        /// The id of the user, or of the group.
        pub id: Option<String> = "id",
        /// Whether it is a user or a group.
        pub member_type: Option<GroupMemberType> = "member_type",
        /// From where the membership comes.
        pub kind: Option<GroupType> = "type",
        /// The id of the directory's connection: `con_…`.
        pub connection_id: Option<String> = "connection_id",
        /// When it became a member.
        pub created_at: Option<Timestamp> = "created_at",
    }
}

open_enum! {
    /// What a member of a group is.
    pub enum GroupMemberType {
        User = "user",
        Group = "group",
    }
}

open_enum! {
    /// What a group is a part of.
    pub enum GroupType {
        Connection = "connection",
        Organization = "organization",
        Tenant = "tenant",
    }
}
