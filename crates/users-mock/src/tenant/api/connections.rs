//! Connections, as far as clients need them to create users and to link accounts.

use crate::tenant::store::{Connection, User};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::{Value, json as value};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/connections", Guard::Scope(&[&["read:connections"]]), Handler::Read(list)),
    Route::new("DELETE", "/api/v2/connections/{id}/users", Guard::Catalogue, Handler::Write(delete_user)),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let (page, per_page) = (request.number("page", 0, u64::MAX)?, request.number("per_page", 50, 100)?);
    let is_selected = |connection: &&Connection| {
        request.query("name").is_none_or(|name| connection.name == name)
            && request.query("strategy").is_none_or(|strategy| connection.strategy == strategy)
    };
    let all: Vec<Value> =
        context.store.connections().map(|connection| &**connection).filter(is_selected).map(shown).collect();
    let start = page.saturating_mul(per_page);
    let skip = usize::try_from(start).unwrap_or(usize::MAX);
    let take = usize::try_from(per_page).unwrap_or(usize::MAX);
    let shown: Vec<&Value> = all.iter().skip(skip).take(take).collect();
    if request.flag("include_totals", false)? {
        let body = value!({"total": all.len(), "start": start, "limit": per_page, "connections": shown});
        return Ok(json(StatusCode::OK, &body));
    }
    Ok(json(StatusCode::OK, &shown))
}

/// Deletes the users of a connection that have the address `email`.
fn delete_user(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let Some(email) = request.query("email") else {
        return Err(Failure::query("'Missing required property: email'"));
    };
    let Some(connection) = context.store().connection_by_id(request.parameter(0)) else {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "inexistent_connection",
            "The connection does not exist",
        ));
    };
    let is_in_connection = |user: &&User| user.connection().as_deref() == Some(connection.name.as_str());
    let users = context.store().users().with_email(email).map(|user| &**user);
    let ids: Vec<String> = users.filter(is_in_connection).map(|user| user.id().to_owned()).collect();
    for id in ids {
        context.transaction.remove_user(&id);
    }
    Ok(no_content())
}

fn shown(connection: &Connection) -> Value {
    let options = if connection.is_database() {
        value!({
            "mfa": {"active": true, "return_enroll_settings": true},
            "validation": {"username": {"max": connection.username_length.end(), "min": connection.username_length.start()}},
            "import_mode": false,
            "configuration": {},
            "customScripts": {},
            "passwordPolicy": "good",
            "password_history": {"size": 5, "enable": false},
            "strategy_version": 2,
            "requires_username": true,
            "password_dictionary": {"enable": false, "dictionary": []},
            "brute_force_protection": true,
            "password_no_personal_info": {"enable": false},
            "password_complexity_options": {"min_length": 8},
            "enabledDatabaseCustomization": false,
        })
    } else {
        value!({})
    };
    value!({
        "id": connection.id,
        "options": options,
        "strategy": connection.strategy,
        "name": connection.name,
        "is_domain_connection": false,
        "realms": [connection.name],
        "enabled_clients": [],
    })
}
