//! Deleting a user.

use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use users_model::UserId;

operation! {
    /// `DELETE /users/{id}`
    DeleteUser = Descriptor::delete(
        "users.delete",
        Api::Management,
        "/users/{id}",
        &["delete:users", "delete:current_user"],
    );
    path { id: UserId }
    answer { decode_empty: () }
}
