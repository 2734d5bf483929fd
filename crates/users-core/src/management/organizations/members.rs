//! The members of an organization.

use super::member_roles::OrganizationMemberRoles;
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::management::id_lists::MemberIds;
use crate::management::user_id::IntoUserId;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use std::sync::Arc;
use users_model::{OrganizationMember, Page};

/// The members of an organization. Returned by [`OrganizationsManager::members`](crate::management::OrganizationsManager::members).
///
/// ```
/// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
/// let members = client.organizations().members("org_9ybsU1dN2dKfDkBi");
/// members.add(["auth0|1", "auth0|2"]).await?;
/// members.roles("auth0|1").assign(["rol_zSUKzFss3Awl0pFr"]).await?;
/// let all = members.list().fields(["user_id", "roles"]).items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OrganizationMembers {
    pub(super) client: Client,
    pub(super) id: String,
}

impl OrganizationMembers {
    /// Lists the members: one page when awaited, a stream of all with [`items`](Call::items), paged by checkpoint, beyond the first
    /// 1000. Auth0 applies additions and removals to the list within seconds.
    ///
    /// `GET /organizations/{id}/members`, scope `read:organization_members`; the field `roles`, which must be named, requires
    /// `read:organization_member_roles` too.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-members>
    pub fn list(&self) -> Call<ListOrganizationMembers> {
        self.client.call(ListOrganizationMembers::new(&self.id))
    }

    /// Adds users, by their ids. Succeeds also if they are members.
    ///
    /// `POST /organizations/{id}/members`, scope `create:organization_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/post-members>
    pub fn add(&self, users: impl IntoIterator<Item = impl Into<String>>) -> Call<AddOrganizationMembers> {
        self.client.call(AddOrganizationMembers::new(&self.id, users))
    }

    /// Removes users, by their ids. They remain users of the tenant. Succeeds also if they are not members.
    ///
    /// `DELETE /organizations/{id}/members`, scope `delete:organization_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/delete-members>
    pub fn remove(
        &self,
        users: impl IntoIterator<Item = impl Into<String>>,
    ) -> Call<RemoveOrganizationMembers> {
        self.client.call(RemoveOrganizationMembers::new(&self.id, users))
    }

    /// The roles of a member in the organization. They are separate from the user's roles of the tenant.
    pub fn roles(&self, user_id: impl IntoUserId) -> OrganizationMemberRoles {
        OrganizationMemberRoles {
            client: self.client.clone(),
            id: self.id.clone(),
            user_id: user_id.into_user_id().map_err(Arc::new),
        }
    }
}

operations! {
    /// `GET /organizations/{id}/members`. See
    /// [`OrganizationMembers::list`](crate::management::OrganizationMembers::list).
    operation ListOrganizationMembers {
        Descriptor::get("organizations.members.list", "/organizations/{id}/members")
            .scopes(&[&["read:organization_members"]])
            .node("organizations.members.list");
        path { id: String }
        page { AnyPaging of OrganizationMember, List { streams_by_checkpoint: true, ..List::PLAIN } }
        fields { fields }
        decode { decode_model: Page<OrganizationMember> }
    }

    /// `POST /organizations/{id}/members`. See [`OrganizationMembers::add`](crate::management::OrganizationMembers::add).
    operation AddOrganizationMembers {
        Descriptor::post("organizations.members.add", "/organizations/{id}/members")
            .scopes(&[&["create:organization_members"]])
            .node("organizations.members.create");
        path { id: String }
        body { body: MemberIds = impl IntoIterator<Item = impl Into<String>> => MemberIds::new }
        decode { decode_empty: () }
    }

    /// `DELETE /organizations/{id}/members`. See
    /// [`OrganizationMembers::remove`](crate::management::OrganizationMembers::remove).
    operation RemoveOrganizationMembers {
        Descriptor::delete("organizations.members.remove", "/organizations/{id}/members")
            .scopes(&[&["delete:organization_members"]])
            .node("organizations.members.delete");
        path { id: String }
        body { body: MemberIds = impl IntoIterator<Item = impl Into<String>> => MemberIds::new }
        decode { decode_empty: () }
    }
}
