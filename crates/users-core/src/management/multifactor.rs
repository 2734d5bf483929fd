//! The multi-factor enrollments of a user.

use super::user_id::IntoUserId;
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operations;
use crate::response::decode_empty;
use crate::rest::RestClient;
use users_model::{MultifactorProvider, UserId};

/// The multi-factor enrollments of a user.
#[derive(Clone, Debug)]
pub struct Multifactor {
    client: Client,
}

impl Multifactor {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Deletes a user's enrollment with a provider. The user enrolls again at the next login.
    ///
    /// `DELETE /users/{id}/multifactor/{provider}`, scope `update:users`. Succeeds if there is no enrollment.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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

    /// Invalidates all remembered browsers of a user, which then request the second factor again.
    ///
    /// `POST /users/{id}/multifactor/actions/invalidate-remember-browser`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-invalidate-remember-browser>
    pub fn invalidate_remember_browser(&self, id: impl IntoUserId) -> Call<InvalidateRememberBrowser> {
        self.client.call(InvalidateRememberBrowser::new(id))
    }

    /// Calls the path `/users/{id}/multifactor/{provider}` by hand.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}/multifactor/{provider}")
    }
}

operations! {
    /// `DELETE /users/{id}/multifactor/{provider}`. See [`Multifactor::delete`](crate::management::Multifactor::delete).
    operation DeleteMultifactorProvider {
        Descriptor::delete("users.delete_multifactor_provider", "/users/{id}/multifactor/{provider}")
            .scopes(&[&["update:users"]])
            .node("users.deleteMultifactorProvider");
        path { id: UserId, provider: MultifactorProvider }
        decode { decode_empty: () }
    }

    /// `POST /users/{id}/multifactor/actions/invalidate-remember-browser`. See
    /// [`Multifactor::invalidate_remember_browser`](crate::management::Multifactor::invalidate_remember_browser).
    operation InvalidateRememberBrowser {
        Descriptor::post("users.multifactor.invalidate_remember_browser", "/users/{id}/multifactor/actions/invalidate-remember-browser")
            .scopes(&[&["update:users"]])
            .node("users.multifactor.invalidateRememberBrowser");
        path { id: UserId }
        decode { decode_empty: () }
    }
}
