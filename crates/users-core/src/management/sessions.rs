//! Sessions, by their own ids.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use users_model::{Session, SessionUpdate};

/// Sessions, by their own ids.
#[derive(Clone, Debug)]
pub struct SessionsManager(pub(super) Client);

impl SessionsManager {
    /// Reads one.
    ///
    /// `GET /sessions/{id}`, scope `read:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/get-session>
    pub fn get(&self, id: impl Into<String>) -> Call<GetSession> {
        self.call(GetSession::new(id.into()))
    }

    /// Changes one.
    ///
    /// `PATCH /sessions/{id}`, scope `update:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/patch-sessions-by-id>
    pub fn update(&self, id: impl Into<String>, update: SessionUpdate) -> Call<UpdateSession> {
        self.call(UpdateSession::new(id.into(), update))
    }

    /// Ends one. That takes a moment: the answer comes before it is done.
    ///
    /// `DELETE /sessions/{id}`, scope `delete:sessions`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/delete-session>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteSession> {
        self.call(DeleteSession::new(id.into()))
    }

    /// Ends one, and takes away the refresh tokens that were made in it.
    ///
    /// `POST /sessions/{id}/revoke`, scope `delete:sessions` and `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/sessions/revoke-session>
    pub fn revoke(&self, id: impl Into<String>) -> Call<RevokeSession> {
        self.call(RevokeSession::new(id.into()))
    }

    fn call<O: crate::Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.0.clone(), Ok(operation))
    }
}

operation! {
    /// `GET /sessions/{id}`
    GetSession = Descriptor::get("sessions.get", Api::Management, "/sessions/{id}", &["read:sessions"]);
    path { id: String }
    answer { decode_json: Session }
}

operation! {
    /// `PATCH /sessions/{id}`
    UpdateSession = Descriptor::patch("sessions.update", Api::Management, "/sessions/{id}", &["update:sessions"]);
    path { id: String }
    body { body: SessionUpdate }
    answer { decode_json: Session }
}

operation! {
    /// `DELETE /sessions/{id}`
    DeleteSession = Descriptor::delete("sessions.delete", Api::Management, "/sessions/{id}", &["delete:sessions"]);
    path { id: String }
    answer { decode_empty: () }
}

operation! {
    /// `POST /sessions/{id}/revoke`
    RevokeSession = Descriptor::post("sessions.revoke", Api::Management, "/sessions/{id}/revoke", &["delete:sessions", "delete:refresh_tokens"]);
    path { id: String }
    answer { decode_empty: () }
}
