//! What tenants are made from.

use crate::clock::VirtualClock;
use crate::tenant::Tenant;
use crate::tenant::config::Config;
use crate::tenant::keys::SigningKey;
use crate::tenant::logins::Logins;
use crate::tenant::random::Random;
use crate::tenant::rules::limiter::Limiter;
use crate::tenant::rules::limits::Limits;
use crate::tenant::seed::Generator;
use crate::tenant::state::{State, lock};
use crate::tenant::store::{Lag, Store};
use crate::tenant::tokens::Tokens;
use crate::tenant::wall_clock::WallClock;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use users_core::{Clock, SystemClock};

/// What tenants are made from: the settings and the initial data of a [`TenantBuilder`](crate::TenantBuilder).
///
/// Its tenants share the initial data: each copies the indexes, and not the users, when it first changes something.
#[derive(Clone)]
pub struct Template {
    pub(crate) config: Config,
    pub(crate) store: Arc<Store>,
    pub(crate) index_lag: RangeInclusive<Duration>,
    pub(crate) limits: Limits,
    /// The number of generated users.
    pub(crate) users: u32,
    pub(crate) rng_seed: u64,
    pub(crate) signing_key: Option<Arc<SigningKey>>,
    pub(crate) clock: VirtualClock,
    pub(crate) system_clock: bool,
}

impl Template {
    /// Makes a tenant.
    pub fn tenant(&self) -> Tenant {
        self.with_seed(self.rng_seed)
    }

    /// Makes a tenant with random numbers of its own, which are the same for the same name: its ids and tokens differ from those of other
    /// tenants of this template.
    pub fn tenant_named(&self, name: &str) -> Tenant {
        // FNV-1a: the same on each run and platform.
        let of_name = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.with_seed(self.rng_seed ^ of_name)
    }

    /// The number of users that a tenant begins with.
    pub fn user_count(&self) -> usize {
        self.store.users().len()
    }

    fn with_seed(&self, seed: u64) -> Tenant {
        let clock = WallClock::new(clock_of(&self.clock, self.system_clock));
        let state = State {
            store: RwLock::new(Arc::clone(&self.store)),
            config: self.config.clone(),
            lag: Mutex::new(Lag::new(&self.index_lag, seed)),
            limiter: Mutex::new(Limiter::new(self.limits.clone(), clock.millis())),
            clock,
            random: Mutex::new(Random::new(seed)),
            tokens: RwLock::new(Tokens::new(self.signing_key.clone())),
            logins: Mutex::default(),
            generator: Mutex::new(Generator::continued(seed, self.users.into())),
            journal: Mutex::new(None),
            log: Mutex::default(),
            turns: AtomicU64::new(seed),
            seed,
        };
        Tenant { state: Arc::new(state), clock: self.clock.clone(), system_clock: self.system_clock }
    }
}

impl Tenant {
    /// Returns the tenant to the state that the template describes: data, tokens, keys, logins, mails, request log, rate limits, index lag, time and random
    /// numbers. The settings of the tenant, such as its domain and its client, do not change, and applications keep their tokens for the
    /// Management API: they fetch one for a day, and would be refused by the next test.
    ///
    /// If a state file cannot be written with this data, requests that change something fail until it can be.
    pub fn reset(&self, template: &Template) {
        // A field that is added must be considered here.
        let State {
            store: _,
            tokens: _,
            logins,
            random,
            generator,
            journal,
            lag,
            limiter,
            log,
            config: _,
            clock,
            turns,
            seed,
        } = &*self.state;
        clock.reset();
        let mut store = self.state.store_mut();
        let before = store.replace(Arc::clone(&template.store));
        self.state.tokens_mut().reset(template.signing_key.clone());
        *lock(logins) = Logins::default();
        *lock(random) = Random::new(*seed);
        *lock(generator) = Generator::continued(*seed, template.users.into());
        if let Some(journal) = &mut *lock(journal) {
            journal.replace(&store, *seed);
        }
        *lock(lag) = Lag::new(&template.index_lag, *seed);
        *lock(limiter) = Limiter::new(template.limits.clone(), clock.millis());
        lock(log).clear();
        turns.store(*seed, Ordering::Relaxed);
        drop(store);
        drop(before);
    }
}

