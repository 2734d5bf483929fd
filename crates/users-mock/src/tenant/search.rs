//! Listing users: found, sorted, cut into pages, and shown in part.

use super::answer::{Answer, Failure, json};
use super::grant::Grant;
use super::query::{Effort, Query, SEARCHABLE, refuse, text};
use super::record::Record;
use super::request::Request;
use super::state::State;
use http::StatusCode;
use serde_json::Value;
use std::cmp::Ordering;
use users_core::model::JsonObject;

/// How many users of a search are shown.
const WINDOW: u64 = 1000;

/// How many bytes a query string may have, as it was sent.
const LONGEST_QUERY: usize = 8 * 1024;

/// `GET /users`
pub(super) fn list(state: &State, request: &Request) -> Result<Answer, Failure> {
    let page = request.number("page", 0, u64::MAX)?;
    let per_page = request.number("per_page", 50, 100)?;
    let totals = request.flag("include_totals", false)?;
    request.flag("primary_order", true)?;
    match (request.query("search_engine"), request.query("connection")) {
        (None | Some("v2" | "v3"), Some(_)) => {
            return Err(Failure::query(
                "'The connection parameter is supported by search engine v1 only' on property connection",
            ));
        }
        (None | Some("v1" | "v2" | "v3"), _) => {}
        (Some(other), _) => {
            return Err(Failure::query(&format!("'No enum match for: {other}' on property search_engine")));
        }
    }
    let start = page.saturating_mul(per_page);
    if start >= WINDOW {
        return Err(Failure::bad_request(
            "invalid_paging",
            "You can only page through the first 1000 records. See \
             https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation",
        ));
    }
    let effort = Effort::new();
    // A query that cannot be read is refused as such, however long it is.
    let query = Query::parse(request.query("q").unwrap_or_default())?;
    if request.query_length() > LONGEST_QUERY {
        let message = format!("The query string is longer than {LONGEST_QUERY} bytes");
        return Err(Failure::new(StatusCode::URI_TOO_LONG, None, message));
    }
    let sort = request.query("sort").map(order).transpose()?;
    let in_connection = |user: &&Record| {
        request.query("connection").is_none_or(|name| user.connection().as_deref() == Some(name))
    };
    // Users that nothing is asked of are not looked at, and without an order none beyond the window.
    let found = state
        .users
        .iter()
        .take_while(|_| !effort.is_spent())
        .filter(in_connection)
        .filter(|user| query.finds_everyone() || query.finds(user.document(), &effort));
    let found: Vec<&Record> = match sort {
        None => found.take(size(WINDOW)).collect(),
        Some((field, descending)) => sorted(found, field, descending),
    };
    if effort.is_spent() {
        return Err(refuse("it takes too much work"));
    }
    let total = found.len().min(size(WINDOW));
    let shown: Result<Vec<JsonObject>, Failure> = found
        .iter()
        .take(size(WINDOW))
        .skip(size(start))
        .take(size(per_page))
        .map(|user| project(user.shown(), request))
        .collect();
    let shown = shown?;
    if !totals {
        return Ok(json(StatusCode::OK, &shown));
    }
    let mut envelope = JsonObject::new();
    super::values::put(&mut envelope, "start", start);
    super::values::put(&mut envelope, "limit", per_page);
    super::values::put(&mut envelope, "length", shown.len());
    super::values::put(&mut envelope, "users", &shown);
    super::values::put(&mut envelope, "total", total);
    Ok(json(StatusCode::OK, &envelope))
}

/// The attributes that were asked for, and no others.
pub(super) fn project(user: &JsonObject, request: &Request) -> Result<JsonObject, Failure> {
    let include = request.flag("include_fields", true)?;
    let user = without_idp_tokens(user, request);
    let Some(fields) = request.query("fields").filter(|fields| !fields.is_empty()) else { return Ok(user) };
    let named = |key: &str| fields.split(',').any(|field| field.trim() == key);
    let mut shown = JsonObject::new();
    for (key, text) in user.iter().filter(|(key, _)| named(key) == include) {
        super::values::put_raw(&mut shown, key, text);
    }
    Ok(shown)
}

/// The identity providers' own tokens are shown with a scope of their own only.
fn without_idp_tokens(user: &JsonObject, request: &Request) -> JsonObject {
    let mut user = user.clone();
    let may_see = matches!(&request.grant, Grant::Management(scopes) if scopes.iter().any(|scope| scope == "read:user_idp_tokens"));
    if let (false, Ok(Some(mut identities))) = (may_see, user.get::<Vec<JsonObject>>("identities")) {
        for identity in &mut identities {
            for token in ["access_token", "access_token_secret", "refresh_token"] {
                identity.remove(token);
            }
        }
        super::values::put(&mut user, "identities", identities);
    }
    user
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// In the order of a field; users with the same value stay in the order of their creation.
fn sorted<'a>(users: impl Iterator<Item = &'a Record>, field: &str, descending: bool) -> Vec<&'a Record> {
    let mut keyed: Vec<(Option<Value>, &Record)> =
        users.map(|user| (user.shown().get(field).ok().flatten(), user)).collect();
    keyed.sort_by(|(left, _), (right, _)| {
        let ordering = compare(left.as_ref(), right.as_ref());
        if descending { ordering.reverse() } else { ordering }
    });
    keyed.into_iter().map(|(_, user)| user).collect()
}

/// `field:1` or `field:-1`
fn order(sort: &str) -> Result<(&str, bool), Failure> {
    let refuse = || {
        Failure::query(&format!(
            "'String '{sort}' does not match pattern. Must be field:1 or field:-1' on property sort"
        ))
    };
    let (field, direction) = sort.split_once(':').ok_or_else(refuse)?;
    if !SEARCHABLE.contains(&field) || matches!(field, "user_metadata" | "app_metadata" | "identities") {
        return Err(refuse());
    }
    match direction {
        "1" => Ok((field, false)),
        "-1" => Ok((field, true)),
        _ => Err(refuse()),
    }
}

fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(left), Some(right)) => text(left).cmp(&text(right)),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}
