//! Linking accounts to a user.

use super::user_id::user_id;
use crate::base_url::BaseUrl;
use crate::call::Call;
use crate::client::Client;
use crate::decode::decode_json;
use crate::descriptor::{Api, Descriptor};
use crate::endpoint::RequestBuilder;
use crate::error::Error;
use crate::operation::Operation;
use crate::operation_macro::operation;
use crate::rest::RestClient;
use bytes::Bytes;
use users_model::{Identity, LinkTarget, Provider, UserId};

/// The accounts that belong to a user.
#[derive(Clone, Debug)]
pub struct Identities {
    client: Client,
}

impl Identities {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Links an account to a user, and gives all accounts of the user, the primary one first.
    ///
    /// `POST /users/{id}/identities`, scope `update:users`. The account's own user disappears, its metadata is lost, and nothing
    /// of its profile is merged. An account that is linked already is a 409.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::LinkTarget;
    ///
    /// let identities = users.identities().link("auth0|1", LinkTarget::account("google-oauth2", "103547991597142817347")).await?;
    /// assert!(identities.len() >= 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-identities>
    pub fn link(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        target: impl Into<LinkTarget>,
    ) -> Call<LinkIdentity> {
        let operation = user_id(id).map(|id| LinkIdentity { id, target: target.into() });
        Call::new(self.client.clone(), operation)
    }

    /// Takes a linked account away from a user, and gives the accounts that are left. The account becomes a user of its own again,
    /// without metadata.
    ///
    /// `DELETE /users/{id}/identities/{provider}/{user_id}`, scope `update:users`. The account's id may be bare or full; the bare
    /// one is sent, since Auth0 answers a full one with 200 and changes nothing.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let left = users.identities().unlink("auth0|1", "google-oauth2", "103547991597142817347").await?;
    /// # let _ = left;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-user-identity-by-user-id>
    pub fn unlink(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        provider: impl Into<Provider>,
        user_id: impl Into<String>,
    ) -> Call<UnlinkIdentity> {
        let operation = self::user_id(id).map(|id| {
            let provider = provider.into();
            let given = user_id.into();
            let bare = given
                .strip_prefix(provider.as_str())
                .and_then(|rest| rest.strip_prefix('|'))
                .map_or_else(|| given.clone(), ToOwned::to_owned);
            UnlinkIdentity::new(id, provider, bare)
        });
        Call::new(self.client.clone(), operation)
    }

    /// The identities' own paths, by hand: `/users/{id}/identities/{provider}/{user_id}`.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}/identities/{provider}/{user_id}")
    }
}

/// `POST /users/{id}/identities`
#[derive(Clone, Debug)]
pub struct LinkIdentity {
    id: UserId,
    target: LinkTarget,
}

impl LinkIdentity {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::post(
        "users.link",
        Api::Management,
        "/users/{id}/identities",
        &["update:users", "update:current_user_identities"],
    );
}

impl Operation for LinkIdentity {
    type Output = Vec<Identity>;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        let target = &self.target;
        let by_account =
            target.provider.as_ref().is_some_and(|provider| !provider.as_str().trim().is_empty())
                && target.user_id.as_ref().is_some_and(|id| !id.as_str().trim().is_empty());
        let by_token = target.link_with.as_ref().is_some_and(|token| !token.expose().trim().is_empty());
        match (by_account, by_token) {
            (false, false) => Err(Error::invalid(
                "an account to link is named by its provider and its id, or by its ID token",
            )),
            (true, true) => Err(Error::invalid(
                "an account to link is named by provider and id or by ID token, not by both",
            )),
            _ => RequestBuilder::new(Self::DESCRIPTOR, base).segment("id", self.id.as_str()).json(target),
        }
    }

    fn decode(response: http::Response<Bytes>) -> Result<Vec<Identity>, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

operation! {
    /// `DELETE /users/{id}/identities/{provider}/{user_id}`
    UnlinkIdentity = Descriptor::delete(
        "users.unlink",
        Api::Management,
        "/users/{id}/identities/{provider}/{user_id}",
        &["update:users", "update:current_user_identities"],
    );
    path { id: UserId, provider: Provider, user_id: String }
    answer { decode_json: Vec<Identity> }
}
