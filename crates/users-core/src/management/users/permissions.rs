//! The permissions that are assigned to a user directly.

use super::of_user::OfUser;
use crate::call::Call;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::json::{ToJson, write_object};
use users_model::{JsonObject, Page, Permission, PermissionRef, UserId};

/// The permissions that a user has been given, directly or by roles.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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
    /// Lists the permissions of the user.
    ///
    /// `GET /users/{id}/permissions`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-permissions>
    #[inline]
    pub fn list(&self) -> Call<ListUserPermissions> {
        self.0.call(ListUserPermissions::new)
    }

    /// Assigns permissions to the user. A user has at most 1000; a permission that no API defines is a 404.
    ///
    /// `POST /users/{id}/permissions`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-permissions>
    pub fn assign(
        &self,
        permissions: impl IntoIterator<Item = PermissionRef>,
    ) -> Call<AssignUserPermissions> {
        self.0.call(|id| AssignUserPermissions::new(id, permissions))
    }

    /// Removes permissions from the user.
    ///
    /// `DELETE /users/{id}/permissions`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-permissions>
    pub fn remove(
        &self,
        permissions: impl IntoIterator<Item = PermissionRef>,
    ) -> Call<RemoveUserPermissions> {
        self.0.call(|id| RemoveUserPermissions::new(id, permissions))
    }
}

/// `{"permissions": [{resource_server_identifier, permission_name}, …]}`
#[derive(Clone, Debug)]
#[cfg_attr(feature = "contract", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Permissions {
    permissions: Vec<PermissionRef>,
}

impl Permissions {
    fn new(permissions: impl IntoIterator<Item = PermissionRef>) -> Self {
        Self { permissions: permissions.into_iter().collect() }
    }
}

impl ToJson for Permissions {
    fn write_json(&self, text: &mut String) {
        write_object(text, &[("permissions", Some(&self.permissions))], &JsonObject::new());
    }
}

operations! {
    /// `GET /users/{id}/permissions`. See [`UserPermissions::list`](crate::management::UserPermissions::list).
    operation ListUserPermissions {
        Descriptor::get("users.permissions.list", "/users/{id}/permissions")
            .scopes(&[&["read:users"]])
            .node("users.permissions.list");
        path { id: UserId }
        page { OffsetPaging of Permission, List::PLAIN }
        decode { decode_model: Page<Permission> }
    }

    /// `POST /users/{id}/permissions`. See [`UserPermissions::assign`](crate::management::UserPermissions::assign).
    operation AssignUserPermissions {
        Descriptor::post("users.permissions.assign", "/users/{id}/permissions")
            .scopes(&[&["update:users"]])
            .node("users.permissions.create");
        path { id: UserId }
        body { body: Permissions = impl IntoIterator<Item = PermissionRef> => Permissions::new }
        decode { decode_empty: () }
    }

    /// `DELETE /users/{id}/permissions`. See [`UserPermissions::remove`](crate::management::UserPermissions::remove).
    operation RemoveUserPermissions {
        Descriptor::delete("users.permissions.remove", "/users/{id}/permissions")
            .scopes(&[&["update:users"]])
            .node("users.permissions.delete");
        path { id: UserId }
        body { body: Permissions = impl IntoIterator<Item = PermissionRef> => Permissions::new }
        decode { decode_empty: () }
    }
}
