//! Building a tenant.

use crate::clock::VirtualClock;
use crate::tenant::Tenant;
use crate::tenant::assumptions::Assumptions;
use crate::tenant::config::{Config, IdSearch};
use crate::tenant::keys::SigningKey;
use crate::tenant::persist::{Journal, StateError};
use crate::tenant::random::Random;
use crate::tenant::rules::limits::Limits;
use crate::tenant::rules::quota::TokenQuota;
use crate::tenant::seed::{Generator, Seed};
use crate::tenant::state::lock;
use crate::tenant::store::{Connection, Store};
use crate::tenant::template::{Template, clock_of};
use crate::tenant::wall_clock::WallClock;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use users_core::model::Secret;

/// Builds a [`Tenant`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct TenantBuilder {
    config: Config,
    index_lag: RangeInclusive<Duration>,
    limits: Limits,
    users: u32,
    seed: Seed,
    rng_seed: u64,
    signing_key: Option<Arc<SigningKey>>,
    clock: VirtualClock,
    system_clock: bool,
}

impl Tenant {
    /// Builds a tenant without users, on a [`VirtualClock`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder.
    pub fn builder() -> TenantBuilder {
        TenantBuilder::new()
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new()
    }
}

impl TenantBuilder {
    fn new() -> Self {
        Self {
            config: Config {
                domain: "tenant.example.com".to_owned(),
                client_id: "tenant-client".to_owned(),
                client_secret: "tenant-secret".to_owned(),
                fixed_token: None,
                token_lifetime: Duration::from_secs(86_400),
                logs_requests: true,
                legacy_delete_all: false,
                shuffles_ties: true,
                id_search: IdSearch::ALL,
                fields_of_2026: false,
                custom_domains: Vec::new(),
                token_quota: TokenQuota::none(),
                assumptions: Assumptions::default(),
                job_duration: Duration::ZERO,
            },
            index_lag: Duration::ZERO..=Duration::ZERO,
            limits: Limits::none(),
            users: 0,
            seed: Seed::new(),
            rng_seed: 0,
            signing_key: None,
            clock: VirtualClock::new(),
            system_clock: false,
        }
    }

