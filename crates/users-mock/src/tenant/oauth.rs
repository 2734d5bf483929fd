//! `POST /oauth/token`

use super::answer::{Answer, Failure, json, oauth_error};
use super::grant::{Grant, all_scopes};
use super::request::Request;
use super::state::State;
use http::StatusCode;
use serde_json::json as value;

/// Gives an application a token, by client credentials.
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
