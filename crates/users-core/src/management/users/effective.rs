//! What a user may do in effect, and why.

use super::OfUser;
use crate::call::Call;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::paged_by_checkpoint;
use users_model::{EffectivePermission, EffectiveRole, Group, Page, UserId};

/// What a user may do at an API in effect, and why.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let permissions = users.effective_permissions("auth0|1");
/// let all = permissions.list("https://api.example.com/").items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EffectivePermissions(pub(super) OfUser);

impl EffectivePermissions {
    /// Lists the permissions at one API, by its identifier.
    ///
    /// `GET /users/{id}/effective-permissions`, scope `read:user_effective_permissions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-effective-permissions>
    pub fn list(&self, resource_server_identifier: impl Into<String>) -> Call<ListEffectivePermissions> {
        self.0.call(|id| ListEffectivePermissions::new(id, resource_server_identifier.into()))
    }

    /// Lists the roles that one permission comes from.
    ///
    /// `GET /users/{id}/effective-permissions/sources/effective-roles`, scope `read:user_permission_source_roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-effective-permission-role-sources>
    pub fn role_sources(
        &self,
        resource_server_identifier: impl Into<String>,
        permission_name: impl Into<String>,
    ) -> Call<ListEffectivePermissionRoleSources> {
        self.0.call(|id| {
            ListEffectivePermissionRoleSources::new(
                id,
                resource_server_identifier.into(),
                permission_name.into(),
            )
        })
    }
}

/// The roles that a user has in effect, and why.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let all = users.effective_roles("auth0|1").list().items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EffectiveRoles(pub(super) OfUser);

impl EffectiveRoles {
    /// Lists them.
    ///
    /// `GET /users/{id}/effective-roles`, scope `read:user_effective_roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-effective-roles>
    pub fn list(&self) -> Call<ListEffectiveRoles> {
        self.0.call(ListEffectiveRoles::new)
    }

    /// Lists the groups that one role comes from.
    ///
    /// `GET /users/{id}/effective-roles/sources/groups`, scope `read:user_role_source_groups`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-role-source-groups>
    pub fn group_sources(&self, role_id: impl Into<String>) -> Call<ListRoleSourceGroups> {
        self.0.call(|id| ListRoleSourceGroups::new(id, role_id.into()))
    }
}

operation! {
    /// `GET /users/{id}/effective-permissions`
    ListEffectivePermissions = Descriptor::get("users.effective_permissions.list", Api::Management, "/users/{id}/effective-permissions", &["read:user_effective_permissions"]);
    path { id: UserId }
    required { resource_server_identifier }
    query {
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
    }
    answer { decode_json: Page<EffectivePermission> }
}

paged_by_checkpoint!(ListEffectivePermissions of EffectivePermission);

operation! {
    /// `GET /users/{id}/effective-permissions/sources/effective-roles`
    ListEffectivePermissionRoleSources = Descriptor::get("users.effective_permissions.role_sources", Api::Management, "/users/{id}/effective-permissions/sources/effective-roles", &["read:user_permission_source_roles"]);
    path { id: UserId }
    required { resource_server_identifier, permission_name }
    query {
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
    }
    answer { decode_json: Page<EffectiveRole> }
}

paged_by_checkpoint!(ListEffectivePermissionRoleSources of EffectiveRole);

operation! {
    /// `GET /users/{id}/effective-roles`
    ListEffectiveRoles = Descriptor::get("users.effective_roles.list", Api::Management, "/users/{id}/effective-roles", &["read:user_effective_roles"]);
    path { id: UserId }
    query {
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
    }
    answer { decode_json: Page<EffectiveRole> }
}

paged_by_checkpoint!(ListEffectiveRoles of EffectiveRole);

operation! {
    /// `GET /users/{id}/effective-roles/sources/groups`
    ListRoleSourceGroups = Descriptor::get("users.effective_roles.group_sources", Api::Management, "/users/{id}/effective-roles/sources/groups", &["read:user_role_source_groups"]);
    path { id: UserId }
    required { role_id }
    query {
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
    }
    answer { decode_json: Page<Group> }
}

paged_by_checkpoint!(ListRoleSourceGroups of Group);
