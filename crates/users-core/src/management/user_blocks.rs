//! What brute-force protection has blocked.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::{decode_empty, decode_model};
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
        self.0.call(GetUserBlocks::new(id))
    }

    /// Lifts every block of a user.
    ///
    /// `DELETE /user-blocks/{id}`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/delete-user-blocks-by-id>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteUserBlocks> {
        self.0.call(DeleteUserBlocks::new(id))
    }

    /// What is blocked of an address, a user name or a number.
    ///
    /// `GET /user-blocks`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/get-user-blocks>
    pub fn get_by_identifier(&self, identifier: impl Into<String>) -> Call<GetUserBlocksByIdentifier> {
        self.0.call(Ok(GetUserBlocksByIdentifier::new(identifier)))
    }

    /// Lifts every block of an address, a user name or a number.
    ///
    /// `DELETE /user-blocks`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/delete-user-blocks>
    pub fn delete_by_identifier(&self, identifier: impl Into<String>) -> Call<DeleteUserBlocksByIdentifier> {
        self.0.call(Ok(DeleteUserBlocksByIdentifier::new(identifier)))
    }
}

operations! {
    /// `GET /user-blocks/{id}`
    operation GetUserBlocks {
        Descriptor::get("user_blocks.get", "/user-blocks/{id}")
            .scopes(&[&["read:users"]])
            .node("userBlocks.list");
        path { id: String }
        query {
            /// Whether connections without brute-force protection count as not blocked.
            consider_brute_force_enablement: bool,
        }
        decode { decode_model: UserBlocks }
    }

    /// `DELETE /user-blocks/{id}`
    operation DeleteUserBlocks {
        Descriptor::delete("user_blocks.delete", "/user-blocks/{id}")
            .scopes(&[&["update:users"]])
            .node("userBlocks.delete");
        path { id: String }
        decode { decode_empty: () }
    }

    /// `GET /user-blocks`
    operation GetUserBlocksByIdentifier {
        Descriptor::get("user_blocks.get_by_identifier", "/user-blocks")
            .scopes(&[&["read:users"]])
            .node("userBlocks.listByIdentifier");
        required { identifier }
        query {
            /// Whether connections without brute-force protection count as not blocked.
            consider_brute_force_enablement: bool,
        }
        decode { decode_model: UserBlocks }
    }

    /// `DELETE /user-blocks`
    operation DeleteUserBlocksByIdentifier {
        Descriptor::delete("user_blocks.delete_by_identifier", "/user-blocks")
            .scopes(&[&["update:users"]])
            .node("userBlocks.deleteByIdentifier");
        required { identifier }
        decode { decode_empty: () }
    }
}
