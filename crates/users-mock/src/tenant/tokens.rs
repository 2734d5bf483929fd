//! Making tokens, and telling what they allow.

use super::answer::Failure;
use super::grant::{Grant, Issued, all_scopes};
use super::state::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json as value;
use std::time::Duration;

impl State {
    /// Makes a token in the shape of a JWT. Nobody can check its signature, which is random.
    pub(super) fn issue(&mut self, grant: Grant, audience: &str, lifetime: Duration) -> String {
        let now = self.now_millis();
        let expires_at = now.saturating_add(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX));
        let (subject, scopes) = match &grant {
            Grant::Management(scopes) => (format!("{}@clients", self.client_id), scopes.join(" ")),
            Grant::User { id, scopes } => (id.clone(), scopes.join(" ")),
            Grant::Identity { id } => (id.clone(), String::new()),
            Grant::Global | Grant::Nothing => ("global@clients".to_owned(), String::new()),
        };
        let header = value!({"alg": "RS256", "typ": "JWT", "kid": "tenant"});
        let payload = value!({
            "iss": format!("https://{}/", self.domain), "sub": subject, "aud": audience, "scope": scopes,
            "iat": now / 1000, "exp": expires_at / 1000, "jti": self.random_hex(16),
        });
        let signature: Vec<u8> = (0..32).map(|_| self.random.u8(..)).collect();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let token =
            [part(header.to_string().as_bytes()), part(payload.to_string().as_bytes()), part(&signature)]
                .join(".");
        self.tokens.insert(token.clone(), Issued { grant, expires_at });
        token
    }

    /// What a bearer token of the Management API allows, or why it is refused.
    pub(super) fn management_grant(&self, bearer: Option<&str>) -> Result<Grant, Failure> {
        let token = bearer.filter(|token| !token.is_empty()).ok_or_else(Failure::unauthenticated)?;
        if self.fixed_token.as_deref() == Some(token) {
            return Ok(Grant::Management(all_scopes()));
        }
        if token.split('.').filter(|part| !part.is_empty()).count() != 3 {
            return Err(Failure::bad_request("Bearer", "Bad HTTP authentication header format"));
        }
        match self.tokens.get(token) {
            Some(issued) if issued.expires_at <= self.now_millis() => {
                Err(Failure::refused_token("Expired token received for JSON Web Token validation"))
            }
            Some(Issued { grant: grant @ Grant::Management(_), .. }) => Ok(grant.clone()),
            _ => Err(Failure::refused_token("Invalid token")),
        }
    }

    /// What a token allows, if it was made here and has not expired.
    pub(super) fn grant(&self, token: &str) -> Option<&Grant> {
        self.tokens
            .get(token)
            .filter(|issued| issued.expires_at > self.now_millis())
            .map(|issued| &issued.grant)
    }
}
