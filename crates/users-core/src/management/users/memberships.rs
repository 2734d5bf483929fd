//! What a user belongs to, and what is known of it elsewhere.

use super::OfUser;
use crate::call::Call;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::{paged_by_checkpoint, paged_by_offset};
use users_model::{
    ConnectedAccount, Enrollment, FederatedTokenSet, Group, LogEvent, Organization, Page, UserId,
};

operation! {
    /// `GET /users/{id}/organizations`
    ListUserOrganizations = Descriptor::get("users.organizations", Api::Management, "/users/{id}/organizations", &["read:organizations"]);
    path { id: UserId }
    query {
        /// Which page, from 0. A stream begins here.
        page: u32,
        /// How many a page holds, at most 100. A stream asks for 100.
        per_page: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
    }
    answer { decode_json: Page<Organization> }
}

paged_by_offset!(ListUserOrganizations of Organization);

operation! {
    /// `GET /users/{id}/groups`
    ListUserGroups = Descriptor::get("users.groups", Api::Management, "/users/{id}/groups", &["read:groups"]);
    path { id: UserId }
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
    fields { fields }
    answer { decode_json: Page<Group> }
}

paged_by_checkpoint!(ListUserGroups of Group);

operation! {
    /// `GET /users/{id}/logs`
    ListUserLogs = Descriptor::get("users.logs", Api::Management, "/users/{id}/logs", &["read:logs", "read:logs_users"]);
    path { id: UserId }
    query {
        /// Which page, from 0. A stream begins here.
        page: u32,
        /// How many a page holds, at most 100. A stream asks for 100.
        per_page: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
        /// The order: a field, and `1` for ascending or `-1`: `date:-1`.
        sort: String,
    }
    answer { decode_json: Page<LogEvent> }
}

paged_by_offset!(ListUserLogs of LogEvent, total of page);

operation! {
    /// `GET /users/{id}/connected-accounts`
    ListConnectedAccounts = Descriptor::get("users.connected_accounts", Api::Management, "/users/{id}/connected-accounts", &["read:users"]);
    path { id: UserId }
    query {
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
    }
    answer { decode_json: Page<ConnectedAccount> }
}

paged_by_checkpoint!(ListConnectedAccounts of ConnectedAccount);

operation! {
    /// `GET /users/{id}/enrollments`
    ListEnrollments = Descriptor::get("users.enrollments", Api::Management, "/users/{id}/enrollments", &["read:users", "read:current_user"]);
    path { id: UserId }
    answer { decode_json: Vec<Enrollment> }
}

operation! {
    /// `GET /users/{id}/federated-connections-tokensets`
    ListFederatedTokenSets = Descriptor::get("users.federated_token_sets.list", Api::Management, "/users/{id}/federated-connections-tokensets", &["read:federated_connections_tokens"]);
    path { id: UserId }
    answer { decode_json: Vec<FederatedTokenSet> }
}

operation! {
    /// `DELETE /users/{id}/federated-connections-tokensets/{tokenset_id}`
    DeleteFederatedTokenSet = Descriptor::delete("users.federated_token_sets.delete", Api::Management, "/users/{id}/federated-connections-tokensets/{tokenset_id}", &["delete:federated_connections_tokens"]);
    path { id: UserId, tokenset_id: String }
    answer { decode_empty: () }
}

/// The tokens of other services that Auth0 keeps for a user, by what is known of them.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let sets = users.federated_token_sets("auth0|1");
/// for set in sets.list().await? {
///     sets.delete(set.id.unwrap_or_default()).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FederatedTokenSets(pub(super) OfUser);

impl FederatedTokenSets {
    /// Lists them.
    ///
    /// `GET /users/{id}/federated-connections-tokensets`, scope `read:federated_connections_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-federated-connections-tokensets>
    pub fn list(&self) -> Call<ListFederatedTokenSets> {
        self.0.call(ListFederatedTokenSets::new)
    }

    /// Takes one away; one that is gone already is as good.
    ///
    /// `DELETE /users/{id}/federated-connections-tokensets/{tokenset_id}`, scope `delete:federated_connections_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-federated-connections-tokensets-by-tokenset-id>
    pub fn delete(&self, tokenset_id: impl Into<String>) -> Call<DeleteFederatedTokenSet> {
        self.0.call(|id| DeleteFederatedTokenSet::new(id, tokenset_id.into()))
    }
}
