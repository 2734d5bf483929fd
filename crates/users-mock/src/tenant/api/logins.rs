//! Sign-ups and logins in a browser, without a password or by another device, which the tenant does not implement yet.

use crate::tenant::object::string;
use crate::tenant::wire::answer::{Answer, Failure, oauth_error};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    missing("POST", "/dbconnections/signup", Handler::Read(|_, _| Ok(not_implemented("sign-ups")))),
    missing(
        "POST",
        "/dbconnections/change_password",
        Handler::Read(|_, _| Ok(not_implemented("e-mails to change a password"))),
    ),
    Route::new("POST", "/bc-authorize", Guard::Handler, Handler::Read(backchannel)),
    missing("POST", "/passwordless/start", PASSWORDLESS),
    missing("POST", "/passwordless/verify", PASSWORDLESS),
    missing("POST", "/otp/challenge", PASSWORDLESS),
    missing(
        "POST",
        "/oauth/revoke",
        Handler::Read(|_, _| Ok(not_implemented("the revocation of refresh tokens"))),
    ),
    missing("GET", "/authorize", BROWSER),
    missing("POST", "/oauth/par", BROWSER),
    missing("GET", "/v2/logout", BROWSER),
    missing("GET", "/oidc/logout", BROWSER),
    missing("POST", "/oidc/logout", BROWSER),
    missing("POST", "/oauth/device/code", Handler::Read(|_, _| Ok(not_implemented("logins of devices")))),
    missing("POST", "/mfa/challenge", SECOND_FACTORS),
    missing("POST", "/mfa/associate", SECOND_FACTORS),
    missing("GET", "/mfa/authenticators", SECOND_FACTORS),
    missing("DELETE", "/mfa/authenticators/{id}", SECOND_FACTORS),
    missing("GET", "/.well-known/openid-configuration", DISCOVERY),
    missing("GET", "/.well-known/jwks.json", DISCOVERY),
];

const PASSWORDLESS: Handler = Handler::Read(|_, _| Ok(not_implemented("logins without a password")));
const BROWSER: Handler = Handler::Read(|_, _| Ok(not_implemented("logins and logouts in a browser")));
const SECOND_FACTORS: Handler = Handler::Read(|_, _| Ok(not_implemented("second factors of logins")));
const DISCOVERY: Handler = Handler::Read(|_, _| Ok(not_implemented("the discovery of its login endpoints")));

const fn missing(method: &'static str, template: &'static str, handler: Handler) -> Route {
    Route::new(method, template, Guard::Handler, handler)
}

/// The grants of `POST /oauth/token` that Auth0 has and the tenant does not.
pub(crate) const MISSING_GRANTS: &[&str] = &[
    "refresh_token",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
    "http://auth0.com/oauth/grant-type/mfa-otp",
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// The recorded errors of a login by another device.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn backchannel(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let scope = string(&body, "scope").unwrap_or_default();
    if !scope.split_whitespace().any(|scope| scope == "openid") {
        let description = "openid scope must be requested";
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", description));
    }
    let hint: JsonObject =
        string(&body, "login_hint").and_then(|hint| JsonObject::from_json(&hint).ok()).unwrap_or_default();
    if context.store.users().get(&string(&hint, "sub").unwrap_or_default()).is_none() {
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "unknown_user_id", "The user does not exist."));
    }
    Ok(not_implemented("logins by another device"))
}

/// The answer where Auth0 has something that the tenant has not.
pub(crate) fn not_implemented(what: &str) -> Answer {
    let description =
        format!("The embedded tenant does not implement {what} yet. Script the response with MockTransport.");
    oauth_error(StatusCode::NOT_IMPLEMENTED, "not_implemented", &description)
}
