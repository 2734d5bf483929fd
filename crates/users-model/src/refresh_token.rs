//! Refresh tokens: their metadata, never the token itself.

use crate::object::{object, setters};
use crate::{JsonObject, Patch, SessionDevice, Timestamp};

object! {
    /// A refresh token of a user.
    pub struct RefreshToken {
        /// The id, which is not the token.
        pub id: Option<String> = "id",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// When it was issued.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it expires unless it is used.
        pub idle_expires_at: Option<Timestamp> = "idle_expires_at",
        /// When it expires in any case.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// When it was last exchanged for an access token.
        pub last_exchanged_at: Option<Timestamp> = "last_exchanged_at",
        /// The device.
        pub device: Option<SessionDevice> = "device",
        /// The application.
        pub client_id: Option<String> = "client_id",
        /// The session in which it was issued.
        pub session_id: Option<String> = "session_id",
        /// Whether each exchange replaces it.
        pub rotating: Option<bool> = "rotating",
        /// The APIs that it grants access to.
        pub resource_servers: Option<Vec<RefreshTokenResourceServer>> = "resource_servers",
        /// Metadata of applications.
        pub refresh_token_metadata: Option<JsonObject> = "refresh_token_metadata",
    }
}

object! {
    /// An API that a refresh token grants access to.
    pub struct RefreshTokenResourceServer {
        /// The identifier of the API.
        pub audience: Option<String> = "audience",
        /// The scopes, separated by spaces.
        pub scopes: Option<String> = "scopes",
    }
}

object! {
    /// Selects the refresh tokens to revoke: by id, or of a user all, those of an application, or those of an application for an API.
    pub struct RefreshTokenRevocation {
        /// The ids of the tokens.
        pub ids: Option<Vec<String>> = "ids",
        /// The user.
        pub user_id: Option<String> = "user_id",
        /// The application.
        pub client_id: Option<String> = "client_id",
        /// The identifier of the API.
        pub audience: Option<String> = "audience",
    }
}

impl RefreshTokenRevocation {
    /// Creates an empty selection.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(RefreshTokenRevocation {
    /// Selects tokens by id. Cannot be combined with other criteria.
    ids: Vec<String>,
    /// Selects the tokens of this user.
    user_id: String,
    /// Selects only tokens of this application. Requires the user.
    client_id: String,
    /// Selects only tokens for this API. Requires the user and the application.
    audience: String,
});

object! {
    /// The body of `revoke-access`: revokes all sessions of a user, or one.
    pub struct AccessRevocation {
        /// The session to revoke; all sessions if `None`.
        pub session_id: Option<String> = "session_id",
        /// Whether refresh tokens are kept.
        pub preserve_refresh_tokens: Option<bool> = "preserve_refresh_tokens",
    }
}

impl AccessRevocation {
    /// Revokes all sessions and refresh tokens.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(AccessRevocation {
    /// Limits the revocation to this session and the refresh tokens issued in it.
    session_id: String,
    /// Sets whether refresh tokens are kept.
    preserve_refresh_tokens: bool,
});

object! {
    /// An update of a refresh token.
    pub struct RefreshTokenUpdate {
        /// Metadata of applications. Replaced as a whole, not merged.
        pub refresh_token_metadata: Patch<JsonObject> = "refresh_token_metadata",
    }
}

impl RefreshTokenUpdate {
    /// Replaces the metadata of the refresh token.
    pub fn metadata(metadata: impl Into<JsonObject>) -> Self {
        Self { refresh_token_metadata: Patch::Set(metadata.into()), ..Self::default() }
    }

    /// Deletes the metadata of the refresh token.
    pub fn clear_metadata() -> Self {
        Self { refresh_token_metadata: Patch::Clear, ..Self::default() }
    }
}
