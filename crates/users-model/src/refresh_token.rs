//! Refresh tokens, by what is known of them: never the token itself.

use crate::object::{object, setters};
use crate::{JsonObject, Patch, SessionDevice, Timestamp};

object! {
    /// A refresh token of a user.
    pub struct RefreshToken {
        /// The id, which is not the token.
        pub id: Option<String> = "id",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// When it was made.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it ends unless it is used.
        pub idle_expires_at: Option<Timestamp> = "idle_expires_at",
        /// When it ends in any case.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// When it was last exchanged for an access token.
        pub last_exchanged_at: Option<Timestamp> = "last_exchanged_at",
        /// The device.
        pub device: Option<SessionDevice> = "device",
        /// The application.
        pub client_id: Option<String> = "client_id",
        /// The session that it was made in.
        pub session_id: Option<String> = "session_id",
        /// Whether each use replaces it.
        pub rotating: Option<bool> = "rotating",
        /// The APIs that it gives access to.
        pub resource_servers: Option<Vec<RefreshTokenResourceServer>> = "resource_servers",
        /// What applications keep about it.
        pub refresh_token_metadata: Option<JsonObject> = "refresh_token_metadata",
    }
}

object! {
    /// An API that a refresh token gives access to.
    pub struct RefreshTokenResourceServer {
        /// The API, by its identifier.
        pub audience: Option<String> = "audience",
        /// The scopes, separated by spaces.
        pub scopes: Option<String> = "scopes",
    }
}

object! {
    /// Which refresh tokens are to be revoked: by their ids, or all of a user, an application, or both.
    pub struct RefreshTokenRevocation {
        /// The tokens, by id.
        pub ids: Option<Vec<String>> = "ids",
        /// The user.
        pub user_id: Option<String> = "user_id",
        /// The application.
        pub client_id: Option<String> = "client_id",
        /// The API, by its identifier.
        pub audience: Option<String> = "audience",
    }
}

impl RefreshTokenRevocation {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(RefreshTokenRevocation {
    /// The tokens, by id; with nothing else.
    ids: Vec<String>,
    /// All of this user's.
    user_id: String,
    /// All of this application's.
    client_id: String,
    /// Only those for this API.
    audience: String,
});

object! {
    /// What `revoke-access` takes: everything of a user, or one session.
    pub struct AccessRevocation {
        /// Only this session.
        pub session_id: Option<String> = "session_id",
        /// Whether refresh tokens stay.
        pub preserve_refresh_tokens: Option<bool> = "preserve_refresh_tokens",
    }
}

impl AccessRevocation {
    /// Everything: sessions and refresh tokens.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(AccessRevocation {
    /// Only this session, and the refresh tokens that were made in it.
    session_id: String,
    /// Leaves the refresh tokens.
    preserve_refresh_tokens: bool,
});

object! {
    /// A change to a refresh token.
    pub struct RefreshTokenUpdate {
        /// What applications keep about it, as a whole: nothing is merged.
        pub refresh_token_metadata: Patch<JsonObject> = "refresh_token_metadata",
    }
}

impl RefreshTokenUpdate {
    /// Replaces what applications keep about the refresh token.
    pub fn metadata(metadata: impl Into<JsonObject>) -> Self {
        Self { refresh_token_metadata: Patch::Set(metadata.into()), ..Self::default() }
    }

    /// Takes away what applications keep about the refresh token.
    pub fn clear_metadata() -> Self {
        Self { refresh_token_metadata: Patch::Clear, ..Self::default() }
    }
}
