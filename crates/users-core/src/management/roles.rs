//! Who has a role.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::paged_by_checkpoint;
use users_model::{Page, RoleUser};

/// Who has a role.
#[derive(Clone, Debug)]
pub struct RolesManager(pub(super) Client);

impl RolesManager {
    /// Lists the users who have a role; a stream walks by checkpoint, beyond the first 1000.
    ///
    /// `GET /roles/{id}/users`, scope `read:users` with `read:roles`, or `read:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/get-role-user>
    pub fn users(&self, id: impl Into<String>) -> Call<ListRoleUsers> {
        self.call(ListRoleUsers::new(id.into()))
    }

    /// Gives a role to users, by their ids.
    ///
    /// `POST /roles/{id}/users`, scope `update:roles` or `create:role_members`.
    ///
    /// <https://auth0.com/docs/api/management/v2/roles/post-role-users>
    pub fn assign_users(
        &self,
        id: impl Into<String>,
        users: impl IntoIterator<Item = impl Into<String>>,
    ) -> Call<AssignRoleUsers> {
        let users = UserIds { users: users.into_iter().map(Into::into).collect() };
        self.call(AssignRoleUsers::new(id.into(), users))
    }

    fn call<O: crate::Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.0.clone(), Ok(operation))
    }
}

/// `{"users": [id, …]}`
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct UserIds {
    users: Vec<String>,
}

operation! {
    /// `GET /roles/{id}/users`
    ListRoleUsers = Descriptor::get("roles.users", Api::Management, "/roles/{id}/users", &["read:users", "read:roles", "read:role_members"]);
    path { id: String }
    query {
        /// Which page, from 0. A stream begins here.
        page: u32,
        /// How many a page holds, at most 100. A stream asks for 100.
        per_page: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
    }
    answer { decode_json: Page<RoleUser> }
}

paged_by_checkpoint!(ListRoleUsers of RoleUser);

operation! {
    /// `POST /roles/{id}/users`
    AssignRoleUsers = Descriptor::post("roles.assign_users", Api::Management, "/roles/{id}/users", &["update:roles", "create:role_members"]);
    path { id: String }
    body { body: UserIds }
    answer { decode_empty: () }
}
