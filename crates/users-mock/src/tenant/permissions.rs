//! Permissions: scopes of APIs, given to users directly.

use super::answer::{Answer, Failure, json, no_content};
use super::lists::{by_checkpoint, by_offset};
use super::request::Request;
use super::roles::roles_of;
use super::state::State;
use super::values::{put, put_raw, text};
use http::StatusCode;
use users_core::model::{JsonObject, PermissionRef};

pub(super) fn of_user(state: &State, request: &Request) -> Result<Answer, Failure> {
    let mut held = described(state, request.parameter(0))?;
    held.sort_by_cached_key(|permission| text(permission, "permission_name"));
    for permission in &mut held {
        let mut source = JsonObject::new();
        put(&mut source, "source_id", "");
        put(&mut source, "source_name", "");
        put(&mut source, "source_type", "DIRECT");
        put(permission, "sources", [source]);
    }
    by_offset(request, "permissions", &held)
}

/// A user's permissions, with what their APIs say of them; one whose API is gone is none.
fn described(state: &State, user: &str) -> Result<Vec<JsonObject>, Failure> {
    let held = state.owner(user)?.shelf("permissions");
    Ok(held.iter().filter_map(|held| describe(state, held)).collect())
}

fn describe(state: &State, held: &JsonObject) -> Option<JsonObject> {
    let (identifier, name) = (text(held, "resource_server_identifier")?, text(held, "permission_name")?);
    let server =
        state.servers.iter().find(|server| text(server, "identifier").as_ref() == Some(&identifier))?;
    let scopes: Vec<JsonObject> = server.get("scopes").ok().flatten().unwrap_or_default();
    let scope = scopes.iter().find(|scope| text(scope, "value").as_ref() == Some(&name))?;
    let mut shown = JsonObject::new();
    put(&mut shown, "permission_name", &name);
    put(&mut shown, "description", text(scope, "description").unwrap_or_default());
    put(&mut shown, "resource_server_name", text(server, "name").unwrap_or_default());
    put(&mut shown, "resource_server_identifier", &identifier);
    Some(shown)
}

pub(super) fn assign(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let given = permissions(request)?;
    state.owner(request.parameter(0))?;
    for permission in &given {
        if describe(state, permission).is_none() {
            let field = |name| text(permission, name).unwrap_or_default();
            return Err(Failure::new(
                StatusCode::NOT_FOUND,
                "inexistent_resource_server_permission",
                format!(
                    "This permission does not exist: '{} - {}'",
                    field("resource_server_identifier"),
                    field("permission_name")
                ),
            ));
        }
    }
    let held = state.owner_mut(request.parameter(0))?.shelf_mut("permissions");
    for permission in given {
        if !held.contains(&permission) {
            held.push(permission);
        }
    }
    Ok(json(StatusCode::CREATED, &JsonObject::new()))
}

/// One that the user does not have is as good.
pub(super) fn remove(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let given = permissions(request)?;
    let user = state.owner_mut(request.parameter(0))?;
    user.shelf_mut("permissions").retain(|held| !given.contains(held));
    Ok(no_content())
}

fn permissions(request: &Request) -> Result<Vec<JsonObject>, Failure> {
    let body = request.body()?;
    let given: Option<Vec<PermissionRef>> = body
        .get("permissions")
        .map_err(|_| Failure::body("'Expected type array' on property permissions"))?;
    let given = given.filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| Failure::body("'Missing required property: permissions'"))?;
    Ok(given.iter().filter_map(|permission| JsonObject::from_value(permission).ok()).collect())
}

pub(super) fn effective(state: &State, request: &Request) -> Result<Answer, Failure> {
    let Some(identifier) = request.query("resource_server_identifier") else {
        return Err(Failure::query("'Missing required property: resource_server_identifier'"));
    };
    let mut held = described(state, request.parameter(0))?;
    held.retain(|permission| text(permission, "resource_server_identifier").as_deref() == Some(identifier));
    for permission in &mut held {
        put(permission, "sources", ["direct"]);
    }
    by_checkpoint(request, "permissions", &held)
}

/// The roles of the user that say they bring the permission, by a list `permissions` of names.
pub(super) fn source_roles(state: &State, request: &Request) -> Result<Answer, Failure> {
    let Some(name) = request.query("permission_name") else {
        return Err(Failure::query("'Missing required property: permission_name'"));
    };
    let mut roles = roles_of(state, request.parameter(0))?;
    roles.retain(|role| {
        let brought: Vec<String> = role.get("permissions").ok().flatten().unwrap_or_default();
        brought.iter().any(|brought| brought == name)
    });
    for role in &mut roles {
        role.remove("permissions");
        put(role, "sources", ["direct"]);
    }
    by_checkpoint(request, "roles", &roles)
}

pub(super) fn create_server(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(identifier) = text(&body, "identifier") else {
        return Err(Failure::body("'Missing required property: identifier'"));
    };
    if state.servers.iter().any(|server| text(server, "identifier").as_ref() == Some(&identifier)) {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            None,
            "A resource server with the same identifier already exists.",
        ));
    }
    let mut server = JsonObject::new();
    put(&mut server, "id", state.new_id());
    for (key, value) in body.iter() {
        put_raw(&mut server, key, value);
    }
    put(&mut server, "allow_offline_access", false);
    put(&mut server, "skip_consent_for_verifiable_first_party_clients", false);
    state.servers.push(server.clone());
    Ok(json(StatusCode::CREATED, &server))
}

// Every handler has the same shape, so that the routes can be a table.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn delete_server(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    state.servers.retain(|server| text(server, "id").as_deref() != Some(id));
    Ok(no_content())
}
