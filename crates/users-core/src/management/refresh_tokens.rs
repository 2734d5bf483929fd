//! Refresh tokens, by token id.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{Page, RefreshToken, RefreshTokenRevocation, RefreshTokenUpdate};

/// Refresh tokens, by token id.
#[derive(Clone, Debug)]
pub struct RefreshTokensManager(pub(super) Client);

impl RefreshTokensManager {
    /// Lists the refresh tokens of a user.
    ///
    /// `GET /refresh-tokens`, scope `read:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/get-refresh-tokens>
    pub fn list(&self, user_id: impl Into<String>) -> Call<ListRefreshTokens> {
        self.0.call(Ok(ListRefreshTokens::new(user_id)))
    }

    /// Gets a refresh token.
    ///
    /// `GET /refresh-tokens/{id}`, scope `read:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/get-refresh-token>
    pub fn get(&self, id: impl Into<String>) -> Call<GetRefreshToken> {
        self.0.call(GetRefreshToken::new(id))
    }

    /// Updates a refresh token.
    ///
    /// `PATCH /refresh-tokens/{id}`, scope `update:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/patch-refresh-tokens-by-id>
    pub fn update(&self, id: impl Into<String>, update: RefreshTokenUpdate) -> Call<UpdateRefreshToken> {
        self.0.call(UpdateRefreshToken::new(id, update))
    }

    /// Deletes a refresh token.
    ///
    /// `DELETE /refresh-tokens/{id}`, scope `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/delete-refresh-token>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteRefreshToken> {
        self.0.call(DeleteRefreshToken::new(id))
    }

    /// Revokes refresh tokens: by their ids, or all of a user or an application.
    ///
    /// `POST /refresh-tokens/revoke`, scope `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/revoke-refresh-tokens>
    #[inline]
    pub fn revoke(&self, revocation: RefreshTokenRevocation) -> Call<RevokeRefreshTokens> {
        self.0.call(Ok(RevokeRefreshTokens::new(revocation)))
    }
}

operations! {
    /// `GET /refresh-tokens`. See [`RefreshTokensManager::list`](crate::management::RefreshTokensManager::list).
    operation ListRefreshTokens {
        Descriptor::get("refresh_tokens.list", "/refresh-tokens")
            .scopes(&[&["read:refresh_tokens"]])
            .node("refreshTokens.list");
        required { user_id }
        page { CheckpointPaging of RefreshToken, List::PLAIN }
        query {
            /// Returns tokens of this application only.
            client_id: String,
        }
        fields { fields }
        decode { decode_model: Page<RefreshToken> }
    }

    /// `GET /refresh-tokens/{id}`. See [`RefreshTokensManager::get`](crate::management::RefreshTokensManager::get).
    operation GetRefreshToken {
        Descriptor::get("refresh_tokens.get", "/refresh-tokens/{id}")
            .scopes(&[&["read:refresh_tokens"]])
            .node("refreshTokens.get");
        path { id: String }
        decode { decode_model: RefreshToken }
    }

    /// `PATCH /refresh-tokens/{id}`. See [`RefreshTokensManager::update`](crate::management::RefreshTokensManager::update).
    operation UpdateRefreshToken {
        Descriptor::patch("refresh_tokens.update", "/refresh-tokens/{id}")
            .scopes(&[&["update:refresh_tokens"]])
            .node("refreshTokens.update");
        path { id: String }
        body { body: RefreshTokenUpdate }
        decode { decode_model: RefreshToken }
    }

    /// `DELETE /refresh-tokens/{id}`. See [`RefreshTokensManager::delete`](crate::management::RefreshTokensManager::delete).
    operation DeleteRefreshToken {
        Descriptor::delete("refresh_tokens.delete", "/refresh-tokens/{id}")
            .scopes(&[&["delete:refresh_tokens"]])
            .node("refreshTokens.delete");
        path { id: String }
        decode { decode_empty: () }
    }

    /// `POST /refresh-tokens/revoke`. See [`RefreshTokensManager::revoke`](crate::management::RefreshTokensManager::revoke).
    operation RevokeRefreshTokens {
        Descriptor::post("refresh_tokens.revoke", "/refresh-tokens/revoke")
            .scopes(&[&["delete:refresh_tokens"]])
            .node("refreshTokens.revoke");
        body { body: RefreshTokenRevocation }
        decode { decode_empty: () }
    }
}
