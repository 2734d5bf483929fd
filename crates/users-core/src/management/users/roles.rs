//! The roles of a user.

use super::OfUser;
use crate::call::Call;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::paged_by_offset;
use users_model::{Page, Role, UserId};

/// The roles of a user.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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
    /// Lists them.
    ///
    /// `GET /users/{id}/roles`, scope `read:users` with `read:roles`, or `read:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-roles>
    pub fn list(&self) -> Call<ListUserRoles> {
        self.0.call(ListUserRoles::new)
    }

    /// Gives the user roles, by their ids. A user has 50 at most.
    ///
    /// `POST /users/{id}/roles`, scope `update:users` or `create:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-user-roles>
    pub fn assign(&self, roles: impl IntoIterator<Item = impl Into<String>>) -> Call<AssignUserRoles> {
        let body = RoleIds::new(roles);
        self.0.call(|id| AssignUserRoles::new(id, body))
    }

    /// Takes roles from the user, by their ids.
    ///
    /// `DELETE /users/{id}/roles`, scope `update:users` or `delete:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-user-roles>
    pub fn remove(&self, roles: impl IntoIterator<Item = impl Into<String>>) -> Call<RemoveUserRoles> {
        let body = RoleIds::new(roles);
        self.0.call(|id| RemoveUserRoles::new(id, body))
    }
}

/// `{"roles": [id, …]}`
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct RoleIds {
    roles: Vec<String>,
}

impl RoleIds {
    fn new(roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { roles: roles.into_iter().map(Into::into).collect() }
    }
}

operation! {
    /// `GET /users/{id}/roles`
    ListUserRoles = Descriptor::get("users.roles.list", Api::Management, "/users/{id}/roles", &["read:users", "read:roles", "read:role_members"]);
    path { id: UserId }
    query {
        /// Which page, from 0. A stream begins here.
        page: u32,
        /// How many a page holds, at most 100. A stream asks for 100.
        per_page: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
    }
    answer { decode_json: Page<Role> }
}

paged_by_offset!(ListUserRoles of Role);

operation! {
    /// `POST /users/{id}/roles`
    AssignUserRoles = Descriptor::post("users.roles.assign", Api::Management, "/users/{id}/roles", &["update:users", "create:role_members"]);
    path { id: UserId }
    body { body: RoleIds }
    answer { decode_empty: () }
}

operation! {
    /// `DELETE /users/{id}/roles`
    RemoveUserRoles = Descriptor::delete("users.roles.remove", Api::Management, "/users/{id}/roles", &["update:users", "delete:role_members"]);
    path { id: UserId }
    body { body: RoleIds }
    answer { decode_empty: () }
}
