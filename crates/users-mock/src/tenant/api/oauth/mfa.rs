//! Authenticators that an application manages for a user.

use crate::tenant::api::oauth::authenticators::{event, is_enrolled};
use crate::tenant::events::record;
use crate::tenant::object::{set, string};
use crate::tenant::rules::grant::Grant;
use crate::tenant::store::{Belonging, User};
use crate::tenant::tokens::Tokens;
use crate::tenant::wire::answer::{
    Answer, Failure, json_without_charset, no_content, not_implemented, oauth_error,
};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::sync::Arc;
use totp_rs::Secret;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/mfa/challenge", Guard::Handler, Handler::Write(challenge)),
    Route::new("POST", "/mfa/associate", Guard::Handler, Handler::Write(associate)),
    Route::new("GET", "/mfa/authenticators", Guard::Handler, Handler::Write(authenticators)),
    Route::new("DELETE", "/mfa/authenticators/{id}", Guard::Handler, Handler::Write(remove)),
];

/// The number of bytes of the secret of an authenticator.
const SECRET_BYTES: usize = 20;

/// The name of the kind of an authenticator in the Management API and in the MFA API.
const KIND: (&str, &str) = ("totp", "otp");

fn unauthorized() -> Answer {
    oauth_error(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "The access token or mfa_token is missing or invalid",
    )
}

/// Asks for the code of an authenticator.
fn challenge(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let now = context.clock.millis();
    let token = string(&body, "mfa_token").unwrap_or_default();
    let Some(pending) = context.logins.second_factors.get(&token, now) else {
        return Ok(oauth_error(StatusCode::FORBIDDEN, "invalid_grant", "Malformed mfa_token"));
    };
    let is_enrolled = context.store().users().get(&pending.user_id).is_some_and(|user| is_enrolled(user));
    let kinds = string(&body, "challenge_type").unwrap_or_else(|| KIND.1.to_owned());
    if !is_enrolled || !kinds.split_whitespace().any(|kind| kind == KIND.1) {
        let description =
            "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.";
        return Ok(oauth_error(StatusCode::FORBIDDEN, "association_required", description));
    }
    let mut answer = JsonObject::new();
    set(&mut answer, "challenge_type", KIND.1);
    Ok(json_without_charset(StatusCode::OK, &answer))
}

/// The user of an access token for the MFA API with this scope.
fn user_with<'a>(tokens: &'a Tokens, request: &Request, scope: &str, now: u64) -> Option<&'a str> {
    match tokens.grant(Request::bearer(request.headers())?, now) {
        Some(Grant::User { id, scopes }) if scopes.iter().any(|granted| granted == scope) => Some(id),
        _ => None,
    }
}

/// The user of a login that waits for a second factor.
fn user_of_login(context: &WriteContext<'_>, request: &Request) -> Option<Arc<User>> {
    let pending =
        context.logins.second_factors.get(Request::bearer(request.headers())?, context.clock.millis())?;
    context.store().users().get(&pending.user_id).cloned()
}

/// Adds an authenticator, which is active once a code of it was used. A login that waits for a second factor may add the first one only.
fn associate(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let now = context.clock.millis();
    let user_id = user_with(context.tokens, request, "enroll", now);
    let (user, is_login) = match user_id.and_then(|id| context.store().users().get(id)).cloned() {
        Some(user) => (user, false),
        None => match user_of_login(context, request) {
            Some(user) => (user, true),
            None => return Ok(unauthorized()),
        },
    };
    if is_login && is_enrolled(&user) {
        return Ok(oauth_error(StatusCode::FORBIDDEN, "access_denied", "User is already enrolled."));
    }
    let kinds: Vec<String> = body.get("authenticator_types").ok().flatten().unwrap_or_default();
    if !kinds.iter().any(|kind| kind == KIND.1) {
        return Ok(not_implemented("authenticators other than one-time codes"));
    }
    let secret = Secret::Raw(context.random.bytes(SECRET_BYTES)).to_encoded().to_string();
    let id = format!("{}|dev_{}", KIND.0, context.random.alphanumeric(16));
    let mut method = JsonObject::new();
    set(&mut method, "id", id);
    set(&mut method, "type", KIND.0);
    set(&mut method, "confirmed", false);
    set(&mut method, "totp_secret", &secret);
    set(&mut method, "created_at", context.clock.now());
    context.transaction.update_user(user.id(), |user| {
        user.belongings_mut(Belonging::AuthenticationMethods).push(method);
    });
    record(context, request, &event(&user, "gd_start_enroll"));
    let (domain, email) = (&context.config.domain, user.string("email").unwrap_or_default());
    let uri = format!(
        "otpauth://totp/{domain}:{email}?secret={secret}&issuer={domain}&algorithm=SHA1&digits=6&period=30"
    );
    let mut answer = JsonObject::new();
    set(&mut answer, "authenticator_type", KIND.1);
    set(&mut answer, "secret", secret);
    set(&mut answer, "barcode_uri", uri);
    Ok(json_without_charset(StatusCode::OK, &answer))
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn authenticators(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let now = context.clock.millis();
    let id = user_with(context.tokens, request, "read:authenticators", now);
    let user = id.and_then(|id| context.store().users().get(id)).cloned();
    // A login that waits for a second factor chooses among them.
    let Some(user) = user.or_else(|| user_of_login(context, request)) else { return Ok(unauthorized()) };
    let shown: Vec<JsonObject> = user
        .belongings(Belonging::AuthenticationMethods)
        .iter()
        .filter(|method| string(method, "type").as_deref() == Some(KIND.0))
        .map(|method| {
            let mut shown = JsonObject::new();
            set(&mut shown, "id", string(method, "id"));
            set(&mut shown, "authenticator_type", KIND.1);
            set(&mut shown, "active", method.get::<bool>("confirmed").ok().flatten() != Some(false));
            shown
        })
        .collect();
    Ok(json_without_charset(StatusCode::OK, &shown))
}

/// Succeeds also if the user does not have the authenticator.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn remove(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let now = context.clock.millis();
    let user_id = user_with(context.tokens, request, "remove:authenticators", now).map(ToOwned::to_owned);
    let Some(user_id) = user_id else { return Ok(unauthorized()) };
    let id = request.parameter(0);
    context.transaction.update_user(&user_id, |user| {
        let methods = user.belongings_mut(Belonging::AuthenticationMethods);
        methods.retain(|method| string(method, "id").as_deref() != Some(id));
    });
    Ok(no_content())
}
