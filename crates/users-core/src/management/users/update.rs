//! Changing a user.

use crate::base_url::BaseUrl;
use crate::decode::decode_json;
use crate::descriptor::{Api, Descriptor};
use crate::endpoint::RequestBuilder;
use crate::error::Error;
use crate::operation::Operation;
use bytes::Bytes;
use users_model::{User, UserId, UserUpdate};

/// `PATCH /users/{id}`
#[derive(Clone, Debug)]
pub struct UpdateUser {
    pub(super) id: UserId,
    pub(super) update: UserUpdate,
}

impl UpdateUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::patch(
        "users.update",
        Api::Management,
        "/users/{id}",
        &["update:users", "update:users_app_metadata", "update:current_user_metadata"],
    )
    .takes_custom_domain();
}

impl Operation for UpdateUser {
    type Output = User;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        for (name, metadata) in
            [("user_metadata", &self.update.user_metadata), ("app_metadata", &self.update.app_metadata)]
        {
            if let Some(problem) = metadata.problem() {
                return Err(Error::invalid(format!("{name}: {problem}")));
            }
        }
        if self.update.is_empty() {
            return Err(Error::invalid(
                "the update changes nothing; to wipe metadata, say so with MetadataUpdate::clear_all()",
            ));
        }
        RequestBuilder::new(Self::DESCRIPTOR, base).segment("id", self.id.as_str()).json(&self.update)
    }

    fn decode(response: http::Response<Bytes>) -> Result<User, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}
