//! Refresh tokens that applications hold.

use crate::tenant::expiring::Expiring;
use crate::tenant::rules::application::RefreshRules;

/// The time for which a token that does not expire is kept: a hundred years, in milliseconds.
const FOREVER: u64 = 100 * 365 * 86_400_000;

/// The refresh tokens that applications hold. A token and those that replace it are a family, which the Management API shows as one token.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefreshTokens {
    tokens: Expiring<Token>,
}

/// What the tokens of a family allow.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    /// The id that the Management API shows.
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    pub(crate) audience: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) organization: Option<String>,
    /// When the first token was issued, in milliseconds since 1970.
    pub(crate) created_at: u64,
}

#[derive(Clone, Debug)]
struct Token {
    family: Family,
    /// The number of tokens of the family before this one.
    counter: u32,
    /// When it was replaced, in milliseconds since 1970.
    replaced_at: Option<u64>,
}

/// What the use of a refresh token leads to.
#[derive(Debug)]
pub(crate) enum Use {
    /// It is valid. The counter is that of the token.
    Valid(Family, u32),
    /// It was replaced before: somebody else may have it. The counters are those of the token and of the latest one.
    Reused(Family, u32, u32),
    Unknown,
}

impl RefreshTokens {
    /// Adds the token of a family with this counter.
    pub(crate) fn add(
        &mut self,
        token: String,
        family: Family,
        counter: u32,
        rules: &RefreshRules,
        now: u64,
    ) {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(FOREVER);
        let absolute = rules.lifetime.map_or(FOREVER, |time| family.created_at.saturating_add(millis(time)));
        let idle = rules.idle_lifetime.map_or(FOREVER, |time| now.saturating_add(millis(time)));
        let token_of = Token { family, counter, replaced_at: None };
        self.tokens.insert(token, token_of, absolute.min(idle), now);
    }

    /// Uses a token. One that was replaced is valid within the leeway, if none after its successor was issued.
    pub(crate) fn take(&mut self, token: &str, rules: &RefreshRules, now: u64) -> Use {
        let Some(found) = self.tokens.get(token, now) else { return Use::Unknown };
        let (family, counter) = (found.family.clone(), found.counter);
        let Some(replaced_at) = found.replaced_at else { return Use::Valid(family, counter) };
        let leeway = u64::try_from(rules.leeway.as_millis()).unwrap_or(u64::MAX);
        let latest = self.latest(&family.id);
        if now < replaced_at.saturating_add(leeway) && latest <= counter.saturating_add(1) {
            return Use::Valid(family, counter);
        }
        Use::Reused(family, counter, latest)
    }

    /// The family of a token, whether it was replaced or not.
    pub(crate) fn family(&self, token: &str, now: u64) -> Option<&Family> {
        self.tokens.get(token, now).map(|token| &token.family)
    }

    /// Marks a token as replaced.
    pub(crate) fn replace(&mut self, token: &str, now: u64) {
        if let Some(token) = self.tokens.get_mut(token, now) {
            token.replaced_at.get_or_insert(now);
        }
    }

    fn latest(&mut self, family: &str) -> u32 {
        let of_family = self.tokens.values_mut().filter(|token| token.family.id == family);
        of_family.map(|token| token.counter).max().unwrap_or_default()
    }

    /// Removes all tokens of a family.
    pub(crate) fn remove_family(&mut self, id: &str) {
        self.tokens.retain(|token| token.family.id != id);
    }
}
