//! Linking accounts to a user.

use super::user_id::IntoUserId;
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::RequestBuilder;
use crate::response::decode_model;
use crate::rest::RestClient;
use bytes::Bytes;
use users_model::{Identity, LinkTarget, Provider, UserId};

/// The identities of a user.
#[derive(Clone, Debug)]
pub struct Identities {
    client: Client,
}

impl Identities {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Links an account to a user. Returns all identities of the user, the primary one first.
    ///
    /// `POST /users/{id}/identities`, scope `update:users`. The user of the account is deleted with its metadata, and its profile
    /// is not merged. An account that is already linked is a 409.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::LinkTarget;
    ///
    /// let identities = users.identities().link("auth0|1", LinkTarget::account("google-oauth2", "103547991597142817347")).await?;
    /// assert!(identities.len() >= 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-identities>
    pub fn link(&self, id: impl IntoUserId, target: impl Into<LinkTarget>) -> Call<LinkIdentity> {
        self.client.call(LinkIdentity::new(id, target.into()))
    }

    /// Unlinks an account from a user. Returns the remaining identities. The account becomes a separate user again,
    /// without metadata.
    ///
    /// `DELETE /users/{id}/identities/{provider}/{user_id}`, scope `update:users`. The account's id may have the provider as a
    /// prefix; it is sent without, since Auth0 answers an id with the prefix with 200 and unlinks nothing.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let left = users.identities().unlink("auth0|1", "google-oauth2", "103547991597142817347").await?;
    /// # let _ = left;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-user-identity-by-user-id>
    pub fn unlink(
        &self,
        id: impl IntoUserId,
        provider: impl Into<Provider>,
        user_id: impl Into<String>,
    ) -> Call<UnlinkIdentity> {
        let (provider, given) = (provider.into(), user_id.into());
        let bare = given.strip_prefix(provider.as_str()).and_then(|rest| rest.strip_prefix('|'));
        let bare = bare.map_or_else(|| given.clone(), ToOwned::to_owned);
        self.client.call(UnlinkIdentity::new(id, provider, bare))
    }

    /// Calls the path `/users/{id}/identities/{provider}/{user_id}` by hand.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}/identities/{provider}/{user_id}")
    }
}

operations! {
    /// `POST /users/{id}/identities`. See [`Identities::link`](crate::management::Identities::link).
    operation LinkIdentity {
        Descriptor::post("users.link", "/users/{id}/identities")
            .scopes(&[&["update:users"], &["update:current_user_identities"]])
            .node("users.link");
        path { id: UserId }
        body { target: LinkTarget }
        request { link_request }
        decode { decode_model: Vec<Identity> }
    }

    /// `DELETE /users/{id}/identities/{provider}/{user_id}`. See [`Identities::unlink`](crate::management::Identities::unlink).
    operation UnlinkIdentity {
        Descriptor::delete("users.unlink", "/users/{id}/identities/{provider}/{user_id}")
            .scopes(&[&["update:users"], &["update:current_user_identities"]])
            .node("users.unlink");
        path { id: UserId, provider: Provider, user_id: String }
        decode { decode_model: Vec<Identity> }
    }
}

fn link_request(link: &LinkIdentity, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
    let target = &link.target;
    let is_set = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    let by_account = is_set(target.provider.as_ref().map(Provider::as_str))
        && is_set(target.user_id.as_ref().map(users_model::IdentityId::as_str));
    let by_token = is_set(target.link_with.as_ref().map(users_model::Secret::expose));
    match (by_account, by_token) {
        (false, false) => {
            Err(Error::invalid("an account to link is named by its provider and its id, or by its ID token"))
        }
        (true, true) => {
            Err(Error::invalid("an account to link is named by provider and id or by ID token, not by both"))
        }
        _ => request.body(target),
    }
}
