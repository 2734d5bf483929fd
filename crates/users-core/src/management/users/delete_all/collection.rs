//! The single request that deleted all users.

use crate::base_url::BaseUrl;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation::Operation;
use crate::request::RequestBuilder;
use crate::response::decode_empty;
use bytes::Bytes;

/// `DELETE /users`, which Auth0 removed from its API in 2016.
#[derive(Clone, Debug)]
pub struct DeleteUserCollection {
    _private: (),
}

impl DeleteUserCollection {
    pub(super) fn new() -> Self {
        Self { _private: () }
    }

    /// The endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::delete("users.delete_collection", "/users")
        .scopes(&[&["delete:users"]])
        .node("users.deleteAll");
}

impl Operation for DeleteUserCollection {
    type Output = ();

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<(), Error> {
        decode_empty(Self::DESCRIPTOR, response)
    }
}
