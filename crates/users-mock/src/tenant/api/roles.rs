//! Roles, and the users that have them.

use crate::tenant::api::owner::{find_user, is_selected, update_user};
use crate::tenant::object::{set, set_raw, string, strings};
use crate::tenant::store::{Belonging, Kind, Object, Store, User};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_either, by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::collections::HashSet;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/roles", Guard::Catalogue, Handler::Read(list)),
    Route::new("GET", "/api/v2/users/{id}/roles", Guard::Catalogue, Handler::Read(of_user)),
    Route::new("POST", "/api/v2/users/{id}/roles", Guard::Catalogue, Handler::Write(assign)),
    Route::new("DELETE", "/api/v2/users/{id}/roles", Guard::Catalogue, Handler::Write(remove)),
    Route::new("GET", "/api/v2/roles/{id}/users", Guard::Catalogue, Handler::Read(users)),
    Route::new("POST", "/api/v2/roles/{id}/users", Guard::Catalogue, Handler::Write(assign_users)),
    Route::new("POST", "/api/v2/roles", Guard::Catalogue, Handler::Write(create)),
    Route::new("GET", "/api/v2/roles/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("PATCH", "/api/v2/roles/{id}", Guard::Catalogue, Handler::Write(update)),
    Route::new("DELETE", "/api/v2/roles/{id}", Guard::Catalogue, Handler::Write(delete)),
];

/// The number of roles that a user may have.
const MAX_ROLES: usize = 50;

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let filter = request.query("name_filter").unwrap_or_default().to_lowercase();
    let kind = request.query("type");
    if kind == Some("organization") && request.query("owner_id").is_none() {
        return Err(Failure::query("'Missing required property: owner_id'"));
    }
    let is_selected = |role: &&Arc<Object>| {
        role.string("name").unwrap_or_default().to_lowercase().contains(&filter)
            && kind.is_none_or(|kind| role.string("type").as_deref().unwrap_or("tenant") == kind)
            && is_selected(&role.shown, "owner_id", request, "owner_id")
    };
    let roles: Vec<&Arc<Object>> = context.store.objects(Kind::Roles).iter().filter(is_selected).collect();
    by_offset(request, "roles", &roles, |role| role.shown.clone())
}

fn of_user(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let mut roles = roles_of(context.store, request.parameter(0))?;
    roles.sort_by_cached_key(|role| string(role, "name"));
    by_offset(request, "roles", &roles, unchanged)
}

/// The roles of a user, without those that were deleted after they were assigned.
pub(crate) fn roles_of(store: &Store, user: &str) -> Result<Vec<JsonObject>, Failure> {
    let assigned = find_user(store, user)?.belongings(Belonging::Roles);
    let roles =
        assigned.iter().filter_map(|assigned| store.objects(Kind::Roles).get(&string(assigned, "id")?));
    Ok(roles.map(|role| role.shown.clone()).collect())
}

/// Finds a role by an id of a request.
pub(crate) fn find_role<'a>(store: &'a Store, id: &str) -> Result<&'a Arc<Object>, Failure> {
    store.objects(Kind::Roles).get(id).ok_or_else(no_such_role)
}

fn assign(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let ids = strings(&request.body()?, "roles");
    find_user(context.store(), request.parameter(0))?;
    for id in &ids {
        find_role(context.store(), id)?;
    }
    ids.iter().try_for_each(|id| assign_role(context, request.parameter(0), id))?;
    Ok(no_content())
}

fn remove(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let ids: HashSet<String> = strings(&request.body()?, "roles").into_iter().collect();
    update_user(&mut context.transaction, request.parameter(0), |user| {
        let roles = user.belongings_mut(Belonging::Roles);
        roles.retain(|role| string(role, "id").is_none_or(|id| !ids.contains(&id)));
    })?;
    Ok(no_content())
}

fn users(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_role(context.store, id)?;
    let holders: Vec<(u64, &Arc<User>)> =
        context.store.users().with_positions(Belonging::Roles, id).collect();
    by_either(request, "users", &holders, |user| brief(user))
}

/// What lists of users of a role and of members show of a user.
pub(crate) fn brief(user: &User) -> JsonObject {
    let mut brief = JsonObject::new();
    for key in ["user_id", "email", "picture", "name"] {
        if let Some(value) = user.shown().raw(key) {
            set_raw(&mut brief, key, value);
        }
    }
    brief
}

fn assign_users(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_role(context.store(), id)?;
    let users = strings(&request.body()?, "users");
    users.iter().try_for_each(|user| assign_role(context, user, id))?;
    Ok(json(StatusCode::OK, &JsonObject::new()))
}

