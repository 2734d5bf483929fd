//! The sessions of a user.

use super::of_user::OfUser;
use crate::call::Call;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{Page, RefreshToken, Session, UserId};

/// The sessions of a user.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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
    /// Lists the sessions of the user.
    ///
    /// `GET /users/{user_id}/sessions`, scope `read:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-sessions-for-user>
    #[inline]
    pub fn list(&self) -> Call<ListUserSessions> {
        self.0.call(ListUserSessions::new)
    }

    /// Deletes all sessions of the user. Auth0 responds before the deletion is complete.
    ///
    /// `DELETE /users/{user_id}/sessions`, scope `delete:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-sessions-for-user>
    #[inline]
    pub fn delete_all(&self) -> Call<DeleteUserSessions> {
        self.0.call(DeleteUserSessions::new)
    }
}

/// The refresh tokens of a user.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let all = users.refresh_tokens("auth0|1").list().items().try_collect().await?;
/// # let _ = all;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserRefreshTokens(pub(super) OfUser);

impl UserRefreshTokens {
    /// Lists the sessions of the user.
    ///
    /// `GET /users/{user_id}/refresh-tokens`, scope `read:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-refresh-tokens-for-user>
    #[inline]
    pub fn list(&self) -> Call<ListUserRefreshTokens> {
        self.0.call(ListUserRefreshTokens::new)
    }

    /// Deletes all refresh tokens of the user. Auth0 responds before the deletion is complete.
    ///
    /// `DELETE /users/{user_id}/refresh-tokens`, scope `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-refresh-tokens-for-user>
    #[inline]
    pub fn delete_all(&self) -> Call<DeleteUserRefreshTokens> {
        self.0.call(DeleteUserRefreshTokens::new)
    }
}

operations! {
    /// `GET /users/{user_id}/sessions`. See [`UserSessions::list`](crate::management::UserSessions::list).
    operation ListUserSessions {
        Descriptor::get("users.sessions.list", "/users/{user_id}/sessions")
            .scopes(&[&["read:sessions"]])
            .node("users.sessions.list");
        path { user_id: UserId }
        page { CheckpointPaging of Session, List::PLAIN }
        query {
            /// Sets whether the page states the total of the list.
            include_totals: bool,
        }
        decode { decode_model: Page<Session> }
    }

    /// `DELETE /users/{user_id}/sessions`. See [`UserSessions::delete_all`](crate::management::UserSessions::delete_all).
    operation DeleteUserSessions {
        Descriptor::delete("users.sessions.delete_all", "/users/{user_id}/sessions")
            .scopes(&[&["delete:sessions"]])
            .node("users.sessions.delete");
        path { user_id: UserId }
        decode { decode_empty: () }
    }

    /// `GET /users/{user_id}/refresh-tokens`. See [`UserRefreshTokens::list`](crate::management::UserRefreshTokens::list).
    operation ListUserRefreshTokens {
        Descriptor::get("users.refresh_tokens.list", "/users/{user_id}/refresh-tokens")
            .scopes(&[&["read:refresh_tokens"]])
            .node("users.refreshToken.list");
        path { user_id: UserId }
        page { CheckpointPaging of RefreshToken, List::PLAIN }
        query {
            /// Sets whether the page states the total of the list.
            include_totals: bool,
        }
        decode { decode_model: Page<RefreshToken> }
    }

    /// `DELETE /users/{user_id}/refresh-tokens`. See
    /// [`UserRefreshTokens::delete_all`](crate::management::UserRefreshTokens::delete_all).
    operation DeleteUserRefreshTokens {
        Descriptor::delete("users.refresh_tokens.delete_all", "/users/{user_id}/refresh-tokens")
            .scopes(&[&["delete:refresh_tokens"]])
            .node("users.refreshToken.delete");
        path { user_id: UserId }
        decode { decode_empty: () }
    }
}
