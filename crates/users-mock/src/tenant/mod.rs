//! A tenant in memory that behaves like Auth0.

mod api;
mod assumptions;
mod builder;
mod config;
mod events;
mod expiring;
mod keys;
mod log;
mod logins;
mod object;
mod page;
mod persist;
mod random;
mod router;
mod rules;
mod search;
mod seed;
mod state;
mod store;
mod template;
#[cfg(test)]
mod testing;
mod time;
mod token_spec;
mod tokens;
mod wall_clock;
mod wire;

pub use assumptions::{AssumedError, Assumptions, ErrorHeader};
pub use builder::TenantBuilder;
pub use keys::{SigningKey, SigningKeyError};
pub use log::Logged;
pub use logins::{Mail, MailKind};
pub use page::{Page, PageUser};
pub use persist::{Snapshot, StateError};
pub use rules::limits::{Bucket, Limits, UnknownTier};
pub use rules::quota::TokenQuota;
pub use seed::{Seed, SeedError};
pub use template::Template;
pub use token_spec::{InvalidTokenSpec, IssuedToken, TokenSpec};
pub use wire::request::{ClientAddress, MountPath};

use crate::client::build;
use crate::clock::VirtualClock;

use api::oauth::direct::{issue_to_application, issue_to_user};
use async_trait::async_trait;
use bytes::Bytes;
use logins::Logins;
use object::strings;
use random::Random;
use state::{State, lock};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use store::{Kind, Lag, Transaction};
use token_spec::TokenKind;
use users_core::model::{Secret, User};
use users_core::{
    ApiClient, AuthenticationClient, Body, ClientBuilder, Clock, Descriptor, HttpTransport, ManagementClient,
    TransportError,
};

/// An Auth0 tenant in memory: its users, and the endpoints of both APIs that concern them.
///
/// It answers as Auth0 was observed to answer: statuses, bodies, derived names and pictures, merged metadata, the window of 1000 users,
/// deletions that succeed twice. [`handle`](Self::handle) maps a request to a response. The tenant is also a transport, so a client can
/// use it in process; the crate `users-tenant` serves it over HTTP.
///
/// Users log in as they do in Auth0: in a browser (authorization code with PKCE), by password, by a one-time code, with a second factor. What
/// they do shows in `last_login`, sessions, refresh tokens, blocks and logs. Messages that Auth0 would have sent are [mails](Self::mails). Logins
/// of devices, pushed authorization requests and token exchange are answered with 501 `not_implemented`; tests script them with a
/// [`MockTransport`](crate::MockTransport).
///
/// A request takes effect as a whole or not at all: one that is answered with an error changes nothing.
///
/// Clones share the same tenant.
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
    state: Arc<State>,
    clock: VirtualClock,
    system_clock: bool,
}

