//! Roles, and who has them.

use super::answer::{Answer, Failure, json, no_content};
use super::lists::{by_checkpoint, by_offset};
use super::request::Request;
use super::state::State;
use super::values::{put, put_raw, text};
use http::StatusCode;
use users_core::model::JsonObject;

/// How many roles a user may have.
const MOST: usize = 50;

pub(super) fn of_user(state: &State, request: &Request) -> Result<Answer, Failure> {
    let mut roles = roles_of(state, request.parameter(0))?;
    roles.sort_by_cached_key(|role| text(role, "name"));
    by_offset(request, "roles", &roles)
}

/// The roles that a user has; one that was deleted meanwhile is none.
pub(super) fn roles_of(state: &State, user: &str) -> Result<Vec<JsonObject>, Failure> {
    let held = state.owner(user)?.shelf("roles");
    Ok(held.iter().filter_map(|held| role(state, &text(held, "id")?)).cloned().collect())
}

fn role<'a>(state: &'a State, id: &str) -> Option<&'a JsonObject> {
    state.roles.iter().find(|role| text(role, "id").as_deref() == Some(id))
}

fn no_such_role() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, None, "The role does not exist.")
}

pub(super) fn assign(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let ids = list(request, "roles")?;
    state.owner(request.parameter(0))?;
    for id in &ids {
        role(state, id).ok_or_else(no_such_role)?;
    }
    ids.iter().try_for_each(|id| give(state, request.parameter(0), id))?;
    Ok(no_content())
}

fn give(state: &mut State, user: &str, role: &str) -> Result<(), Failure> {
    let held = state.owner_mut(user)?.shelf_mut("roles");
    if held.iter().any(|held| text(held, "id").as_deref() == Some(role)) {
        return Ok(());
    }
    if held.len() >= MOST {
        return Err(Failure::bad_request(None, format!("A user may have {MOST} roles at most.")));
    }
    let mut entry = JsonObject::new();
    put(&mut entry, "id", role);
    held.push(entry);
    Ok(())
}

pub(super) fn remove(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let ids = list(request, "roles")?;
    let user = state.owner_mut(request.parameter(0))?;
    user.shelf_mut("roles").retain(|held| text(held, "id").is_none_or(|id| !ids.contains(&id)));
    Ok(no_content())
}

pub(super) fn effective(state: &State, request: &Request) -> Result<Answer, Failure> {
    let mut roles = roles_of(state, request.parameter(0))?;
    for role in &mut roles {
        put(role, "sources", ["direct"]);
    }
    by_checkpoint(request, "roles", &roles)
}

/// The seeded groups that say they bring the role, by a list `roles` of ids.
pub(super) fn source_groups(state: &State, request: &Request) -> Result<Answer, Failure> {
    let Some(id) = request.query("role_id") else {
        return Err(Failure::query("'Missing required property: role_id'"));
    };
    let brings = |group: &&JsonObject| {
        group
            .get::<Vec<String>>("roles")
            .ok()
            .flatten()
            .is_some_and(|roles| roles.iter().any(|role| role == id))
    };
    let groups = state.owner(request.parameter(0))?.shelf("groups").iter().filter(brings).cloned();
    let groups: Vec<JsonObject> = groups
        .map(|mut group| {
            group.remove("roles");
            group
        })
        .collect();
    by_checkpoint(request, "groups", &groups)
}

pub(super) fn users(state: &State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    role(state, id).ok_or_else(no_such_role)?;
    let holders = state
        .users
        .iter()
        .filter(|user| user.shelf("roles").iter().any(|held| text(held, "id").as_deref() == Some(id)));
    let brief: Vec<JsonObject> = holders
        .map(|user| {
            let mut brief = JsonObject::new();
            for key in ["user_id", "email", "picture", "name"] {
                if let Some(value) = user.shown().raw(key) {
                    put_raw(&mut brief, key, value);
                }
            }
            brief
        })
        .collect();
    if request.query("take").is_some() || request.query("from").is_some() {
        return by_checkpoint(request, "users", &brief);
    }
    by_offset(request, "users", &brief)
}

pub(super) fn assign_users(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0).to_owned();
    role(state, &id).ok_or_else(no_such_role)?;
    let users = list(request, "users")?;
    users.iter().try_for_each(|user| give(state, user, &id))?;
    Ok(json(StatusCode::OK, &JsonObject::new()))
}

/// `POST /roles`, which answers 200 and not 201.
pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(name) = text(&body, "name") else {
        return Err(Failure::body("'Missing required property: name'"));
    };
    let mut role = JsonObject::new();
    put(&mut role, "id", state.named_id("rol_"));
    put(&mut role, "name", name);
    put(&mut role, "description", text(&body, "description").unwrap_or_default());
    state.roles.push(role.clone());
    Ok(json(StatusCode::OK, &role))
}

pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    role(state, id).ok_or_else(no_such_role)?;
    state.roles.retain(|role| text(role, "id").as_deref() != Some(id));
    Ok(json(StatusCode::OK, &JsonObject::new()))
}

/// The one list that a body holds.
pub(super) fn list(request: &Request, name: &str) -> Result<Vec<String>, Failure> {
    let body = request.body()?;
    let given: Option<Vec<String>> =
        body.get(name).map_err(|_| Failure::body(&format!("'Expected type array' on property {name}")))?;
    let given = given.ok_or_else(|| Failure::body(&format!("'Missing required property: {name}'")))?;
    if given.is_empty() {
        return Err(Failure::body(&format!("'Array is too short (0), minimum 1' on property {name}")));
    }
    Ok(given)
}
