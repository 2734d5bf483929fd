//! Exports: a file of users, as NDJSON or CSV, packed with gzip.

use super::answer::{Answer, Failure, json};
use super::request::Request;
use super::state::State;
use super::values::{put, text};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use std::io::Write as _;
use users_core::model::{ExportField, JsonObject};

/// What CSV holds at most of each user.
const MOST_CSV_FIELDS: usize = 30;

/// What is exported where nothing was asked for.
const USUAL: &[&str] =
    &["user_id", "email", "name", "nickname", "created_at", "updated_at", "email_verified"];

/// `POST /jobs/users-exports`, which answers 200 and not 201.
pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let format = text(&body, "format").unwrap_or_else(|| "csv".to_owned());
    if !matches!(format.as_str(), "json" | "csv") {
        return Err(Failure::body(&format!("'No enum match for: {format}' on property format")));
    }
    let fields: Vec<ExportField> = body
        .get("fields")
        .map_err(|_| Failure::body("'Expected type array' on property fields"))?
        .unwrap_or_default();
    if format == "csv" && fields.len() > MOST_CSV_FIELDS {
        return Err(Failure::body(&format!(
            "'Array is too long, maximum {MOST_CSV_FIELDS}' on property fields"
        )));
    }
    let connection = match text(&body, "connection_id") {
        None => None,
        Some(id) => match state.connections.iter().find(|connection| connection.id == id) {
            Some(connection) => Some(connection.clone()),
            None => {
                return Err(Failure::bad_request("inexistent_connection", "The connection does not exist."));
            }
        },
    };
    let mut job = state.begin_job("users_export");
    put(&mut job, "format", &format);
    for key in ["limit", "fields"] {
        if let Some(value) = body.raw(key) {
            super::values::put_raw(&mut job, key, value);
        }
    }
    if let Some(connection) = &connection {
        put(&mut job, "connection_id", &connection.id);
        put(&mut job, "connection", &connection.name);
    }
    let limit = body.get::<u64>("limit").ok().flatten().and_then(|limit| usize::try_from(limit).ok());
    let users: Vec<Value> = state
        .users
        .iter()
        .filter(|user| {
            connection.as_ref().is_none_or(|wanted| user.connection().as_ref() == Some(&wanted.name))
        })
        .take(limit.unwrap_or(usize::MAX))
        .map(|user| user.document().clone())
        .collect();
    let file = pack(&if format == "csv" { csv(&users, &fields) } else { ndjson(&users, &fields) });
    let id = text(&job, "id").unwrap_or_default();
    let mut more = JsonObject::new();
    put(&mut more, "location", format!("{}/exports/{id}.{format}.gz", state.origin(request)));
    put(&mut more, "percentage_done", 100);
    put(&mut more, "time_left_seconds", 0);
    state.finish_job(&job, "completed", &more, Vec::new(), file);
    Ok(json(StatusCode::OK, &job))
}

/// The file of an export. Its address is all that it takes to read it.
pub(super) fn file(state: &State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0).split('.').next().unwrap_or_default();
    let job =
        state.jobs.iter().find(|job| job.id == id && !job.file.is_empty()).ok_or_else(Failure::not_found)?;
    let mut answer = Answer::new(Bytes::from(job.file.clone()));
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/gzip"));
    Ok(answer)
}

fn ndjson(users: &[Value], fields: &[ExportField]) -> String {
    let mut text = String::new();
    for user in users {
        let mut row = serde_json::Map::new();
        for (path, name) in columns(fields) {
            if let Some(value) = at(user, &path) {
                row.insert(name, value.clone());
            }
        }
        text.push_str(&Value::from(row).to_string());
        text.push('\n');
    }
    text
}

/// Texts begin with a `'`, so that no program takes them for a formula.
fn csv(users: &[Value], fields: &[ExportField]) -> String {
    let cell = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => format!("\"'{}\"", text.replace('"', "\"\"")),
        Some(other) => format!("\"{}\"", other.to_string().replace('"', "\"\"")),
    };
    let columns = columns(fields);
    let head: Vec<String> =
        columns.iter().map(|(_, name)| format!("\"{}\"", name.replace('"', "\"\""))).collect();
    let mut text = head.join(",") + "\n";
    for user in users {
        let row: Vec<String> = columns.iter().map(|(path, _)| cell(at(user, path))).collect();
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}

/// What is taken of each user, and what it is called.
fn columns(fields: &[ExportField]) -> Vec<(String, String)> {
    if fields.is_empty() {
        return USUAL.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    }
    let named = fields.iter().filter_map(|field| {
        let name = field.name.clone()?;
        Some((name.clone(), field.export_as.clone().unwrap_or(name)))
    });
    named.collect()
}

/// A value by its path: `identities[0].connection`.
fn at<'a>(user: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(user, |value, step| {
        let (name, index) = step.split_once('[').unwrap_or((step, ""));
        let value = value.get(name)?;
        match index.strip_suffix(']') {
            Some(index) => value.get(index.parse::<usize>().ok()?),
            None => Some(value),
        }
    })
}

fn pack(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}
