//! Blocks of brute-force protection.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::{decode_empty, decode_model};
use users_model::UserBlocks;

/// Blocks of brute-force protection.
#[derive(Clone, Debug)]
pub struct UserBlocksManager(pub(super) Client);

impl UserBlocksManager {
    /// Lists the blocks of a user.
    ///
    /// `GET /user-blocks/{id}`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/get-user-blocks-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetUserBlocks> {
        self.0.call(GetUserBlocks::new(id))
    }

    /// Removes all blocks of a user.
    ///
    /// `DELETE /user-blocks/{id}`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/delete-user-blocks-by-id>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteUserBlocks> {
        self.0.call(DeleteUserBlocks::new(id))
    }

    /// Lists the blocks of an e-mail address, a user name or a phone number.
    ///
    /// `GET /user-blocks`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/get-user-blocks>
    pub fn get_by_identifier(&self, identifier: impl Into<String>) -> Call<GetUserBlocksByIdentifier> {
        self.0.call(Ok(GetUserBlocksByIdentifier::new(identifier)))
    }

    /// Removes all blocks of an e-mail address, a user name or a phone number.
    ///
    /// `DELETE /user-blocks`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/user-blocks/delete-user-blocks>
    pub fn delete_by_identifier(&self, identifier: impl Into<String>) -> Call<DeleteUserBlocksByIdentifier> {
        self.0.call(Ok(DeleteUserBlocksByIdentifier::new(identifier)))
    }
}

operations! {
    /// `GET /user-blocks/{id}`. See [`UserBlocksManager::get`](crate::management::UserBlocksManager::get).
    operation GetUserBlocks {
        Descriptor::get("user_blocks.get", "/user-blocks/{id}")
            .scopes(&[&["read:users"]])
            .node("userBlocks.list");
        path { id: String }
        query {
            /// Sets whether connections without brute-force protection count as not blocked.
            consider_brute_force_enablement: bool,
        }
        decode { decode_model: UserBlocks }
    }

    /// `DELETE /user-blocks/{id}`. See [`UserBlocksManager::delete`](crate::management::UserBlocksManager::delete).
    operation DeleteUserBlocks {
        Descriptor::delete("user_blocks.delete", "/user-blocks/{id}")
            .scopes(&[&["update:users"]])
            .node("userBlocks.delete");
        path { id: String }
        decode { decode_empty: () }
    }

    /// `GET /user-blocks`. See [`UserBlocksManager::get_by_identifier`](crate::management::UserBlocksManager::get_by_identifier).
    operation GetUserBlocksByIdentifier {
        Descriptor::get("user_blocks.get_by_identifier", "/user-blocks")
            .scopes(&[&["read:users"]])
            .node("userBlocks.listByIdentifier");
        required { identifier }
        query {
            /// Sets whether connections without brute-force protection count as not blocked.
            consider_brute_force_enablement: bool,
        }
        decode { decode_model: UserBlocks }
    }

    /// `DELETE /user-blocks`. See
    /// [`UserBlocksManager::delete_by_identifier`](crate::management::UserBlocksManager::delete_by_identifier).
    operation DeleteUserBlocksByIdentifier {
        Descriptor::delete("user_blocks.delete_by_identifier", "/user-blocks")
            .scopes(&[&["update:users"]])
            .node("userBlocks.deleteByIdentifier");
        required { identifier }
        decode { decode_empty: () }
    }
}
