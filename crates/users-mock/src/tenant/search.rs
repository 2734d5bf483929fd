//! Searching users: equality on searchable attributes, joined by `AND`.

use super::answer::{Answer, Failure, json};
use super::grant::Grant;
use super::request::Request;
use super::state::State;
use http::StatusCode;
use serde_json::Value;
use std::cmp::Ordering;
use users_core::model::JsonObject;

/// How many users of a search are shown.
const WINDOW: u64 = 1000;

/// The attributes that can be searched; those behind the first dot are the tenant's own.
const SEARCHABLE: &[&str] = &[
    "app_metadata",
    "blocked",
    "created_at",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "identities",
    "last_ip",
    "last_login",
    "logins_count",
    "name",
    "nickname",
    "phone_number",
    "phone_verified",
    "updated_at",
    "user_id",
    "user_metadata",
    "username",
];

/// The attributes whose capitals do not matter.
const CASELESS: &[&str] = &["email", "name", "given_name", "family_name", "nickname", "email.domain"];

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
    let query = Query::parse(request.query("q").unwrap_or_default())?;
    let in_connection = |user: &&super::record::Record| {
        request.query("connection").is_none_or(|name| user.connection().as_deref() == Some(name))
    };
    let mut found: Vec<(&JsonObject, Value)> = state
        .users
        .iter()
        .filter(in_connection)
        .map(|user| (&user.shown, user.shown.to().unwrap_or_default()))
        .filter(|(_, user)| query.finds(user))
        .collect();
    if let Some(sort) = request.query("sort") {
        let (field, descending) = order(sort)?;
        found.sort_by(|(_, left), (_, right)| {
            let ordering = compare(left.get(field), right.get(field));
            if descending { ordering.reverse() } else { ordering }
        });
    }
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let shown: Result<Vec<JsonObject>, Failure> = found
        .iter()
        .take(size(WINDOW))
        .skip(size(start))
        .take(size(per_page))
        .map(|(user, _)| project(user, request))
        .collect();
    let shown = shown?;
    if !totals {
        return Ok(json(StatusCode::OK, &shown));
    }
    let mut envelope = JsonObject::new();
    let total = found.len().min(size(WINDOW));
    super::record::put(&mut envelope, "start", start);
    super::record::put(&mut envelope, "limit", per_page);
    super::record::put(&mut envelope, "length", shown.len());
    super::record::put(&mut envelope, "users", &shown);
    super::record::put(&mut envelope, "total", total);
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
        super::record::put_raw(&mut shown, key, text);
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
        super::record::put(&mut user, "identities", identities);
    }
    user
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
        (Some(left), Some(right)) => plain(left).cmp(&plain(right)),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

/// What all of a search's conditions are.
struct Query(Vec<Condition>);

enum Condition {
    Everything,
    Is { field: String, value: String },
    Exists(String),
}

impl Query {
    fn parse(text: &str) -> Result<Self, Failure> {
        let refuse = || {
            Failure::bad_request(
                "invalid_query_string",
                "The query is not understood: this tenant knows field:value, field:\"value\", _exists_:field and AND.",
            )
        };
        let mut conditions = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (condition, left) = Condition::parse(rest).ok_or_else(refuse)?;
            conditions.push(condition);
            rest = match left.trim_start() {
                "" => "",
                left => left
                    .strip_prefix("AND ")
                    .map(str::trim_start)
                    .filter(|left| !left.is_empty())
                    .ok_or_else(refuse)?,
            };
        }
        Ok(Self(conditions))
    }

    fn finds(&self, user: &Value) -> bool {
        self.0.iter().all(|condition| condition.holds(user))
    }
}

impl Condition {
    /// Reads one condition; gives what comes behind it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        if let Some(rest) = text.strip_prefix('*') {
            let ends = rest.is_empty() || rest.starts_with(' ');
            return ends.then_some((Self::Everything, rest));
        }
        let (field, rest) = text.split_once(':')?;
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if field.is_empty() || !field.chars().all(is_name) {
            return None;
        }
        let (value, rest) = value_of(rest)?;
        if field == "_exists_" {
            return Some((Self::Exists(value), rest));
        }
        SEARCHABLE
            .contains(&field.split('.').next()?)
            .then(|| (Self::Is { field: field.to_owned(), value }, rest))
    }

    fn holds(&self, user: &Value) -> bool {
        match self {
            Self::Everything => true,
            Self::Exists(field) => !values(user, field).is_empty(),
            Self::Is { field, value } => values(user, field).iter().any(|given| {
                if CASELESS.contains(&field.as_str()) {
                    given.to_lowercase() == value.to_lowercase()
                } else {
                    given == value
                }
            }),
        }
    }
}

/// A value, in quotes or up to the next space; and what comes behind it. Wildcards, ranges and groups are not known here.
fn value_of(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let quoted = text.strip_prefix('"');
    let body = quoted.unwrap_or(text);
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            '"' if quoted.is_some() => return Some((value, body.get(at + 1..)?)),
            _ if quoted.is_some() => value.push(character),
            ' ' => return (!value.is_empty()).then(|| (value, body.get(at..).unwrap_or_default())),
            '*' | '?' | '[' | ']' | '{' | '}' | '(' | ')' | '"' => return None,
            _ => value.push(character),
        }
    }
    (quoted.is_none() && !value.is_empty()).then_some((value, ""))
}

/// All values of a path, as text; lists on the way count as their items, and an empty one as nothing.
fn values(user: &Value, path: &str) -> Vec<String> {
    if path == "email.domain" {
        return values(user, "email")
            .iter()
            .filter_map(|email| Some(email.rsplit_once('@')?.1.to_owned()))
            .collect();
    }
    let mut found = vec![user];
    for name in path.split('.') {
        found = found.into_iter().flat_map(items).filter_map(|value| value.get(name)).collect();
    }
    found
        .into_iter()
        .flat_map(items)
        .filter(|value| !matches!(value, Value::Null | Value::Object(_)))
        .map(plain)
        .collect()
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(items).collect(),
        other => vec![other],
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
