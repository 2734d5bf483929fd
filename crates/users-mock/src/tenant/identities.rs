//! Accounts linked to a user, and taken away again.

use super::answer::{Answer, Failure, json};
use super::grant::Grant;
use super::record::{PROFILE, Record};
use super::request::Request;
use super::state::State;
use super::validate;
use super::values::put;
use http::StatusCode;
use users_core::model::JsonObject;

/// `POST /users/{id}/identities`
pub(super) fn link(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0).to_owned();
    validate::user_id(&id)?;
    let body = request.body()?;
    let secondary = secondary(state, &body)?;
    if state.user(&id).is_none() {
        return Err(Failure::no_such_user());
    }
    let already = state.user(&id).is_some_and(|user| {
        user.identities().iter().any(|identity| full_id(identity).as_ref() == Some(&secondary))
    });
    if already || secondary == id {
        return Err(Failure::conflict("Specified identity already exists."));
    }
    let Some(at) = state.users.iter().position(|user| user.id == secondary) else {
        return Err(Failure::bad_request(
            "inexistent_user",
            "Linking to an inexistent identity is not allowed.",
        ));
    };
    // Its metadata is lost; accounts that were linked to it come along.
    let moved = with_profiles(&state.users.remove(at));
    let now = state.now();
    let Some(user) = state.user_mut(&id) else { return Err(Failure::no_such_user()) };
    let mut identities = user.identities();
    identities.extend(moved);
    user.set_identities(&identities);
    user.touch(&now);
    Ok(json(StatusCode::CREATED, &with_profiles(user)))
}

/// The full id of the account that a body names, by provider and id or by its ID token.
fn secondary(state: &State, body: &JsonObject) -> Result<String, Failure> {
    const KNOWN: &[&str] = &["provider", "user_id", "connection_id", "link_with"];
    let unknown: Vec<&str> = body.keys().filter(|key| !KNOWN.contains(key)).collect();
    if !unknown.is_empty() {
        return Err(Failure::body(&format!("'Additional properties not allowed: {}'", unknown.join(","))));
    }
    if body.is_empty() {
        return Err(Failure::body("'Too few properties defined (0), minimum 1'"));
    }
    if let Ok(Some(token)) = body.get::<String>("link_with") {
        return match state.grant(&token) {
            Some(Grant::Identity { id }) => Ok(id.clone()),
            _ => Err(Failure::bad_request(
                "invalid_token",
                "The ID token of the secondary account is not valid.",
            )),
        };
    }
    let Some(provider) = body.get::<String>("provider").ok().flatten() else {
        return Err(Failure::bad_request(
            "inexistent_connection",
            "The provider/connection is not configured.",
        ));
    };
    let Some(user_id) = body.get::<users_core::model::IdentityId>("user_id").ok().flatten() else {
        return Err(Failure::body("'Missing required property: user_id'"));
    };
    let prefix = format!("{provider}|");
    Ok(if user_id.as_str().starts_with(&prefix) { user_id.to_string() } else { format!("{prefix}{user_id}") })
}

/// `DELETE /users/{id}/identities/{provider}/{user_id}`. A full id names no identity, so with it nothing changes.
pub(super) fn unlink(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let (id, wanted) =
        (request.parameter(0).to_owned(), format!("{}|{}", request.parameter(1), request.parameter(2)));
    validate::user_id(&id)?;
    let now = state.now();
    let Some(user) = state.user_mut(&id) else { return Err(Failure::no_such_user()) };
    let mut identities = user.identities();
    // The primary identity is the user itself; there is nothing it could be taken away from.
    let at = identities.iter().skip(1).position(|identity| full_id(identity).as_ref() == Some(&wanted));
    let mut set_free = None;
    if let Some(at) = at {
        let identity = identities.remove(at + 1);
        user.set_identities(&identities);
        user.touch(&now);
        set_free = Some(standalone(wanted, identity, &now));
    }
    let shown = with_profiles(user);
    state.users.extend(set_free);
    Ok(json(StatusCode::OK, &shown))
}

/// An account that is a user of its own again, without metadata.
fn standalone(id: String, mut identity: JsonObject, now: &users_core::model::Timestamp) -> Record {
    let profile: JsonObject = identity.get("profileData").ok().flatten().unwrap_or_default();
    identity.remove("profileData");
    let mut user = Record::new(id.clone());
    for (key, value) in profile.iter() {
        user.supply(key, value);
    }
    user.set("user_id", id);
    user.set("created_at", now);
    user.touch(now);
    user.set_identities(&[identity]);
    user.add_defaults();
    user
}

/// A user's identities as link and unlink show them: each with what its account said of the user.
fn with_profiles(user: &Record) -> Vec<JsonObject> {
    let mut identities = user.identities();
    if let Some(first) = identities.first_mut() {
        let mut shown = JsonObject::new();
        let mut profile = JsonObject::new();
        for key in PROFILE {
            if let Some(text) = user.supplied.raw(key) {
                super::values::put_raw(&mut profile, key, text);
            }
        }
        // Shown although nobody supplied it.
        if let Some(verified) = user.shown().raw("email_verified") {
            super::values::put_raw(&mut profile, "email_verified", verified);
        }
        put(&mut shown, "profileData", &profile);
        for (key, text) in first.iter().filter(|(key, _)| *key != "profileData") {
            super::values::put_raw(&mut shown, key, text);
        }
        *first = shown;
    }
    identities
}

fn full_id(identity: &JsonObject) -> Option<String> {
    let provider: String = identity.get("provider").ok().flatten()?;
    let id: users_core::model::IdentityId = identity.get("user_id").ok().flatten()?;
    Some(format!("{provider}|{id}"))
}
