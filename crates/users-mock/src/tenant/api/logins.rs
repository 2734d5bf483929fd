//! Sign-ups and logins, which the tenant does not implement yet.

use crate::tenant::wire::answer::{Answer, oauth_error};
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;

pub(crate) const ROUTES: &[Route] = &[
    missing("POST", "/dbconnections/signup", Handler::Read(|_, _| Ok(not_implemented("sign-ups")))),
    missing(
        "POST",
        "/dbconnections/change_password",
        Handler::Read(|_, _| Ok(not_implemented("e-mails to change a password"))),
    ),
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
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "authorization_code",
    "refresh_token",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
    "http://auth0.com/oauth/grant-type/mfa-otp",
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// The answer where Auth0 has something that the tenant has not.
pub(crate) fn not_implemented(what: &str) -> Answer {
    let description =
        format!("The embedded tenant does not implement {what} yet. Script the response with MockTransport.");
    oauth_error(StatusCode::NOT_IMPLEMENTED, "not_implemented", &description)
}