    /// Sets the domain; `tenant.example.com` by default.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.config.domain = domain.into();
        self
    }

    /// Sets the credentials of the application that may fetch tokens; `tenant-client` and `tenant-secret` by default.
    ///
    /// In place of the secret, the tenant accepts an assertion once (private-key JWT) whose claims are valid by its clock, and does
    /// not verify the signature. A token request without secret to the host `mtls.{domain}` is taken to have a client certificate.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.config.client_id = id.into();
        self.config.client_secret = secret.into().expose().into();
        self
    }

    /// Sets a Management API token that is always accepted, of any form.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.config.fixed_token = Some(token.into().expose().to_owned());
        self
    }

    /// Sets the lifetime of tokens; a day by default.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.token_lifetime = lifetime;
        self
    }

    /// Sets whether [`Tenant::requests`] returns the requests; `true` by default. The log keeps 100,000 of them, which is too much for each of
    /// many tenants.
    pub fn log_requests(mut self, logged: bool) -> Self {
        self.config.logs_requests = logged;
        self
    }

    /// Sets whether `DELETE /users` deletes every user, as it did until 2016, instead of answering 404.
    pub fn legacy_delete_all(mut self, legacy: bool) -> Self {
        self.config.legacy_delete_all = legacy;
        self
    }

    /// Sets whether users with the same value of the attribute that they are sorted by are in another order in each response, because
    /// Auth0 promises none; `true` by default. The orders are the same for the same [`rng_seed`](Self::rng_seed) and sequence of requests.
    pub fn shuffle_ties(mut self, shuffle: bool) -> Self {
        self.config.shuffles_ties = shuffle;
        self
    }

    /// Sets whether `user_id` can be searched by ranges, as in `user_id:{auth0|1 TO *]`; `true` by default. Whether Auth0 supports it is not
    /// documented.
    pub fn search_user_id_ranges(mut self, search: bool) -> Self {
        self.config.id_search.by_ranges = search;
        self
    }

    /// Sets whether `user_id` can be searched by wildcards, as in `user_id:auth0*`; `true` by default. Whether Auth0 supports it is not
    /// documented.
    pub fn search_user_id_wildcards(mut self, search: bool) -> Self {
        self.config.id_search.by_wildcards = search;
        self
    }

    /// Sets what the tenant answers where Auth0's behaviour is not known.
    pub fn assumptions(mut self, assumptions: Assumptions) -> Self {
        self.config.assumptions = assumptions;
        self
    }

    /// Sets whether new roles have a `type`, and new organizations `third_party_client_access` and `is_app_entitlement_active`, even if
    /// they were not sent, as Auth0 shows them since mid-2026; `false` by default.
    pub fn fields_of_2026(mut self, shown: bool) -> Self {
        self.config.fields_of_2026 = shown;
        self
    }

    /// Sets the verified custom domains; none by default. With several, the calls that send mails or make links, or create or update
    /// users, answer 409 `custom_domain_conflict` unless the header `auth0-custom-domain` names one of them, as recorded. Links begin
    /// with the domain that is named.
    pub fn custom_domains<I: IntoIterator<Item: Into<String>>>(mut self, domains: I) -> Self {
        self.config.custom_domains = domains.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how many tokens the application may fetch with its credentials; any number by default.
    pub fn token_quota(mut self, quota: TokenQuota) -> Self {
        self.config.token_quota = quota;
        self
    }

    /// Sets the time from the creation of a job to its end, 0 by default: until then it is shown as pending, and of imports two at most
    /// run at a time. The changes of an import are made when it is created.
    pub fn job_duration(mut self, duration: Duration) -> Self {
        self.config.job_duration = duration;
        self
    }

    /// Sets the time after which searches see a change, because `GET /users` is eventually consistent; 0 by default.
    /// [`refresh_index`](Tenant::refresh_index) ends it for the changes so far. Users are always found by their id and by
    /// `GET /users-by-email`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use users_core::model::NewUser;
    /// use users_mock::Tenant;
    ///
    /// let tenant = Tenant::builder().index_lag(Duration::from_secs(1)).build();
    /// let users = tenant.management().users();
    /// tenant.clock().block_on(async {
    ///     let ada = NewUser::new("Username-Password-Authentication").email("ada@example.com").password("Correct horse 1");
    ///     users.create(ada).await?;
    ///     assert!(users.get_all().q("email:ada@example.com").await?.is_empty());
    ///     tenant.refresh_index();
    ///     assert_eq!(users.get_all().q("email:ada@example.com").await?.len(), 1);
    ///     Ok::<(), users_core::Error>(())
    /// })?;
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn index_lag(mut self, lag: Duration) -> Self {
        self.index_lag = lag..=lag;
        self
    }

    /// Sets the range of that time. Each change has a random one, and is seen after those before it.
    pub fn index_lag_between(mut self, range: RangeInclusive<Duration>) -> Self {
        self.index_lag = range;
        self
    }

    /// Sets the rate limits; none by default.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds generated users to the database, with varied names, metadata, logins and dates. Some have unusual shapes that occur in real
    /// tenants: linked accounts, numeric ids of identities, a string for a boolean, no name, no address, metadata of more than 10 KB. They are the same for the
    /// same [`rng_seed`](Self::rng_seed).
    pub fn users(mut self, count: u32) -> Self {
        self.users = count;
        self
    }

    /// Sets the initial data.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the seed of the random numbers for ids, tokens and generated users; 0 by default.
    pub fn rng_seed(mut self, seed: u64) -> Self {
        self.rng_seed = seed;
        self
    }

    /// Sets the key that signs tokens. Unless it is set, tenants sign with a development key, which is in the package of this crate:
    /// everybody who has it can sign tokens too.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.signing_key = Some(Arc::new(key));
        self
    }

    /// Sets the clock of the tenant and its clients; a new one by default.
    pub fn clock(mut self, clock: VirtualClock) -> Self {
        self.clock = clock;
        self
    }

    /// Uses the time of the operating system, for a tenant that is served over a network.
    pub fn system_clock(mut self) -> Self {
        self.system_clock = true;
        self
    }

    /// Builds a tenant whose data is kept in a file from one process to the next. If the file exists, its data takes the place of the
    /// generated users and the seed.
    ///
    /// Each change is written to the file before its request is answered, so a process that is killed at any moment loses no change
    /// that was answered. With `sync`, the change is on the disk then, so neither does a loss of power; each change takes as long as the
    /// disk needs. Access tokens are not kept: clients fetch new ones. One process may use the file at a time.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, or is damaged otherwise than at its end.
    pub fn build_with_state(self, file: impl AsRef<Path>, sync: bool) -> Result<Tenant, StateError> {
        // The file that a link names is the one that is replaced.
        let file = std::fs::canonicalize(file.as_ref()).unwrap_or_else(|_| file.as_ref().to_owned());
        let file = file.as_path();
        let mut store = Store::default();
        let mut random = None;
        let exists = Journal::read(file, |records| {
            let mut transaction = store.transaction();
            for record in records {
                random = record.apply(&mut transaction)?.or(random);
            }
            transaction.commit();
            Ok(())
        })?;
        let tenant = if exists { self.users(0).seed(Seed::new()).build() } else { self.build() };
        if exists {
            tenant.state.store_mut().replace(Arc::new(store));
            if let Some(random) = random {
                *lock(&tenant.state.random) = Random::new(random);
            }
        }
        let journal = Journal::create(file, &tenant.state.store(), lock(&tenant.state.random).state(), sync)?;
        *lock(&tenant.state.journal) = Some(journal);
        Ok(tenant)
    }

    /// Builds the tenant.
    pub fn build(self) -> Tenant {
        self.template().tenant()
    }

    /// Builds a template, which makes any number of tenants at the cost of one.
    ///
    /// ```
    /// use users_mock::Tenant;
    ///
    /// let template = Tenant::builder().users(1000).template();
    /// let (one, other) = (template.tenant_named("one"), template.tenant_named("other"));
    /// let id = one.add_generated_user();
    /// assert_eq!((one.user_count(), other.user_count()), (1001, 1000));
    /// one.reset(&template);
    /// assert_eq!(one.user_count(), 1000);
    /// ```
    pub fn template(self) -> Template {
        let clock = WallClock::new(clock_of(&self.clock, self.system_clock));
        let mut generator = Generator::new(self.rng_seed);
        let mut store = Store::default();
        let mut transaction = store.transaction();
        transaction.put_connection(Connection::default_database());
        (0..self.users).for_each(|_| transaction.put_user(generator.generate()));
        self.seed.apply(&mut transaction, &clock.now());
        transaction.commit();
        Template {
            config: self.config,
            store: Arc::new(store),
            index_lag: self.index_lag,
            limits: self.limits,
            users: self.users,
            rng_seed: self.rng_seed,
            signing_key: self.signing_key,
            clock: self.clock,
            system_clock: self.system_clock,
        }
    }
}

impl fmt::Debug for TenantBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantBuilder")
            .field("domain", &self.config.domain)
            .field("users", &self.users)
            .finish_non_exhaustive()
    }
}
