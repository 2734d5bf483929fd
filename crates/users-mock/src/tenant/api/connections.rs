//! Connections, as far as clients need them to create users and to link accounts.

use crate::tenant::object::{set, string};
use crate::tenant::search::select;
use crate::tenant::store::{Connection, User};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_either, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::header::LINK;
use http::{HeaderValue, StatusCode};
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/connections", Guard::Catalogue, Handler::Read(list)),
    Route::new(
        "POST",
        "/api/v2/connections",
        Guard::Scope(&[&["create:connections"]]),
        Handler::Write(create),
    ),
    Route::new("GET", "/api/v2/connections/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new(
        "DELETE",
        "/api/v2/connections/{id}",
        Guard::Scope(&[&["delete:connections"]]),
        Handler::Write(delete),
    ),
    Route::new("DELETE", "/api/v2/connections/{id}/users", Guard::Catalogue, Handler::Write(delete_user)),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let strategies: Vec<&str> = request.queries("strategy").collect();
    let is_selected = |(_, connection): &(&u64, &Arc<Connection>)| {
        request.query("name").is_none_or(|name| connection.name == name)
            && (strategies.is_empty() || strategies.contains(&connection.strategy.as_str()))
    };
    let selected = context.store.connections_in_order().iter().filter(is_selected);
    let all: Vec<(u64, JsonObject)> =
        selected.map(|(position, connection)| (*position, shown(connection, request))).collect();
    let mut answer = by_either(request, "connections", &all, unchanged)?;
    if !request.has_query() {
        add_links(context, request, all.len(), &mut answer);
    }
    Ok(answer)
}

/// Adds links to the first and the last page, which a list without any parameter has.
fn add_links(context: &ReadContext<'_>, request: &Request, count: usize, answer: &mut Answer) {
    const PER_PAGE: usize = 50;
    let origin = request.origin(&context.config.domain);
    let link = |page: usize, name: &str| {
        format!("<{origin}/api/v2/connections?page={page}&per_page={PER_PAGE}>; rel=\"{name}\"")
    };
    let last = count.saturating_sub(1) / PER_PAGE;
    let next = if last > 0 { format!("{}, ", link(1, "next")) } else { String::new() };
    let links = format!("{}, {next}{}", link(0, "first"), link(last, "last"));
    if let Ok(links) = HeaderValue::from_str(&links) {
        answer.headers_mut().insert(LINK, links);
    }
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let connection = context.store.connection_by_id(request.parameter(0)).ok_or_else(no_such_connection)?;
    Ok(json(StatusCode::OK, &shown(connection, request)))
}

fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let name = string(&body, "name").unwrap_or_default();
    let strategy = string(&body, "strategy").unwrap_or_default();
    if context.store().connection(&name).is_some() {
        return Err(Failure::conflict("A connection with the same name already exists"));
    }
    let id = context.random.prefixed_id("con_");
    let connection = Connection::created(&id, &name, &strategy, &body);
    let answer = json(StatusCode::CREATED, &connection.shown);
    context.transaction.put_connection(connection);
    Ok(answer)
}

/// Deletes a connection with its users. Succeeds also if it does not exist, with another status.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let Some(connection) = context.store().connection_by_id(request.parameter(0)).cloned() else {
        return Ok(no_content());
    };
    let is_in_connection = |user: &&Arc<User>| user.connection().as_deref() == Some(connection.name.as_str());
    let ids: Vec<String> =
        context.store().users().iter().filter(is_in_connection).map(|user| user.id().to_owned()).collect();
    for id in ids {
        context.transaction.remove_user(&id);
    }
    context.transaction.remove_connection(&connection.name);
    let mut answer = JsonObject::new();
    set(&mut answer, "deleted_at", context.clock.now());
    Ok(json(StatusCode::ACCEPTED, &answer))
}

