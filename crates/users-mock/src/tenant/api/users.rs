//! Users: creating, reading, updating and deleting them.

use crate::tenant::api::account::{
    NewAccount, check_new_password, create_account, end_sessions, is_email_taken, is_username_taken,
    lower_case, record_creation, reject_provider_attributes, remember_linked_password, remember_password,
};
use crate::tenant::api::api_operation::client_of;
use crate::tenant::api::linked::LinkedUpdate;
use crate::tenant::api::login::credentials::is_blocked;
use crate::tenant::api::login::mails::send_verification;
use crate::tenant::api::owner::find_user;
use crate::tenant::events::{Event, record};
use crate::tenant::object::{set_raw, string};
use crate::tenant::rules::credentials::check_username;
use crate::tenant::rules::grant::Grant;
use crate::tenant::rules::metadata::check_metadata_keys;
use crate::tenant::search;
use crate::tenant::store::{Connection, DEFAULT_USERNAME_LENGTH, User};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::{JsonObject, Timestamp};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/users", Guard::Catalogue, Handler::Read(list)),
    Route::new("POST", "/api/v2/users", Guard::Catalogue, Handler::Write(create)),
    Route::new("DELETE", "/api/v2/users", Guard::Catalogue, Handler::Write(delete_all)),
    Route::new("GET", "/api/v2/users-by-email", Guard::Catalogue, Handler::Read(by_email)),
    Route::new("GET", "/api/v2/users/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("PATCH", "/api/v2/users/{id}", Guard::Catalogue, Handler::Write(update)),
    Route::new("DELETE", "/api/v2/users/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let connection = string(&body, "connection").unwrap_or_default();
    let Some(connection) = context.store().connection(&connection).cloned() else {
        return Err(Failure::bad_request("inexistent_connection", "The connection does not exist."));
    };
    let flag = |key: &str| body.get::<bool>(key).ok().flatten();
    // Without either property, the address is not verified, and the user receives the mail.
    let sends_mail = flag("verify_email").unwrap_or(!body.contains_key("email_verified"));
    let created = create_account(context, body.clone(), &connection, NewAccount::Managed);
    // Other failures are not in Auth0's log.
    if created.as_ref().map_or_else(|failure| failure.status() == StatusCode::CONFLICT, |_| true) {
        let client_id = client_of(request, context.config);
        record_creation(context, request, (&client_id, ""), &connection.name, &body, &created);
    }
    match created {
        Ok(user) => {
            if sends_mail && connection.is_database() {
                send_verification(context, request, &user);
            }
            Ok(json(StatusCode::CREATED, user.shown()))
        }
        // The response of a handler that fails has no effect, and this one is in the log.
        Err(failure) => Ok(failure.into()),
    }
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    Ok(json(StatusCode::OK, &search::project(user.shown(), request)))
}

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    search::list(context, request)
}

/// The address is compared with regard to case.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn by_email(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let email = request.query("email").unwrap_or_default();
    let found = context.store.users().with_email(email);
    let found: Vec<JsonObject> = found.map(|user| search::project(user.shown(), request)).collect();
    Ok(json(StatusCode::OK, &found))
}

fn update(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let mut body = request.body()?;
    let assumptions = &context.config.assumptions;
    for (one, other) in [
        ("password", "email"),
        ("password", "email_verified"),
        ("username", "password"),
        ("username", "email_verified"),
    ] {
        if body.contains_key(one) && body.contains_key(other) {
            return Err(Failure::assumed(&assumptions.update_together, &[("one", one), ("other", other)]));
        }
    }
    if let (Some(error), true) =
        (&assumptions.update_username_and_email, body.contains_key("username") && body.contains_key("email"))
    {
        return Err(Failure::assumed(error, &[]));
    }
    check_metadata_keys(&body, assumptions)?;
    if matches!(request.grant, Grant::SelfService { .. })
        && body.iter().any(|(key, _)| key != "user_metadata")
    {
        return Err(Failure::insufficient_scope(&[&["update:users"], &["update:users_app_metadata"]]));
    }
    let user = find_user(context.store(), id)?;
    let linked = LinkedUpdate::take(&mut body, user, context.store(), assumptions)?;
    let connection = user.connection().unwrap_or_default();
    if !matches!(user.provider(), "auth0" | "email" | "sms") {
        reject_provider_attributes(&body, user.provider(), &connection, assumptions)?;
    }
    if body.contains_key("username") && !user.shown().contains_key("username") {
        return Err(Failure::assumed(&assumptions.set_username, &[]));
    }
    let store = context.store();
    let known: Option<&Connection> = store.connection(&connection).map(|connection| &**connection);
    let username_length =
        known.map_or(DEFAULT_USERNAME_LENGTH, |connection| connection.username_length.clone());
    if known.is_some_and(Connection::is_database) {
        lower_case(&mut body, "email");
        lower_case(&mut body, "username");
    }
    if let Some(username) = string(&body, "username") {
        check_username(&username, &username_length)?;
        if is_username_taken(store, &connection, Some(username), Some(id)) {
            return Err(Failure::bad_request("auth0_idp_error", "The username provided is in use already."));
        }
    }
    if is_email_taken(store, &connection, string(&body, "email"), Some(id)) {
        return Err(Failure::bad_request("auth0_idp_error", "The specified new email already exists"));
    }
    if let Some(password) = string(&body, "password") {
        check_new_password(context, id, &password, &body)?;
    }
    let connection = known.cloned();
    let mut user = User::clone(find_user(context.store(), id)?);
    if let Some(linked) = linked {
        linked.apply(&mut user);
        if let Some((identity, password)) = linked.new_password(&user) {
            remember_linked_password(context, &mut user, &identity, &password);
        }
    }
    let (was_blocked, old_email) = (is_blocked(&user), user.string("email"));
    apply(&mut user, &body, &context.clock.now());
    if (is_blocked(&user) && !was_blocked) || user.string("email") != old_email {
        end_sessions(&mut user);
    }
    if let (Some(connection), Some(password)) = (connection, string(&body, "password")) {
        remember_password(context, &mut user, &connection, &password);
    }
    let answer = json(StatusCode::OK, user.shown());
    context.transaction.put_user(user.clone());
    if body.get::<bool>("verify_email").ok().flatten() == Some(true) {
        send_verification(context, request, &user);
    }
    Ok(answer)
}

