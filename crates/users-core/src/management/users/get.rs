//! Reading a user.

use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::decode_model;
use users_model::{User, UserId};

operations! {
    /// `GET /users/{id}`. See [`UsersManager::get`](crate::management::UsersManager::get).
    operation GetUser {
        Descriptor::get("users.get", "/users/{id}")
            .scopes(&[&["read:users"], &["read:current_user"]])
            .node("users.get");
        path { id: UserId }
        fields { fields }
        decode { decode_model: User }
    }
}
