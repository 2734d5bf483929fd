//! The client credentials grant.

use super::assertion::{AssertionRequest, AssertionSource};
use super::token::RequestToken;
use crate::client::{CallOptions, Client};
use crate::clock::Clock;
use crate::error::Error;
use crate::token::{AccessToken, Cached, TokenSource};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use users_model::{Secret, TokenResponse};

/// Requests access tokens from the tenant's `/oauth/token` for a machine-to-machine application.
///
/// The first call requests a token; calls at the same time wait for the same request. The token is cached, and renewed 60 to 120
/// seconds before it expires. If the renewal fails, the old token is used until it expires. A 401 renews it at once.
///
/// Created by [`ClientBuilder::client_credentials`](crate::ClientBuilder::client_credentials),
/// [`ClientBuilder::client_assertion`](crate::ClientBuilder::client_assertion) and
/// [`ClientBuilder::mtls_credentials`](crate::ClientBuilder::mtls_credentials). A client and its clones share it.
pub struct ClientCredentials(Cached);

impl ClientCredentials {
    pub(crate) fn new(
        client: Client,
        clock: Arc<dyn Clock>,
        credential: Credential,
        audience: String,
    ) -> Self {
        let requests = Arc::new(TokenRequests { client, credential, audience });
        Self(Cached::new(clock, Box::new(move || Box::pin(Arc::clone(&requests).fetch()))))
    }
}

/// The token requests of an application, for one audience.
struct TokenRequests {
    client: Client,
    credential: Credential,
    audience: String,
}

impl TokenRequests {
    async fn fetch(self: Arc<Self>) -> Result<AccessToken, Error> {
        let mut call = self.client.call(Ok(self.operation().await?));
        if let Proof::Assertion(_) = self.credential.proof {
            let requests = Arc::clone(&self);
            call = call.remade_by(move || Box::pin(Arc::clone(&requests).request()));
        }
        access_token(call.send().await?)
    }

    /// The request of a further attempt: Auth0 accepts an assertion once.
    async fn request(self: Arc<Self>) -> Result<http::Request<Bytes>, Error> {
        self.client.prepare(&self.operation().await?, &CallOptions::default())
    }

    async fn operation(&self) -> Result<RequestToken, Error> {
        let Credential { client_id, proof } = &self.credential;
        let operation = RequestToken::client_credentials(client_id.clone(), self.audience.clone());
        Ok(match proof {
            Proof::Secret(secret) => operation.client_secret(secret.clone()),
            Proof::Assertion(source) => {
                let audience = format!("{}/", self.client.shared.base);
                let now = self.client.shared.clock.unix_now();
                let request = AssertionRequest::new(client_id.clone(), audience, now);
                operation.client_assertion(source.assertion(&request).await?)
            }
            Proof::Certificate => operation,
        })
    }
}

fn access_token(response: TokenResponse) -> Result<AccessToken, Error> {
    let token = response.access_token.filter(|token| !token.expose().trim().is_empty()).ok_or_else(|| {
        Error::new(crate::error::ErrorKind::Decode, "POST /oauth/token: the response has no access_token")
    })?;
    // Without a stated lifetime, Auth0's default for this API is assumed: one day. A 401 renews the token sooner.
    let lifetime = Duration::from_secs(response.expires_in.unwrap_or(86_400));
    Ok(AccessToken::new(token).expires_in(lifetime))
}

#[async_trait]
impl TokenSource for ClientCredentials {
    async fn token(&self) -> Result<AccessToken, Error> {
        self.0.token().await
    }

    async fn rejected(&self, token: &AccessToken) {
        self.0.rejected(token);
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCredentials(…)")
    }
}

/// How an application authenticates itself.
pub(crate) struct Credential {
    pub(crate) client_id: String,
    pub(crate) proof: Proof,
}

pub(crate) enum Proof {
    Secret(Secret),
    Assertion(Arc<dyn AssertionSource>),
    /// The certificate that the transport presents.
    Certificate,
}
