//! A user's multi-factor enrolments.

use super::user_id::user_id;
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::error::Error;
use crate::operation_macro::operation;
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
        id: impl TryInto<UserId, Error: Into<Error>>,
        provider: impl Into<MultifactorProvider>,
    ) -> Call<DeleteMultifactorProvider> {
        let operation = user_id(id).map(|id| DeleteMultifactorProvider::new(id, provider.into()));
        Call::new(self.client.clone(), operation)
    }

    /// Lets every browser ask for the second factor again that was told to remember the user.
    ///
    /// `POST /users/{id}/multifactor/actions/invalidate-remember-browser`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-invalidate-remember-browser>
    pub fn invalidate_remember_browser(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
    ) -> Call<InvalidateRememberBrowser> {
        Call::new(self.client.clone(), user_id(id).map(InvalidateRememberBrowser::new))
    }

    /// The enrolments' own paths, by hand: `/users/{id}/multifactor/{provider}`.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}/multifactor/{provider}")
    }
}

operation! {
    /// `DELETE /users/{id}/multifactor/{provider}`
    DeleteMultifactorProvider = Descriptor::delete(
        "users.delete_multifactor_provider",
        Api::Management,
        "/users/{id}/multifactor/{provider}",
        &["update:users"],
    );
    path { id: UserId, provider: MultifactorProvider }
    answer { decode_empty: () }
}

operation! {
    /// `POST /users/{id}/multifactor/actions/invalidate-remember-browser`
    InvalidateRememberBrowser = Descriptor::post(
        "users.multifactor.invalidate_remember_browser",
        Api::Management,
        "/users/{id}/multifactor/actions/invalidate-remember-browser",
        &["update:users"],
    );
    path { id: UserId }
    answer { decode_empty: () }
}
