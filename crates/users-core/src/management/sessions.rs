//! Sessions, by session id.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::{decode_empty, decode_model};
use users_model::{Session, SessionUpdate};

/// Sessions, by session id.
#[derive(Clone, Debug)]
pub struct SessionsManager(pub(super) Client);

impl SessionsManager {
    /// Gets a session.
    ///
    /// `GET /sessions/{id}`, scope `read:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/get-session>
    pub fn get(&self, id: impl Into<String>) -> Call<GetSession> {
        self.0.call(GetSession::new(id))
    }

    /// Updates a session.
    ///
    /// `PATCH /sessions/{id}`, scope `update:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/patch-sessions-by-id>
    pub fn update(&self, id: impl Into<String>, update: SessionUpdate) -> Call<UpdateSession> {
        self.0.call(UpdateSession::new(id, update))
    }

    /// Deletes a session. Auth0 responds before the deletion is complete.
    ///
    /// `DELETE /sessions/{id}`, scope `delete:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/delete-session>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteSession> {
        self.0.call(DeleteSession::new(id))
    }

    /// Revokes a session and the refresh tokens that were issued in it.
    ///
    /// `POST /sessions/{id}/revoke`, scope `delete:sessions` and `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/revoke-session>
    pub fn revoke(&self, id: impl Into<String>) -> Call<RevokeSession> {
        self.0.call(RevokeSession::new(id))
    }
}

operations! {
    /// `GET /sessions/{id}`. See [`SessionsManager::get`](crate::management::SessionsManager::get).
    operation GetSession {
        Descriptor::get("sessions.get", "/sessions/{id}")
            .scopes(&[&["read:sessions"]])
            .node("sessions.get");
        path { id: String }
        decode { decode_model: Session }
    }

    /// `PATCH /sessions/{id}`. See [`SessionsManager::update`](crate::management::SessionsManager::update).
    operation UpdateSession {
        Descriptor::patch("sessions.update", "/sessions/{id}")
            .scopes(&[&["update:sessions"]])
            .node("sessions.update");
        path { id: String }
        body { body: SessionUpdate }
        decode { decode_model: Session }
    }

    /// `DELETE /sessions/{id}`. See [`SessionsManager::delete`](crate::management::SessionsManager::delete).
    operation DeleteSession {
        Descriptor::delete("sessions.delete", "/sessions/{id}")
            .scopes(&[&["delete:sessions"]])
            .node("sessions.delete");
        path { id: String }
        decode { decode_empty: () }
    }

    /// `POST /sessions/{id}/revoke`. See [`SessionsManager::revoke`](crate::management::SessionsManager::revoke).
    operation RevokeSession {
        Descriptor::post("sessions.revoke", "/sessions/{id}/revoke")
            .scopes(&[&["delete:sessions", "delete:refresh_tokens"]])
            .node("sessions.revoke");
        path { id: String }
        decode { decode_empty: () }
    }
}
