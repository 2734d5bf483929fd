//! The claims of a user.

use crate::tenant::object::{set, set_raw};
use crate::tenant::rules::claims::lacks_scope;
use crate::tenant::rules::grant::Grant;
use crate::tenant::rules::limiter::Standing;
use crate::tenant::wire::answer::{Answer, Failure, add_standing, add_userinfo_headers, json, text};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/userinfo", Guard::Handler, Handler::Read(userinfo)),
    Route::new("POST", "/userinfo", Guard::Handler, Handler::Read(userinfo)),
];

/// The claims of each scope.
const CLAIMS: &[(&str, &[&str])] = &[
    ("profile", &["nickname", "name", "given_name", "family_name", "picture", "updated_at"]),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number"]),
];

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn userinfo(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let now = context.clock.millis();
    let grant = Request::bearer(request.headers()).and_then(|token| context.tokens.grant(token, now));
    let Some(Grant::User { id, scopes }) = grant else { return Ok(unauthorized(now)) };
    // The token of an API that was not requested with this scope is for that API alone.
    if !scopes.iter().any(|scope| scope == "openid") {
        return Ok(unauthorized(now));
    }
    let Some(user) = context.store.users().get(id) else { return Ok(unauthorized(now)) };
    let mut claims = JsonObject::new();
    set(&mut claims, "sub", id);
    for (scope, names) in CLAIMS {
        if scopes.iter().any(|granted| granted == scope) {
            for name in *names {
                if let Some(value) = user.shown().raw(name) {
                    set_raw(&mut claims, name, value);
                }
            }
        }
    }
    // A seed may replace every claim here, as recorded responses need it; tokens keep their own.
    for (name, value) in context.store.claims(id).iter().flat_map(|custom| custom.claims.iter()) {
        if !lacks_scope(name, |scope| scopes.iter().any(|granted| granted == scope)) {
            set_raw(&mut claims, name, value);
        }
    }
    let mut answer = json(StatusCode::OK, &claims);
    add_userinfo_headers(&mut answer);
    Ok(answer)
}

/// Text without a content type, unlike documented, with a rate limit of its own.
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