/// Succeeds also if the user already has the role.
fn assign_role(context: &mut WriteContext<'_>, user_id: &str, role: &str) -> Result<(), Failure> {
    let assigned = find_user(context.store(), user_id)?.belongings(Belonging::Roles);
    if assigned.iter().any(|assigned| string(assigned, "id").as_deref() == Some(role)) {
        return Ok(());
    }
    let roles = context.store().objects(Kind::Roles);
    let exists = |role: &&JsonObject| string(role, "id").is_some_and(|id| roles.get(&id).is_some());
    if assigned.iter().filter(exists).count() >= MAX_ROLES {
        return Err(Failure::bad_request(None, format!("A user may have {MAX_ROLES} roles at most.")));
    }
    update_user(&mut context.transaction, user_id, |user| {
        let mut entry = JsonObject::new();
        set(&mut entry, "id", role);
        user.belongings_mut(Belonging::Roles).push(entry);
    })
}

/// Answers `POST /roles` with 200 and not with 201, and leaves out a description that was not given, as Auth0 does.
fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let name = string(&body, "name").unwrap_or_default();
    if string(&body, "type").as_deref() == Some("organization") && string(&body, "owner_id").is_none() {
        return Err(Failure::body("'Missing required property: owner_id'"));
    }
    if context.store().objects(Kind::Roles).with(&name).next().is_some() {
        return Err(Failure::assumed(&context.config.assumptions.role_conflict, &[]));
    }
    let id = context.random.prefixed_id("rol_");
    let mut shown = JsonObject::new();
    set(&mut shown, "id", &id);
    set(&mut shown, "name", name);
    set(&mut shown, "description", string(&body, "description").unwrap_or_default());
    for key in ["type", "owner_id"] {
        if let Some(json) = body.raw(key) {
            set_raw(&mut shown, key, json);
        }
    }
    if context.config.fields_of_2026 && !shown.contains_key("type") {
        set(&mut shown, "type", "tenant");
    }
    let mut answered = shown.clone();
    if body.raw("description").is_none() {
        answered.remove("description");
    }
    context.transaction.put_object(Kind::Roles, Object { id, shown });
    Ok(json(StatusCode::OK, &answered))
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &find_role(context.store, request.parameter(0))?.shown))
}

/// Changes the members of the body, and answers with the whole role.
fn update(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let mut shown = find_role(context.store(), id)?.shown.clone();
    let body = request.body()?;
    for key in ["name", "description"] {
        if let Some(value) = string(&body, key) {
            set(&mut shown, key, value);
        }
    }
    let answer = json(StatusCode::OK, &shown);
    context.transaction.put_object(Kind::Roles, Object { id: id.to_owned(), shown });
    Ok(answer)
}

fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_role(context.store(), id)?;
    context.transaction.remove_object(Kind::Roles, id);
    Ok(json(StatusCode::OK, &JsonObject::new()))
}

fn no_such_role() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, None, "The role does not exist.")
}

#[cfg(test)]
mod tests {
    use crate::tenant::Tenant;
    use crate::tenant::testing::{assert_takes_at_most, builder, send};
    use serde_json::{Value, json};
    use std::time::Duration;
    use users_core::model::NewRole;

    #[test]
    fn a_role_has_no_unknown_properties_and_its_type_and_owner_are_set_at_its_creation_only() {
        let tenant = builder().build();
        let role = format!("/roles/{}", new_role(&tenant));
        for (method, path, body, message) in [
            (
                "POST",
                "/roles",
                json!({"name": "a", "permissions": []}),
                "Additional properties not allowed: permissions",
            ),
            (
                "POST",
                "/roles",
                json!({"name": "a", "type": "organization"}),
                "Missing required property: owner_id",
            ),
            (
                "PATCH",
                &role,
                json!({"type": "organization", "owner_id": "org_1"}),
                "Additional properties not allowed: type,owner_id",
            ),
        ] {
            let (status, error) = send(&tenant, method, path, &body);
            let message = format!("Payload validation error: '{message}'.");
            assert_eq!((status, error["message"].as_str()), (400, Some(&*message)), "{body}");
        }
    }

    fn new_role(tenant: &Tenant) -> String {
        new_role_named(tenant, "admin")
    }

    fn new_role_named(tenant: &Tenant, name: &str) -> String {
        let (status, role) = send(tenant, "POST", "/roles", &json!({"name": name}));
        assert_eq!(status, 200);
        role["id"].as_str().unwrap().to_owned()
    }

    fn holders(tenant: &Tenant, role: &str) -> usize {
        let (_, page) =
            send(tenant, "GET", &format!("/roles/{role}/users?include_totals=true"), &Value::Null);
        usize::try_from(page["total"].as_u64().unwrap()).unwrap()
    }