/// Deletes the users of a connection that have the address `email`.
fn delete_user(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let email = request.query("email").unwrap_or_default();
    let connection = context.store().connection_by_id(request.parameter(0)).ok_or_else(no_such_connection)?;
    let is_in_connection = |user: &&User| user.connection().as_deref() == Some(connection.name.as_str());
    let users = context.store().users().with_email(email).map(|user| &**user);
    let ids: Vec<String> = users.filter(is_in_connection).map(|user| user.id().to_owned()).collect();
    for id in ids {
        context.transaction.remove_user(&id);
    }
    Ok(no_content())
}

fn no_such_connection() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "inexistent_connection", "The connection does not exist")
}

/// Recorded: `is_domain_connection` is shown although `fields` does not name it. Documented: the options, which may hold secrets, are for
/// tokens with a scope of their own.
fn shown(connection: &Connection, request: &Request) -> JsonObject {
    let mut shown = connection.shown.clone();
    if !request.grant.has("read:connections_options") {
        shown.remove("options");
    }
    select(shown, request, &["is_domain_connection"])
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::{builder, send};
    use serde_json::{Value, json};
    use users_core::ManagementClient;

    #[test]
    fn a_connection_is_found_by_its_name_and_got_by_its_id() {
        let tenant = builder().build();
        let client = tenant.management();
        tenant.clock().block_on(async {
            let connections = client.connections();
            let name = "Username-Password-Authentication";
            let id = connections.by_name(name).await.unwrap().unwrap();
            let connection = connections.get(&id).await.unwrap();
            assert_eq!(connection.name.as_deref(), Some(name));
            assert_eq!(connections.by_name("username-password-authentication").await.unwrap(), None);
            assert!(connections.get("con_none").optional().await.unwrap().is_none());
            let databases = connections.list().strategy("auth0").items().try_collect().await.unwrap();
            assert!(databases.contains(&connection));
        });
    }

    #[test]
    fn connections_are_listed_by_one_strategy_or_several() {
        let tenant = builder().build();
        send(&tenant, "POST", "/connections", &json!({"name": "text", "strategy": "sms"}));
        send(&tenant, "POST", "/connections", &json!({"name": "code", "strategy": "github"}));
        let client = tenant.management();
        tenant.clock().block_on(async {
            let list = || client.connections().list().strategy("sms");
            for (call, expected) in
                [(list(), vec!["text"]), (list().query("strategy", "github"), vec!["text", "code"])]
            {
                let found = call.items().try_collect().await.unwrap();
                let names: Vec<&str> = found.iter().filter_map(|found| found.name.as_deref()).collect();
                assert_eq!(names, expected);
            }
        });
    }

    #[test]
    fn fields_select_what_is_shown_of_a_connection() {
        let tenant = builder().build();
        let (_, list) = send(&tenant, "GET", "/connections?fields=id&include_totals=true", &Value::Null);
        let shown = &list["connections"][0];
        assert_eq!(*shown, json!({"id": shown["id"], "is_domain_connection": false}));
    }

    #[test]
    fn options_are_shown_to_tokens_with_their_scope_only() {
        let tenant = builder().build();
        let id = "con_TenantDatabase00";
        for (scopes, is_shown) in [
            (&["read:connections"][..], false),
            (&["read:connections", "read:connections_options"][..], true),
        ] {
            let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain());
            let client = builder.token(tenant.management_token_with(scopes)).build().unwrap();
            tenant.clock().block_on(async {
                let connections = client.connections();
                let listed = connections.list().items().try_collect().await.unwrap();
                let selected = connections.list().fields(["options"]).items().try_collect().await.unwrap();
                for connection in [&connections.get(id).await.unwrap(), &listed[0], &selected[0]] {
                    assert_eq!(connection.options.is_some(), is_shown, "{scopes:?}");
                }
            });
        }
        let (_, connection) = send(&tenant, "GET", &format!("/connections/{id}"), &Value::Null);
        assert!(connection["options"].is_object());
    }
}
