//! Reading a user.

use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use users_model::{User, UserId};

operation! {
    /// `GET /users/{id}`
    GetUser = Descriptor::get(
        "users.get",
        Api::Management,
        "/users/{id}",
        &["read:users", "read:current_user", "read:user_idp_tokens"],
    );
    path { id: UserId }
    fields { fields }
    answer { decode_json: User }
}
