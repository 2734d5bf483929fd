//! Organizations, their members and invitations.

pub(crate) mod invitations;
pub(crate) mod member_roles;
pub(crate) mod members;

pub use invitations::*;
pub use member_roles::*;
pub use members::*;

use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{NewOrganization, Organization, OrganizationUpdate, Page};

/// Organizations, their members and invitations.
#[derive(Clone, Debug)]
pub struct OrganizationsManager(pub(super) Client);

impl OrganizationsManager {
    /// Lists the organizations of the tenant: one page when awaited, a stream of all with [`items`](Call::items). A stream is
    /// paged by checkpoint, beyond the first 1000, unless a sort order is set.
    ///
    /// `GET /organizations`, scope `read:organizations` or `read:organizations_summary`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let organizations = client.organizations().list().items().try_collect().await?;
    /// # let _ = organizations;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-organizations>
    #[inline]
    pub fn list(&self) -> Call<ListOrganizations> {
        self.0.call(Ok(ListOrganizations::new()))
    }

    /// Gets an organization by its id: `org_…`.
    ///
    /// `GET /organizations/{id}`, scope `read:organizations` or `read:organizations_summary`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-organizations-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetOrganization> {
        self.0.call(GetOrganization::new(id))
    }

    /// Gets an organization by its name.
    ///
    /// `GET /organizations/name/{name}`, scope `read:organizations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/get-name-by-name>
    pub fn get_by_name(&self, name: impl Into<String>) -> Call<GetOrganizationByName> {
        self.0.call(GetOrganizationByName::new(name))
    }

    /// Returns the id of the organization of this name, or `None` if there is none.
    ///
    /// `GET /organizations/name/{name}`, scope `read:organizations`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// if let Some(id) = client.organizations().by_name("acme").await? {
    ///     client.organizations().members(id).add(["auth0|507f1f77bcf86cd799439020"]).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_name(&self, name: impl Into<String>) -> CallFuture<Option<String>> {
        let call = self.get_by_name(name).optional();
        CallFuture::new(async move { Ok::<_, Error>(call.await?.and_then(|organization| organization.id)) })
    }

    /// Creates an organization. A name that exists is refused with 409.
    ///
    /// `POST /organizations`, scope `create:organizations`; connections require `create:organization_connections` too.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// use users_core::model::NewOrganization;
    ///
    /// let acme = client.organizations().create(NewOrganization::new("acme").display_name("Acme Corp.")).await?;
    /// println!("{}", acme.id.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/post-organizations>
    #[inline]
    pub fn create(&self, organization: NewOrganization) -> Call<CreateOrganization> {
        self.0.call(Ok(CreateOrganization::new(organization)))
    }

    /// Changes the properties of an organization. Metadata and branding are replaced as a whole.
    ///
    /// `PATCH /organizations/{id}`, scope `update:organizations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/patch-organizations-by-id>
    pub fn update(&self, id: impl Into<String>, update: OrganizationUpdate) -> Call<UpdateOrganization> {
        self.0.call(UpdateOrganization::new(id, update))
    }

    /// Deletes an organization with its memberships and invitations. Its members remain users of the tenant. An organization that
    /// does not exist is reported as 404.
    ///
    /// `DELETE /organizations/{id}`, scope `delete:organizations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/organizations/delete-organizations-by-id>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteOrganization> {
        self.0.call(DeleteOrganization::new(id))
    }

    /// The members of an organization (`org_…`), and their roles in it.
    pub fn members(&self, id: impl Into<String>) -> OrganizationMembers {
        OrganizationMembers { client: self.0.clone(), id: id.into() }
    }

    /// The invitations to an organization (`org_…`).
    pub fn invitations(&self, id: impl Into<String>) -> OrganizationInvitations {
        OrganizationInvitations { client: self.0.clone(), id: id.into() }
    }
}

operations! {
    /// `GET /organizations`. See [`OrganizationsManager::list`](crate::management::OrganizationsManager::list).
    operation ListOrganizations {
        Descriptor::get("organizations.list", "/organizations")
            .scopes(&[&["read:organizations"], &["read:organizations_summary"]])
            .node("organizations.list");
        page {
            AnyPaging of Organization,
            List {
                streams_by_checkpoint: true,
                beyond_window: "list it by checkpoint: with neither a sort order nor a page",
                ..List::PLAIN
            };
            by_offset_with sort
        }
        query {
            /// Sets the order: `name`, `display_name` or `created_at`, and `1` for ascending or `-1` for descending: `name:1`.
            sort: String,
            /// Reports how the application with this client id is associated with each organization, in
            /// [`client`](users_model::Organization::client).
            include_client_association_for: String,
        }
        decode { decode_model: Page<Organization> }
    }

    /// `GET /organizations/{id}`. See [`OrganizationsManager::get`](crate::management::OrganizationsManager::get).
    operation GetOrganization {
        Descriptor::get("organizations.get", "/organizations/{id}")
            .scopes(&[&["read:organizations"], &["read:organizations_summary"]])
            .node("organizations.get");
        path { id: String }
        decode { decode_model: Organization }
    }

    /// `GET /organizations/name/{name}`. See
    /// [`OrganizationsManager::get_by_name`](crate::management::OrganizationsManager::get_by_name).
    operation GetOrganizationByName {
        Descriptor::get("organizations.get_by_name", "/organizations/name/{name}")
            .scopes(&[&["read:organizations"]])
            .node("organizations.getByName");
        path { name: String }
        decode { decode_model: Organization }
    }

    /// `POST /organizations`. See [`OrganizationsManager::create`](crate::management::OrganizationsManager::create).
    operation CreateOrganization {
        Descriptor::post("organizations.create", "/organizations")
            .scopes(&[&["create:organizations"]])
            .node("organizations.create");
        body { organization: NewOrganization }
        decode { decode_model: Organization }
    }

    /// `PATCH /organizations/{id}`. See [`OrganizationsManager::update`](crate::management::OrganizationsManager::update).
    operation UpdateOrganization {
        Descriptor::patch("organizations.update", "/organizations/{id}")
            .scopes(&[&["update:organizations"]])
            .node("organizations.update");
        path { id: String }
        body { body: OrganizationUpdate }
        decode { decode_model: Organization }
    }

    /// `DELETE /organizations/{id}`. See [`OrganizationsManager::delete`](crate::management::OrganizationsManager::delete).
    operation DeleteOrganization {
        Descriptor::delete("organizations.delete", "/organizations/{id}")
            .scopes(&[&["delete:organizations"]])
            .node("organizations.delete");
        path { id: String }
        decode { decode_empty: () }
    }
}
