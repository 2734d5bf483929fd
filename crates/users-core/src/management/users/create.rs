//! Creating a user.

use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::RequestBuilder;
use crate::response::decode_model;
use bytes::Bytes;
use users_model::{NewUser, User};

operations! {
    /// `POST /users`. See [`UsersManager::create`](crate::management::UsersManager::create).
    operation CreateUser {
        Descriptor::post("users.create", "/users")
            .scopes(&[&["create:users"]])
            .node("users.create")
            .takes_custom_domain();
        body { user: NewUser }
        request { request }
        decode { decode_model: User }
    }
}

fn request(create: &CreateUser, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
    if create.user.connection.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(Error::invalid("a new user needs a connection"));
    }
    request.body(&create.user)
}
