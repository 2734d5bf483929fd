//! Users of a connection.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::decode_empty;

/// Users of a connection.
#[derive(Clone, Debug)]
pub struct ConnectionsManager(pub(super) Client);

impl ConnectionsManager {
    /// Deletes the user with this e-mail address from a connection (`con_…`): for custom databases, whose ids Auth0 does not
    /// know.
    ///
    /// `DELETE /connections/{id}/users`, scope `delete:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/connections/delete-users-by-email>
    pub fn delete_user(&self, id: impl Into<String>, email: impl Into<String>) -> Call<DeleteConnectionUser> {
        self.0.call(DeleteConnectionUser::new(id, email))
    }
}

operations! {
    /// `DELETE /connections/{id}/users`. See
    /// [`ConnectionsManager::delete_user`](crate::management::ConnectionsManager::delete_user).
    operation DeleteConnectionUser {
        Descriptor::delete("connections.delete_user", "/connections/{id}/users")
            .scopes(&[&["delete:users"]])
            .node("connections.users.deleteByEmail");
        path { id: String }
        required { email }
        decode { decode_empty: () }
    }
}
