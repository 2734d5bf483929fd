//! The roles of a user.

use super::of_user::OfUser;
use crate::call::Call;
use crate::descriptor::Descriptor;
use crate::management::id_lists::RoleIds;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{Page, Role, UserId};

/// The roles of a user.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let roles = users.roles("auth0|1");
/// roles.assign(["rol_zSUKzFss3Awl0pFr"]).await?;
/// let all = roles.list().items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserRoles(pub(super) OfUser);

impl UserRoles {
    /// Lists the roles of the user.
    ///
    /// `GET /users/{id}/roles`, scope `read:users` with `read:roles`, or `read:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-roles>
    #[inline]
    pub fn list(&self) -> Call<ListUserRoles> {
        self.0.call(ListUserRoles::new)
    }

    /// Assigns roles to the user, by their ids. A user has at most 50.
    ///
    /// `POST /users/{id}/roles`, scope `update:users` or `create:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-user-roles>
    pub fn assign(&self, roles: impl IntoIterator<Item = impl Into<String>>) -> Call<AssignUserRoles> {
        self.0.call(|id| AssignUserRoles::new(id, roles))
    }

    /// Removes roles from the user, by their ids.
    ///
    /// `DELETE /users/{id}/roles`, scope `update:users` or `delete:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-user-roles>
    pub fn remove(&self, roles: impl IntoIterator<Item = impl Into<String>>) -> Call<RemoveUserRoles> {
        self.0.call(|id| RemoveUserRoles::new(id, roles))
    }
}

operations! {
    /// `GET /users/{id}/roles`. See [`UserRoles::list`](crate::management::UserRoles::list).
    operation ListUserRoles {
        Descriptor::get("users.roles.list", "/users/{id}/roles")
            .scopes(&[&["read:users", "read:roles"], &["read:role_members"]])
            .node("users.roles.list");
        path { id: UserId }
        page { OffsetPaging of Role, List::PLAIN }
        decode { decode_model: Page<Role> }
    }

    /// `POST /users/{id}/roles`. See [`UserRoles::assign`](crate::management::UserRoles::assign).
    operation AssignUserRoles {
        Descriptor::post("users.roles.assign", "/users/{id}/roles")
            .scopes(&[&["update:users"], &["create:role_members"]])
            .node("users.roles.assign");
        path { id: UserId }
        body { body: RoleIds = impl IntoIterator<Item = impl Into<String>> => RoleIds::new }
        decode { decode_empty: () }
    }

    /// `DELETE /users/{id}/roles`. See [`UserRoles::remove`](crate::management::UserRoles::remove).
    operation RemoveUserRoles {
        Descriptor::delete("users.roles.remove", "/users/{id}/roles")
            .scopes(&[&["update:users"], &["delete:role_members"]])
            .node("users.roles.delete");
        path { id: UserId }
        body { body: RoleIds = impl IntoIterator<Item = impl Into<String>> => RoleIds::new }
        decode { decode_empty: () }
    }
}
