//! The token endpoint.

use crate::tenant::api::oauth::client::authenticate;
use crate::tenant::api::oauth::request::TokenRequest;
use crate::tenant::api::oauth::{client_credentials, code, passcode, password, refresh, second_factor};
use crate::tenant::object::string;
use crate::tenant::wire::answer::{Answer, Failure, not_implemented, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/oauth/token", Guard::Handler, Handler::Write(token))];

type Grant = fn(&mut WriteContext<'_>, &TokenRequest<'_>) -> Answer;

/// The grants, and whether an application without a secret may use them.
const GRANTS: &[(&str, bool, Grant)] = &[
    ("client_credentials", false, client_credentials::token),
    ("authorization_code", true, code::token),
    ("refresh_token", true, refresh::token),
    ("password", true, password::token),
    ("http://auth0.com/oauth/grant-type/password-realm", true, password::token),
    ("http://auth0.com/oauth/grant-type/passwordless/otp", true, passcode::token),
    ("http://auth0.com/oauth/grant-type/mfa-otp", true, second_factor::token),
];

/// The grants that Auth0 has and the tenant does not.
const MISSING: &[&str] = &[
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

fn token(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let grant_type = string(&body, "grant_type").unwrap_or_default();
    if MISSING.contains(&grant_type.as_str()) {
        return Ok(not_implemented(&format!("the grant {grant_type}")));
    }
    let not_allowed = || {
        let description = format!("Grant type '{grant_type}' not allowed for the client.");
        oauth_error(StatusCode::FORBIDDEN, "unauthorized_client", &description)
    };
    let Some((_, allows_public, grant)) = GRANTS.iter().find(|(name, ..)| *name == grant_type) else {
        return Ok(not_allowed());
    };
    let application = match authenticate(context, request, &body, *allows_public) {
        Ok(application) => application,
        Err(refused) => return Ok(*refused),
    };
    if !application.allows_grant(&grant_type) {
        return Ok(not_allowed());
    }
    Ok(grant(context, &TokenRequest { request, body, application }))
}
