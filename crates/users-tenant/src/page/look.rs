//! Reading the tenant as its Management API shows it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use users_mock::Tenant;

/// The answer to a `GET` of the Management API below `/api/v2`, or the message of its error.
pub(super) fn look(tenant: &Tenant, path: &str) -> Result<Value, String> {
    let uri = format!("/api/v2{path}").parse().map_err(|_| "The address is not valid.".to_owned())?;
    let answer = tenant.inspect(&uri);
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    if answer.status().is_success() { Ok(body) } else { Err(text(&body, "message")) }
}

/// The list in an answer: the answer itself, or under a name. A call that fails has none.
pub(super) fn list(tenant: &Tenant, path: &str, name: &str) -> Vec<Value> {
    match look(tenant, path) {
        Ok(Value::Array(list)) => list,
        Ok(Value::Object(mut object)) => match object.remove(name) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// An attribute as a person reads it; empty if there is none.
pub(super) fn text(object: &Value, name: &str) -> String {
    match object.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// An attribute that is a time, as a person reads it.
pub(super) fn time(object: &Value, name: &str) -> String {
    to_the_second(&text(object, name))
}

/// A time as a person reads it; what is no time as it is.
pub(super) fn to_the_second(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..19)) {
        (Some(day), Some("T"), Some(second)) => format!("{day} {second}"),
        _ => time.to_owned(),
    }
}

/// A part of a path or a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// JSON on several lines.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
