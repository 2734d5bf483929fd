//! A user's multi-factor enrolments.

use super::user_id::IntoUserId;
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operations;
use crate::response::decode_empty;
use crate::rest::RestClient;
use users_model::{MultifactorProvider, UserId};

/// The multi-factor enrolments of a user.
#[derive(Clone, Debug)]
pub struct Multifactor {
    client: Client,
}

impl Multifactor {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Takes a user's enrolment with a provider away, so that the user enrols afresh at the next login.
    ///
    /// `DELETE /users/{id}/multifactor/{provider}`, scope `update:users`. Succeeds where nothing was enrolled.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// users.multifactor().delete("auth0|1", "google-authenticator").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-multifactor-by-provider>
    pub fn delete(
        &self,
        id: impl IntoUserId,
        provider: impl Into<MultifactorProvider>,
    ) -> Call<DeleteMultifactorProvider> {
        self.client.call(DeleteMultifactorProvider::new(id, provider))
    }

    /// Lets every browser ask for the second factor again that was told to remember the user.
    ///
    /// `POST /users/{id}/multifactor/actions/invalidate-remember-browser`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-invalidate-remember-browser>
    pub fn invalidate_remember_browser(&self, id: impl IntoUserId) -> Call<InvalidateRememberBrowser> {
        self.client.call(InvalidateRememberBrowser::new(id))
    }

    /// The enrolments' own paths, by hand: `/users/{id}/multifactor/{provider}`.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}/multifactor/{provider}")
    }
}

operations! {
    /// `DELETE /users/{id}/multifactor/{provider}`
    operation DeleteMultifactorProvider {
        Descriptor::delete("users.delete_multifactor_provider", "/users/{id}/multifactor/{provider}")
            .scopes(&[&["update:users"]])
            .node("users.deleteMultifactorProvider");
        path { id: UserId, provider: MultifactorProvider }
        decode { decode_empty: () }
    }

    /// `POST /users/{id}/multifactor/actions/invalidate-remember-browser`
    operation InvalidateRememberBrowser {
        Descriptor::post("users.multifactor.invalidate_remember_browser", "/users/{id}/multifactor/actions/invalidate-remember-browser")
            .scopes(&[&["update:users"]])
            .node("users.multifactor.invalidateRememberBrowser");
        path { id: UserId }
        decode { decode_empty: () }
    }
}
