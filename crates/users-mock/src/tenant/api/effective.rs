//! Effective roles and permissions, and where they come from.

use crate::tenant::api::owner::find_user;
use crate::tenant::api::permissions::describe_all;
use crate::tenant::api::roles::roles_of;
use crate::tenant::object::{set, string};
use crate::tenant::store::Belonging;
use crate::tenant::wire::answer::{Answer, Failure};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::page::by_checkpoint;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/users/{id}/effective-roles", Guard::Catalogue, Handler::Read(roles)),
    Route::new(
        "GET",
        "/api/v2/users/{id}/effective-roles/sources/groups",
        Guard::Catalogue,
        Handler::Read(role_source_groups),
    ),
    Route::new(
        "GET",
        "/api/v2/users/{id}/effective-permissions",
        Guard::Catalogue,
        Handler::Read(permissions),
    ),
    Route::new(
        "GET",
        "/api/v2/users/{id}/effective-permissions/sources/effective-roles",
        Guard::Catalogue,
        Handler::Read(permission_source_roles),
    ),
];

fn roles(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let roles = roles_of(context.store, request.parameter(0))?;
    by_checkpoint(request, "roles", &roles, direct)
}

/// The groups of the user that a seed gave the role, by a list `roles` of ids.
fn role_source_groups(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.query("role_id").unwrap_or_default();
    let groups = find_user(context.store, request.parameter(0))?.belongings(Belonging::Groups);
    let sources: Vec<&JsonObject> = groups.iter().filter(|group| lists(group, "roles", id)).collect();
    by_checkpoint(request, "groups", &sources, |group| {
        let mut group = (*group).clone();
        group.remove("roles");
        group
    })
}

fn permissions(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let identifier = request.query("resource_server_identifier").unwrap_or_default();
    let mut permissions = describe_all(context.store, request.parameter(0))?;
    permissions
        .retain(|permission| string(permission, "resource_server_identifier").as_deref() == Some(identifier));
    by_checkpoint(request, "permissions", &permissions, direct)
}

/// The roles of the user that a seed gave the permission, by a list `permissions` of names.
fn permission_source_roles(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let name = request.query("permission_name").unwrap_or_default();
    let mut roles = roles_of(context.store, request.parameter(0))?;
    roles.retain(|role| lists(role, "permissions", name));
    by_checkpoint(request, "roles", &roles, |role| {
        let mut role = direct(role);
        role.remove("permissions");
        role
    })
}

fn lists(object: &JsonObject, key: &str, value: &str) -> bool {
    let list: Vec<String> = object.get(key).ok().flatten().unwrap_or_default();
    list.iter().any(|entry| entry == value)
}

/// Renders a role or permission that was assigned to the user itself.
pub(crate) fn direct(object: &JsonObject) -> JsonObject {
    let mut object = object.clone();
    set(&mut object, "sources", ["direct"]);
    object
}
