//! What belongs to a user and no call of this API makes: it is seeded, listed, and taken away.

use super::answer::{Answer, Failure, json, no_content};
use super::lists::{by_checkpoint, by_offset};
use super::request::Request;
use super::search::project;
use super::state::State;
use super::values::{put, text};
use http::StatusCode;
use users_core::model::JsonObject;

pub(super) fn organizations(state: &State, request: &Request) -> Result<Answer, Failure> {
    by_offset(request, "organizations", state.owner(request.parameter(0))?.shelf("organizations"))
}

pub(super) fn groups(state: &State, request: &Request) -> Result<Answer, Failure> {
    let groups = state.owner(request.parameter(0))?.shelf("groups");
    let shown: Result<Vec<JsonObject>, Failure> =
        groups.iter().map(|group| project(group, request)).collect();
    if request.query("take").is_some() || request.query("from").is_some() {
        return by_checkpoint(request, "groups", &shown?);
    }
    by_offset(request, "groups", &shown?)
}

pub(super) fn logs(state: &State, request: &Request) -> Result<Answer, Failure> {
    let mut logs = state.owner(request.parameter(0))?.shelf("logs").to_vec();
    match request.query("sort") {
        None | Some("date:1") => {}
        Some("date:-1") => logs.reverse(),
        Some(other) => {
            return Err(Failure::query(&format!("'{other} cannot be sorted by' on property sort")));
        }
    }
    by_offset(request, "logs", &logs)
}

pub(super) fn connected_accounts(state: &State, request: &Request) -> Result<Answer, Failure> {
    by_checkpoint(
        request,
        "connected_accounts",
        state.owner(request.parameter(0))?.shelf("connected_accounts"),
    )
}

pub(super) fn enrollments(state: &State, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &state.owner(request.parameter(0))?.shelf("enrollments")))
}

pub(super) fn token_sets(state: &State, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &state.owner(request.parameter(0))?.shelf("federated_connections_tokensets")))
}

/// One that is gone already is as good.
pub(super) fn delete_token_set(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let user = state.owner_mut(request.parameter(0))?;
    let id = request.parameter(1);
    user.shelf_mut("federated_connections_tokensets").retain(|set| text(set, "id").as_deref() != Some(id));
    Ok(no_content())
}

pub(super) fn blocks(state: &State, request: &Request) -> Result<Answer, Failure> {
    Ok(blocked(state.owner(request.parameter(0))?.shelf("blocked_for").iter()))
}

pub(super) fn delete_blocks(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    state.owner_mut(request.parameter(0))?.shelf_mut("blocked_for").clear();
    Ok(no_content())
}

pub(super) fn blocks_by_identifier(state: &State, request: &Request) -> Result<Answer, Failure> {
    let identifier = identifier(request)?;
    let all = state.users.iter().flat_map(|user| user.shelf("blocked_for"));
    Ok(blocked(all.filter(|block| text(block, "identifier").as_ref() == Some(&identifier))))
}

pub(super) fn delete_blocks_by_identifier(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let identifier = identifier(request)?;
    for user in &mut state.users {
        user.shelf_mut("blocked_for").retain(|block| text(block, "identifier").as_ref() != Some(&identifier));
    }
    Ok(no_content())
}

fn blocked<'a>(blocks: impl Iterator<Item = &'a JsonObject>) -> Answer {
    let mut body = JsonObject::new();
    put(&mut body, "blocked_for", blocks.collect::<Vec<_>>());
    json(StatusCode::OK, &body)
}

fn identifier(request: &Request) -> Result<String, Failure> {
    let given = request.query("identifier").map(ToOwned::to_owned);
    given.ok_or_else(|| Failure::query("'Missing required property: identifier'"))
}
