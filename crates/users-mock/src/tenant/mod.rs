//! A tenant in memory that behaves like Auth0.

mod actions;
mod answer;
mod belongings;
mod builder;
mod connection;
mod connections;
mod exports;
mod generated;
mod grant;
mod identities;
mod imports;
mod jobs;
mod limits;
mod lists;
mod logged;
mod methods;
mod oauth;
mod permissions;
mod query;
mod record;
mod refresh_tokens;
mod request;
mod roles;
mod router;
mod search;
mod seed;
mod sessions;
mod state;
mod tokens;
mod userinfo;
mod users;
mod validate;
mod values;

pub use builder::TenantBuilder;
pub use limits::{Bucket, Limits, UnknownTier};
pub use logged::Logged;
pub use seed::{Seed, SeedError};

use crate::VirtualClock;
use crate::mock::ready;
use async_trait::async_trait;
use bytes::Bytes;
use grant::Grant;
use state::State;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::model::{Secret, User};
use users_core::{
    ApiClient, AuthenticationClient, Body, ClientBuilder, HttpTransport, ManagementClient, TransportError,
};

/// An Auth0 tenant in memory: its users, and the endpoints of both APIs that are about them.
///
/// It answers as Auth0 was seen to answer: statuses, bodies, derived names and pictures, merged metadata, the window of 1000 users,
/// deletions that succeed twice. It is a function from a request to an answer, [`handle`](Self::handle); it is a transport, so that a
/// client can talk to it in process; and with the feature `server` it can be asked over HTTP.
///
/// Clones are the same tenant.
///
/// ```
/// use users_core::model::NewUser;
/// use users_mock::Tenant;
///
/// let tenant = Tenant::new();
/// let users = tenant.management().users();
/// tenant.clock().block_on(async {
///     let ada = NewUser::new("Username-Password-Authentication").email("Ada@example.com").password("Correct horse 1");
///     let ada = users.create(ada).await?;
///     assert_eq!(ada.email.as_deref(), Some("ada@example.com"));
///     assert_eq!(ada.nickname.as_deref(), Some("ada"));
///     users.delete(ada.user_id.unwrap()).await
/// })?;
/// assert_eq!(tenant.user_count(), 0);
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Tenant {
    state: Arc<Mutex<State>>,
    clock: VirtualClock,
}

/// How many requests are remembered.
const LONGEST_LOG: usize = 100_000;

impl Tenant {
    /// A tenant without users, on a [`VirtualClock`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets what shall differ from a new tenant.
    pub fn builder() -> TenantBuilder {
        TenantBuilder::new()
    }

