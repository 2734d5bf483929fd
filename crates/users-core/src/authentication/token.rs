//! Requesting an access token.

use crate::base_url::BaseUrl;
use crate::descriptor::{Api, Descriptor, Safety};
use crate::error::Error;
use crate::operation::Operation;
use crate::request::RequestBuilder;
use crate::response::decode_json;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use users_model::Secret;

/// `POST /oauth/token` with the client credentials grant.
#[derive(Clone, Debug, Serialize)]
pub struct RequestToken {
    grant_type: &'static str,
    client_id: String,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_assertion: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_assertion_type: Option<&'static str>,
}

impl RequestToken {
    /// The endpoint. Requesting a token twice has no further effect, so the request is repeated like a read.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::post("authentication.token", "/oauth/token")
        .api(Api::Authentication)
        .safety(Safety::Idempotent)
        .node("oauth.clientCredentialsGrant");

    /// Creates a request for a token of this audience.
    pub fn client_credentials(client_id: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            grant_type: "client_credentials",
            client_id: client_id.into(),
            audience: audience.into(),
            client_secret: None,
            client_assertion: None,
            client_assertion_type: None,
        }
    }

    /// Sets the application's secret, which authenticates it.
    #[must_use]
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// Sets a signed assertion that authenticates the application (private-key JWT).
    #[must_use]
    pub fn client_assertion(mut self, assertion: impl Into<Secret>) -> Self {
        self.client_assertion = Some(assertion.into());
        self.client_assertion_type = Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        self
    }
}

/// The response of `/oauth/token`.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The token.
    pub access_token: Option<Secret>,
    /// The lifetime in seconds.
    pub expires_in: Option<u64>,
    /// The type of the token: `Bearer`.
    pub token_type: Option<String>,
    /// The scopes of the token, separated by spaces.
    pub scope: Option<String>,
}

impl Operation for RequestToken {
    type Output = TokenResponse;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).json(self)
    }

    fn decode(response: http::Response<Bytes>) -> Result<TokenResponse, Error> {
        decode_json(Self::DESCRIPTOR, response)
    }
}

/// The endpoints of this file.
pub(crate) const OPERATIONS: &[&Descriptor] = &[RequestToken::DESCRIPTOR];
