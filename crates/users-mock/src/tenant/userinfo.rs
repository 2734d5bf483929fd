//! What the Authentication API says of users.

use super::answer::{Answer, Failure, add_standing, add_userinfo_headers, json, oauth_error, text};
use super::grant::Grant;
use super::limits::Standing;
use super::request::Request;
use super::state::State;
use super::values::{put, put_raw};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use users_core::model::JsonObject;

/// The claims that each scope brings.
const CLAIMS: &[(&str, &[&str])] = &[
    ("profile", &["nickname", "name", "given_name", "family_name", "picture", "updated_at"]),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number"]),
];

/// `GET` and `POST /userinfo`
// Every handler has the same shape, so that the routes can be a table.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn userinfo(state: &State, request: &Request) -> Result<Answer, Failure> {
    let grant = Request::bearer(request.headers()).and_then(|token| state.grant(token));
    let now = state.now_millis();
    let Some(Grant::User { id, scopes }) = grant else { return Ok(unauthorized(now)) };
    let Some(user) = state.user(id) else { return Ok(unauthorized(now)) };
    let mut claims = JsonObject::new();
    put(&mut claims, "sub", id);
    for (scope, names) in CLAIMS {
        if scopes.iter().any(|granted| granted == scope) {
            for name in *names {
                if let Some(value) = user.shown().raw(name) {
                    put_raw(&mut claims, name, value);
                }
            }
        }
    }
    for (name, value) in state.claims.get(id).iter().flat_map(|claims| claims.iter()) {
        put_raw(&mut claims, name, value);
    }
    let mut answer = json(StatusCode::OK, &claims);
    add_userinfo_headers(&mut answer);
    Ok(answer)
}

/// Text without a type, whatever the documents say, and with a limit of its own.
fn unauthorized(now: u64) -> Answer {
    let mut answer = text(StatusCode::UNAUTHORIZED, "Unauthorized");
    answer.headers_mut().remove(CONTENT_TYPE);
    answer.headers_mut().insert(
        WWW_AUTHENTICATE,
        HeaderValue::from_static(
            r#"Bearer realm="Users", error="invalid_token", error_description="The token is invalid""#,
        ),
    );
    add_userinfo_headers(&mut answer);
    add_standing(&mut answer, Standing { limit: 1000, remaining: 999, reset: now / 1000 + 1 });
    answer
}

/// `POST /users/{user_id}/impersonate`
pub(super) fn impersonate(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let is_global =
        Request::bearer(request.headers()).and_then(|token| state.grant(token)) == Some(&Grant::Global);
    if !is_global {
        return Ok(oauth_error(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A token of the global client is needed.",
        ));
    }
    let body = request.body()?;
    let field = |name| body.get::<String>(name).ok().flatten().filter(|text| !text.is_empty());
    for name in ["impersonator_id", "protocol", "client_id"] {
        if field(name).is_none() {
            return Ok(oauth_error(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                &format!("{name} is missing"),
            ));
        }
    }
    let protocol = field("protocol").unwrap_or_default();
    if !matches!(protocol.as_str(), "oauth2" | "samlp" | "wsfed" | "wstrust-usernamemixed") {
        let description = format!("protocol {protocol} is not known");
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", &description));
    }
    if state.user(request.parameter(0)).is_none() {
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "The user does not exist."));
    }
    let ticket = state.random_hex(32);
    let link = format!("{}/login/callback?connection=impersonation&ticket={ticket}", state.origin(request));
    Ok(text(StatusCode::OK, &link))
}