    /// Answers a request.
    pub fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let (method, target) =
            (request.method().clone(), request.uri().path_and_query().map(ToString::to_string));
        let mut state = self.state();
        let answer = router::answer(&mut state, request);
        if state.log.len() < LONGEST_LOG {
            state.log.push(Logged { method, target: target.unwrap_or_default(), status: answer.status() });
        }
        answer
    }

    /// A Management API client of this tenant, in process, that fetches its token as a real one does.
    #[allow(clippy::missing_panics_doc)]
    pub fn management(&self) -> ManagementClient {
        let (id, secret) = self.client();
        ready(self.dress(ManagementClient::builder(self.clone())).client_credentials(id, secret))
    }

    /// An Authentication API client of this tenant, in process, with the client's id and the global client's token.
    #[allow(clippy::missing_panics_doc)]
    pub fn authentication(&self) -> AuthenticationClient {
        let (id, _) = self.client();
        ready(
            self.dress(AuthenticationClient::builder(self.clone())).client_id(id).token(self.global_token()),
        )
    }

    fn dress<T: ApiClient>(&self, builder: ClientBuilder<T>) -> ClientBuilder<T> {
        builder.domain(self.domain()).clock(self.clock())
    }

    /// The clock of the ready-made clients; the tenant's own, unless it was given another.
    pub fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    /// The tenant's domain.
    pub fn domain(&self) -> String {
        self.state().domain.clone()
    }

    /// The id and the secret with which tokens are fetched.
    pub fn client(&self) -> (String, Secret) {
        let state = self.state();
        (state.client_id.clone(), Secret::new(state.client_secret.clone()))
    }

    /// A Management API token with every scope.
    pub fn management_token(&self) -> Secret {
        let scopes = grant::all_scopes();
        self.management_token_with(&scopes.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A Management API token with these scopes only.
    pub fn management_token_with(&self, scopes: &[&str]) -> Secret {
        let mut state = self.state();
        let (audience, lifetime) = (format!("https://{}/api/v2/", state.domain), state.token_lifetime);
        let scopes = scopes.iter().map(ToString::to_string).collect();
        state.issue(Grant::Management(scopes), &audience, lifetime).into()
    }

    /// A Management API token that has expired.
    pub fn expired_token(&self) -> Secret {
        let mut state = self.state();
        let audience = format!("https://{}/api/v2/", state.domain);
        state.issue(Grant::Management(grant::all_scopes()), &audience, Duration::ZERO).into()
    }

    /// An access token of a user, with the scopes `openid`, `profile` and `email`; `None` if there is no such user.
    pub fn access_token_for(&self, user_id: &str) -> Option<Secret> {
        self.access_token_with(user_id, &["openid", "profile", "email"])
    }

    /// An access token of a user with these scopes; `None` if there is no such user.
    pub fn access_token_with(&self, user_id: &str, scopes: &[&str]) -> Option<Secret> {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        self.token_of(user_id, |id| Grant::User { id, scopes })
    }

    /// An ID token of a user, by which the account can be linked; `None` if there is no such user.
    pub fn id_token_for(&self, user_id: &str) -> Option<Secret> {
        self.token_of(user_id, |id| Grant::Identity { id })
    }

    fn token_of(&self, user_id: &str, grant: impl FnOnce(String) -> Grant) -> Option<Secret> {
        let mut state = self.state();
        let id = state.user(user_id)?.id.clone();
        let (audience, lifetime) = (format!("https://{}/userinfo", state.domain), state.token_lifetime);
        Some(state.issue(grant(id), &audience, lifetime).into())
    }

    /// A token of the global client, which `impersonate` takes.
    pub fn global_token(&self) -> Secret {
        let mut state = self.state();
        let (audience, lifetime) = (format!("https://{}/", state.domain), state.token_lifetime);
        state.issue(Grant::Global, &audience, lifetime).into()
    }

    /// Makes every token that was handed out so far unknown, as a rotation of the signing key would.
    pub fn forget_tokens(&self) {
        self.state().tokens.clear();
    }

    /// How many tokens were fetched from `/oauth/token`.
    pub fn tokens_fetched(&self) -> u64 {
        self.state().tokens_fetched
    }

    /// Adds what a seed holds; users and connections that are there already are replaced.
    pub fn seed(&self, seed: Seed) {
        seed.plant(&mut self.state());
    }

    /// Adds what a seed document holds, see [`Seed::from_json`].
    pub fn seed_json(&self, json: &str) -> Result<(), SeedError> {
        self.seed(Seed::from_json(json)?);
        Ok(())
    }

    /// Adds one more generated user to the database, and returns its id.
    pub fn add_generated_user(&self) -> String {
        let mut state = self.state();
        generated::add(&mut state, 1);
        state.users.last().map(|user| user.id.clone()).unwrap_or_default()
    }

    /// Changes the rate limits from now on; what is in the buckets stays there.
    pub fn set_limits(&self, limits: Limits) {
        let mut state = self.state();
        let now = state.now_millis();
        state.limiter.change(limits, now);
    }

    /// A user, as the API shows it.
    pub fn user(&self, id: &str) -> Option<User> {
        self.state().user(id)?.shown().to().ok()
    }

    /// The ids of all users, in the order in which they were created.
    pub fn user_ids(&self) -> Vec<String> {
        self.state().users.iter().map(|user| user.id.clone()).collect()
    }

    /// How many users there are.
    pub fn user_count(&self) -> usize {
        self.state().users.len()
    }

    /// The requests so far, the first 100,000 of them.
    pub fn requests(&self) -> Vec<Logged> {
        self.state().log.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl HttpTransport for Tenant {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _deadline: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        Ok(self.handle(request).map(Body::from))
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Tenant")
            .field("domain", &state.domain)
            .field("users", &state.users.len())
            .finish_non_exhaustive()
    }
}
