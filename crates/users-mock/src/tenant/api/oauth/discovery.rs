//! What applications find out by themselves: the endpoints, and the keys that verify tokens.

use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::json as value;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/.well-known/openid-configuration", Guard::Handler, Handler::Read(configuration)),
    Route::new(
        "GET",
        "/.well-known/oauth-authorization-server",
        Guard::Handler,
        Handler::Read(configuration),
    ),
    Route::new("GET", "/.well-known/jwks.json", Guard::Handler, Handler::Read(jwks)),
];

/// The endpoints and what they support. Those that the tenant does not have are not listed.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn configuration(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let issuer = request.issuer(context.config);
    let at = |path: &str| format!("{issuer}{path}");
    Ok(json(
        StatusCode::OK,
        &value!({
            "issuer": issuer,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("oauth/token"),
            "userinfo_endpoint": at("userinfo"),
            "mfa_challenge_endpoint": at("mfa/challenge"),
            "jwks_uri": at(".well-known/jwks.json"),
            "revocation_endpoint": at("oauth/revoke"),
            "end_session_endpoint": at("oidc/logout"),
            "scopes_supported": [
                "openid", "profile", "offline_access", "name", "given_name", "family_name", "nickname", "email",
                "email_verified", "picture", "created_at", "identities", "phone", "address",
            ],
            "response_types_supported": [
                "code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token",
            ],
            "code_challenge_methods_supported": ["S256", "plain"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "PS256"],
            "claims_supported": [
                "aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name", "iat",
                "identities", "iss", "name", "nickname", "phone_number", "picture", "sub",
            ],
            "request_uri_parameter_supported": false,
            "request_parameter_supported": false,
        }),
    ))
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn jwks(context: &ReadContext<'_>, _request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &context.tokens.keys().jwks(&context.config.domain)))
}
