//! Organizations.

pub(crate) mod invitations;
pub(crate) mod member_roles;
pub(crate) mod members;

use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::{Kind, Object, Store};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_either, is_by_checkpoint};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::{Value, json as value};
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/organizations", Guard::Catalogue, Handler::Read(list)),
    Route::new("POST", "/api/v2/organizations", Guard::Catalogue, Handler::Write(create)),
    Route::new("GET", "/api/v2/organizations/name/{name}", Guard::Catalogue, Handler::Read(get_by_name)),
    Route::new("GET", "/api/v2/organizations/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("PATCH", "/api/v2/organizations/{id}", Guard::Catalogue, Handler::Write(update)),
    Route::new("DELETE", "/api/v2/organizations/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let all = context.store.objects(Kind::Organizations).in_order().iter();
    let mut all: Vec<(u64, &Arc<Object>)> = all.map(|(position, object)| (*position, object)).collect();
    // By checkpoint they are in the order of their creation, whatever the sort order.
    if let Some(sort) = request.query("sort").filter(|_| !is_by_checkpoint(request)) {
        let (key, order) = sort.split_once(':').unwrap_or((sort, "1"));
        match key {
            // They are in the order of their creation.
            "created_at" => {}
            key => all.sort_by_cached_key(|(_, organization)| organization.string(key)),
        }
        if order == "-1" {
            all.reverse();
        }
    }
    by_either(request, "organizations", &all, |organization| organization.shown.clone())
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &find_organization(context.store, request.parameter(0))?.shown))
}

fn get_by_name(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let found = context.store.objects(Kind::Organizations).with(request.parameter(0)).next();
    Ok(json(StatusCode::OK, &found.ok_or_else(no_such_organization)?.shown))
}

/// Answers with the enabled connections too, which no other request shows.
fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let name = string(&body, "name").unwrap_or_default();
    check_name(context.store(), &name, None)?;
    let connections = enabled_connections(context.store(), &body)?;
    if connections.is_some() {
        request.require_scope("create:organization_connections")?;
    }
    let id = context.random.prefixed_id("org_");
    let mut shown = JsonObject::new();
    set(&mut shown, "id", &id);
    apply(&mut shown, &body);
    if context.config.fields_of_2026 {
        for (key, value) in
            [("third_party_client_access", "block".into()), ("is_app_entitlement_active", Value::from(false))]
        {
            if !shown.contains_key(key) {
                set(&mut shown, key, value);
            }
        }
    }
    let mut answer = shown.clone();
    if let Some(connections) = connections {
        set(&mut answer, "enabled_connections", connections);
    }
    context.transaction.put_object(Kind::Organizations, Object { id, shown });
    Ok(json(StatusCode::CREATED, &answer))
}

fn update(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let mut shown = find_organization(context.store(), id)?.shown.clone();
    let body = request.body()?;
    if let Some(name) = string(&body, "name") {
        check_name(context.store(), &name, Some(id))?;
    }
    apply(&mut shown, &body);
    let answer = json(StatusCode::OK, &shown);
    context.transaction.put_object(Kind::Organizations, Object { id: id.to_owned(), shown });
    Ok(answer)
}

/// Deletes an organization with its invitations and its own roles. Its members remain users.
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_organization(context.store(), id)?;
    context.transaction.remove_objects_with(Kind::Invitations, id);
    let is_owned = |role: &&Arc<Object>| role.string("owner_id").as_deref() == Some(id);
    let roles: Vec<String> =
        context.store().objects(Kind::Roles).iter().filter(is_owned).map(|role| role.id.clone()).collect();
    for role in roles {
        context.transaction.remove_object(Kind::Roles, &role);
    }
    context.transaction.remove_object(Kind::Organizations, id);
    Ok(no_content())
}

/// Finds an organization by an id of a request.
fn find_organization<'a>(store: &'a Store, id: &str) -> Result<&'a Arc<Object>, Failure> {
    store.objects(Kind::Organizations).get(id).ok_or_else(no_such_organization)
}

fn no_such_organization() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, None, "No organization found by that id or name")
}

/// Checks that no other organization has a name.
fn check_name(store: &Store, name: &str, own_id: Option<&str>) -> Result<(), Failure> {
    let mut others = store.objects(Kind::Organizations).with(name);
    if others.any(|other| Some(other.id.as_str()) != own_id) {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "organization_conflict",
            "An organization with this name already exists.",
        ));
    }
    Ok(())
}

/// Sets the properties of a body, each as a whole; `null` and an empty object remove one.
fn apply(shown: &mut JsonObject, body: &JsonObject) {
    for (key, json) in body.iter().filter(|(key, _)| *key != "enabled_connections") {
        if matches!(json, "null" | "{}") {
            shown.remove(key);
        } else {
            set_raw(shown, key, json);
        }
    }
}

