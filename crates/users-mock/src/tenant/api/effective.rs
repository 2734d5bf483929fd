//! Effective roles and permissions, and where they come from: a user has roles directly and through groups, which a seed gives them by
//! lists `roles` and `organization_roles`, and permissions directly and through roles.

use crate::tenant::api::groups::shown_group;
use crate::tenant::api::organizations::member_roles::roles_of_member;
use crate::tenant::api::owner::find_user;
use crate::tenant::api::permissions::{describe, describe_all};
use crate::tenant::api::role_sources::with_sources;
use crate::tenant::api::roles::{find_role, roles_of};
use crate::tenant::object::{set, string, strings};
use crate::tenant::store::{Belonging, Kind, Store};
use crate::tenant::wire::answer::{Answer, Failure};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::page::{by_checkpoint, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use std::collections::{BTreeSet, HashSet};
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
    by_checkpoint(request, "roles", &effective_roles(context.store, request.parameter(0))?, unchanged)
}

/// The groups of the user that have the role.
fn role_source_groups(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.query("role_id").unwrap_or_default();
    let groups = find_user(context.store, request.parameter(0))?.belongings(Belonging::Groups);
    find_role(context.store, id)?;
    let has_role = |group: &&JsonObject| strings(group, "roles").iter().any(|role| role == id);
    let sources: Vec<&JsonObject> = groups.iter().filter(has_role).collect();
    by_checkpoint(request, "groups", &sources, |group| shown_group(group))
}

/// The permissions of a resource server that the user has directly, and after them those of its roles alone.
fn permissions(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let identifier = request.query("resource_server_identifier").unwrap_or_default();
    let store = context.store;
    let mut permissions = describe_all(store, request.parameter(0))?;
    permissions
        .retain(|permission| string(permission, "resource_server_identifier").as_deref() == Some(identifier));
    let roles = effective_roles(store, request.parameter(0))?;
    let of_roles: HashSet<String> = roles.iter().flat_map(|role| permissions_of(store, role)).collect();
    let mut owned = HashSet::new();
    for permission in &mut permissions {
        let name = string(permission, "permission_name").unwrap_or_default();
        let is_of_role = of_roles.contains(&name);
        set(permission, "sources", if is_of_role { &["direct", "roles"][..] } else { &["direct"] });
        owned.insert(name);
    }
    let mut inherited: Vec<&String> = of_roles.iter().filter(|name| !owned.contains(*name)).collect();
    inherited.sort_unstable();
    for mut permission in inherited.into_iter().filter_map(|name| describe(store, identifier, name)) {
        set(&mut permission, "sources", ["roles"]);
        permissions.push(permission);
    }
    by_checkpoint(request, "permissions", &permissions, unchanged)
}

/// The roles of the user that have the permission.
fn permission_source_roles(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let name = request.query("permission_name").unwrap_or_default();
    let mut roles = effective_roles(context.store, request.parameter(0))?;
    roles.retain(|role| permissions_of(context.store, role).iter().any(|permission| permission == name));
    by_checkpoint(request, "roles", &roles, unchanged)
}

/// The names of the permissions of a resource server that a user has, directly, through roles, or through roles in the organization of a
/// login, in order.
pub(crate) fn permission_names(
    store: &Store,
    user: &str,
    organization: Option<&str>,
    identifier: &str,
) -> Vec<String> {
    let direct = describe_all(store, user)
        .unwrap_or_default()
        .into_iter()
        .filter(|permission| string(permission, "resource_server_identifier").as_deref() == Some(identifier));
    let direct = direct.filter_map(|permission| string(&permission, "permission_name"));
    let mut roles = effective_roles(store, user).unwrap_or_default();
    if let (Some(organization), Some(member)) = (organization, store.users().get(user)) {
        roles.extend(roles_of_member(store, member, organization));
    }
    let of_roles = roles.iter().flat_map(|role| permissions_of(store, role));
    let of_roles = of_roles.filter(|name| describe(store, identifier, name).is_some());
    let names: BTreeSet<String> = direct.chain(of_roles).collect();
    names.into_iter().collect()
}

/// The names of the permissions that a seed gave a role.
fn permissions_of(store: &Store, role: &JsonObject) -> Vec<String> {
    let role = string(role, "id").and_then(|id| store.objects(Kind::Roles).get(&id));
    role.map(|role| strings(&role.shown, "permissions")).unwrap_or_default()
}