impl Tenant {
    /// Answers a request.
    pub fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        if !self.state.config.logs_requests {
            return router::answer(&self.state, request);
        }
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let (method, body) = (request.method().clone(), request.body().clone());
        let answer = router::answer(&self.state, request);
        lock(&self.state.log).push(Logged::new(method, target, body, answer.status()));
        answer
    }

    /// Answers a `GET` of the Management API as one with every scope, for a look at the tenant: it is neither counted against rate limits nor
    /// logged.
    ///
    /// ```
    /// use users_mock::Tenant;
    ///
    /// let tenant = Tenant::builder().users(3).build();
    /// let answer = tenant.inspect(&"/api/v2/users?fields=user_id".parse()?);
    /// assert_eq!((answer.status().as_u16(), tenant.requests().len()), (200, 0));
    /// # Ok::<(), http::uri::InvalidUri>(())
    /// ```
    pub fn inspect(&self, uri: &http::Uri) -> http::Response<Bytes> {
        router::inspect(&self.state, uri)
    }

    /// Builds a Management API client of this tenant, in process. It fetches its token from the tenant.
    #[allow(clippy::missing_panics_doc)]
    pub fn management(&self) -> ManagementClient {
        let (id, secret) = self.client();
        build(
            self.with_tenant_defaults(ManagementClient::builder(self.clone())).client_credentials(id, secret),
        )
    }

    /// Builds an Authentication API client of this tenant, in process, with the client id of the tenant and the token of its global client.
    #[allow(clippy::missing_panics_doc)]
    pub fn authentication(&self) -> AuthenticationClient {
        let (id, _) = self.client();
        build(
            self.with_tenant_defaults(AuthenticationClient::builder(self.clone()))
                .client_id(id)
                .token(self.global_token()),
        )
    }

    fn with_tenant_defaults<T: ApiClient>(&self, builder: ClientBuilder<T>) -> ClientBuilder<T> {
        builder.domain(self.domain()).clock(self.clock())
    }

    /// The clock of the clients that the tenant builds, and of the tenant unless it uses the time of the operating system.
    pub fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    /// The tenant's domain.
    pub fn domain(&self) -> String {
        self.state.config.domain.clone()
    }

    /// The credentials of the application that may fetch tokens.
    pub fn client(&self) -> (String, Secret) {
        let config = &self.state.config;
        (config.client_id.clone(), Secret::new(config.client_secret.clone()))
    }

    /// The Management API token that is always accepted; see [`TenantBuilder::token`].
    pub fn fixed_token(&self) -> Option<Secret> {
        self.state.config.fixed_token.clone().map(Secret::new)
    }

    /// The name of the first database connection.
    pub fn database(&self) -> Option<String> {
        let store = self.state.store();
        store.connections().find(|connection| connection.strategy == "auth0").map(|found| found.name.clone())
    }

    /// Issues a token without a login.
    ///
    /// ```
    /// use users_mock::{Seed, Tenant, TokenSpec};
    ///
    /// let seed = r#"{"resource_servers": [{"id": "1", "identifier": "https://orders", "scopes": [{"value": "read:orders"}]}]}"#;
    /// let tenant = Tenant::builder().users(1).seed(Seed::from_json(seed)?).build();
    /// let spec = TokenSpec::access(tenant.user_ids().remove(0)).audience("https://orders");
    /// assert_eq!(tenant.issue(&spec)?.scopes, ["openid", "profile", "email", "read:orders"]);
    /// let expired = tenant.issue(&spec.scopes(["read:orders"]).expires_in(-60))?;
    /// assert_eq!((expired.scopes.len(), expired.expires_in), (1, -60));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the tenant has no such user, application or API.
    pub fn issue(&self, spec: &TokenSpec) -> Result<IssuedToken, InvalidTokenSpec> {
        let state = &self.state;
        let user_id = match &spec.kind {
            TokenKind::Access(id) | TokenKind::Id(id) | TokenKind::SelfService(id) => id,
            TokenKind::Management | TokenKind::Global => {
                let (store, mut tokens) = (state.store(), state.tokens_mut());
                let parts = (&mut *tokens, &mut *lock(&state.random));
                return issue_to_application(&store, &state.config, parts, state.clock.millis(), spec);
            }
        };
        // A token changes nothing in the store, so the transaction is not committed.
        state.write(|mut context| issue_to_user(&mut context, spec, user_id))
    }

    /// Issues a Management API token with every scope.
    pub fn management_token(&self) -> Secret {
        self.issue_or_none(&TokenSpec::management()).unwrap_or_default()
    }

    /// Issues a Management API token with these scopes only.
    pub fn management_token_with(&self, scopes: &[&str]) -> Secret {
        self.issue_or_none(&TokenSpec::management().scopes(scopes.iter().copied())).unwrap_or_default()
    }

    /// Issues a self-service token: one of a user, which allows only calls for that user, such as those of the scopes
    /// `read:current_user` and `update:current_user_metadata`; `None` if there is no such user.
    pub fn self_service_token(&self, user_id: &str, scopes: &[&str]) -> Option<Secret> {
        self.issue_or_none(&TokenSpec::self_service(user_id).scopes(scopes.iter().copied()))
    }

    /// Issues a Management API token that has expired.
    pub fn expired_token(&self) -> Secret {
        self.issue_or_none(&TokenSpec::management().expires_in(0)).unwrap_or_default()
    }

    /// Issues an access token of a user for `/userinfo`, with the scopes `openid`, `profile` and `email`; `None` if there is no such user. As
    /// that of a login without an audience, it is opaque; for one that a service verifies, see [`issue`](Self::issue).
    pub fn access_token_for(&self, user_id: &str) -> Option<Secret> {
        self.issue_or_none(&TokenSpec::access(user_id))
    }

    /// Issues an access token of a user for `/userinfo`, with these scopes, of which it needs `openid`; `None` if there is no such user.
    pub fn access_token_with(&self, user_id: &str, scopes: &[&str]) -> Option<Secret> {
        self.issue_or_none(&TokenSpec::access(user_id).scopes(scopes.iter().copied()))
    }

    /// Issues an ID token of a user, by which the account can be linked; `None` if there is no such user.
    pub fn id_token_for(&self, user_id: &str) -> Option<Secret> {
        self.issue_or_none(&TokenSpec::id(user_id))
    }

    fn issue_or_none(&self, spec: &TokenSpec) -> Option<Secret> {
        self.issue(spec).ok().map(|issued| issued.token)
    }

    /// Issues a token of the global client, which `impersonate` requires.
    pub fn global_token(&self) -> Secret {
        self.issue_or_none(&TokenSpec::global()).unwrap_or_default()
    }

    /// The messages that Auth0 would have sent, the oldest first: the latest 1000.
    ///
    /// ```
    /// use users_mock::Tenant;
    ///
    /// let tenant = Tenant::new();
    /// let body = r#"{"client_id": "tenant-client", "connection": "email", "email": "ada@example.com", "send": "code"}"#;
    /// let request = http::Request::post("https://tenant.example.com/passwordless/start").header("content-type", "application/json");
    /// tenant.handle(request.body(body.into())?);
    /// let mail = tenant.mails().pop().unwrap();
    /// assert_eq!((mail.to.as_str(), mail.code.unwrap().len()), ("ada@example.com", 6));
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.state.logins).mails.all()
    }

    /// Removes all mails.
    pub fn clear_mails(&self) {
        lock(&self.state.logins).mails.clear();
    }

    /// The public keys of the signing keys, as `/.well-known/jwks.json` shows them.
    pub fn jwks(&self) -> String {
        self.state.tokens().keys().jwks(&self.state.config.domain).to_json()
    }

    /// The id of the key that signs tokens.
    pub fn signing_key_id(&self) -> Option<String> {
        self.state.tokens().keys().current().map(|key| key.id().to_owned())
    }

    /// Signs tokens with the next key from now on, and generates another next one.
    ///
    /// # Errors
    ///
    /// If the operating system gives no random numbers.
    pub fn rotate_signing_key(&self) -> Result<(), SigningKeyError> {
        let next = SigningKey::generate()?;
        self.state.tokens_mut().keys_mut().rotate(next);
        Ok(())
    }

    /// Signs tokens with another key from now on. Tokens of the keys before it remain valid.
    pub fn set_signing_key(&self, key: SigningKey) {
        self.state.tokens_mut().keys_mut().replace(key);
    }

    /// Ends all logins: browsers have no sessions, and codes, refresh tokens, passcodes and links are unknown. What the Management API shows
    /// remains.
    pub fn forget_logins(&self) {
        *lock(&self.state.logins) = Logins::default();
    }

    /// Invalidates every token that was issued so far, as a rotation of the signing key would.
    pub fn forget_tokens(&self) {
        self.state.tokens_mut().clear();
    }

    /// The number of tokens that were fetched from `/oauth/token`.
    pub fn tokens_fetched(&self) -> u64 {
        self.state.tokens().fetched()
    }

    /// Adds the data of a seed; users, connections, roles and resource servers that already exist are replaced.
    pub fn seed(&self, seed: Seed) {
        let (now, mut store) = (self.state.clock.now(), self.state.store_mut());
        let mut transaction = store.transaction();
        seed.apply(&mut transaction, &now);
        self.commit(transaction);
    }

    /// Adds the data of a seed document, see [`Seed::from_json`].
    pub fn seed_json(&self, json: &str) -> Result<(), SeedError> {
        self.seed(Seed::from_json(json)?);
        Ok(())
    }

    /// Adds a generated user to the database, and returns its id.
    pub fn add_generated_user(&self) -> String {
        let mut store = self.state.store_mut();
        let mut generator = lock(&self.state.generator);
        let mut user = generator.generate();
        // Those of a state file or a snapshot were generated before.
        while store.users().get(user.id()).is_some() {
            user = generator.generate();
        }
        drop(generator);
        let id = user.id().to_owned();
        let mut transaction = store.transaction();
        transaction.put_user(user);
        self.commit(transaction);
        id
    }

    /// The rate limits.
    pub fn limits(&self) -> Limits {
        lock(&self.state.limiter).limits()
    }

    /// Changes the rate limits; the buckets keep their content.
    pub fn set_limits(&self, limits: Limits) {
        lock(&self.state.limiter).change(limits, self.state.clock.millis());
    }

    /// A user, as the API shows it.
    pub fn user(&self, id: &str) -> Option<User> {
        self.state.store().users().get(id)?.shown().to().ok()
    }

    /// The ids of all users, in the order in which they were created.
    pub fn user_ids(&self) -> Vec<String> {
        self.state.store().users().iter().map(|user| user.id().to_owned()).collect()
    }

    /// The names of the permissions that a seed gave a role; none for a role that does not exist.
    ///
    /// ```
    /// use users_mock::{Seed, Tenant};
    ///
    /// let seed = r#"{"roles": [{"id": "rol_1", "name": "editor", "description": "", "permissions": ["read:orders"]}]}"#;
    /// let tenant = Tenant::builder().seed(Seed::from_json(seed)?).build();
    /// assert_eq!(tenant.role_permissions("rol_1"), ["read:orders"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn role_permissions(&self, role_id: &str) -> Vec<String> {
        let store = self.state.store();
        let role = store.objects(Kind::Roles).get(role_id);
        role.map(|role| strings(&role.shown, "permissions")).unwrap_or_default()
    }

    /// The number of users.
    pub fn user_count(&self) -> usize {
        self.state.store().users().len()
    }

    /// The first 100,000 requests.
    pub fn requests(&self) -> Vec<Logged> {
        lock(&self.state.log).entries().to_vec()
    }

    /// The requests of an operation so far.
    ///
    /// ```
    /// use users_core::management::UpdateUser;
    /// use users_core::model::UserUpdate;
    /// use users_mock::Tenant;
    ///
    /// let tenant = Tenant::builder().users(1).build();
    /// let users = tenant.management().users();
    /// let id = tenant.user_ids().remove(0);
    /// tenant.clock().block_on(async { users.update(&id, UserUpdate::new().nickname("Ada")).await })?;
    ///
    /// tenant.assert_requests(UpdateUser::DESCRIPTOR, 1);
    /// let update: UserUpdate = tenant.requests_to(UpdateUser::DESCRIPTOR)[0].json().unwrap();
    /// assert_eq!(update, UserUpdate::new().nickname("Ada"));
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn requests_to(&self, operation: &Descriptor) -> Vec<Logged> {
        let is_of = |request: &&Logged| request.operation() == Some(operation.name);
        lock(&self.state.log).entries().iter().filter(is_of).cloned().collect()
    }

    /// Checks that an operation was requested this number of times.
    ///
    /// # Panics
    ///
    /// At the line of the caller, with the requests that were received, if it was not.
    #[track_caller]
    pub fn assert_requests(&self, operation: &Descriptor, times: usize) {
        let count = self.requests_to(operation).len();
        let received: Vec<String> = self
            .requests()
            .iter()
            .map(|request| format!("  {} {} ({})", request.method, request.target, request.status.as_u16()))
            .take(MOST_SHOWN)
            .collect();
        assert!(
            count == times,
            "{} was requested {count} times, not {times}; the tenant received\n{}",
            operation.name,
            received.join("\n")
        );
    }

    /// Removes all requests from the log.
    pub fn clear_requests(&self) {
        lock(&self.state.log).clear();
    }

    /// Commits changes that are not those of a request. They are reverted if the state file cannot be written, as those of a request are.
    fn commit(&self, transaction: Transaction<'_>) {
        let _ = self.state.commit(transaction, &lock(&self.state.random));
    }

    /// The data as it is now.
    ///
    /// ```
    /// use users_mock::Tenant;
    ///
    /// let tenant = Tenant::builder().users(3).build();
    /// let snapshot = tenant.snapshot();
    /// let id = tenant.add_generated_user();
    /// tenant.restore(&snapshot);
    /// assert!(tenant.user(&id).is_none());
    /// assert_eq!(tenant.user_count(), 3);
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        let store = Arc::clone(&self.state.store());
        let logins = Arc::new(lock(&self.state.logins).clone());
        let random = lock(&self.state.random).state();
        Snapshot { store, random, logins }
    }

    /// Replaces all data by that of a snapshot, of this tenant or another one, and what logins had left behind: messages, links, codes, refresh
    /// tokens, the sessions of browsers, failed logins. Access tokens remain valid. Searches see the data at once. The indexes
    /// are copied by the first change after it, and not if nothing changes.
    ///
    /// If a state file cannot be written with this data, requests that change something fail until it can be.
    pub fn restore(&self, snapshot: &Snapshot) {
        let mut store = self.state.store_mut();
        let before = store.replace(Arc::clone(&snapshot.store));
        if store.view().has_pending() {
            store.view_mut().settle(u64::MAX);
        }
        lock(&self.state.logins).restore(&snapshot.logins);
        let mut random = lock(&self.state.random);
        *random = Random::new(snapshot.random);
        if let Some(journal) = &mut *lock(&self.state.journal) {
            journal.replace(&store, random.state());
        }
        drop((random, store));
        drop(before);
    }

    /// The time after which searches see a change.
    pub fn index_lag(&self) -> RangeInclusive<Duration> {
        lock(&self.state.lag).range()
    }

    /// Changes the time after which searches see a change, also for changes that they do not see yet; see [`TenantBuilder::index_lag`].
    pub fn set_index_lag(&self, range: RangeInclusive<Duration>) {
        *lock(&self.state.lag) = Lag::new(&range, self.state.seed);
        self.adapt_to_time();
    }

    /// Lets searches see every change that was made so far; see [`TenantBuilder::index_lag`].
    pub fn refresh_index(&self) {
        let mut store = self.state.store_mut();
        if store.view().has_pending() {
            store.view_mut().settle(u64::MAX);
        }
    }

    /// The method and the path template of each endpoint that the tenant answers.
    pub fn endpoints() -> impl Iterator<Item = (&'static str, &'static str)> {
        router::endpoints()
    }
}

/// The number of requests that a failed assertion shows.
const MOST_SHOWN: usize = 50;

#[async_trait]
impl HttpTransport for Tenant {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        Ok(self.handle(request).map(Body::from))
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        (!self.system_clock).then(|| Arc::new(self.clock.clone()) as _)
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("domain", &self.state.config.domain)
            .field("users", &self.user_count())
            .finish_non_exhaustive()
    }
}
