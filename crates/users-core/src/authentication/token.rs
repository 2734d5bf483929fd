//! Requesting an access token of an application.

use crate::descriptor::{Access, Api, Descriptor, Safety};
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::{RequestBuilder, optional_property, property};
use crate::response::decode_model;
use bytes::Bytes;
use users_model::TokenResponse;

/// A grant of `POST /oauth/token`. What it needs is in the body.
pub(crate) const fn grant(name: &'static str) -> Descriptor {
    Descriptor::post(name, "/oauth/token").api(Api::Authentication).without_access_token()
}

operations! {
    /// `POST /oauth/token` with the client credentials grant. Requesting a token twice has no further effect, so the request is
    /// repeated like a read. See
    /// [`OAuthManager::client_credentials_grant`](crate::authentication::OAuthManager::client_credentials_grant).
    operation RequestToken {
        grant("authentication.token")
            .safety(Safety::Idempotent)
            .access(Access::Read)
            .distinguished_by(&[("grant_type", &["client_credentials"])])
            .node("oauth.clientCredentialsGrant");
        arguments { audience: String }
        options {
            /// Sets the organization that the token is for, by its id.
            organization: String,
        }
        application { application }
        request { token_request }
        decode { decode_model: TokenResponse }
    }
}

impl RequestToken {
    /// Creates a request of this application for a token of this audience.
    pub fn client_credentials(client_id: impl Into<String>, audience: impl Into<String>) -> Self {
        Self::new(audience).client_id(client_id)
    }
}

fn token_request(
    operation: &RequestToken,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let request = request.not_blank("audience", &operation.audience);
    let properties = [
        property("grant_type", &"client_credentials"),
        property("audience", &operation.audience),
        optional_property("organization", operation.organization.as_ref()),
    ];
    operation.application.request(request, &properties)
}
