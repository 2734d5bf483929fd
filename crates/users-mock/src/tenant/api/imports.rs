//! Imports: rows in a form, each of which is inserted, updated or rejected.
//!
//! A row is updated if its address is that of a user of the connection. The code of an error says what is in use otherwise: `CONFLICT` the
//! id of a new user, `CONFLICT_USERNAME` its user name, and `CONFLICT_EMAIL` the address of a row whose id is that of another user than its
//! address. Documented, and absent here, is `CONNECTION_NOT_FOUND`: a job ends within the request that creates it, and that request fails
//! if the connection does not exist.

use crate::tenant::api::authentication_methods::new_method;
use crate::tenant::api::jobs::{JobResult, check_imports, finish_job, new_job};
use crate::tenant::object::{set, string};
use crate::tenant::rules::defaults::add_defaults;
use crate::tenant::rules::import_row::{self, RowError};
use crate::tenant::rules::password_history::imported;
use crate::tenant::store::{Belonging, Connection, User};
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use users_core::model::{JsonObject, Timestamp};

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/api/v2/jobs/users-imports", Guard::Catalogue, Handler::Write(create))];

/// The largest file of a job, in bytes.
const MAX_FILE: usize = 512_000;

fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    check_imports(context)?;
    let form = form(request)?;
    let field = |name: &str| form.get(name).cloned().filter(|value| !value.is_empty());
    let Some(rows) = form.get("users") else {
        return Err(Failure::body("'Missing required property: users'"));
    };
    if rows.len() > MAX_FILE {
        let message = format!("Payload content length greater than maximum allowed: {MAX_FILE}");
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, None, message));
    }
    let connection = context.store().connection_by_id(&field("connection_id").unwrap_or_default());
    let Some(connection) = connection.filter(|connection| connection.is_database()).cloned() else {
        return Err(Failure::bad_request("inexistent_connection", "The connection does not exist."));
    };
    let upserts = field("upsert").as_deref() == Some("true");
    let mut job = new_job(context, "users_import");
    set(&mut job, "connection_id", &connection.id);
    set(&mut job, "connection", &connection.name);
    if let Some(external_id) = field("external_id") {
        set(&mut job, "external_id", external_id);
    }
    let result = match serde_json::from_str::<Vec<JsonObject>>(rows) {
        Err(_) => {
            let mut attributes = JsonObject::new();
            set(
                &mut attributes,
                "status_details",
                "Failed to parse users file JSON when importing users. Make sure it is valid JSON.",
            );
            JobResult { status: "failed", attributes, ..JobResult::default() }
        }
        Ok(rows) => import_rows(context, &connection, &rows, upserts),
    };
    finish_job(context, &job, result);
    Ok(json(StatusCode::ACCEPTED, &job))
}

/// Imports each row.
fn import_rows(
    context: &mut WriteContext<'_>,
    connection: &Connection,
    rows: &[JsonObject],
    upserts: bool,
) -> JobResult {
    let (mut inserted, mut updated) = (0, 0);
    let mut errors = Vec::new();
    let mut seen = HashSet::new();
    for row in rows {
        match import_row(context, connection, row, upserts, &mut seen) {
            Ok(Imported::Inserted) => inserted += 1,
            Ok(Imported::Updated) => updated += 1,
            Err(found) => errors.push(import_row::rejected(row, &found)),
        }
    }
    let mut counts = JsonObject::new();
    set(&mut counts, "failed", errors.len());
    set(&mut counts, "updated", updated);
    set(&mut counts, "inserted", inserted);
    set(&mut counts, "total", rows.len());
    let mut attributes = JsonObject::new();
    set(&mut attributes, "summary", counts);
    JobResult { status: "completed", attributes, errors, ..JobResult::default() }
}

/// What a row has done.
enum Imported {
    Inserted,
    Updated,
}

