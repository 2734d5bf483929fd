//! The response to a request for an access token.

use crate::Secret;
use crate::object::object;

object! {
    /// The response of `POST /oauth/token`.
    pub struct TokenResponse {
        /// The token.
        pub access_token: Option<Secret> = "access_token",
        /// The lifetime in seconds.
        pub expires_in: Option<u64> = "expires_in",
        /// The type of the token: `Bearer`.
        pub token_type: Option<String> = "token_type",
        /// The scopes of the token, separated by spaces.
        pub scope: Option<String> = "scope",
    }
}
