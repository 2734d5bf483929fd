//! The tokens that the tenant has made, and `POST /oauth/token`.

use super::answer::{Answer, Failure, json, oauth_error};
use super::request::Request;
use super::state::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::json as value;
use std::time::Duration;

/// What a token was made for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Grant {
    /// Nothing: the endpoint asks for no token, or looks at it itself.
    Nothing,
    /// The Management API, with these scopes.
    Management(Vec<String>),
    /// `/userinfo` for a user, with these scopes.
    User { id: String, scopes: Vec<String> },
    /// The account of a user, to be linked.
    Identity { id: String },
    /// The tenant's global client.
    Global,
}

/// A token that was made.
pub(super) struct Issued {
    pub(super) grant: Grant,
    /// In milliseconds since 1970.
    expires_at: u64,
}

/// Every scope of the endpoints that the tenant knows.
pub(super) const ALL_SCOPES: &[&str] = &[
    "create:users",
    "read:users",
    "update:users",
    "delete:users",
    "read:user_idp_tokens",
    "update:users_app_metadata",
    "read:connections",
];

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

pub(super) fn all_scopes() -> Vec<String> {
    ALL_SCOPES.iter().map(ToString::to_string).collect()
}

/// `POST /oauth/token`
pub(super) fn token(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let field = |name| body.get::<String>(name).ok().flatten().unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        let description = format!("Grant type '{}' not allowed for the client.", field("grant_type"));
        return Ok(oauth_error(StatusCode::FORBIDDEN, "unauthorized_client", &description));
    }
    if field("client_id") != state.client_id || field("client_secret") != state.client_secret {
        return Ok(oauth_error(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
    }
    let audience = field("audience");
    let asked = request.authority().unwrap_or_default();
    let is_management =
        [format!("https://{}", state.domain), format!("http://{asked}"), format!("https://{asked}")]
            .iter()
            .any(|tenant| audience == format!("{tenant}/api/v2/"));
    if !is_management {
        let description = format!("Service not enabled within domain: {audience}");
        return Ok(oauth_error(StatusCode::FORBIDDEN, "access_denied", &description));
    }
    let lifetime = state.token_lifetime;
    let token = state.issue(Grant::Management(all_scopes()), &audience, lifetime);
    state.tokens_fetched += 1;
    Ok(json(
        StatusCode::OK,
        &value!({
            "access_token": token, "expires_in": lifetime.as_secs(), "token_type": "Bearer", "scope": all_scopes().join(" "),
        }),
    ))
}
