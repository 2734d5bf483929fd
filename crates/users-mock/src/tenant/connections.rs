//! The connections that users are kept in.

use super::answer::{Answer, Failure, json, no_content};
use super::connection::Connection;
use super::request::Request;
use super::state::State;
use http::StatusCode;
use serde_json::{Value, json as value};

/// `GET /connections`, as far as somebody needs it who links accounts or creates users.
pub(super) fn list(state: &State, request: &Request) -> Result<Answer, Failure> {
    let (page, per_page) = (request.number("page", 0, u64::MAX)?, request.number("per_page", 50, 100)?);
    let wanted = |connection: &&Connection| {
        request.query("name").is_none_or(|name| connection.name == name)
            && request.query("strategy").is_none_or(|strategy| connection.strategy == strategy)
    };
    let all: Vec<Value> = state.connections.iter().filter(wanted).map(shown).collect();
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

/// `DELETE /connections/{id}/users?email=`
pub(super) fn delete_user(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let Some(email) = request.query("email") else {
        return Err(Failure::query("'Missing required property: email'"));
    };
    let id = request.parameter(0);
    let Some(connection) = state.connections.iter().find(|connection| connection.id == id) else {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "inexistent_connection",
            "The connection does not exist",
        ));
    };
    let name = connection.name.clone();
    let is_this = |user: &super::record::Record| {
        user.connection().as_deref() == Some(name.as_str()) && user.text("email").as_deref() == Some(email)
    };
    state.users.retain(|user| !is_this(user));
    Ok(no_content())
}

fn shown(connection: &Connection) -> Value {
    let options = if connection.is_database() {
        value!({
            "mfa": {"active": true, "return_enroll_settings": true},
            "validation": {"username": {"max": connection.username.end(), "min": connection.username.start()}},
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
