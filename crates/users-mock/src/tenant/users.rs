//! Users: created, read, changed, deleted.

use super::answer::{Answer, Failure, json, no_content};
use super::connection::USERNAME;
use super::record::Record;
use super::request::Request;
use super::search;
use super::state::State;
use super::validate::{self, NEW_USER, USER_UPDATE};
use super::values::put;
use http::StatusCode;
use users_core::model::JsonObject;

/// `POST /users`
pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let unknown = validate::unknown(&body, NEW_USER);
    if !unknown.is_empty() {
        return Err(Failure::body(&format!("'Additional properties not allowed: {}'", unknown.join(","))));
    }
    let Some(connection) = text(&body, "connection") else {
        return Err(Failure::body("'Missing required property: connection'"));
    };
    validate::properties(&body, NEW_USER)?;
    let Some(connection) = state.connection(&connection).cloned() else {
        return Err(Failure::bad_request("inexistent_connection", "The connection does not exist."));
    };
    let is_database = connection.is_database();
    let mut body = body;
    if is_database {
        lower_case(&mut body, "email");
        lower_case(&mut body, "username");
        if let Some(username) = text(&body, "username") {
            validate::username(&username, &connection.username)?;
        }
        if let Some(password) = text(&body, "password") {
            validate::password(&password)?;
        }
        if !["email", "username", "phone_number"].iter().any(|key| body.contains_key(key)) {
            return Err(Failure::body("'Missing required property: email'"));
        }
    }
    let bare = text(&body, "user_id").filter(|id| !id.is_empty()).unwrap_or_else(|| state.new_id());
    let id = format!("{}|{bare}", connection.strategy);
    let taken = state.user(&id).is_some()
        || ["email", "username"]
            .iter()
            .any(|key| taken(state, &connection.name, key, text(&body, key), None));
    if taken {
        return Err(Failure::conflict("The user already exists."));
    }

    let now = state.now();
    let mut identity = JsonObject::new();
    put(&mut identity, "connection", &connection.name);
    put(&mut identity, "user_id", &bare);
    put(&mut identity, "provider", &connection.strategy);
    put(&mut identity, "isSocial", false);
    let mut record = Record::new(id.clone());
    for (key, value) in body.iter() {
        if !matches!(key, "connection" | "password" | "verify_email" | "user_id") {
            record.supply(key, value);
        }
    }
    record.set("user_id", &id);
    record.set("created_at", &now);
    record.touch(&now);
    record.set_identities(&[identity]);
    record.add_defaults();
    let shown = json(StatusCode::CREATED, record.shown());
    state.users.push(record);
    Ok(shown)
}

/// `GET /users/{id}`
pub(super) fn get(state: &State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    validate::user_id(id)?;
    let user = state.user(id).ok_or_else(Failure::no_such_user)?;
    Ok(json(StatusCode::OK, &search::project(user.shown(), request)?))
}

/// `GET /users`
pub(super) fn list(state: &State, request: &Request) -> Result<Answer, Failure> {
    search::list(state, request)
}

/// `GET /users-by-email`: to the letter, capitals too.
pub(super) fn by_email(state: &State, request: &Request) -> Result<Answer, Failure> {
    let Some(email) = request.query("email") else {
        return Err(Failure::query("'Missing required property: email'"));
    };
    let found: Result<Vec<JsonObject>, Failure> = state
        .users
        .iter()
        .filter(|user| user.text("email").as_deref() == Some(email))
        .map(|user| search::project(user.shown(), request))
        .collect();
    Ok(json(StatusCode::OK, &found?))
}

/// `PATCH /users/{id}`
pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0).to_owned();
    validate::user_id(&id)?;
    let mut body = request.body()?;
    let unknown = validate::unknown(&body, USER_UPDATE);
    if !unknown.is_empty() {
        return Err(Failure::body(&format!(
            "'Additional properties not allowed: {} (consider storing them in app_metadata or user_metadata. \
             See \"Users Metadata\" in https://auth0.com/docs/api/v2/changes for more details)'",
            unknown.join(",")
        )));
    }
    validate::properties(&body, USER_UPDATE)?;
    for (one, other) in [
        ("password", "email"),
        ("password", "email_verified"),
        ("username", "password"),
        ("username", "email_verified"),
    ] {
        if body.contains_key(one) && body.contains_key(other) {
            return Err(Failure::bad_request(
                None,
                format!("Cannot update {one} and {other} simultaneously"),
            ));
        }
    }
    let user = state.user(&id).ok_or_else(Failure::no_such_user)?;
    let connection = user.connection().unwrap_or_default();
    let is_own = matches!(user.provider(), "auth0" | "email" | "sms");
    if !is_own {
        refuse_foreign(&body, &connection)?;
    }
    if body.contains_key("username") && !user.shown().contains_key("username") {
        return Err(Failure::bad_request(
            None,
            "Cannot update username for users without an username already set.",
        ));
    }
    let known = state.connection(&connection);
    let username_length = known.map_or(USERNAME, |connection| connection.username.clone());
    if known.is_some_and(super::connection::Connection::is_database) {
        lower_case(&mut body, "email");
        lower_case(&mut body, "username");
    }
    if let Some(username) = text(&body, "username") {
        validate::username(&username, &username_length)?;
        if taken(state, &connection, "username", Some(username), Some(&id)) {
            return Err(Failure::bad_request("auth0_idp_error", "The username provided is in use already."));
        }
    }
    if taken(state, &connection, "email", text(&body, "email"), Some(&id)) {
        return Err(Failure::bad_request("auth0_idp_error", "The specified new email already exists"));
    }
    if let Some(password) = text(&body, "password") {
        validate::password(&password)?;
    }
    let now = state.now();
    let Some(user) = state.user_mut(&id) else { return Err(Failure::no_such_user()) };
    apply(user, &body, &now);
    Ok(json(StatusCode::OK, user.shown()))
}

