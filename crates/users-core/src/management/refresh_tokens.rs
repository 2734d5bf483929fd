//! Refresh tokens, by their own ids.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::paged_by_checkpoint;
use users_model::{Page, RefreshToken, RefreshTokenRevocation, RefreshTokenUpdate};

/// Refresh tokens, by their own ids.
#[derive(Clone, Debug)]
pub struct RefreshTokensManager(pub(super) Client);

impl RefreshTokensManager {
    /// Lists those of a user.
    ///
    /// `GET /refresh-tokens`, scope `read:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/get-refresh-tokens>
    pub fn list(&self, user_id: impl Into<String>) -> Call<ListRefreshTokens> {
        self.call(ListRefreshTokens::new(user_id.into()))
    }

    /// Reads one.
    ///
    /// `GET /refresh-tokens/{id}`, scope `read:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/get-refresh-token>
    pub fn get(&self, id: impl Into<String>) -> Call<GetRefreshToken> {
        self.call(GetRefreshToken::new(id.into()))
    }

    /// Changes one.
    ///
    /// `PATCH /refresh-tokens/{id}`, scope `update:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/patch-refresh-tokens-by-id>
    pub fn update(&self, id: impl Into<String>, update: RefreshTokenUpdate) -> Call<UpdateRefreshToken> {
        self.call(UpdateRefreshToken::new(id.into(), update))
    }

    /// Takes one away.
    ///
    /// `DELETE /refresh-tokens/{id}`, scope `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/delete-refresh-token>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteRefreshToken> {
        self.call(DeleteRefreshToken::new(id.into()))
    }

    /// Takes many away: by their ids, or all of a user or an application.
    ///
    /// `POST /refresh-tokens/revoke`, scope `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/refresh-tokens/revoke-refresh-tokens>
    pub fn revoke(&self, revocation: RefreshTokenRevocation) -> Call<RevokeRefreshTokens> {
        self.call(RevokeRefreshTokens::new(revocation))
    }

    fn call<O: crate::Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.0.clone(), Ok(operation))
    }
}

operation! {
    /// `GET /refresh-tokens`
    ListRefreshTokens = Descriptor::get("refresh_tokens.list", Api::Management, "/refresh-tokens", &["read:refresh_tokens"]);
    required { user_id }
    query {
        /// Only those of this application.
        client_id: String,
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
    }
    fields { fields }
    answer { decode_json: Page<RefreshToken> }
}

paged_by_checkpoint!(ListRefreshTokens of RefreshToken);

operation! {
    /// `GET /refresh-tokens/{id}`
    GetRefreshToken = Descriptor::get("refresh_tokens.get", Api::Management, "/refresh-tokens/{id}", &["read:refresh_tokens"]);
    path { id: String }
    answer { decode_json: RefreshToken }
}

operation! {
    /// `PATCH /refresh-tokens/{id}`
    UpdateRefreshToken = Descriptor::patch("refresh_tokens.update", Api::Management, "/refresh-tokens/{id}", &["update:refresh_tokens"]);
    path { id: String }
    body { body: RefreshTokenUpdate }
    answer { decode_json: RefreshToken }
}

operation! {
    /// `DELETE /refresh-tokens/{id}`
    DeleteRefreshToken = Descriptor::delete("refresh_tokens.delete", Api::Management, "/refresh-tokens/{id}", &["delete:refresh_tokens"]);
    path { id: String }
    answer { decode_empty: () }
}

operation! {
    /// `POST /refresh-tokens/revoke`
    RevokeRefreshTokens = Descriptor::post("refresh_tokens.revoke", Api::Management, "/refresh-tokens/revoke", &["delete:refresh_tokens"]);
    body { body: RefreshTokenRevocation }
    answer { decode_empty: () }
}
