//! Exports: a file of users as NDJSON or CSV, compressed with gzip.

use crate::tenant::api::jobs::{JobResult, finish_job, new_job};
use crate::tenant::object::{integer, set, set_raw, string};
use crate::tenant::store::User;
use crate::tenant::wire::answer::{Answer, Failure, json, text};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use std::io::Write as _;
use std::sync::Arc;
use users_core::model::{ExportField, JsonObject};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/api/v2/jobs/users-exports", Guard::Catalogue, Handler::Write(create)),
    Route::new("GET", "/exports/{file}", Guard::Handler, Handler::Read(file)),
];

/// The number of fields that a CSV export may have.
const MAX_CSV_FIELDS: usize = 30;

/// The fields that are exported by default.
const DEFAULT_FIELDS: &[&str] =
    &["user_id", "email", "name", "nickname", "created_at", "updated_at", "email_verified"];

/// Answers with 200 and not with 201, as Auth0 does.
fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let format = string(&body, "format").unwrap_or_else(|| "csv".to_owned());
    let fields: Vec<ExportField> = body.get("fields").ok().flatten().unwrap_or_default();
    if format == "csv" && fields.len() > MAX_CSV_FIELDS {
        return Err(Failure::body(&format!(
            "'Array is too long, maximum {MAX_CSV_FIELDS}' on property fields"
        )));
    }
    let connection = match string(&body, "connection_id") {
        None => None,
        Some(id) => Some(context.store().connection_by_id(&id).cloned().ok_or_else(|| {
            Failure::bad_request("inexistent_connection", "The connection does not exist.")
        })?),
    };
    let mut job = new_job(context, "users_export");
    set(&mut job, "format", &format);
    for key in ["limit", "fields"] {
        if let Some(value) = body.raw(key) {
            set_raw(&mut job, key, value);
        }
    }
    if let Some(connection) = &connection {
        set(&mut job, "connection_id", &connection.id);
        set(&mut job, "connection", &connection.name);
    }
    let limit = integer(&body, "limit").and_then(|limit| usize::try_from(limit).ok());
    let is_selected = |user: &&Arc<User>| {
        connection.as_ref().is_none_or(|connection| user.connection().as_ref() == Some(&connection.name))
    };
    let users: Vec<&Value> = context
        .store()
        .users()
        .iter()
        .filter(is_selected)
        .take(limit.unwrap_or(usize::MAX))
        .map(|user| user.document())
        .collect();
    let file = compress(&if format == "csv" { csv(&users, &fields) } else { ndjson(&users, &fields) });
    let id = string(&job, "id").unwrap_or_default();
    let origin = request.origin(&context.config.domain);
    let mut attributes = JsonObject::new();
    set(&mut attributes, "location", format!("{origin}/exports/{id}.{format}.gz"));
    set(&mut attributes, "percentage_done", 100);
    set(&mut attributes, "time_left_seconds", 0);
    finish_job(context, &job, JobResult { status: "completed", attributes, errors: Vec::new(), file });
    Ok(json(StatusCode::OK, &job))
}

/// The file of an export, which needs no token but a link that has not expired.
fn file(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0).split('.').next().unwrap_or_default();
    let job = context.store.job(id).filter(|job| !job.file.is_empty()).ok_or_else(Failure::not_found)?;
    let expires: Option<u64> = request.query("expires").and_then(|text| text.parse().ok());
    if expires.is_none_or(|expires| context.clock.millis() >= expires) {
        return Ok(text(StatusCode::FORBIDDEN, "The link has expired. Get the job again for another one."));
    }
    let mut answer = Answer::new(job.file.clone());
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/gzip"));
    Ok(answer)
}

fn ndjson(users: &[&Value], fields: &[ExportField]) -> String {
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

/// Strings begin with a `'`, so that spreadsheets do not interpret them as formulas.
fn csv(users: &[&Value], fields: &[ExportField]) -> String {
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

/// The path and the name of each column.
fn columns(fields: &[ExportField]) -> Vec<(String, String)> {
    if fields.is_empty() {
        return DEFAULT_FIELDS.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    }
    let columns = fields.iter().filter_map(|field| {
        let name = field.name.clone()?;
        Some((name.clone(), field.export_as.clone().unwrap_or(name)))
    });
    columns.collect()
}

/// The value at a path: `identities[0].connection`.
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

fn compress(text: &str) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default().into()
}
