//! Sessions, of a user and by their own ids.

use super::answer::{Answer, Failure, accepted, json};
use super::lists::by_checkpoint;
use super::request::Request;
use super::state::State;
use super::values::text;
use http::StatusCode;
use users_core::model::JsonObject;

pub(super) fn of_user(state: &State, request: &Request) -> Result<Answer, Failure> {
    by_checkpoint(request, "sessions", state.owner(request.parameter(0))?.shelf("sessions"))
}

pub(super) fn delete_of_user(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    state.owner_mut(request.parameter(0))?.shelf_mut("sessions").clear();
    Ok(accepted())
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, find(state, "sessions", request.parameter(0))?))
}

pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    change(state, request, "sessions", "session_metadata")
}

/// Also takes the refresh tokens away that were made in it.
pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find(state, "sessions", id)?;
    for user in &mut state.users {
        user.shelf_mut("sessions").retain(|session| text(session, "id").as_deref() != Some(id));
        user.shelf_mut("refresh_tokens").retain(|token| text(token, "session_id").as_deref() != Some(id));
    }
    Ok(accepted())
}

/// A thing of any user's, by its own id.
pub(super) fn find<'a>(state: &'a State, kind: &str, id: &str) -> Result<&'a JsonObject, Failure> {
    let mut all = state.users.iter().flat_map(|user| user.shelf(kind));
    all.find(|thing| text(thing, "id").as_deref() == Some(id)).ok_or_else(Failure::not_found)
}

fn find_mut<'a>(state: &'a mut State, kind: &str, id: &str) -> Result<&'a mut JsonObject, Failure> {
    let mut all = state.users.iter_mut().filter_map(|user| user.shelves.get_mut(kind)).flatten();
    all.find(|thing| text(thing, "id").as_deref() == Some(id)).ok_or_else(Failure::not_found)
}

/// Replaces what applications keep about a thing.
pub(super) fn change(
    state: &mut State,
    request: &Request,
    kind: &'static str,
    property: &str,
) -> Result<Answer, Failure> {
    let body = request.body()?;
    if let Some(unknown) = body.keys().find(|key| *key != property) {
        return Err(Failure::body(&format!("'Additional properties not allowed: {unknown}'")));
    }
    let thing = find_mut(state, kind, request.parameter(0))?;
    match body.raw(property) {
        Some("null") => drop(thing.remove(property)),
        Some(metadata) => super::values::put_raw(thing, property, metadata),
        None => {}
    }
    Ok(json(StatusCode::OK, thing))
}
