//! Sessions: where a user is logged in.

use crate::object::{object, open_enum};
use crate::{JsonObject, Patch, Timestamp};

object! {
    /// A session of a user with the tenant.
    pub struct Session {
        /// The id.
        pub id: Option<String> = "id",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// When it began.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it last changed.
        pub updated_at: Option<Timestamp> = "updated_at",
        /// When the user last proved who it is.
        pub authenticated_at: Option<Timestamp> = "authenticated_at",
        /// When it ends unless it is used.
        pub idle_expires_at: Option<Timestamp> = "idle_expires_at",
        /// When it ends in any case.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// When it was last used.
        pub last_interacted_at: Option<Timestamp> = "last_interacted_at",
        /// The device.
        pub device: Option<SessionDevice> = "device",
        /// The applications that it was used for.
        pub clients: Option<Vec<SessionClient>> = "clients",
        /// How the user proved who it is.
        pub authentication: Option<SessionAuthentication> = "authentication",
        /// The session's cookie.
        pub cookie: Option<SessionCookie> = "cookie",
        /// What applications keep about it.
        pub session_metadata: Option<JsonObject> = "session_metadata",
    }
}

object! {
    /// The device of a session.
    pub struct SessionDevice {
        /// The browser that began it.
        pub initial_user_agent: Option<String> = "initial_user_agent",
        /// The address that began it.
        pub initial_ip: Option<String> = "initial_ip",
        /// The network that began it, by its number.
        pub initial_asn: Option<String> = "initial_asn",
        /// The browser that last used it.
        pub last_user_agent: Option<String> = "last_user_agent",
        /// The address that last used it.
        pub last_ip: Option<String> = "last_ip",
        /// The network that last used it, by its number.
        pub last_asn: Option<String> = "last_asn",
    }
}

object! {
    /// An application that a session was used for.
    pub struct SessionClient {
        /// The application's id.
        pub client_id: Option<String> = "client_id",
    }
}

object! {
    /// How a user proved who it is.
    pub struct SessionAuthentication {
        /// The methods, in order.
        pub methods: Option<Vec<SessionAuthenticationMethod>> = "methods",
    }
}

object! {
    /// One proof.
    pub struct SessionAuthenticationMethod {
        /// The method's name: `pwd`, `mfa`, `federated`.
        pub name: Option<String> = "name",
        /// When it was given.
        pub timestamp: Option<Timestamp> = "timestamp",
        /// The kind of method, for second factors.
        pub kind: Option<String> = "type",
    }
}

open_enum! {
    /// How long a session's cookie lives.
    pub enum CookieMode {
        NonPersistent = "non-persistent",
        Persistent = "persistent",
    }
}

object! {
    /// A session's cookie.
    pub struct SessionCookie {
        /// How long it lives.
        pub mode: Option<CookieMode> = "mode",
    }
}

object! {
    /// A change to a session.
    pub struct SessionUpdate {
        /// What applications keep about it, as a whole: nothing is merged.
        pub session_metadata: Patch<JsonObject> = "session_metadata",
    }
}

impl SessionUpdate {
    /// Replaces what applications keep about the session.
    pub fn metadata(metadata: impl Into<JsonObject>) -> Self {
        Self { session_metadata: Patch::Set(metadata.into()), ..Self::default() }
    }

    /// Takes away what applications keep about the session.
    pub fn clear_metadata() -> Self {
        Self { session_metadata: Patch::Clear, ..Self::default() }
    }
}
