//! Grants: the consents of users that applications may access APIs on their behalf.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{Grant, Page};

/// Grants: the consents of users that applications may access APIs on their behalf.
#[derive(Clone, Debug)]
pub struct GrantsManager(pub(super) Client);

impl GrantsManager {
    /// Lists grants: one page when awaited, a stream of the first 1000 with [`items`](Call::items).
    ///
    /// `GET /grants`, scope `read:grants`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let mut grants = client.grants().list().user_id("auth0|507f1f77bcf86cd799439020").items();
    /// while let Some(grant) = grants.try_next().await? {
    ///     println!("{:?} may access {:?}", grant.client_id, grant.audience);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/grants/get-grants>
    #[inline]
    pub fn list(&self) -> Call<ListGrants> {
        self.0.call(Ok(ListGrants::new()))
    }

    /// Deletes a grant, and revokes the tokens that were issued under it. Succeeds if it no longer exists.
    ///
    /// `DELETE /grants/{id}`, scope `delete:grants`.
    ///
    /// <https://auth0.com/docs/api/management/v2/grants/delete-grants-by-id>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteGrant> {
        self.0.call(DeleteGrant::new(id))
    }

    /// Deletes all grants of a user, and revokes the tokens that were issued under them.
    ///
    /// `DELETE /grants`, scope `delete:grants`.
    ///
    /// <https://auth0.com/docs/api/management/v2/grants/delete-grants-by-user-id>
    pub fn delete_by_user(&self, user_id: impl Into<String>) -> Call<DeleteUserGrants> {
        self.0.call(Ok(DeleteUserGrants::new(user_id)))
    }
}

operations! {
    /// `GET /grants`. See [`GrantsManager::list`](crate::management::GrantsManager::list).
    operation ListGrants {
        Descriptor::get("grants.list", "/grants").scopes(&[&["read:grants"]]).node("userGrants.list");
        page { OffsetPaging of Grant, List::PLAIN }
        query {
            /// Returns grants of this user only.
            user_id: String,
            /// Returns grants of this application only.
            client_id: String,
            /// Returns grants for this API only.
            audience: String,
        }
        decode { decode_model: Page<Grant> }
    }

    /// `DELETE /grants/{id}`. See [`GrantsManager::delete`](crate::management::GrantsManager::delete).
    operation DeleteGrant {
        Descriptor::delete("grants.delete", "/grants/{id}")
            .scopes(&[&["delete:grants"]])
            .node("userGrants.delete");
        path { id: String }
        decode { decode_empty: () }
    }

    /// `DELETE /grants`. See [`GrantsManager::delete_by_user`](crate::management::GrantsManager::delete_by_user).
    operation DeleteUserGrants {
        Descriptor::delete("grants.delete_by_user", "/grants")
            .scopes(&[&["delete:grants"]])
            .node("userGrants.deleteByUserId");
        required { user_id }
        decode { decode_empty: () }
    }
}
