//! The users of a tenant, with the search of the Management API.

use crate::page::frame::{Frame, rendered};
use crate::page::look::{encoded, look, text, time};
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

/// The number of users on a page.
const PER_PAGE: u64 = 25;

/// The orders that can be chosen, and their names.
const ORDERS: &[(&str, &str)] = &[
    ("", "any"),
    ("created_at:-1", "newest first"),
    ("created_at:1", "oldest first"),
    ("last_login:-1", "last login"),
    ("email:1", "email"),
    ("name:1", "name"),
];

#[derive(Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    q: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    page: u64,
}

struct Row {
    id: String,
    address: String,
    name: String,
    email: String,
    connection: String,
    logins: String,
    last_login: String,
    is_blocked: bool,
}

#[derive(Template)]
#[template(path = "page/users.html")]
struct Users<'a> {
    frame: &'a Frame,
    active: &'static str,
    q: &'a str,
    sort: &'a str,
    orders: &'static [(&'static str, &'static str)],
    error: Option<String>,
    total: String,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
}

pub(super) async fn show(frame: Frame, Query(parameters): Query<Parameters>) -> Response {
    let Parameters { q, sort, page } = &parameters;
    let given = [("q", q), ("sort", sort)].into_iter().filter(|(_, value)| !value.is_empty());
    let given: Vec<String> = given.map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
    let path = format!("/users?page={page}&per_page={PER_PAGE}&include_totals=true{}", given.concat());
    let (found, error) = match look(frame.hosted.tenant(), &path) {
        Ok(found) => (found, None),
        Err(error) => (Value::Null, Some(error)),
    };
    let total = found.get("total").and_then(Value::as_u64).unwrap_or_default();
    let users = found.get("users").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let other = |page: u64| format!("{}/?q={}&sort={}&page={page}", frame.mount, encoded(q), encoded(sort));
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    rendered(
        status,
        &Users {
            frame: &frame,
            active: "users",
            q,
            sort,
            orders: ORDERS,
            error,
            // A search counts 1000 users at most.
            total: if total >= 1000 { "1000 or more".to_owned() } else { total.to_string() },
            rows: users.iter().map(row).collect(),
            previous: page.checked_sub(1).map(other),
            next: (page.saturating_add(1).saturating_mul(PER_PAGE) < total).then(|| other(page + 1)),
        },
    )
}

fn row(user: &Value) -> Row {
    let id = text(user, "user_id");
    Row {
        address: encoded(&id),
        id,
        name: text(user, "name"),
        email: text(user, "email"),
        connection: user
            .pointer("/identities/0")
            .map(|identity| text(identity, "connection"))
            .unwrap_or_default(),
        logins: text(user, "logins_count"),
        last_login: time(user, "last_login"),
        is_blocked: user.get("blocked") == Some(&Value::Bool(true)),
    }
}
