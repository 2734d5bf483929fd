//! The response to a request for tokens.

use crate::Secret;
use crate::object::object;

object! {
    /// The response of `POST /oauth/token`.
    pub struct TokenResponse {
        /// The access token.
        pub access_token: Option<Secret> = "access_token",
        /// The ID token, if the scope `openid` was granted. It is not verified.
        pub id_token: Option<Secret> = "id_token",
        /// The refresh token, if the scope `offline_access` was granted. Where refresh tokens rotate, it replaces the previous one.
        pub refresh_token: Option<Secret> = "refresh_token",
        /// The new recovery code of a user who has logged in with the previous one.
        pub recovery_code: Option<Secret> = "recovery_code",
        /// The lifetime in seconds.
        pub expires_in: Option<u64> = "expires_in",
        /// The type of the token: `Bearer`.
        pub token_type: Option<String> = "token_type",
        /// The scopes of the access token, separated by spaces.
        pub scope: Option<String> = "scope",
    }
}
