//! What brute-force protection has blocked.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use users_model::UserBlocks;

/// What brute-force protection has blocked.
#[derive(Clone, Debug)]
pub struct UserBlocksManager(pub(super) Client);

impl UserBlocksManager {
    /// What is blocked of a user.
    ///
    /// `GET /user-blocks/{id}`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/get-user-blocks-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetUserBlocks> {
        self.call(GetUserBlocks::new(id.into()))
    }

    /// Lifts every block of a user.
    ///
    /// `DELETE /user-blocks/{id}`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/delete-user-blocks-by-id>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteUserBlocks> {
        self.call(DeleteUserBlocks::new(id.into()))
    }

    /// What is blocked of an address, a user name or a number.
    ///
    /// `GET /user-blocks`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/get-user-blocks>
    pub fn get_by_identifier(&self, identifier: impl Into<String>) -> Call<GetUserBlocksByIdentifier> {
        self.call(GetUserBlocksByIdentifier::new(identifier.into()))
    }

    /// Lifts every block of an address, a user name or a number.
    ///
    /// `DELETE /user-blocks`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/delete-user-blocks>
    pub fn delete_by_identifier(&self, identifier: impl Into<String>) -> Call<DeleteUserBlocksByIdentifier> {
        self.call(DeleteUserBlocksByIdentifier::new(identifier.into()))
    }

    fn call<O: crate::Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.0.clone(), Ok(operation))
    }
}

operation! {
    /// `GET /user-blocks/{id}`
    GetUserBlocks = Descriptor::get("user_blocks.get", Api::Management, "/user-blocks/{id}", &["read:users"]);
    path { id: String }
    query {
        /// Whether connections without brute-force protection count as not blocked.
        consider_brute_force_enablement: bool,
    }
    answer { decode_json: UserBlocks }
}

operation! {
    /// `DELETE /user-blocks/{id}`
    DeleteUserBlocks = Descriptor::delete("user_blocks.delete", Api::Management, "/user-blocks/{id}", &["update:users"]);
    path { id: String }
    answer { decode_empty: () }
}

operation! {
    /// `GET /user-blocks`
    GetUserBlocksByIdentifier = Descriptor::get("user_blocks.get_by_identifier", Api::Management, "/user-blocks", &["read:users"]);
    required { identifier }
    query {
        /// Whether connections without brute-force protection count as not blocked.
        consider_brute_force_enablement: bool,
    }
    answer { decode_json: UserBlocks }
}

operation! {
    /// `DELETE /user-blocks`
    DeleteUserBlocksByIdentifier = Descriptor::delete("user_blocks.delete_by_identifier", Api::Management, "/user-blocks", &["update:users"]);
    required { identifier }
    answer { decode_empty: () }
}
