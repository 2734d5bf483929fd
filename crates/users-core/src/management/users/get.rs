//! Reading a user.

use super::fields::Fields;
use crate::endpoint::{RequestBuilder, decode_json};
use crate::{Api, BaseUrl, Call, Descriptor, Error, Operation};
use bytes::Bytes;
use users_model::{User, UserId};

/// `GET /users/{id}`
#[derive(Clone, Debug)]
pub struct GetUser {
    pub(super) id: UserId,
    pub(super) fields: Fields,
}

impl GetUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::get(
        "users.get",
        Api::Management,
        "/users/{id}",
        &["read:users", "read:current_user", "read:user_idp_tokens"],
    );
}

impl Operation for GetUser {
    type Output = User;

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base)
            .segment("id", self.id.as_str())
            .query("fields", self.fields.names())
            .query("include_fields", self.fields.include)
            .empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<User, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

impl Call<GetUser> {
    /// Only these fields, and nothing else, not even the id unless it is named.
    pub fn fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|operation| operation.fields = Fields::only(fields))
    }

    /// All fields but these.
    pub fn exclude_fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|operation| operation.fields = Fields::all_but(fields))
    }
}
