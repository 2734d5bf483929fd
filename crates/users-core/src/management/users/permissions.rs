//! The permissions that a user has been given.

use super::OfUser;
use crate::call::Call;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::paged_by_offset;
use users_model::{Page, Permission, PermissionRef, UserId};

/// The permissions that a user has been given, directly or by roles.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// use users_core::model::PermissionRef;
///
/// let permissions = users.permissions("auth0|1");
/// permissions.assign([PermissionRef::new("https://api.example.com/", "read:orders")]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserPermissions(pub(super) OfUser);

impl UserPermissions {
    /// Lists them.
    ///
    /// `GET /users/{id}/permissions`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-permissions>
    pub fn list(&self) -> Call<ListUserPermissions> {
        self.0.call(ListUserPermissions::new)
    }

    /// Gives the user permissions. A user has 1000 at most; one that no API has is a 404.
    ///
    /// `POST /users/{id}/permissions`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-permissions>
    pub fn assign(
        &self,
        permissions: impl IntoIterator<Item = PermissionRef>,
    ) -> Call<AssignUserPermissions> {
        let body = Permissions::new(permissions);
        self.0.call(|id| AssignUserPermissions::new(id, body))
    }

    /// Takes permissions from the user.
    ///
    /// `DELETE /users/{id}/permissions`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-permissions>
    pub fn remove(
        &self,
        permissions: impl IntoIterator<Item = PermissionRef>,
    ) -> Call<RemoveUserPermissions> {
        let body = Permissions::new(permissions);
        self.0.call(|id| RemoveUserPermissions::new(id, body))
    }
}

/// `{"permissions": [{resource_server_identifier, permission_name}, …]}`
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Permissions {
    permissions: Vec<PermissionRef>,
}

impl Permissions {
    fn new(permissions: impl IntoIterator<Item = PermissionRef>) -> Self {
        Self { permissions: permissions.into_iter().collect() }
    }
}

operation! {
    /// `GET /users/{id}/permissions`
    ListUserPermissions = Descriptor::get("users.permissions.list", Api::Management, "/users/{id}/permissions", &["read:users"]);
    path { id: UserId }
    query {
        /// Which page, from 0. A stream begins here.
        page: u32,
        /// How many a page holds, at most 100. A stream asks for 100.
        per_page: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
    }
    answer { decode_json: Page<Permission> }
}

paged_by_offset!(ListUserPermissions of Permission);

operation! {
    /// `POST /users/{id}/permissions`
    AssignUserPermissions = Descriptor::post("users.permissions.assign", Api::Management, "/users/{id}/permissions", &["update:users"]);
    path { id: UserId }
    body { body: Permissions }
    answer { decode_empty: () }
}

operation! {
    /// `DELETE /users/{id}/permissions`
    RemoveUserPermissions = Descriptor::delete("users.permissions.remove", Api::Management, "/users/{id}/permissions", &["update:users"]);
    path { id: UserId }
    body { body: Permissions }
    answer { decode_empty: () }
}