/// The clock of the tenants of a template.
pub(crate) fn clock_of(clock: &VirtualClock, system_clock: bool) -> Arc<dyn Clock> {
    if system_clock { Arc::new(SystemClock::new()) } else { Arc::new(clock.clone()) }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("domain", &self.config.domain)
            .field("users", &self.user_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::tenant::{Limits, Tenant};
    use std::time::Duration;

    fn search(tenant: &Tenant, token: &str, query: &str) -> usize {
        let request = http::Request::get(format!("https://tenant.example.com/api/v2/users?q={query}"))
            .header("authorization", format!("Bearer {token}"))
            .body(bytes::Bytes::new())
            .unwrap();
        let answer = tenant.handle(request);
        let users: Vec<serde_json::Value> = serde_json::from_slice(answer.body()).unwrap();
        users.len()
    }

    #[test]
    fn tenants_of_a_template_share_its_data_and_no_change() {
        let template = Tenant::builder().users(3).template();
        let (one, other) = (template.tenant_named("one"), template.tenant_named("other"));
        let (added, elsewhere) = (one.add_generated_user(), other.add_generated_user());
        assert_ne!(added, elsewhere, "ids differ from tenant to tenant");
        assert!(one.user(&elsewhere).is_none() && other.user(&added).is_none());
        assert_eq!(template.tenant_named("one").add_generated_user(), added, "and are the same for a name");
        let token = one.management_token().expose().to_owned();
        assert_ne!(token, other.management_token().expose());
        assert_eq!((search(&one, &token, ""), other.user_count(), template.user_count()), (4, 4, 3));
    }

    #[test]
    fn a_reset_returns_a_tenant_to_its_template_in_everything() {
        let template = Tenant::builder().users(2).limits(Limits::essentials()).template();
        let (tenant, fresh) = (template.tenant(), template.tenant());
        let token = tenant.management_token().expose().to_owned();
        let added = tenant.add_generated_user();
        search(&tenant, &token, "");
        tenant.set_limits(Limits::none());
        tenant.set_index_lag(Duration::from_secs(1)..=Duration::from_secs(2));
        tenant.freeze_time();
        tenant.advance_time(Duration::from_secs(100));

        tenant.reset(&template);
        assert_eq!(tenant.user_ids(), fresh.user_ids());
        assert_eq!(
            (tenant.limits(), tenant.index_lag()),
            (Limits::essentials(), Duration::ZERO..=Duration::ZERO)
        );
        assert_eq!((tenant.is_time_frozen(), tenant.time_offset(), tenant.requests().len()), (false, 0, 0));
        assert_eq!(tenant.add_generated_user(), added, "ids begin again");
        assert_eq!(tenant.management_token().expose(), fresh.management_token().expose());
    }

    #[test]
    fn a_snapshot_keeps_the_data_whatever_is_changed_later_and_is_seen_at_once() {
        let tenant = Tenant::builder().users(2).index_lag(Duration::from_secs(60)).build();
        let token = tenant.management_token().expose().to_owned();
        let id = tenant.add_generated_user();
        assert_eq!(search(&tenant, &token, ""), 2, "the lag hides the new user");
        let snapshot = tenant.snapshot();
        tenant.add_generated_user();
        tenant.restore(&snapshot);
        assert_eq!(search(&tenant, &token, ""), 3);
        assert_eq!((tenant.user_count(), tenant.user(&id).is_some()), (3, true));
        tenant.restore(&snapshot);
        assert_eq!(tenant.index_lag(), Duration::from_secs(60)..=Duration::from_secs(60));
    }

    #[test]
    fn an_index_lag_that_is_shortened_ends_the_wait_for_earlier_changes() {
        let tenant = Tenant::builder().users(1).index_lag(Duration::from_secs(60)).build();
        let token = tenant.management_token().expose().to_owned();
        tenant.add_generated_user();
        tenant.set_index_lag(Duration::from_millis(500)..=Duration::from_millis(500));
        tenant.advance_time(Duration::from_millis(499));
        assert_eq!(search(&tenant, &token, ""), 1);
        tenant.advance_time(Duration::from_millis(1));
        assert_eq!(search(&tenant, &token, ""), 2);
    }
}
