//! Where a user is logged in.

use super::OfUser;
use crate::call::Call;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use crate::paging::paged_by_checkpoint;
use users_model::{Page, RefreshToken, Session, UserId};

/// The sessions of a user.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let sessions = users.sessions("auth0|1");
/// let all = sessions.list().items().try_collect().await?;
/// sessions.delete_all().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserSessions(pub(super) OfUser);

impl UserSessions {
    /// Lists them.
    ///
    /// `GET /users/{user_id}/sessions`, scope `read:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-sessions-for-user>
    pub fn list(&self) -> Call<ListUserSessions> {
        self.0.call(ListUserSessions::new)
    }

    /// Ends all of them. That takes a moment: the answer comes before it is done.
    ///
    /// `DELETE /users/{user_id}/sessions`, scope `delete:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-sessions-for-user>
    pub fn delete_all(&self) -> Call<DeleteUserSessions> {
        self.0.call(DeleteUserSessions::new)
    }
}

/// The refresh tokens of a user.
///
/// ```
/// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let all = users.refresh_tokens("auth0|1").list().items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserRefreshTokens(pub(super) OfUser);

impl UserRefreshTokens {
    /// Lists them.
    ///
    /// `GET /users/{user_id}/refresh-tokens`, scope `read:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-refresh-tokens-for-user>
    pub fn list(&self) -> Call<ListUserRefreshTokens> {
        self.0.call(ListUserRefreshTokens::new)
    }

    /// Takes all of them away. That takes a moment: the answer comes before it is done.
    ///
    /// `DELETE /users/{user_id}/refresh-tokens`, scope `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-refresh-tokens-for-user>
    pub fn delete_all(&self) -> Call<DeleteUserRefreshTokens> {
        self.0.call(DeleteUserRefreshTokens::new)
    }
}

operation! {
    /// `GET /users/{user_id}/sessions`
    ListUserSessions = Descriptor::get("users.sessions.list", Api::Management, "/users/{user_id}/sessions", &["read:sessions"]);
    path { user_id: UserId }
    query {
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
    }
    answer { decode_json: Page<Session> }
}

paged_by_checkpoint!(ListUserSessions of Session);

operation! {
    /// `DELETE /users/{user_id}/sessions`
    DeleteUserSessions = Descriptor::delete("users.sessions.delete_all", Api::Management, "/users/{user_id}/sessions", &["delete:sessions"]);
    path { user_id: UserId }
    answer { decode_empty: () }
}

operation! {
    /// `GET /users/{user_id}/refresh-tokens`
    ListUserRefreshTokens = Descriptor::get("users.refresh_tokens.list", Api::Management, "/users/{user_id}/refresh-tokens", &["read:refresh_tokens"]);
    path { user_id: UserId }
    query {
        /// Where the page begins: the `next` of the page before.
        from: String,
        /// How many a page holds, at most 100. A stream asks for 100.
        take: u32,
        /// Whether the page says how many there are in all.
        include_totals: bool,
    }
    answer { decode_json: Page<RefreshToken> }
}

paged_by_checkpoint!(ListUserRefreshTokens of RefreshToken);

operation! {
    /// `DELETE /users/{user_id}/refresh-tokens`
    DeleteUserRefreshTokens = Descriptor::delete("users.refresh_tokens.delete_all", Api::Management, "/users/{user_id}/refresh-tokens", &["delete:refresh_tokens"]);
    path { user_id: UserId }
    answer { decode_empty: () }
}
