//! The tokens that a tenant has issued.

use crate::tenant::config::Config;
use crate::tenant::expiring::Expiring;
use crate::tenant::keys::{SigningKey, SigningKeys, sign_with_secret};
use crate::tenant::object::set;
use crate::tenant::random::Random;
use crate::tenant::rules::assertion::Assertion;
use crate::tenant::rules::grant::{Grant, all_scopes};
use crate::tenant::rules::quota::{Spent, Standing, TokenQuota};
use crate::tenant::wire::answer::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use users_core::model::JsonObject;

/// The tokens that a tenant has issued.
#[derive(Default)]
pub(crate) struct Tokens {
    /// They are known for an hour after they have expired, so that the response can say so.
    issued: Expiring<Issued>,
    keys: SigningKeys,
    fetched: u64,
    /// How much of the quota is spent.
    spent: Spent,
    /// The assertions that were used and have not expired.
    used: BTreeSet<Assertion>,
}

struct Issued {
    grant: Grant,
    /// The id of the key that signed it; `None` for an opaque one.
    key: Option<String>,
    /// In milliseconds since 1970.
    expires_at: u64,
}

/// The number of tokens that are known at most.
const MOST_TOKENS: usize = 1_000_000;

/// The time in milliseconds for which an expired token is known as one.
const KEPT_EXPIRED: u64 = 60 * 60 * 1000;

/// When a token is issued and when it expires, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) now: u64,
    pub(crate) expires_at: u64,
}

impl Times {
    pub(crate) fn new(now: u64, lifetime: Duration) -> Self {
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        Self { now, expires_at: now.saturating_add(lifetime) }
    }
}

impl Tokens {
    /// Begins anew with this key, or with the development key. Applications keep their tokens, which they fetch once for a day.
    pub(crate) fn reset(&mut self, key: Option<Arc<SigningKey>>) {
        let issued = std::mem::take(&mut self.issued);
        *self = Self { issued, ..Self::new(key) };
        let keys = &self.keys;
        self.issued.retain(|issued| {
            let is_known = issued.key.as_deref().is_some_and(|id| keys.has(id));
            is_known && matches!(issued.grant, Grant::Management(_) | Grant::Global)
        });
    }

    /// Signs with this key, or with the development key.
    pub(crate) fn new(key: Option<Arc<SigningKey>>) -> Self {
        let mut tokens = Self { issued: Expiring::with_most(MOST_TOKENS), ..Self::default() };
        if let Some(key) = key {
            tokens.keys = SigningKeys::only(key);
        }
        tokens
    }

    /// Signs a token, and records what it grants.
    pub(crate) fn issue(&mut self, grant: Grant, kind: &str, payload: &JsonObject, times: Times) -> String {
        let token = self.keys.current().map(|key| key.sign(kind, payload)).unwrap_or_default();
        let key = self.keys.current().map(|key| key.id().to_owned());
        self.record(token.clone(), Issued { grant, key, expires_at: times.expires_at }, times);
        token
    }

    /// Signs a token with the secret of an API (HS256), and records what it grants.
    pub(crate) fn issue_with_secret(
        &mut self,
        grant: Grant,
        kind: &str,
        payload: &JsonObject,
        times: Times,
        secret: &str,
    ) -> String {
        let token = sign_with_secret(kind, payload, secret);
        self.record(token.clone(), Issued { grant, key: None, expires_at: times.expires_at }, times);
        token
    }

    /// Issues an opaque token, in the form of an encrypted one (JWE) whose content is random.
    pub(crate) fn issue_opaque(
        &mut self,
        grant: Grant,
        issuer: &str,
        times: Times,
        random: &mut Random,
    ) -> String {
        let mut header = JsonObject::new();
        set(&mut header, "alg", "dir");
        set(&mut header, "enc", "A256GCM");
        set(&mut header, "iss", issuer);
        let parts =
            [header.to_json().into_bytes(), Vec::new(), random.bytes(12), random.bytes(48), random.bytes(16)];
        let token = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        self.record(token.clone(), Issued { grant, key: None, expires_at: times.expires_at }, times);
        token
    }

    fn record(&mut self, token: String, issued: Issued, times: Times) {
        self.issued.insert(token, issued, times.expires_at.saturating_add(KEPT_EXPIRED), times.now);
    }

    /// Signs what is no token of the tenant's own, such as a logout token.
    pub(crate) fn keys(&self) -> &SigningKeys {
        &self.keys
    }

    pub(crate) fn keys_mut(&mut self) -> &mut SigningKeys {
        &mut self.keys
    }

    /// Invalidates the tokens that a key has signed.
    pub(crate) fn forget_key(&mut self, id: &str) {
        self.issued.retain(|issued| issued.key.as_deref() != Some(id));
    }

    /// The grant of a bearer token of the Management API, or why it is rejected.
    pub(crate) fn management_grant(
        &self,
        bearer: Option<&str>,
        config: &Config,
        now: u64,
    ) -> Result<Grant, Failure> {
        let token = bearer.filter(|token| !token.is_empty()).ok_or_else(Failure::unauthenticated)?;
        if config.fixed_token.as_deref() == Some(token) {
            return Ok(Grant::Management(all_scopes()));
        }
        if token.split('.').filter(|part| !part.is_empty()).count() != 3 {
            return Err(Failure::bad_request("Bearer", "Bad HTTP authentication header format"));
        }
        match self.issued.get(token, now) {
            Some(issued) if issued.expires_at <= now => {
                Err(Failure::rejected_token("Expired token received for JSON Web Token validation"))
            }
            Some(Issued { grant: grant @ (Grant::Management(_) | Grant::SelfService { .. }), .. }) => {
                Ok(grant.clone())
            }
            _ => Err(Failure::rejected_token("Invalid token")),
        }
    }

    /// The grant of a token that was issued here and has not expired.
    pub(crate) fn grant(&self, token: &str, now: u64) -> Option<&Grant> {
        self.issued.get(token, now).filter(|issued| issued.expires_at > now).map(|issued| &issued.grant)
    }

    /// Records an assertion; `false` if it was used before. `now` is in seconds since 1970.
    pub(crate) fn use_once(&mut self, assertion: Assertion, now: u64) -> bool {
        while self.used.first().is_some_and(|first| first.expires_at <= now) {
            self.used.pop_first();
        }
        self.used.insert(assertion)
    }

    /// Counts a token that was fetched from `/oauth/token`.
    pub(crate) fn count_fetched(&mut self) {
        self.fetched += 1;
    }

    /// Counts a token against the quota; see [`Spent::count`].
    pub(crate) fn spend(&mut self, quota: TokenQuota, now: u64) -> Option<Standing> {
        self.spent.count(quota, now)
    }

    pub(crate) fn fetched(&self) -> u64 {
        self.fetched
    }

    /// Invalidates every token.
    pub(crate) fn clear(&mut self) {
        self.issued.clear();
    }
}
