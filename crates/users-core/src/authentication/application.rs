//! The application that a request names, and how it authenticates itself.

use crate::client::Client;
use crate::error::Error;
use crate::request::{Property, RequestBuilder, optional_property, property};
use bytes::Bytes;
use users_model::Secret;

/// The type of a signed assertion (RFC 7523).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The application that a request names, and how it authenticates itself: what the call sets, or else the client's settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Application {
    client_id: Option<String>,
    proof: Option<Proof>,
    of_client: (Option<String>, Option<Secret>),
}

#[derive(Clone, Debug)]
enum Proof {
    Secret(Secret),
    Assertion(Secret),
}

impl Application {
    /// The client's application, unless the call sets another.
    pub(crate) fn of(client: &Client) -> Self {
        let settings = &*client.shared;
        Self { of_client: (settings.client_id.clone(), settings.client_secret.clone()), ..Self::default() }
    }

    pub(crate) fn set_client_id(&mut self, client_id: String) {
        self.client_id = Some(client_id);
    }

    pub(crate) fn set_secret(&mut self, secret: Secret) {
        self.proof = Some(Proof::Secret(secret));
    }

    pub(crate) fn set_assertion(&mut self, assertion: Secret) {
        self.proof = Some(Proof::Assertion(assertion));
    }

    /// Finishes a request whose body has the application and these properties.
    pub(crate) fn request(
        &self,
        request: RequestBuilder<'_>,
        others: &[Property<'_>],
    ) -> Result<http::Request<Bytes>, Error> {
        request.properties(&[&self.properties()?, others].concat())
    }

    /// The properties of a body that name and authenticate the application.
    fn properties(&self) -> Result<[Property<'_>; 4], Error> {
        let (default_id, default_secret) = &self.of_client;
        let client_id = self.client_id.as_ref().or(default_id.as_ref());
        let client_id = client_id.filter(|id| !id.trim().is_empty()).ok_or_else(|| {
            Error::invalid("client_id is missing: set it on the call, or on the builder of the client")
        })?;
        // The client's secret belongs to the client's application.
        let default_secret = default_secret.as_ref().filter(|_| Some(client_id) == default_id.as_ref());
        let (secret, assertion) = match &self.proof {
            Some(Proof::Secret(secret)) => (Some(secret), None),
            Some(Proof::Assertion(assertion)) => (None, Some(assertion)),
            None => (default_secret, None),
        };
        Ok([
            property("client_id", client_id),
            optional_property("client_secret", secret),
            optional_property("client_assertion", assertion),
            optional_property("client_assertion_type", assertion.map(|_| &JWT_BEARER)),
        ])
    }
}
