//! The invitations to an organization.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{Invitation, NewInvitation, Page};

/// The invitations to an organization. Returned by
/// [`OrganizationsManager::invitations`](crate::management::OrganizationsManager::invitations).
///
/// ```
/// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
/// use users_core::model::NewInvitation;
///
/// let invitations = client.organizations().invitations("org_9ybsU1dN2dKfDkBi");
/// let invitation = invitations.create(NewInvitation::new("Grace", "ada@example.com", "client id")).await?;
/// invitations.delete(invitation.id.unwrap_or_default()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OrganizationInvitations {
    pub(super) client: Client,
    pub(super) id: String,
}

impl OrganizationInvitations {
    /// Lists the invitations, the newest first: one page when awaited, a stream of all with [`items`](Call::items).
    ///
    /// `GET /organizations/{id}/invitations`, scope `read:organization_invitations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-invitations>
    pub fn list(&self) -> Call<ListInvitations> {
        self.client.call(ListInvitations::new(&self.id))
    }

    /// Invites a person. The person becomes a user and a member by accepting.
    ///
    /// `POST /organizations/{id}/invitations`, scope `create:organization_invitations`. The application or the tenant needs a login
    /// URI, to which the link leads.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/post-invitations>
    pub fn create(&self, invitation: NewInvitation) -> Call<CreateInvitation> {
        self.client.call(CreateInvitation::new(&self.id, invitation))
    }

    /// Gets an invitation by its id: `uinv_…`.
    ///
    /// `GET /organizations/{id}/invitations/{invitation_id}`, scope `read:organization_invitations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-invitations-by-invitation-id>
    pub fn get(&self, invitation_id: impl Into<String>) -> Call<GetInvitation> {
        self.client.call(GetInvitation::new(&self.id, invitation_id))
    }

    /// Deletes an invitation by its id: `uinv_…`. The link stops working.
    ///
    /// `DELETE /organizations/{id}/invitations/{invitation_id}`, scope `delete:organization_invitations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/delete-invitations-by-invitation-id>
    pub fn delete(&self, invitation_id: impl Into<String>) -> Call<DeleteInvitation> {
        self.client.call(DeleteInvitation::new(&self.id, invitation_id))
    }
}

operations! {
    /// `GET /organizations/{id}/invitations`. See
    /// [`OrganizationInvitations::list`](crate::management::OrganizationInvitations::list).
    operation ListInvitations {
        Descriptor::get("organizations.invitations.list", "/organizations/{id}/invitations")
            .scopes(&[&["read:organization_invitations"]])
            .node("organizations.invitations.list");
        path { id: String }
        page { OffsetPaging of Invitation, List::PLAIN }
        query {
            /// Sets the order: `created_at:1` for the oldest first, `created_at:-1` for the newest first.
            sort: String,
        }
        fields { fields }
        decode { decode_model: Page<Invitation> }
    }

    /// `POST /organizations/{id}/invitations`. See
    /// [`OrganizationInvitations::create`](crate::management::OrganizationInvitations::create).
    operation CreateInvitation {
        Descriptor::post("organizations.invitations.create", "/organizations/{id}/invitations")
            .scopes(&[&["create:organization_invitations"]])
            .node("organizations.invitations.create")
            .takes_custom_domain();
        path { id: String }
        body { invitation: NewInvitation }
        decode { decode_model: Invitation }
    }

    /// `GET /organizations/{id}/invitations/{invitation_id}`. See
    /// [`OrganizationInvitations::get`](crate::management::OrganizationInvitations::get).
    operation GetInvitation {
        Descriptor::get("organizations.invitations.get", "/organizations/{id}/invitations/{invitation_id}")
            .scopes(&[&["read:organization_invitations"]])
            .node("organizations.invitations.get");
        path { id: String, invitation_id: String }
        fields { fields }
        decode { decode_model: Invitation }
    }

    /// `DELETE /organizations/{id}/invitations/{invitation_id}`. See
    /// [`OrganizationInvitations::delete`](crate::management::OrganizationInvitations::delete).
    operation DeleteInvitation {
        Descriptor::delete(
            "organizations.invitations.delete",
            "/organizations/{id}/invitations/{invitation_id}",
        )
        .scopes(&[&["delete:organization_invitations"]])
        .node("organizations.invitations.delete");
        path { id: String, invitation_id: String }
        decode { decode_empty: () }
    }
}
