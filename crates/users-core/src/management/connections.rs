//! Users by the connection that they are in.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;

/// Users by the connection that they are in.
#[derive(Clone, Debug)]
pub struct ConnectionsManager(pub(super) Client);

impl ConnectionsManager {
    /// Deletes the user with this address from a connection (`con_…`): for databases of your own, whose ids Auth0 does not know.
    ///
    /// `DELETE /connections/{id}/users`, scope `delete:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/connections/delete-users-by-email>
    pub fn delete_user(&self, id: impl Into<String>, email: impl Into<String>) -> Call<DeleteConnectionUser> {
        self.call(DeleteConnectionUser::new(id.into(), email.into()))
    }

    fn call<O: crate::Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.0.clone(), Ok(operation))
    }
}

operation! {
    /// `DELETE /connections/{id}/users`
    DeleteConnectionUser = Descriptor::delete("connections.delete_user", Api::Management, "/connections/{id}/users", &["delete:users"]);
    path { id: String }
    required { email }
    answer { decode_empty: () }
}
