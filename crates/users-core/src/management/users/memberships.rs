//! What a user belongs to, and what is known of it elsewhere.

use super::of_user::OfUser;
use crate::call::Call;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{
    ConnectedAccount, Enrollment, FederatedTokenSet, Group, LogEvent, Organization, Page, UserId,
};

operations! {
    /// `GET /users/{id}/organizations`. See [`UsersManager::organizations`](crate::management::UsersManager::organizations).
    operation ListUserOrganizations {
        Descriptor::get("users.organizations", "/users/{id}/organizations")
            .scopes(&[&["read:organizations"]])
            .node("users.organizations.list");
        path { id: UserId }
        page { OffsetPaging of Organization, List::PLAIN }
        decode { decode_model: Page<Organization> }
    }

    /// `GET /users/{id}/groups`. See [`UsersManager::groups`](crate::management::UsersManager::groups).
    operation ListUserGroups {
        Descriptor::get("users.groups", "/users/{id}/groups")
            .scopes(&[&["read:groups"]])
            .node("users.groups.get");
        path { id: UserId }
        page { AnyPaging of Group, List { streams_by_checkpoint: true, ..List::PLAIN } }
        fields { fields }
        decode { decode_model: Page<Group> }
    }

    /// `GET /users/{id}/logs`. See [`UsersManager::logs`](crate::management::UsersManager::logs).
    operation ListUserLogs {
        Descriptor::get("users.logs", "/users/{id}/logs")
            .scopes(&[&["read:logs"], &["read:logs_users"]])
            .node("users.logs.list");
        path { id: UserId }
        page { OffsetPaging of LogEvent, List { total_counts_page: true, ..List::PLAIN } }
        query {
            /// Sets the order: a field, and `1` for ascending or `-1` for descending: `date:-1`.
            sort: String,
        }
        decode { decode_model: Page<LogEvent> }
    }

    /// `GET /users/{id}/connected-accounts`. See
    /// [`UsersManager::connected_accounts`](crate::management::UsersManager::connected_accounts).
    operation ListConnectedAccounts {
        Descriptor::get("users.connected_accounts", "/users/{id}/connected-accounts")
            .scopes(&[&["read:users"]])
            .node("users.connectedAccounts.list");
        path { id: UserId }
        page { CheckpointPaging of ConnectedAccount, List::PLAIN }
        decode { decode_model: Page<ConnectedAccount> }
    }

    /// `GET /users/{id}/enrollments`. See [`UsersManager::enrollments`](crate::management::UsersManager::enrollments).
    operation ListEnrollments {
        Descriptor::get("users.enrollments", "/users/{id}/enrollments")
            .scopes(&[&["read:users"], &["read:current_user"]])
            .node("users.enrollments.get");
        path { id: UserId }
        decode { decode_model: Vec<Enrollment> }
    }

    /// `GET /users/{id}/federated-connections-tokensets`. See
    /// [`FederatedTokenSets::list`](crate::management::FederatedTokenSets::list).
    operation ListFederatedTokenSets {
        Descriptor::get("users.federated_token_sets.list", "/users/{id}/federated-connections-tokensets")
            .scopes(&[&["read:federated_connections_tokens"]]);
        path { id: UserId }
        decode { decode_model: Vec<FederatedTokenSet> }
    }

    /// `DELETE /users/{id}/federated-connections-tokensets/{tokenset_id}`. See
    /// [`FederatedTokenSets::delete`](crate::management::FederatedTokenSets::delete).
    operation DeleteFederatedTokenSet {
        Descriptor::delete("users.federated_token_sets.delete", "/users/{id}/federated-connections-tokensets/{tokenset_id}")
            .scopes(&[&["delete:federated_connections_tokens"]]);
        path { id: UserId, tokenset_id: String }
        decode { decode_empty: () }
    }
}

/// The token sets of federated connections that Auth0 stores for a user. The tokens themselves are not returned.
///
/// Auth0 has withdrawn both endpoints from its newest SDKs, and may remove them.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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
    /// Lists the token sets of the user. Auth0's newest SDKs (`auth0` 7 for Node, 6 for Python) no longer have this endpoint.
    ///
    /// `GET /users/{id}/federated-connections-tokensets`, scope `read:federated_connections_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-federated-connections-tokensets>
    #[inline]
    pub fn list(&self) -> Call<ListFederatedTokenSets> {
        self.0.call(ListFederatedTokenSets::new)
    }

    /// Deletes a token set. Succeeds if it no longer exists. Auth0's newest SDKs (`auth0` 7 for Node, 6 for Python) no longer have
    /// this endpoint.
    ///
    /// `DELETE /users/{id}/federated-connections-tokensets/{tokenset_id}`, scope `delete:federated_connections_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-federated-connections-tokensets-by-tokenset-id>
    pub fn delete(&self, tokenset_id: impl Into<String>) -> Call<DeleteFederatedTokenSet> {
        self.0.call(|id| DeleteFederatedTokenSet::new(id, tokenset_id))
    }
}
