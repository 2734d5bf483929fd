//! Imports: rows in a form, each created, changed or refused.

use super::answer::{Answer, Failure, json};
use super::connection::Connection;
use super::record::Record;
use super::request::Request;
use super::state::State;
use super::validate::{self, IMPORT_ROW};
use super::values::{put, text};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use std::collections::{BTreeMap, HashMap, HashSet};
use users_core::model::JsonObject;

/// The largest file that one job takes.
const LARGEST: usize = 512_000;

/// `POST /jobs/users-imports`
pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let form = form(request)?;
    let field = |name: &str| form.get(name).cloned().filter(|value| !value.is_empty());
    let Some(rows) = form.get("users") else {
        return Err(Failure::body("'Missing required property: users'"));
    };
    if rows.len() > LARGEST {
        let message = format!("Payload content length greater than maximum allowed: {LARGEST}");
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, None, message));
    }
    let connection_id = field("connection_id").unwrap_or_default();
    let found = state.connections.iter().find(|connection| connection.id == connection_id);
    let Some(connection) = found.filter(|connection| connection.is_database()).cloned() else {
        return Err(Failure::bad_request("inexistent_connection", "The connection does not exist."));
    };
    let upserts = field("upsert").as_deref() == Some("true");
    let mut job = state.begin_job("users_import");
    put(&mut job, "connection_id", &connection.id);
    put(&mut job, "connection", &connection.name);
    if let Some(external_id) = field("external_id") {
        put(&mut job, "external_id", external_id);
    }
    match serde_json::from_str::<Vec<JsonObject>>(rows) {
        Err(_) => {
            let mut why = JsonObject::new();
            put(
                &mut why,
                "status_details",
                "Failed to parse users file JSON when importing users. Make sure it is valid JSON.",
            );
            state.finish_job(&job, "failed", &why, Vec::new(), Vec::new());
        }
        Ok(rows) => {
            let (summary, errors) = run(state, &connection, &rows, upserts);
            state.finish_job(&job, "completed", &summary, errors, Vec::new());
        }
    }
    Ok(json(StatusCode::ACCEPTED, &job))
}

/// Takes each row; gives what is to be said of the job, and the rows that were refused.
fn run(
    state: &mut State,
    connection: &Connection,
    rows: &[JsonObject],
    upserts: bool,
) -> (JsonObject, Vec<JsonObject>) {
    let (mut inserted, mut updated) = (0, 0);
    let mut errors = Vec::new();
    let in_connection = |user: &&Record| user.connection().as_deref() == Some(connection.name.as_str());
    // By address, since looking through all users for every row would take longer than the import.
    let known: HashMap<String, String> = state
        .users
        .iter()
        .filter(in_connection)
        .filter_map(|user| Some((user.text("email")?, user.id.clone())))
        .collect();
    let mut seen = HashSet::new();
    for row in rows {
        match take(state, connection, row, upserts, &known, &mut seen) {
            Ok(true) => inserted += 1,
            Ok(false) => updated += 1,
            Err((code, message)) => {
                let (mut refused, mut error) = (JsonObject::new(), JsonObject::new());
                put(&mut error, "code", code);
                put(&mut error, "message", message);
                let mut shown = row.clone();
                for secret in ["password_hash", "custom_password_hash", "mfa_factors"] {
                    if shown.contains_key(secret) {
                        put(&mut shown, secret, "*****");
                    }
                }
                put(&mut refused, "user", shown);
                put(&mut refused, "errors", [error]);
                errors.push(refused);
            }
        }
    }
    let mut counts = JsonObject::new();
    put(&mut counts, "failed", errors.len());
    put(&mut counts, "updated", updated);
    put(&mut counts, "inserted", inserted);
    put(&mut counts, "total", rows.len());
    let mut summary = JsonObject::new();
    put(&mut summary, "summary", counts);
    (summary, errors)
}

/// The algorithms of hashes that Auth0 imports.
const ALGORITHMS: &[&str] =
    &["argon2", "bcrypt", "hmac", "ldap", "md4", "md5", "sha1", "sha256", "sha512", "pbkdf2", "scrypt"];

