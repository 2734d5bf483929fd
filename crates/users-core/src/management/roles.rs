//! Roles and the users who have them.

use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::management::id_lists::UserIds;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{NewRole, Page, Role, RoleType, RoleUpdate, RoleUser};

/// Roles and the users who have them.
#[derive(Clone, Debug)]
pub struct RolesManager(pub(super) Client);

impl RolesManager {
    /// Lists the roles of the tenant: one page when awaited, a stream of all with [`items`](Call::items).
    ///
    /// `GET /roles`, scope `read:roles`. A stream ends at the first 1000, with an error if there are more.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let admins = client.roles().list().name_filter("admin").items().try_collect().await?;
    /// # let _ = admins;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/get-roles>
    #[inline]
    pub fn list(&self) -> Call<ListRoles> {
        self.0.call(Ok(ListRoles::new()))
    }

    /// Gets a role.
    ///
    /// `GET /roles/{id}`, scope `read:roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/get-roles-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetRole> {
        self.0.call(GetRole::new(id))
    }

    /// Returns the id of the role of the tenant with exactly this name, or `None` if there is none.
    ///
    /// `GET /roles`, scope `read:roles`; several requests if the names of more than 100 roles contain this one.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// if let Some(id) = client.roles().by_name("editor").await? {
    ///     client.users().roles("auth0|507f1f77bcf86cd799439020").assign([id]).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_name(&self, name: impl Into<String>) -> CallFuture<Option<String>> {
        let name = name.into();
        let mut roles = self.list().name_filter(&name).per_page(100).items();
        CallFuture::new(async move {
            while let Some(role) = roles.try_next().await? {
                if role.name.as_ref() == Some(&name) && role.kind != Some(RoleType::Organization) {
                    return Ok(role.id);
                }
            }
            Ok(None)
        })
    }

    /// Creates a role. A name that exists is refused with 409.
    ///
    /// `POST /roles`, scope `create:roles`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// use users_core::model::NewRole;
    ///
    /// let role = client.roles().create(NewRole::new("editor").description("May change articles")).await?;
    /// println!("{}", role.id.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/post-roles>
    #[inline]
    pub fn create(&self, role: NewRole) -> Call<CreateRole> {
        self.0.call(Ok(CreateRole::new(role)))
    }

    /// Changes the name or the description of a role.
    ///
    /// `PATCH /roles/{id}`, scope `update:roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/patch-roles-by-id>
    pub fn update(&self, id: impl Into<String>, update: RoleUpdate) -> Call<UpdateRole> {
        self.0.call(UpdateRole::new(id, update))
    }

    /// Deletes a role, and removes it from every user and member of an organization who has it. A role that does not exist is
    /// reported as 404.
    ///
    /// `DELETE /roles/{id}`, scope `delete:roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/delete-roles-by-id>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteRole> {
        self.0.call(DeleteRole::new(id))
    }

    /// Lists the users who have a role. A stream is paged by checkpoint, beyond the first 1000.
    ///
    /// `GET /roles/{id}/users`, scope `read:users` with `read:roles`, or `read:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/get-role-user>
    pub fn users(&self, id: impl Into<String>) -> Call<ListRoleUsers> {
        self.0.call(ListRoleUsers::new(id))
    }

    /// Assigns a role to users, by their ids.
    ///
    /// `POST /roles/{id}/users`, scope `update:roles` or `create:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/post-role-users>
    pub fn assign_users(
        &self,
        id: impl Into<String>,
        users: impl IntoIterator<Item = impl Into<String>>,
    ) -> Call<AssignRoleUsers> {
        self.0.call(AssignRoleUsers::new(id, users))
    }
}

operations! {
    /// `GET /roles`. See [`RolesManager::list`](crate::management::RolesManager::list).
    operation ListRoles {
        Descriptor::get("roles.list", "/roles").scopes(&[&["read:roles"]]).node("roles.list");
        page { OffsetPaging of Role, List { beyond_window: "narrow the list by name_filter", ..List::PLAIN } }
        query {
            /// Returns roles whose name contains this text, ignoring case. It is not an exact match: compare the names.
            name_filter: String,
            /// Returns roles of this type. Those of organizations require [`owner_id`](crate::Call::owner_id).
            kind: RoleType = "type",
            /// Returns the roles of this organization: `org_…`.
            owner_id: String,
        }
        decode { decode_model: Page<Role> }
    }

    /// `GET /roles/{id}`. See [`RolesManager::get`](crate::management::RolesManager::get).
    operation GetRole {
        Descriptor::get("roles.get", "/roles/{id}").scopes(&[&["read:roles"]]).node("roles.get");
        path { id: String }
        decode { decode_model: Role }
    }

    /// `POST /roles`. See [`RolesManager::create`](crate::management::RolesManager::create).
    operation CreateRole {
        Descriptor::post("roles.create", "/roles").scopes(&[&["create:roles"]]).node("roles.create");
        body { role: NewRole }
        decode { decode_model: Role }
    }

    /// `PATCH /roles/{id}`. See [`RolesManager::update`](crate::management::RolesManager::update).
    operation UpdateRole {
        Descriptor::patch("roles.update", "/roles/{id}").scopes(&[&["update:roles"]]).node("roles.update");
        path { id: String }
        body { body: RoleUpdate }
        decode { decode_model: Role }
    }

    /// `DELETE /roles/{id}`. See [`RolesManager::delete`](crate::management::RolesManager::delete).
    operation DeleteRole {
        Descriptor::delete("roles.delete", "/roles/{id}").scopes(&[&["delete:roles"]]).node("roles.delete");
        path { id: String }
        decode { decode_empty: () }
    }

    /// `GET /roles/{id}/users`. See [`RolesManager::users`](crate::management::RolesManager::users).
    operation ListRoleUsers {
        Descriptor::get("roles.users", "/roles/{id}/users")
            .scopes(&[&["read:users", "read:roles"], &["read:role_members"]])
            .node("roles.users.list");
        path { id: String }
        page { AnyPaging of RoleUser, List { streams_by_checkpoint: true, ..List::PLAIN } }
        decode { decode_model: Page<RoleUser> }
    }

    /// `POST /roles/{id}/users`. See [`RolesManager::assign_users`](crate::management::RolesManager::assign_users).
    operation AssignRoleUsers {
        Descriptor::post("roles.assign_users", "/roles/{id}/users")
            .scopes(&[&["update:roles"], &["create:role_members"]])
            .node("roles.users.assign");
        path { id: String }
        body { body: UserIds = impl IntoIterator<Item = impl Into<String>> => UserIds::new }
        decode { decode_empty: () }
    }
}
