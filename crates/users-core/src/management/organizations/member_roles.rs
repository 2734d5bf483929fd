//! The roles of a member of an organization.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::management::id_lists::RoleIds;
use crate::operation::Operation;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use std::sync::Arc;
use users_model::{EffectiveRole, Page, Role, UserId};

/// The roles of a member in an organization. Returned by
/// [`OrganizationMembers::roles`](crate::management::OrganizationMembers::roles).
///
/// They can be assigned before the user is a member, and take effect with the membership.
#[derive(Clone, Debug)]
pub struct OrganizationMemberRoles {
    pub(super) client: Client,
    pub(super) id: String,
    /// The user, or why the user's id was refused.
    pub(super) user_id: Result<UserId, Arc<Error>>,
}

impl OrganizationMemberRoles {
    /// Lists the roles that were assigned to the member directly, by name.
    ///
    /// `GET /organizations/{id}/members/{user_id}/roles`, scope `read:organization_member_roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-organization-member-roles>
    pub fn list(&self) -> Call<ListOrganizationMemberRoles> {
        self.call(ListOrganizationMemberRoles::new)
    }

    /// Assigns roles to the member, by their ids. A member has at most 50.
    ///
    /// `POST /organizations/{id}/members/{user_id}/roles`, scope `create:organization_member_roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/post-organization-member-roles>
    pub fn assign(
        &self,
        roles: impl IntoIterator<Item = impl Into<String>>,
    ) -> Call<AssignOrganizationMemberRoles> {
        self.call(|id, user_id| AssignOrganizationMemberRoles::new(id, user_id, roles))
    }

    /// Removes roles from the member, by their ids. Succeeds also if the member does not have them.
    ///
    /// `DELETE /organizations/{id}/members/{user_id}/roles`, scope `delete:organization_member_roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/delete-organization-member-roles>
    pub fn remove(
        &self,
        roles: impl IntoIterator<Item = impl Into<String>>,
    ) -> Call<RemoveOrganizationMemberRoles> {
        self.call(|id, user_id| RemoveOrganizationMemberRoles::new(id, user_id, roles))
    }

    /// Lists the roles that the member has directly and through groups, with their sources.
    ///
    /// `GET /organizations/{id}/members/{user_id}/effective-roles`, scope `read:organization_member_effective_roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-organization-member-effective-roles>
    pub fn effective(&self) -> Call<ListOrganizationMemberEffectiveRoles> {
        self.call(ListOrganizationMemberEffectiveRoles::new)
    }

    fn call<O: Operation>(&self, operation: impl FnOnce(String, UserId) -> Result<O, Error>) -> Call<O> {
        let user_id = self.user_id.as_ref().map_err(|error| error.without_source());
        self.client.call(user_id.and_then(|user_id| operation(self.id.clone(), user_id.clone())))
    }
}

operations! {
    /// `GET /organizations/{id}/members/{user_id}/roles`. See
    /// [`OrganizationMemberRoles::list`](crate::management::OrganizationMemberRoles::list).
    operation ListOrganizationMemberRoles {
        Descriptor::get("organizations.members.roles.list", "/organizations/{id}/members/{user_id}/roles")
            .scopes(&[&["read:organization_member_roles"]])
            .node("organizations.members.roles.list");
        path { id: String, user_id: UserId }
        page { OffsetPaging of Role, List::PLAIN }
        decode { decode_model: Page<Role> }
    }

    /// `POST /organizations/{id}/members/{user_id}/roles`. See
    /// [`OrganizationMemberRoles::assign`](crate::management::OrganizationMemberRoles::assign).
    operation AssignOrganizationMemberRoles {
        Descriptor::post("organizations.members.roles.assign", "/organizations/{id}/members/{user_id}/roles")
            .scopes(&[&["create:organization_member_roles"]])
            .node("organizations.members.roles.assign");
        path { id: String, user_id: UserId }
        body { body: RoleIds = impl IntoIterator<Item = impl Into<String>> => RoleIds::new }
        decode { decode_empty: () }
    }

    /// `DELETE /organizations/{id}/members/{user_id}/roles`. See
    /// [`OrganizationMemberRoles::remove`](crate::management::OrganizationMemberRoles::remove).
    operation RemoveOrganizationMemberRoles {
        Descriptor::delete("organizations.members.roles.remove", "/organizations/{id}/members/{user_id}/roles")
            .scopes(&[&["delete:organization_member_roles"]])
            .node("organizations.members.roles.delete");
        path { id: String, user_id: UserId }
        body { body: RoleIds = impl IntoIterator<Item = impl Into<String>> => RoleIds::new }
        decode { decode_empty: () }
    }

    /// `GET /organizations/{id}/members/{user_id}/effective-roles`. See
    /// [`OrganizationMemberRoles::effective`](crate::management::OrganizationMemberRoles::effective).
    operation ListOrganizationMemberEffectiveRoles {
        Descriptor::get(
            "organizations.members.effective_roles.list",
            "/organizations/{id}/members/{user_id}/effective-roles",
        )
        .scopes(&[&["read:organization_member_effective_roles"]])
        .node("organizations.members.effectiveRoles.list");
        path { id: String, user_id: UserId }
        page { CheckpointPaging of EffectiveRole, List::PLAIN }
        decode { decode_model: Page<EffectiveRole> }
    }
}