/// The roles of a user with their sources.
fn effective_roles(store: &Store, user: &str) -> Result<Vec<JsonObject>, Failure> {
    let direct = roles_of(store, user)?;
    let groups = find_user(store, user)?.belongings(Belonging::Groups).iter();
    Ok(with_sources(store, &direct, groups.flat_map(|group| strings(group, "roles"))))
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::{builder, send};
    use crate::tenant::{Seed, Tenant};
    use serde_json::{Value, json};

    /// A user who has the role `a` directly and by a group, `b` by two groups, and `c` by a group in an organization.
    fn tenant() -> Tenant {
        let role = |id: &str| json!({"id": id, "name": id, "description": "", "permissions": [format!("read:{id}")]});
        let scopes = json!([{"value": "read:a"}, {"value": "read:b"}, {"value": "read:c"}]);
        let seed = json!({
            "users": [{"user_id": "auth0|1", "email": "ada@example.com"}],
            "roles": [role("rol_a"), role("rol_b"), role("rol_c")],
            "organizations": [{"id": "org_1", "name": "acme"}, {"id": "org_2", "name": "other"}],
            "resource_servers": [{"id": "1", "identifier": "api", "name": "API", "scopes": [
                {"value": "read:rol_a"}, {"value": "read:rol_b"}, {"value": "read:rol_c"}]}, {"id": "2", "identifier": "other", "name": "", "scopes": scopes}],
            "belongings": {"auth0|1": {
                "roles": [{"id": "rol_a"}],
                "permissions": [{"resource_server_identifier": "api", "permission_name": "read:rol_b"}],
                "organization_roles": [{"organization_id": "org_1", "id": "rol_a"}],
                "groups": [
                    {"id": "grp_1", "name": "one", "roles": ["rol_b", "rol_a", "rol_gone"]},
                    {"id": "grp_2", "name": "two", "roles": ["rol_b"], "organization_roles": [
                        {"organization_id": "org_1", "id": "rol_c"}, {"organization_id": "org_1", "id": "rol_a"},
                        {"organization_id": "org_2", "id": "rol_b"}]},
                ],
            }},
        });
        builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build()
    }

    fn get(tenant: &Tenant, path: &str) -> Value {
        let (status, answer) = send(tenant, "GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    #[test]
    fn effective_roles_are_direct_or_of_groups_and_show_which() {
        let tenant = tenant();
        let role =
            |id: &str, sources: Value| json!({"id": id, "name": id, "description": "", "sources": sources});
        let of_user = json!([role("rol_a", json!(["direct", "groups"])), role("rol_b", json!(["groups"]))]);
        assert_eq!(get(&tenant, "/users/auth0%7C1/effective-roles")["roles"], of_user);
        for (organization, expected) in [
            ("org_1", json!([role("rol_a", json!(["direct", "groups"])), role("rol_c", json!(["groups"]))])),
            ("org_2", json!([role("rol_b", json!(["groups"]))])),
        ] {
            let path = format!("/organizations/{organization}/members/auth0%7C1/effective-roles");
            assert_eq!(get(&tenant, &path)["roles"], expected, "{organization}");
        }
        assert_eq!(get(&tenant, "/users/auth0%7C1/roles").as_array().unwrap().len(), 1);
        assert_eq!(get(&tenant, "/organizations/org_1/members/auth0%7C1/roles").as_array().unwrap().len(), 1);
    }

    #[test]
    fn the_groups_of_a_role_are_shown_without_what_a_seed_gave_them() {
        let tenant = tenant();
        let path = "/users/auth0%7C1/effective-roles/sources/groups?role_id=";
        let both = json!([{"id": "grp_1", "name": "one"}, {"id": "grp_2", "name": "two"}]);
        assert_eq!(get(&tenant, &format!("{path}rol_b"))["groups"], both);
        assert_eq!(get(&tenant, &format!("{path}rol_a"))["groups"], json!([both[0]]));
        assert_eq!(get(&tenant, &format!("{path}rol_c"))["groups"], json!([]));
        assert_eq!(get(&tenant, "/users/auth0%7C1/groups"), both);
        let (status, error) = send(&tenant, "GET", &format!("{path}rol_gone"), &Value::Null);
        assert_eq!((status, error["message"].as_str()), (404, Some("The role does not exist.")));
    }

    #[test]
    fn effective_permissions_are_direct_or_of_roles_and_show_which() {
        let tenant = tenant();
        let path = "/users/auth0%7C1/effective-permissions";
        let permissions = &get(&tenant, &format!("{path}?resource_server_identifier=api"))["permissions"];
        let found: Vec<(&str, &Value)> = permissions
            .as_array()
            .unwrap()
            .iter()
            .map(|permission| (permission["permission_name"].as_str().unwrap(), &permission["sources"]))
            .collect();
        let expected = [("read:rol_b", &json!(["direct", "roles"])), ("read:rol_a", &json!(["roles"]))];
        assert_eq!(found, expected);
        let other = get(&tenant, &format!("{path}?resource_server_identifier=other"));
        assert_eq!(other["permissions"], json!([]));

        let sources = format!(
            "{path}/sources/effective-roles?resource_server_identifier=api&permission_name=read:rol_b"
        );
        let expected = json!([{"id": "rol_b", "name": "rol_b", "description": "", "sources": ["groups"]}]);
        assert_eq!(get(&tenant, &sources)["roles"], expected);
    }
}
