//! Requesting an access token.

use crate::base_url::BaseUrl;
use crate::descriptor::{Api, Descriptor, Safety};
use crate::error::Error;
use crate::operation::Operation;
use crate::request::RequestBuilder;
use crate::response::decode_model;
use bytes::Bytes;
use users_model::json::{ToJson, write_object};
use users_model::{JsonObject, Secret, TokenResponse};

/// `POST /oauth/token` with the client credentials grant.
#[derive(Clone, Debug)]
pub struct RequestToken {
    grant_type: &'static str,
    client_id: String,
    audience: String,
    client_secret: Option<Secret>,
    client_assertion: Option<Secret>,
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

impl ToJson for RequestToken {
    fn write_json(&self, text: &mut String) {
        let fields: [(&str, Option<&dyn ToJson>); 6] = [
            ("grant_type", Some(&self.grant_type)),
            ("client_id", Some(&self.client_id)),
            ("audience", Some(&self.audience)),
            ("client_secret", self.client_secret.as_ref().map(|secret| secret as &dyn ToJson)),
            ("client_assertion", self.client_assertion.as_ref().map(|assertion| assertion as &dyn ToJson)),
            ("client_assertion_type", self.client_assertion_type.as_ref().map(|kind| kind as &dyn ToJson)),
        ];
        write_object(text, &fields, &JsonObject::new());
    }
}

impl Operation for RequestToken {
    type Output = TokenResponse;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).body(self)
    }

    fn decode(response: http::Response<Bytes>) -> Result<TokenResponse, Error> {
        decode_model(Self::DESCRIPTOR, response)
    }
}

/// The endpoints of this file.
pub(crate) const OPERATIONS: &[&Descriptor] = &[RequestToken::DESCRIPTOR];
