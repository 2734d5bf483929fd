//! Deleting a user.

use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::decode_empty;
use users_model::UserId;

operations! {
    /// `DELETE /users/{id}`. See [`UsersManager::delete`](crate::management::UsersManager::delete).
    operation DeleteUser {
        Descriptor::delete("users.delete", "/users/{id}")
            .scopes(&[&["delete:users"], &["delete:current_user"]])
            .node("users.delete");
        path { id: UserId }
        decode { decode_empty: () }
    }
}