/// Applies a valid update.
fn apply(user: &mut User, body: &JsonObject, now: &Timestamp) {
    let old_email = user.string("email");
    for (key, value) in body.iter() {
        match key {
            "user_metadata" | "app_metadata" => merge_metadata(user, key, value),
            "password" => user.set("last_password_reset", now),
            "connection" | "client_id" | "verify_email" | "verify_phone_number" => {}
            _ if value == "null" => user.remove(key),
            _ => user.supply(key, value),
        }
    }
    if user.string("email") != old_email && !body.contains_key("email_verified") {
        if user.shown().contains_key("email") {
            user.supply("email_verified", "false");
        } else {
            user.remove("email_verified");
        }
    }
    user.set_updated_at(now);
}

/// Merges the first level of metadata, where `null` removes a key. An empty object removes everything: `user_metadata` becomes an empty
/// object, and `app_metadata` is removed.
fn merge_metadata(user: &mut User, key: &str, json: &str) {
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
            set_raw(&mut metadata, name, value);
        }
    }
    user.set(key, &metadata);
}

/// Succeeds also if the user does not exist.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    if context.store().users().get(id).is_some() {
        context.transaction.remove_user(id);
        let client_id = client_of(request, context.config);
        let bare_id = id.split_once('|').map_or(id, |(_, bare)| bare);
        let event = Event {
            description: format!("user_id: {bare_id}"),
            client: Some((&client_id, "")),
            ..Event::new("sdu")
        };
        record(context, request, &event);
    }
    Ok(no_content())
}

/// Answers 404, as Auth0 does since 2016, unless the tenant is configured otherwise.
fn delete_all(context: &mut WriteContext<'_>, _request: &Request) -> Result<Answer, Failure> {
    if !context.config.legacy_delete_all {
        return Err(Failure::not_found());
    }
    let ids: Vec<String> = context.store().users().iter().map(|user| user.id().to_owned()).collect();
    for id in ids {
        context.transaction.remove_user(&id);
    }
    Ok(no_content())
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::{assert_takes_at_most, builder, send};
    use serde_json::{Value, json};
    use std::time::Duration;

    #[test]
    fn users_are_created_and_deleted_in_linear_time_and_keep_their_order() {
        const COUNT: usize = 20_000;
        let tenant = builder().build();
        let request = |number: usize| {
            json!({
                "connection": "Username-Password-Authentication", "email": format!("{number}@example.com"),
                "password": "Correct horse 1", "user_id": number.to_string(),
            })
        };
        assert_takes_at_most(Duration::from_secs(60), || {
            for number in 0..COUNT {
                assert_eq!(send(&tenant, "POST", "/users", &request(number)).0, 201);
            }
            for number in (0..COUNT).step_by(2) {
                assert_eq!(send(&tenant, "DELETE", &format!("/users/auth0%7C{number}"), &Value::Null).0, 204);
            }
        });
        assert_eq!(send(&tenant, "POST", "/users", &request(0)).0, 201);
        assert_eq!(send(&tenant, "POST", "/users", &request(1)).0, 409);
        let ids = tenant.user_ids();
        assert_eq!((ids.len(), ids[1].as_str()), (COUNT / 2 + 1, "auth0|3"));
        assert_eq!(ids.last().map(String::as_str), Some("auth0|0"));
    }
}
