//! Permissions: scopes of resource servers that are assigned to users.

use crate::tenant::api::owner::{find_user, update_user};
use crate::tenant::object::{set, string};
use crate::tenant::store::{Belonging, Store};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::collections::HashSet;
use users_core::model::{JsonObject, PermissionRef};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/users/{id}/permissions", Guard::Catalogue, Handler::Read(of_user)),
    Route::new("POST", "/api/v2/users/{id}/permissions", Guard::Catalogue, Handler::Write(assign)),
    Route::new("DELETE", "/api/v2/users/{id}/permissions", Guard::Catalogue, Handler::Write(remove)),
];

fn of_user(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let mut permissions = describe_all(context.store, request.parameter(0))?;
    permissions.sort_by_cached_key(|permission| string(permission, "permission_name"));
    for permission in &mut permissions {
        let mut source = JsonObject::new();
        set(&mut source, "source_id", "");
        set(&mut source, "source_name", "");
        set(&mut source, "source_type", "DIRECT");
        set(permission, "sources", [source]);
    }
    by_offset(request, "permissions", &permissions, unchanged)
}

/// The permissions of a user with their descriptions, without those whose resource server or scope was deleted.
pub(crate) fn describe_all(store: &Store, user: &str) -> Result<Vec<JsonObject>, Failure> {
    let assigned = find_user(store, user)?.belongings(Belonging::Permissions);
    Ok(assigned.iter().filter_map(|permission| describe(store, permission)).collect())
}

fn describe(store: &Store, permission: &JsonObject) -> Option<JsonObject> {
    let (identifier, name) = names(permission);
    let (identifier, name) = (identifier?, name?);
    let server = store.resource_server_by_identifier(&identifier)?;
    let description = server.scope(&name)?;
    let mut shown = JsonObject::new();
    set(&mut shown, "permission_name", &name);
    set(&mut shown, "description", description);
    set(&mut shown, "resource_server_name", server.name());
    set(&mut shown, "resource_server_identifier", &identifier);
    Some(shown)
}

fn assign(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let requested = permissions(request)?;
    let user = find_user(context.store(), request.parameter(0))?;
    for permission in &requested {
        if describe(context.store(), permission).is_none() {
            let (identifier, name) = names(permission);
            return Err(Failure::new(
                StatusCode::NOT_FOUND,
                "inexistent_resource_server_permission",
                format!(
                    "This permission does not exist: '{} - {}'",
                    identifier.unwrap_or_default(),
                    name.unwrap_or_default()
                ),
            ));
        }
    }
    let mut assigned: HashSet<Names> = user.belongings(Belonging::Permissions).iter().map(names).collect();
    let new: Vec<JsonObject> =
        requested.into_iter().filter(|permission| assigned.insert(names(permission))).collect();
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::Permissions).extend(new);
    })?;
    Ok(json(StatusCode::CREATED, &JsonObject::new()))
}

/// Succeeds also for permissions that the user does not have.
fn remove(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let requested: HashSet<Names> = permissions(request)?.iter().map(names).collect();
    update_user(&mut context.transaction, request.parameter(0), |user| {
        let assigned = user.belongings_mut(Belonging::Permissions);
        assigned.retain(|permission| !requested.contains(&names(permission)));
    })?;
    Ok(no_content())
}

/// The identifier of the resource server and the name of the permission, which together identify a permission.
type Names = (Option<String>, Option<String>);

fn names(permission: &JsonObject) -> Names {
    (string(permission, "resource_server_identifier"), string(permission, "permission_name"))
}

/// The permissions in a body.
fn permissions(request: &Request) -> Result<Vec<JsonObject>, Failure> {
    let body = request.body()?;
    let list: Option<Vec<PermissionRef>> = body
        .get("permissions")
        .map_err(|_| Failure::body("'Expected type array' on property permissions"))?;
    let list = list.filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| Failure::body("'Missing required property: permissions'"))?;
    Ok(list.iter().filter_map(|permission| JsonObject::from_value(permission).ok()).collect())
}
