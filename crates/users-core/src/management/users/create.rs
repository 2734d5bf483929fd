//! Creating a user.

use crate::base_url::BaseUrl;
use crate::decode::decode_json;
use crate::descriptor::{Api, Descriptor};
use crate::endpoint::RequestBuilder;
use crate::error::Error;
use crate::operation::Operation;
use bytes::Bytes;
use users_model::{NewUser, User};

/// `POST /users`
#[derive(Clone, Debug)]
pub struct CreateUser {
    pub(super) user: NewUser,
}

impl CreateUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor =
        &Descriptor::post("users.create", Api::Management, "/users", &["create:users"]).takes_custom_domain();
}

impl Operation for CreateUser {
    type Output = User;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        if self.user.connection.as_deref().is_none_or(|name| name.trim().is_empty()) {
            return Err(Error::invalid("a new user needs a connection"));
        }
        RequestBuilder::new(Self::DESCRIPTOR, base).json(&self.user)
    }

    fn decode(response: http::Response<Bytes>) -> Result<User, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}