/// The connections of a body with the values that they have unless given.
fn enabled_connections(store: &Store, body: &JsonObject) -> Result<Option<Vec<Value>>, Failure> {
    let Some(given) = body.get::<Vec<JsonObject>>("enabled_connections").ok().flatten() else {
        return Ok(None);
    };
    let complete = |given: &JsonObject| {
        let id = string(given, "connection_id").unwrap_or_default();
        let connection = store.connection_by_id(&id).ok_or_else(|| {
            Failure::bad_request("invalid_body", format!("The connection {id} does not exist."))
        })?;
        let flag = |key: &str, default: bool| given.get::<bool>(key).ok().flatten().unwrap_or(default);
        Ok(value!({
            "connection_id": id,
            "assign_membership_on_login": flag("assign_membership_on_login", false),
            "show_as_button": flag("show_as_button", true),
            "is_signup_enabled": flag("is_signup_enabled", false),
            "connection": {"name": connection.name, "strategy": connection.strategy},
        }))
    };
    given.iter().map(complete).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::{builder, send};
    use serde_json::{Value, json};
    use users_core::model::{NewOrganization, NewRole, OrganizationUpdate, RoleType};

    #[test]
    fn an_organization_is_found_by_its_id_and_by_its_name_until_it_is_deleted() {
        let tenant = builder().build();
        let client = tenant.management();
        tenant.clock().block_on(async {
            let organizations = client.organizations();
            let new = NewOrganization::new("acme").display_name("Acme Corp.");
            let id = organizations.create(new.clone()).await.unwrap().id.unwrap();
            assert_eq!(organizations.get(&id).await.unwrap().display_name.as_deref(), Some("Acme Corp."));
            assert_eq!(organizations.by_name("acme").await.unwrap().as_ref(), Some(&id));
            let conflict = organizations.create(new).await.unwrap_err();
            assert!(conflict.is_conflict());
            assert_eq!(conflict.code(), Some("organization_conflict"));

            organizations.update(&id, OrganizationUpdate::new().name("acme-2")).await.unwrap();
            assert_eq!(organizations.by_name("acme").await.unwrap(), None);
            assert_eq!(organizations.get_by_name("acme-2").await.unwrap().id.as_ref(), Some(&id));

            organizations.delete(&id).await.unwrap();
            assert!(organizations.get(&id).optional().await.unwrap().is_none());
            assert!(organizations.delete(&id).await.unwrap_err().is_not_found());
        });
    }

    #[test]
    fn the_roles_of_an_organization_are_deleted_with_it() {
        let tenant = builder().build();
        let client = tenant.management();
        tenant.clock().block_on(async {
            let id = client.organizations().create(NewOrganization::new("acme")).await.unwrap().id.unwrap();
            let owned = NewRole::new("buyer").kind(RoleType::Organization).owner_id(&id);
            let owned = client.roles().create(owned).await.unwrap().id.unwrap();
            let other = client.roles().create(NewRole::new("editor")).await.unwrap().id.unwrap();
            client.organizations().delete(&id).await.unwrap();
            assert!(client.roles().get(&owned).await.unwrap_err().is_not_found());
            assert!(client.roles().get(&other).await.is_ok());
        });
    }

    #[test]
    fn organizations_are_listed_in_the_order_of_their_creation_or_of_their_names() {
        let tenant = builder().build();
        for name in ["b", "c", "a"] {
            send(&tenant, "POST", "/organizations", &json!({"name": name}));
        }
        let client = tenant.management();
        tenant.clock().block_on(async {
            let list = || client.organizations().list();
            for (call, expected) in [
                (list(), ["b", "c", "a"]),
                (list().take(1), ["b", "c", "a"]),
                (list().sort("name:1"), ["a", "b", "c"]),
                (list().sort("created_at:-1"), ["a", "c", "b"]),
            ] {
                let found = call.items().try_collect().await.unwrap();
                let names: Vec<String> = found.into_iter().filter_map(|found| found.name).collect();
                assert_eq!(names, expected);
            }
        });
        assert_eq!(send(&tenant, "GET", "/organizations?sort=age:1", &Value::Null).0, 400);
    }

    #[test]
    fn an_update_replaces_metadata_as_a_whole_and_keeps_the_rest() {
        let tenant = builder().build();
        let metadata = json!({"name": "acme", "metadata": {"a": "1", "b": "2"}, "token_quota": {"client_credentials": {"per_day": 1}}});
        let id = send(&tenant, "POST", "/organizations", &metadata).1["id"].as_str().unwrap().to_owned();
        let patch = |body: Value| send(&tenant, "PATCH", &format!("/organizations/{id}"), &body);
        assert_eq!(patch(json!({"metadata": {"a": "3"}, "token_quota": null})).0, 200);
        let (_, shown) = send(&tenant, "GET", &format!("/organizations/{id}"), &Value::Null);
        assert_eq!(shown, json!({"id": id, "name": "acme", "metadata": {"a": "3"}}));
        patch(json!({"metadata": {}}));
        assert_eq!(
            send(&tenant, "GET", &format!("/organizations/{id}"), &Value::Null).1.get("metadata"),
            None
        );
        assert_eq!(patch(json!({"name": "Not Valid"})).0, 400);
        assert_eq!(patch(json!({"unknown": 1})).0, 400);
    }

    #[test]
    fn the_answer_to_a_creation_shows_the_connections_that_it_enabled() {
        let tenant = builder().build();
        let connections = send(&tenant, "GET", "/connections", &Value::Null).1;
        let connection = &connections[0]["id"];
        let body = json!({"name": "acme", "enabled_connections": [{"connection_id": connection}]});
        let (status, created) = send(&tenant, "POST", "/organizations", &body);
        assert_eq!(status, 201);
        let enabled = &created["enabled_connections"][0];
        assert_eq!((&enabled["connection_id"], &enabled["show_as_button"]), (connection, &json!(true)));
        let (_, shown) = send(&tenant, "GET", "/organizations/name/acme", &Value::Null);
        assert_eq!(shown.get("enabled_connections"), None);
        let body = json!({"name": "other", "enabled_connections": [{"connection_id": "con_none"}]});
        assert_eq!(send(&tenant, "POST", "/organizations", &body).0, 400);
    }
}
