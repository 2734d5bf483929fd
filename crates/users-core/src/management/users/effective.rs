//! The effective permissions of a user, and their sources.

use super::of_user::OfUser;
use crate::call::Call;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::decode_model;
use users_model::{EffectivePermission, EffectiveRole, Group, Page, UserId};

/// The effective permissions of a user at an API, and their sources.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let permissions = users.effective_permissions("auth0|1");
/// let all = permissions.list("https://api.example.com/").items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EffectivePermissions(pub(super) OfUser);

impl EffectivePermissions {
    /// Lists the effective permissions at one API, by its identifier.
    ///
    /// `GET /users/{id}/effective-permissions`, scope `read:user_effective_permissions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-effective-permissions>
    pub fn list(&self, resource_server_identifier: impl Into<String>) -> Call<ListEffectivePermissions> {
        self.0.call(|id| ListEffectivePermissions::new(id, resource_server_identifier))
    }

    /// Lists the roles that are sources of a permission.
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
            ListEffectivePermissionRoleSources::new(id, resource_server_identifier, permission_name)
        })
    }
}

/// The effective roles of a user, and their sources.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let all = users.effective_roles("auth0|1").list().items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EffectiveRoles(pub(super) OfUser);

impl EffectiveRoles {
    /// Lists the effective roles of the user.
    ///
    /// `GET /users/{id}/effective-roles`, scope `read:user_effective_roles`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-effective-roles>
    #[inline]
    pub fn list(&self) -> Call<ListEffectiveRoles> {
        self.0.call(ListEffectiveRoles::new)
    }

    /// Lists the groups that are sources of a role.
    ///
    /// `GET /users/{id}/effective-roles/sources/groups`, scope `read:user_role_source_groups`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-role-source-groups>
    pub fn group_sources(&self, role_id: impl Into<String>) -> Call<ListRoleSourceGroups> {
        self.0.call(|id| ListRoleSourceGroups::new(id, role_id))
    }
}

operations! {
    /// `GET /users/{id}/effective-permissions`. See
    /// [`EffectivePermissions::list`](crate::management::EffectivePermissions::list).
    operation ListEffectivePermissions {
        Descriptor::get("users.effective_permissions.list", "/users/{id}/effective-permissions")
            .scopes(&[&["read:user_effective_permissions"]])
            .node("users.effectivePermissions.list");
        path { id: UserId }
        required { resource_server_identifier }
        page { CheckpointPaging of EffectivePermission, List::PLAIN }
        decode { decode_model: Page<EffectivePermission> }
    }

    /// `GET /users/{id}/effective-permissions/sources/effective-roles`. See
    /// [`EffectivePermissions::role_sources`](crate::management::EffectivePermissions::role_sources).
    operation ListEffectivePermissionRoleSources {
        Descriptor::get("users.effective_permissions.role_sources", "/users/{id}/effective-permissions/sources/effective-roles")
            .scopes(&[&["read:user_permission_source_roles"]])
            .node("users.effectivePermissions.sources.roles.list");
        path { id: UserId }
        required { resource_server_identifier, permission_name }
        page { CheckpointPaging of EffectiveRole, List::PLAIN }
        decode { decode_model: Page<EffectiveRole> }
    }

    /// `GET /users/{id}/effective-roles`. See [`EffectiveRoles::list`](crate::management::EffectiveRoles::list).
    operation ListEffectiveRoles {
        Descriptor::get("users.effective_roles.list", "/users/{id}/effective-roles")
            .scopes(&[&["read:user_effective_roles"]])
            .node("users.effectiveRoles.list");
        path { id: UserId }
        page { CheckpointPaging of EffectiveRole, List::PLAIN }
        decode { decode_model: Page<EffectiveRole> }
    }

    /// `GET /users/{id}/effective-roles/sources/groups`. See
    /// [`EffectiveRoles::group_sources`](crate::management::EffectiveRoles::group_sources).
    operation ListRoleSourceGroups {
        Descriptor::get("users.effective_roles.group_sources", "/users/{id}/effective-roles/sources/groups")
            .scopes(&[&["read:user_role_source_groups"]])
            .node("users.effectiveRoles.sources.groups.list");
        path { id: UserId }
        required { role_id }
        page { CheckpointPaging of Group, List::PLAIN }
        decode { decode_model: Page<Group> }
    }
}
