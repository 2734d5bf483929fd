//! Sessions of users.

use crate::object::{object, open_enum};
use crate::{JsonObject, Patch, Timestamp};

object! {
    /// A session of a user.
    pub struct Session {
        /// The id.
        pub id: Option<String> = "id",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// When it was created.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it was last changed.
        pub updated_at: Option<Timestamp> = "updated_at",
        /// When the user last authenticated.
        pub authenticated_at: Option<Timestamp> = "authenticated_at",
        /// When it expires unless it is used.
        pub idle_expires_at: Option<Timestamp> = "idle_expires_at",
        /// When it expires in any case.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// When it was last used.
        pub last_interacted_at: Option<Timestamp> = "last_interacted_at",
        /// The device.
        pub device: Option<SessionDevice> = "device",
        /// The applications that the user logged in to.
        pub clients: Option<Vec<SessionClient>> = "clients",
        /// How the user authenticated.
        pub authentication: Option<SessionAuthentication> = "authentication",
        /// The session's cookie.
        pub cookie: Option<SessionCookie> = "cookie",
        /// Metadata of applications.
        pub session_metadata: Option<JsonObject> = "session_metadata",
        /// On whose behalf a delegated session acts: `sub` and up to five other claims.
        pub actor: Option<JsonObject> = "actor",
    }
}

object! {
    /// The device of a session.
    pub struct SessionDevice {
        /// The user agent that created it.
        pub initial_user_agent: Option<String> = "initial_user_agent",
        /// The IP address that created it.
        pub initial_ip: Option<String> = "initial_ip",
        /// The autonomous system number of the network that created it.
        pub initial_asn: Option<String> = "initial_asn",
        /// The user agent that last used it.
        pub last_user_agent: Option<String> = "last_user_agent",
        /// The IP address that last used it.
        pub last_ip: Option<String> = "last_ip",
        /// The autonomous system number of the network that last used it.
        pub last_asn: Option<String> = "last_asn",
    }
}

object! {
    /// An application of a session.
    pub struct SessionClient {
        /// The application's id.
        pub client_id: Option<String> = "client_id",
    }
}

object! {
    /// How a user authenticated.
    pub struct SessionAuthentication {
        /// The methods, in order.
        pub methods: Option<Vec<SessionAuthenticationMethod>> = "methods",
    }
}

object! {
    /// One authentication.
    pub struct SessionAuthenticationMethod {
        /// The method's name: `pwd`, `mfa`, `federated`.
        pub name: Option<String> = "name",
        /// When the user authenticated.
        pub timestamp: Option<Timestamp> = "timestamp",
        /// The type of the method, for second factors.
        pub kind: Option<String> = "type",
    }
}

open_enum! {
    /// Whether a session's cookie outlives the browser session.
    pub enum CookieMode {
        NonPersistent = "non-persistent",
        Persistent = "persistent",
    }
}

object! {
    /// A session's cookie.
    pub struct SessionCookie {
        /// Whether it outlives the browser session.
        pub mode: Option<CookieMode> = "mode",
    }
}

object! {
    /// An update of a session.
    pub struct SessionUpdate {
        /// Metadata of applications. Replaced as a whole, not merged.
        pub session_metadata: Patch<JsonObject> = "session_metadata",
    }
}

impl SessionUpdate {
    /// Replaces the metadata of the session.
    pub fn metadata(metadata: impl Into<JsonObject>) -> Self {
        Self { session_metadata: Patch::Set(metadata.into()), ..Self::default() }
    }

    /// Deletes the metadata of the session.
    pub fn clear_metadata() -> Self {
        Self { session_metadata: Patch::Clear, ..Self::default() }
    }
}
