//! A user's multi-factor enrolments.

use super::users::user_id;
use crate::client::Client;
use crate::endpoint::{RequestBuilder, decode_empty};
use crate::{Api, BaseUrl, Call, Descriptor, Error, Operation, RestClient};
use bytes::Bytes;
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
        let operation = user_id(id).map(|id| DeleteMultifactorProvider { id, provider: provider.into() });
        Call::new(self.client.clone(), operation)
    }

    /// The enrolments' own paths, by hand: `/users/{id}/multifactor/{provider}`.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}/multifactor/{provider}")
    }
}

/// `DELETE /users/{id}/multifactor/{provider}`
#[derive(Clone, Debug)]
pub struct DeleteMultifactorProvider {
    id: UserId,
    provider: MultifactorProvider,
}

impl DeleteMultifactorProvider {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::delete(
        "users.delete_multifactor_provider",
        Api::Management,
        "/users/{id}/multifactor/{provider}",
        &["update:users"],
    );
}

impl Operation for DeleteMultifactorProvider {
    type Output = ();

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base)
            .segment("id", self.id.as_str())
            .segment("provider", self.provider.as_str())
            .empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<(), Error> {
        decode_empty(Some(Self::DESCRIPTOR), response)
    }
}
