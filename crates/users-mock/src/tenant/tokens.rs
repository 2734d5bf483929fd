//! The tokens that a tenant has issued.

use crate::tenant::config::Config;
use crate::tenant::random::Random;
use crate::tenant::rules::assertion::Assertion;
use crate::tenant::rules::grant::{Grant, all_scopes};
use crate::tenant::rules::quota::{Spent, Standing, TokenQuota};
use crate::tenant::wire::answer::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json as value;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// The tokens that a tenant has issued.
#[derive(Default)]
pub(crate) struct Tokens {
    issued: HashMap<String, Issued>,
    fetched: u64,
    /// How much of the quota is spent.
    spent: Spent,
    /// The assertions that were used and have not expired.
    used: BTreeSet<Assertion>,
}

struct Issued {
    grant: Grant,
    /// In milliseconds since 1970.
    expires_at: u64,
}

impl Tokens {
    /// Issues a token in the form of a JWT. Its signature is random, so it cannot be verified.
    pub(crate) fn issue(
        &mut self,
        grant: Grant,
        audience: &str,
        lifetime: Duration,
        config: &Config,
        now: u64,
        random: &mut Random,
    ) -> String {
        let expires_at = now.saturating_add(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX));
        let (subject, scopes) = match &grant {
            Grant::Management(scopes) => (format!("{}@clients", config.client_id), scopes.join(" ")),
            Grant::SelfService { id, scopes } => (id.clone(), scopes.join(" ")),
            Grant::User { id, scopes } => (id.clone(), scopes.join(" ")),
            Grant::Identity { id } => (id.clone(), String::new()),
            Grant::Global | Grant::Nothing => ("global@clients".to_owned(), String::new()),
        };
        let header = value!({"alg": "RS256", "typ": "JWT", "kid": "tenant"});
        let payload = value!({
            "iss": format!("https://{}/", config.domain), "sub": subject, "aud": audience, "scope": scopes,
            "iat": now / 1000, "exp": expires_at / 1000, "jti": random.hex(16),
        });
        let parts = [header.to_string().into_bytes(), payload.to_string().into_bytes(), random.bytes(32)];
        let token = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        self.issued.insert(token.clone(), Issued { grant, expires_at });
        token
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
        match self.issued.get(token) {
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
        self.issued.get(token).filter(|issued| issued.expires_at > now).map(|issued| &issued.grant)
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