/// Attributes that belong to an identity provider are not ours to change.
fn refuse_foreign(body: &JsonObject, connection: &str) -> Result<(), Failure> {
    const FOREIGN: &[&str] = &[
        "email",
        "family_name",
        "given_name",
        "name",
        "nickname",
        "password",
        "phone_number",
        "picture",
        "username",
    ];
    let foreign: Vec<&str> = FOREIGN.iter().copied().filter(|key| body.contains_key(key)).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(Failure::bad_request(
        "operation_not_supported",
        format!(
            "The following user attributes cannot be updated: {}. The connection ({connection}) must either be a database \
             connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync user \
             profile attributes at each login'. For more information, see \
             https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync",
            foreign.join(", ")
        ),
    ))
}

fn apply(user: &mut Record, body: &JsonObject, now: &users_core::model::Timestamp) {
    let old_email = user.text("email");
    for (key, value) in body.iter() {
        match key {
            "user_metadata" | "app_metadata" => merge_metadata(user, key, value),
            "password" => user.set("last_password_reset", now),
            "connection" | "client_id" | "verify_email" | "verify_phone_number" => {}
            _ if value == "null" => user.remove(key),
            _ => user.supply(key, value),
        }
    }
    if user.text("email") != old_email && !body.contains_key("email_verified") {
        if user.shown().contains_key("email") {
            user.supply("email_verified", "false");
        } else {
            user.remove("email_verified");
        }
    }
    user.touch(now);
}

/// The first level is merged, `null` takes a key away, and an empty object takes everything away: of `user_metadata` an empty object
/// is left, of `app_metadata` nothing.
fn merge_metadata(user: &mut Record, key: &str, json: &str) {
    let change = JsonObject::from_json(json).unwrap_or_default();
    if change.is_empty() {
        if key == "user_metadata" {
            user.set(key, &change);
        } else {
            user.remove(key);
        }
        return;
    }
    let mut metadata: JsonObject = user.shown().get(key).ok().flatten().unwrap_or_default();
    for (name, value) in change.iter() {
        if value == "null" {
            metadata.remove(name);
        } else {
            super::values::put_raw(&mut metadata, name, value);
        }
    }
    user.set(key, &metadata);
}

/// `DELETE /users/{id}`: gone already is as good.
pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    validate::user_id(id)?;
    state.users.retain(|user| user.id != id);
    Ok(no_content())
}

/// `DELETE /users`, which is gone unless the tenant was told otherwise.
pub(super) fn delete_all(state: &mut State, _request: &Request) -> Result<Answer, Failure> {
    if !state.legacy_delete_all {
        return Err(Failure::not_found());
    }
    state.users.clear();
    Ok(no_content())
}

/// `DELETE /users/{id}/multifactor/{provider}`: nothing enrolled is as good.
pub(super) fn delete_multifactor(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let (id, provider) = (request.parameter(0), request.parameter(1).to_owned());
    validate::user_id(id)?;
    if !matches!(provider.as_str(), "duo" | "google-authenticator") {
        return Err(Failure::bad_request(
            "invalid_uri",
            format!("Path validation error: 'No enum match for: {provider}' on property provider."),
        ));
    }
    let now = state.now();
    let user = state.user_mut(id).ok_or_else(Failure::no_such_user)?;
    let enrolled: Vec<String> = user.shown().get("multifactor").ok().flatten().unwrap_or_default();
    if enrolled.contains(&provider) {
        let left: Vec<&String> = enrolled.iter().filter(|enrolled| **enrolled != provider).collect();
        user.set("multifactor", left);
        user.set("multifactor_last_modified", &now);
    }
    Ok(no_content())
}

/// Whether another user of the connection has this address or name.
fn taken(state: &State, connection: &str, key: &str, value: Option<String>, but: Option<&str>) -> bool {
    let Some(value) = value else { return false };
    state.users.iter().any(|user| {
        but != Some(&user.id)
            && user.connection().as_deref() == Some(connection)
            && user.text(key).as_ref() == Some(&value)
    })
}

fn lower_case(body: &mut JsonObject, key: &str) {
    if let Some(value) = text(body, key) {
        put(body, key, value.to_lowercase());
    }
}

fn text(body: &JsonObject, key: &str) -> Option<String> {
    body.get(key).ok().flatten()
}