    #[test]
    fn roles_are_listed_by_name_and_type() {
        let tenant = builder().build();
        for name in ["admin", "Administrator", "editor"] {
            send(&tenant, "POST", "/roles", &json!({"name": name}));
        }
        let list = |query: &str| send(&tenant, "GET", &format!("/roles?{query}"), &Value::Null).1;
        assert_eq!(list("").as_array().unwrap().len(), 3);
        assert_eq!(list("name_filter=ADMIN&include_totals=true")["total"], 2);
        assert_eq!(list("page=1&per_page=2")[0]["name"], "editor");
        let organization = json!({"name": "buyer", "type": "organization", "owner_id": "org_1"});
        send(&tenant, "POST", "/roles", &organization);
        assert_eq!(list("type=organization&owner_id=org_1")[0]["name"], "buyer");
        assert_eq!(list("type=tenant").as_array().unwrap().len(), 3);
        assert_eq!(list("type=organization")["statusCode"], 400);

        let client = tenant.management();
        tenant.clock().block_on(async {
            let roles = client.roles();
            assert_eq!(roles.list().per_page(1).items().try_collect().await.unwrap().len(), 4);
        });
    }

    #[test]
    fn a_role_is_changed_in_part_and_its_name_is_unique() {
        let tenant = builder().build();
        let id = new_role(&tenant);
        let role = |method: &str, body: &Value| send(&tenant, method, &format!("/roles/{id}"), body);
        assert_eq!(role("PATCH", &json!({"description": "All"})).0, 200);
        assert_eq!(role("GET", &Value::Null).1, json!({"id": id, "name": "admin", "description": "All"}));
        let (status, error) = send(&tenant, "POST", "/roles", &json!({"name": "admin"}));
        assert_eq!((status, &error["message"]), (409, &json!("The role already exists.")));
    }

    #[test]
    fn a_deleted_role_is_gone_from_its_users() {
        let tenant = builder().users(1).build();
        let client = tenant.management();
        let user = tenant.user_ids().remove(0);
        tenant.clock().block_on(async {
            let roles = client.roles();
            let id = roles.create(NewRole::new("editor")).await.unwrap().id.unwrap();
            client.users().roles(&user).assign([&id]).await.unwrap();
            let assigned = client.users().roles(&user).list().await.unwrap();
            assert_eq!(assigned.items[0].name.as_deref(), Some("editor"));
            assert_eq!(roles.by_name("editor").await.unwrap().as_ref(), Some(&id));
            assert_eq!(roles.by_name("edit").await.unwrap(), None);
            roles.delete(&id).await.unwrap();
            assert!(client.users().roles(&user).list().await.unwrap().is_empty());
            assert!(roles.get(&id).optional().await.unwrap().is_none());
            assert!(roles.delete(&id).await.unwrap_err().is_not_found());
        });
    }

    #[test]
    fn a_role_is_assigned_to_20_000_users_in_linear_time() {
        let tenant = builder().users(20_000).build();
        let role = new_role(&tenant);
        let body = json!({"users": tenant.user_ids()});
        assert_takes_at_most(Duration::from_secs(5), || {
            assert_eq!(send(&tenant, "POST", &format!("/roles/{role}/users"), &body).0, 200);
        });
        assert_eq!(holders(&tenant, &role), 20_000);
    }

    #[test]
    fn an_unknown_user_keeps_a_role_from_being_assigned_to_the_users_before_it() {
        let tenant = builder().users(3).build();
        let role = new_role(&tenant);
        let mut ids = tenant.user_ids();
        ids.push("auth0|nobody".to_owned());
        let assign =
            |ids: &[String]| send(&tenant, "POST", &format!("/roles/{role}/users"), &json!({"users": ids})).0;
        assert_eq!(assign(&ids), 404);
        assert_eq!(holders(&tenant, &role), 0);
        assert_eq!(assign(&ids[..3]), 200);
        assert_eq!(holders(&tenant, &role), 3);
    }

    #[test]
    fn a_role_too_many_keeps_the_others_of_the_request_from_being_assigned() {
        let tenant = builder().users(1).build();
        let user = tenant.user_ids().remove(0).replace('|', "%7C");
        let roles: Vec<String> = (0..51).map(|number| new_role_named(&tenant, &number.to_string())).collect();
        let assign =
            |ids: &[String]| send(&tenant, "POST", &format!("/users/{user}/roles"), &json!({"roles": ids})).0;
        assert_eq!(assign(&roles), 400);
        let (_, assigned) = send(&tenant, "GET", &format!("/users/{user}/roles"), &Value::Null);
        assert_eq!(assigned, json!([]));
        assert_eq!(assign(&roles[..50]), 204);
        assert_eq!(assign(&roles[..50]), 204);
    }
}
