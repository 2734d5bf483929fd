//! The client credentials grant.

use super::token::RequestToken;
use crate::client::Client;
use crate::clock::Clock;
use crate::error::Error;
use crate::token::{AccessToken, Cached, TokenSource};
use async_trait::async_trait;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use users_model::{Secret, TokenResponse};

/// Requests access tokens from the tenant's `/oauth/token` for a machine-to-machine application.
///
/// The first call requests a token; calls at the same time wait for the same request. The token is cached, and renewed 60 to 120
/// seconds before it expires. If the renewal fails, the old token is used until it expires. A 401 renews it at once.
///
/// Created by [`ClientBuilder::client_credentials`](crate::ClientBuilder::client_credentials) and
/// [`ClientBuilder::client_assertion`](crate::ClientBuilder::client_assertion). A client and its clones share it.
pub struct ClientCredentials(Cached);

impl ClientCredentials {
    pub(crate) fn new(
        client: Client,
        clock: Arc<dyn Clock>,
        credential: Arc<Credential>,
        audience: String,
    ) -> Self {
        let fetch = move || {
            let (client, credential, audience) = (client.clone(), Arc::clone(&credential), audience.clone());
            Box::pin(async move {
                let request = credential.request(audience).await?;
                access_token(client.call(Ok(request)).send().await?)
            }) as Pin<Box<dyn Future<Output = Result<AccessToken, Error>> + Send>>
        };
        Self(Cached::new(clock, Box::new(fetch)))
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
    Assertion(Assertion),
}

pub(crate) type Assertion =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Secret, Error>> + Send>> + Send + Sync>;

impl Credential {
    async fn request(&self, audience: String) -> Result<RequestToken, Error> {
        let request = RequestToken::client_credentials(self.client_id.clone(), audience);
        Ok(match &self.proof {
            Proof::Secret(secret) => request.client_secret(secret.clone()),
            Proof::Assertion(assertion) => request.client_assertion(assertion().await?),
        })
    }
}
