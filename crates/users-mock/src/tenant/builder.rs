//! What a tenant begins with.

use super::connection::{Connection, DATABASE, USERNAME};
use super::limits::Limiter;
use super::state::State;
use super::{Limits, Seed, Tenant, generated};
use crate::VirtualClock;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::model::Secret;
use users_core::{Clock, SystemClock};

/// Builds a [`Tenant`].
#[must_use = "a builder builds nothing until `build` is called"]
pub struct TenantBuilder {
    domain: String,
    client_id: String,
    client_secret: Secret,
    token: Option<Secret>,
    token_lifetime: Duration,
    legacy_delete_all: bool,
    limits: Limits,
    users: u32,
    seed: Seed,
    rng_seed: u64,
    clock: VirtualClock,
    system_clock: bool,
}

impl TenantBuilder {
    pub(super) fn new() -> Self {
        Self {
            domain: "tenant.example.com".to_owned(),
            client_id: "tenant-client".to_owned(),
            client_secret: "tenant-secret".into(),
            token: None,
            token_lifetime: Duration::from_secs(86_400),
            legacy_delete_all: false,
            limits: Limits::none(),
            users: 0,
            seed: Seed::new(),
            rng_seed: 0,
            clock: VirtualClock::new(),
            system_clock: false,
        }
    }

    /// The domain; `tenant.example.com` unless set.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = domain.into();
        self
    }

    /// The application that may fetch tokens; `tenant-client` and `tenant-secret` unless set.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.client_id = id.into();
        self.client_secret = secret.into();
        self
    }

    /// A Management API token that is always taken, of whatever form.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// For how long tokens work; a day unless set.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Whether `DELETE /users` deletes every user, as it did until 2016, instead of being unknown.
    pub fn legacy_delete_all(mut self, legacy: bool) -> Self {
        self.legacy_delete_all = legacy;
        self
    }

    /// The rate limits; none unless set.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds this many generated users with varied names, metadata, logins and dates; some are odd, as users of real tenants are:
    /// linked accounts, numeric ids of identities, a flag as text, no name, no address. They are in the database, and the same for the same [`rng_seed`](Self::rng_seed).
    pub fn users(mut self, count: u32) -> Self {
        self.users = count;
        self
    }

    /// Adds what a seed holds.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// The seed of all randomness: ids, tokens and generated users. 0 unless set.
    pub fn rng_seed(mut self, seed: u64) -> Self {
        self.rng_seed = seed;
        self
    }

    /// The clock of the tenant and its ready-made clients; a new one unless set.
    pub fn clock(mut self, clock: VirtualClock) -> Self {
        self.clock = clock;
        self
    }

    /// Takes the time from the machine, as a tenant does that is asked over a network.
    pub fn system_clock(mut self) -> Self {
        self.system_clock = true;
        self
    }

    /// The tenant.
    pub fn build(self) -> Tenant {
        let clock: Arc<dyn Clock> =
            if self.system_clock { Arc::new(SystemClock::new()) } else { Arc::new(self.clock.clone()) };
        let database = Connection {
            id: "con_TenantDatabase00".to_owned(),
            name: DATABASE.to_owned(),
            strategy: "auth0".to_owned(),
            username: USERNAME,
        };
        let mut state = State {
            domain: self.domain,
            client_id: self.client_id,
            client_secret: self.client_secret.expose().to_owned(),
            fixed_token: self.token.map(|token| token.expose().to_owned()),
            token_lifetime: self.token_lifetime,
            legacy_delete_all: self.legacy_delete_all,
            limiter: Limiter::default(),
            clock,
            random: fastrand::Rng::with_seed(self.rng_seed),
            rng_seed: self.rng_seed,
            generated: 0,
            users: Vec::new(),
            connections: vec![database],
            tokens: HashMap::new(),
            tokens_fetched: 0,
            claims: BTreeMap::new(),
            roles: Vec::new(),
            servers: Vec::new(),
            jobs: Vec::new(),
            log: Vec::new(),
        };
        state.limiter = Limiter::new(self.limits, state.now_millis());
        generated::add(&mut state, self.users);
        self.seed.plant(&mut state);
        Tenant { state: Arc::new(Mutex::new(state)), clock: self.clock }
    }
}

impl fmt::Debug for TenantBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantBuilder")
            .field("domain", &self.domain)
            .field("users", &self.users)
            .finish_non_exhaustive()
    }
}
