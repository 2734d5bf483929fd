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
use users_core::model::JsonObject;

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
    Ok(assigned.iter().filter_map(|permission| describe_assigned(store, permission)).collect())
}

fn describe_assigned(store: &Store, permission: &JsonObject) -> Option<JsonObject> {
    let (identifier, name) = names(permission);
    describe(store, &identifier?, &name?)
}

/// A permission with its description; `None` if the resource server has no such scope.
pub(crate) fn describe(store: &Store, identifier: &str, name: &str) -> Option<JsonObject> {
    let server = store.resource_server_by_identifier(identifier)?;
    let description = server.scope(name)?;
    let mut shown = JsonObject::new();
    set(&mut shown, "permission_name", name);
    set(&mut shown, "description", description);
    set(&mut shown, "resource_server_name", server.name());
    set(&mut shown, "resource_server_identifier", identifier);
    Some(shown)
}

fn assign(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let requested = permissions(request)?;
    let user = find_user(context.store(), request.parameter(0))?;
    for permission in &requested {
        if describe_assigned(context.store(), permission).is_none() {
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
    Ok(request.body()?.get("permissions").ok().flatten().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::{assert_takes_at_most, builder, send};
    use serde_json::{Value, json};
    use std::time::Duration;

    #[test]
    fn permissions_of_an_api_with_20_000_scopes_are_assigned_in_linear_time() {
        let tenant = builder().users(1).build();
        let path = format!("/users/{}/permissions", tenant.user_ids().remove(0).replace('|', "%7C"));
        let scopes: Vec<Value> =
            (0..20_000).map(|number| json!({"value": format!("read:{number}"), "description": ""})).collect();
        let api = json!({"identifier": "https://api.example.com/", "name": "API", "scopes": scopes});
        assert_eq!(send(&tenant, "POST", "/resource-servers", &api).0, 201);
        let permissions: Vec<Value> = (0..500)
            .map(|number| {
                let name = format!("read:{}", number * 40);
                json!({"resource_server_identifier": "https://api.example.com/", "permission_name": name})
            })
            .collect();
        let body = json!({ "permissions": permissions });
        let assigned = |expected: usize| {
            let (_, page) = send(&tenant, "GET", &format!("{path}?include_totals=true"), &Value::Null);
            assert_eq!(page["total"], expected);
        };
        assert_takes_at_most(Duration::from_secs(2), || {
            assert_eq!(send(&tenant, "POST", &path, &body).0, 201);
            assert_eq!(send(&tenant, "POST", &path, &body).0, 201);
            assigned(500);
            assert_eq!(send(&tenant, "DELETE", &path, &body).0, 204);
            assigned(0);
        });
    }

    #[test]
    fn an_unknown_permission_keeps_the_others_from_being_assigned() {
        let tenant = builder().users(1).build();
        let path = format!("/users/{}/permissions", tenant.user_ids().remove(0).replace('|', "%7C"));
        let api = json!({"identifier": "api", "name": "API", "scopes": [{"value": "a"}]});
        assert_eq!(send(&tenant, "POST", "/resource-servers", &api).0, 201);
        let permission = |name| json!({"resource_server_identifier": "api", "permission_name": name});
        let body = json!({"permissions": [permission("a"), permission("b")]});
        assert_eq!(send(&tenant, "POST", &path, &body).0, 404);
        assert_eq!(send(&tenant, "GET", &path, &Value::Null).1, json!([]));
    }
}
