//! Client assertions, by which an application authenticates itself without a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The type of an assertion that is a JWT.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest lifetime that Auth0 accepts, and how far a clock may be ahead of its own, in seconds.
const MAX_LIFETIME: u64 = 300;
const CLOCK_SKEW: u64 = 10;
/// The longest `jti`.
const MAX_ID: usize = 64;

/// An assertion whose claims are valid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Assertion {
    /// In seconds since 1970.
    pub(crate) expires_at: u64,
    pub(crate) id: String,
}

impl Assertion {
    /// Reads an assertion of this client for one of these audiences; `None` if Auth0 rejects its claims. The signature is not
    /// verified, since a tenant has no public keys.
    pub(crate) fn read(jwt: &str, client_id: &str, audiences: &[String], now: u64) -> Option<Self> {
        let [_, claims, _]: [&str; 3] = jwt.split('.').collect::<Vec<_>>().try_into().ok()?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let text = |name: &str| claims.get(name)?.as_str();
        let is_meant = |audience: &Value| audiences.iter().any(|known| audience == known);
        let is_for_tenant = match claims.get("aud")? {
            Value::Array(all) => all.iter().any(is_meant),
            one => is_meant(one),
        };
        let is_past = |name: &str| match claims.get(name) {
            None => true,
            Some(time) => time.as_u64().is_some_and(|time| time <= now + CLOCK_SKEW),
        };
        let expires_at = claims.get("exp")?.as_u64()?;
        let id = text("jti").filter(|id| (1..=MAX_ID).contains(&id.len()))?;
        let is_valid = text("iss") == Some(client_id)
            && text("sub") == Some(client_id)
            && is_for_tenant
            && is_past("iat")
            && is_past("nbf")
            && (now + 1..=now + MAX_LIFETIME + CLOCK_SKEW).contains(&expires_at);
        is_valid.then(|| Self { expires_at, id: id.to_owned() })
    }
}
