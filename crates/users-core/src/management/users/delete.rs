//! Deleting a user.

use crate::endpoint::{RequestBuilder, decode_empty};
use crate::{Api, BaseUrl, Descriptor, Error, Operation};
use bytes::Bytes;
use users_model::UserId;

/// `DELETE /users/{id}`
#[derive(Clone, Debug)]
pub struct DeleteUser {
    pub(super) id: UserId,
}

impl DeleteUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::delete(
        "users.delete",
        Api::Management,
        "/users/{id}",
        &["delete:users", "delete:current_user"],
    );
}

impl Operation for DeleteUser {
    type Output = ();

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).segment("id", self.id.as_str()).empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<(), Error> {
        decode_empty(Some(Self::DESCRIPTOR), response)
    }
}
