//! Updating a user.

use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::RequestBuilder;
use crate::response::decode_model;
use bytes::Bytes;
use users_model::{User, UserId, UserUpdate};

operations! {
    /// `PATCH /users/{id}`. See [`UsersManager::update`](crate::management::UsersManager::update).
    operation UpdateUser {
        Descriptor::patch("users.update", "/users/{id}")
            .scopes(&[&["update:users"], &["update:users_app_metadata"], &["update:current_user_metadata"]])
            .node("users.update")
            .takes_custom_domain();
        path { id: UserId }
        body { update: UserUpdate }
        request { request }
        decode { decode_model: User }
    }
}

fn request(operation: &UpdateUser, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
    let update = &operation.update;
    for (name, metadata) in [("user_metadata", &update.user_metadata), ("app_metadata", &update.app_metadata)]
    {
        if let Some(problem) = metadata.problem() {
            return Err(Error::invalid(format!("{name}: {problem}")));
        }
    }
    if update.is_empty() {
        return Err(Error::invalid(
            "the update changes nothing; to remove all metadata, use MetadataUpdate::clear_all()",
        ));
    }
    request.body(update)
}