/// Imports a row, or fails with all its errors.
fn import_row(
    context: &mut WriteContext<'_>,
    connection: &Connection,
    row: &JsonObject,
    upserts: bool,
    seen: &mut HashSet<String>,
) -> Result<Imported, Vec<RowError>> {
    let errors = import_row::check(row);
    if !errors.is_empty() {
        return Err(errors);
    }
    let email = string(row, "email").unwrap_or_default().to_lowercase();
    let fail = |code, message: &str, path: &str| Err(vec![RowError::new(code, message, path)]);
    if !seen.insert(email.clone()) {
        return fail("DUPLICATED_USER", "The user is in the file more than once", "");
    }
    let now = context.clock.now();
    let in_connection = |user: &&Arc<User>| user.connection().as_deref() == Some(connection.name.as_str());
    let users = context.store().users();
    let existing = users.with_email(&email).find(in_connection).cloned();
    let user_id = string(row, "user_id").filter(|id| !id.is_empty());
    let id_in_use = user_id.as_deref().map(full_id).filter(|id| users.with_identity(id).next().is_some());
    let is_linked = users.has_linked_email(&connection.name, &email);
    if is_linked && !upserts {
        return fail("DUPLICATED_USER", "The user already exist and upsert parameter is false", "");
    }
    // Which attributes of a linked account an import changes is not documented.
    if is_linked {
        return fail("CONFLICT_EMAIL", "The email is in use by a linked account", "email");
    }
    if let Some(existing) = existing {
        if !upserts {
            return fail("DUPLICATED_USER", "The user already exist and upsert parameter is false", "");
        }
        if id_in_use.is_some_and(|id| id != existing.id()) {
            return fail("CONFLICT_EMAIL", "The email is in use by another user", "email");
        }
        context.transaction.update_user(existing.id(), |user| {
            set_attributes(user, row, false);
            if !row.contains_key("email_verified") {
                user.supply("email_verified", "false");
            }
            user.set_updated_at(&now);
            if row.contains_key("custom_password_hash") {
                set_password_hash(user, row);
            }
        });
        return Ok(Imported::Updated);
    }
    let mut conflicts = Vec::new();
    if id_in_use.is_some() {
        conflicts.push(RowError::new("CONFLICT", "The user_id is in use by another user", "user_id"));
    }
    let username = string(row, "username").map(|username| username.to_lowercase());
    if username.as_deref().is_some_and(|username| {
        users.with_username(username).any(|user| in_connection(&user))
            || users.has_linked_username(&connection.name, username)
    }) {
        conflicts.push(RowError::new(
            "CONFLICT_USERNAME",
            "The username is in use by another user",
            "username",
        ));
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let user_id = user_id.unwrap_or_else(|| context.new_object_id());
    let mut user = imported_user(&user_id, connection, row, &email, &now);
    set_password_hash(&mut user, row);
    for method in import_row::authentication_methods(row) {
        let method = new_method(context, &method);
        user.belongings_mut(Belonging::AuthenticationMethods).push(method);
    }
    context.transaction.put_user(user);
    Ok(Imported::Inserted)
}

/// The id of an imported user. An id in the row gets the prefix even if it has one already.
fn full_id(user_id: &str) -> String {
    format!("auth0|{user_id}")
}

fn imported_user(
    user_id: &str,
    connection: &Connection,
    row: &JsonObject,
    email: &str,
    now: &Timestamp,
) -> User {
    let mut identity = JsonObject::new();
    set(&mut identity, "provider", "auth0");
    set(&mut identity, "connection", &connection.name);
    set(&mut identity, "isSocial", false);
    set(&mut identity, "user_id", user_id);
    let id = full_id(user_id);
    let mut user = User::new(&id);
    set_attributes(&mut user, row, true);
    user.supply("email", &serde_json::Value::from(email).to_string());
    if let Some(username) = user.string("username") {
        user.set("username", username.to_lowercase());
    }
    user.set("user_id", &id);
    user.set("created_at", now);
    user.set_updated_at(now);
    user.set_identities(&[identity]);
    let has_picture = row.contains_key("picture");
    add_defaults(&mut user);
    if let Some(picture) = user.string("picture").filter(|_| !has_picture) {
        // The default picture of an imported user is at another host.
        user.set("picture", picture.replace("https://s.gravatar.com/", "https://secure.gravatar.com/"));
    }
    user
}

/// Keeps the hash of the password of a row.
fn set_password_hash(user: &mut User, row: &JsonObject) {
    if let Some(hash) = import_row::password_hash(row) {
        *user.belongings_mut(Belonging::Passwords) = vec![imported(&hash)];
    }
}

/// Replaces metadata as a whole, without merging.
fn set_attributes(user: &mut User, row: &JsonObject, is_new: bool) {
    for (key, value) in import_row::attributes(row, is_new) {
        if key.ends_with("_metadata") {
            user.set_raw(key, value);
        } else {
            user.supply(key, value);
        }
    }
}

/// The fields of a `multipart/form-data` body.
fn form(request: &Request) -> Result<BTreeMap<String, String>, Failure> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let invalid = || Failure::bad_request(None, "Invalid multipart payload format");
    let (_, boundary) = kind.split_once("boundary=").ok_or_else(invalid)?;
    let boundary = format!("--{}", boundary.trim_matches('"'));
    let body = std::str::from_utf8(request.raw_body()).map_err(|_| invalid())?;
    let mut fields = BTreeMap::new();
    for part in body.split(boundary.as_str()).skip(1) {
        let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
        let name =
            head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or_else(invalid)?;
        fields.insert(name.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned());
    }
    Ok(fields)
}
