//! The keys that sign tokens, as the Management API shows and rotates them.

use crate::tenant::keys::{SigningKey, Unrevokable};
use crate::tenant::object::set;
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

const READ: Guard = Guard::Scope(&[&["read:signing_keys"]]);

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/keys/signing", READ, Handler::Read(list)),
    Route::new("GET", "/api/v2/keys/signing/{kid}", READ, Handler::Read(get)),
    Route::new(
        "POST",
        "/api/v2/keys/signing/rotate",
        Guard::Scope(&[&["create:signing_keys", "update:signing_keys"]]),
        Handler::Write(rotate),
    ),
    Route::new(
        "PUT",
        "/api/v2/keys/signing/{kid}/revoke",
        Guard::Scope(&[&["update:signing_keys"]]),
        Handler::Write(revoke),
    ),
];

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn list(context: &ReadContext<'_>, _request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &context.tokens.keys().shown(&context.config.domain)))
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let key = context.tokens.keys().shown_key(request.parameter(0), &context.config.domain);
    Ok(json(StatusCode::OK, &key.ok_or_else(Failure::not_found)?))
}

/// Signs with the next key from now on, and generates another next one.
fn rotate(context: &mut WriteContext<'_>, _request: &Request) -> Result<Answer, Failure> {
    let next = SigningKey::generate()
        .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, None, error.to_string()))?;
    context.tokens.keys_mut().rotate(next);
    let current = context.tokens.keys().current().map(|key| key.id().to_owned()).unwrap_or_default();
    let key = context.tokens.keys().shown_key(&current, &context.config.domain);
    let mut shown = JsonObject::new();
    for name in ["kid", "cert"] {
        set(&mut shown, name, key.as_ref().and_then(|key| key.get::<String>(name).ok().flatten()));
    }
    Ok(json(StatusCode::CREATED, &shown))
}

/// Revokes a previous key, and with it the tokens that it has signed.
fn revoke(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let now = context.clock.now();
    match context.tokens.keys_mut().revoke(id, &now) {
        Ok(()) => {}
        Err(Unrevokable::Unknown) => return Err(Failure::not_found()),
        Err(Unrevokable::InUse) => {
            let message = "The current and the next signing key cannot be revoked; rotate the keys first";
            return Err(Failure::bad_request(None, message));
        }
    }
    context.tokens.forget_key(id);
    let mut shown = JsonObject::new();
    set(&mut shown, "kid", id);
    set(
        &mut shown,
        "cert",
        context
            .tokens
            .keys()
            .shown_key(id, &context.config.domain)
            .and_then(|key| key.get::<String>("cert").ok().flatten()),
    );
    set(&mut shown, "revoked", true);
    set(&mut shown, "revoked_at", &now);
    Ok(json(StatusCode::OK, &shown))
}