/// A hash of another maker names its algorithm, and stands alone.
fn custom_password_hash(row: &JsonObject) -> Result<(), Refusal> {
    let Ok(Some(hash)) = row.get::<JsonObject>("custom_password_hash") else {
        return Ok(());
    };
    if row.contains_key("password_hash") {
        return Err(("NOT_PASSED", "Both password_hash and custom_password_hash are given".to_owned()));
    }
    match text(&hash, "algorithm") {
        None => Err(("OBJECT_REQUIRED", "Missing required property: algorithm".to_owned())),
        Some(algorithm) if !ALGORITHMS.contains(&algorithm.as_str()) => Err((
            "ENUM_MISMATCH",
            format!("No enum match for: {algorithm} (at custom_password_hash.algorithm)"),
        )),
        Some(_) => Ok(()),
    }
}

type Refusal = (&'static str, String);

/// Creates or changes a user; tells whether it was created.
fn take(
    state: &mut State,
    connection: &Connection,
    row: &JsonObject,
    upserts: bool,
    known: &HashMap<String, String>,
    seen: &mut HashSet<String>,
) -> Result<bool, Refusal> {
    if let Some(unknown) = validate::unknown(row, IMPORT_ROW).first() {
        return Err(("NOT_PASSED", format!("Additional properties not allowed: {unknown}")));
    }
    if let Err(misfit) = validate::first_misfit(row, IMPORT_ROW) {
        return Err((misfit.code, format!("{} (at {})", misfit.reason, misfit.property)));
    }
    let Some(email) = text(row, "email").map(|email| email.to_lowercase()) else {
        return Err(("OBJECT_REQUIRED", "Missing required property: email".to_owned()));
    };
    custom_password_hash(row)?;
    if !seen.insert(email.clone()) {
        return Err(("DUPLICATED_USER", "The user is in the file more than once".to_owned()));
    }
    let now = state.now();
    if let Some(user) = known.get(&email) {
        if !upserts {
            return Err((
                "DUPLICATED_USER",
                "The user already exist and upsert parameter is false".to_owned(),
            ));
        }
        let Some(user) = state.user_mut(user) else { return Ok(false) };
        fill(user, row);
        if !row.contains_key("email_verified") {
            user.supply("email_verified", "false");
        }
        user.touch(&now);
        return Ok(false);
    }
    let bare = text(row, "user_id").unwrap_or_else(|| state.new_id());
    let id = format!("auth0|{bare}");
    let mut identity = JsonObject::new();
    put(&mut identity, "provider", "auth0");
    put(&mut identity, "connection", &connection.name);
    put(&mut identity, "isSocial", false);
    put(&mut identity, "user_id", &bare);
    let mut user = Record::new(id.clone());
    fill(&mut user, row);
    user.supply("email", &serde_json::Value::from(email).to_string());
    user.set("user_id", &id);
    user.set("created_at", &now);
    user.touch(&now);
    user.set_identities(&[identity]);
    let has_picture = row.contains_key("picture");
    user.add_defaults();
    if let Some(picture) = user.text("picture").filter(|_| !has_picture) {
        // Imported users get theirs from another host.
        user.set("picture", picture.replace("https://s.gravatar.com/", "https://secure.gravatar.com/"));
    }
    state.users.push(user);
    Ok(true)
}

/// Metadata is replaced as a whole, not merged.
fn fill(user: &mut Record, row: &JsonObject) {
    for (key, value) in row.iter() {
        if !matches!(key, "email" | "user_id" | "password_hash" | "custom_password_hash" | "mfa_factors") {
            if key.ends_with("_metadata") {
                user.set_raw(key, value);
            } else {
                user.supply(key, value);
            }
        }
    }
}

/// The fields of a `multipart/form-data` body.
fn form(request: &Request) -> Result<BTreeMap<String, String>, Failure> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refuse = || Failure::bad_request(None, "Invalid multipart payload format");
    let (_, boundary) = kind.split_once("boundary=").ok_or_else(refuse)?;
    let boundary = format!("--{}", boundary.trim_matches('"'));
    let body = std::str::from_utf8(request.raw_body()).map_err(|_| refuse())?;
    let mut fields = BTreeMap::new();
    for part in body.split(boundary.as_str()).skip(1) {
        let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
        let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or_else(refuse)?;
        fields.insert(name.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned());
    }
    Ok(fields)
}
