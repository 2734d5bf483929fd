//! Refresh tokens, of a user and by their own ids.

use super::answer::{Answer, Failure, accepted, json};
use super::lists::by_checkpoint;
use super::request::Request;
use super::search::project;
use super::sessions::{change, find};
use super::state::State;
use super::values::text;
use http::StatusCode;
use users_core::model::JsonObject;

pub(super) fn of_user(state: &State, request: &Request) -> Result<Answer, Failure> {
    by_checkpoint(request, "tokens", state.owner(request.parameter(0))?.shelf("refresh_tokens"))
}

pub(super) fn delete_of_user(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    state.owner_mut(request.parameter(0))?.shelf_mut("refresh_tokens").clear();
    Ok(accepted())
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer, Failure> {
    let Some(user_id) = request.query("user_id") else {
        return Err(Failure::query("'Missing required property: user_id'"));
    };
    let of_client = |token: &&JsonObject| {
        request.query("client_id").is_none_or(|client| text(token, "client_id").as_deref() == Some(client))
    };
    let tokens = state.owner(user_id)?.shelf("refresh_tokens").iter().filter(of_client);
    let shown: Result<Vec<JsonObject>, Failure> = tokens.map(|token| project(token, request)).collect();
    by_checkpoint(request, "refresh_tokens", &shown?)
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, find(state, "refresh_tokens", request.parameter(0))?))
}

pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    change(state, request, "refresh_tokens", "refresh_token_metadata")
}

pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find(state, "refresh_tokens", id)?;
    for user in &mut state.users {
        user.shelf_mut("refresh_tokens").retain(|token| text(token, "id").as_deref() != Some(id));
    }
    Ok(accepted())
}

/// By ids, or all of a user, an application, or both.
pub(super) fn revoke(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let ids: Option<Vec<String>> = body.get("ids").ok().flatten();
    let (user_id, client_id) = (text(&body, "user_id"), text(&body, "client_id"));
    if ids.is_none() && user_id.is_none() && client_id.is_none() {
        return Err(Failure::body("'One of ids, user_id and client_id is needed'"));
    }
    for user in &mut state.users {
        if user_id.as_ref().is_some_and(|id| *id != user.id) {
            continue;
        }
        user.shelf_mut("refresh_tokens").retain(|token| {
            let is_listed =
                ids.as_ref().is_none_or(|ids| text(token, "id").is_some_and(|id| ids.contains(&id)));
            let is_of_client = client_id.is_none() || text(token, "client_id") == client_id;
            !(is_listed && is_of_client)
        });
    }
    Ok(accepted())
}
