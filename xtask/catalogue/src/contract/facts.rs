//! The facts of the contract, in the project's own form.

use super::Drift;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every endpoint, and the types of requests and responses.
#[derive(Debug, Deserialize, Serialize, PartialEq)]
pub struct Facts {
    /// The endpoints by method and path: `GET /users/{id}`.
    pub operations: BTreeMap<String, OperationFacts>,
    /// The types by Auth0's names.
    pub types: BTreeMap<String, Value>,
}

/// The facts of one endpoint.
#[derive(Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
pub struct OperationFacts {
    /// The source of the facts, if it is not Auth0's OpenAPI document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The scopes, one of which a token needs.
    pub scopes: BTreeSet<String>,
    /// The query parameters and their types; a required one ends in `*`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Value>,
    /// The headers.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub headers: BTreeSet<String>,
    /// The success statuses, and the types of their bodies.
    pub success: BTreeMap<String, Value>,
    /// The type of the request body.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub request: Value,
}

impl Facts {
    /// Reads the project's own statement.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Formats the statement as it is stored.
    pub fn to_json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| error.to_string())
    }

    /// Reads an OpenAPI document.
    pub fn from_openapi(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let document: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut facts = Self { operations: BTreeMap::new(), types: BTreeMap::new() };
        for (path, methods) in object(&document["paths"]) {
            for (method, operation) in object(methods) {
                if matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete") {
                    let name = format!("{} {path}", method.to_uppercase());
                    facts.operations.insert(name, OperationFacts::from_openapi(operation));
                }
            }
        }
        for (name, schema) in object(&document["components"]["schemas"]) {
            facts.types.insert(name.clone(), type_of(schema));
        }
        Ok(facts)
    }

    /// Adds the endpoints of another statement that are not from Auth0's document.
    pub fn add_from_other_sources(&mut self, other: &mut Self) {
        let (sourced, rest) =
            std::mem::take(&mut other.operations).into_iter().partition(|(_, facts)| facts.source.is_some());
        other.operations = rest;
        self.operations.extend::<BTreeMap<String, OperationFacts>>(sourced);
    }

    /// Lists the differences between a new document and this statement.
    pub fn compare(&self, fresh: &Self, drifts: &mut Vec<Drift>) {
        let (own, fresh) = (serde_json::to_value(self), serde_json::to_value(fresh));
        if let (Ok(own), Ok(fresh)) = (own, fresh) {
            differences("", &own, &fresh, drifts);
        }
    }
}

fn differences(place: &str, own: &Value, fresh: &Value, drifts: &mut Vec<Drift>) {
    match (own, fresh) {
        (Value::Object(own), Value::Object(fresh)) => {
            let keys: BTreeSet<&String> = own.keys().chain(fresh.keys()).collect();
            for key in keys {
                let here = format!("{place}/{key}");
                match (own.get(key), fresh.get(key)) {
                    (Some(own), Some(fresh)) => differences(&here, own, fresh, drifts),
                    (Some(_), None) => drifts.push((here, "is no longer in Auth0's document".to_owned())),
                    _ => drifts.push((here, "is new in Auth0's document".to_owned())),
                }
            }
        }
        (own, fresh) if own != fresh => {
            drifts.push((place.to_owned(), format!("was {own}, is {fresh} in Auth0's document")))
        }
        _ => {}
    }
}

impl OperationFacts {
    fn from_openapi(operation: &Value) -> Self {
        let mut facts = Self::default();
        for parameter in array(&operation["parameters"]) {
            let name = parameter["name"].as_str().unwrap_or_default();
            match parameter["in"].as_str() {
                Some("query") => {
                    let star = if parameter["required"] == true { "*" } else { "" };
                    facts.query.insert(format!("{name}{star}"), type_of(&parameter["schema"]));
                }
                Some("header") => drop(facts.headers.insert(name.to_lowercase())),
                _ => {}
            }
        }
        for scheme in array(&operation["security"]) {
            facts.scopes.extend(
                array(&scheme["oAuth2ClientCredentials"])
                    .iter()
                    .filter_map(Value::as_str)
                    .map(ToOwned::to_owned),
            );
        }
        for (status, answer) in
            object(&operation["responses"]).iter().filter(|(status, _)| status.starts_with('2'))
        {
            facts.success.insert(status.clone(), content(&answer["content"]));
        }
        facts.request = content(&operation["requestBody"]["content"]);
        facts
    }
}

/// The type of a body, whatever its media type.
fn content(content: &Value) -> Value {
    let media = object(content);
    let schema = media.get("application/json").or_else(|| media.values().next());
    schema.map_or(Value::Null, |media| type_of(&media["schema"]))
}

/// The short form of a schema: a word, or an object with one key.
fn type_of(schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return json!({"type": reference.rsplit('/').next().unwrap_or_default()});
    }
    if let Some(values) = schema["enum"].as_array() {
        return json!({"enum": values});
    }
    for (key, name) in [("oneOf", "one of"), ("anyOf", "one of"), ("allOf", "all of")] {
        if let Some(schemas) = schema[key].as_array() {
            return json!({name: schemas.iter().map(type_of).collect::<Vec<_>>()});
        }
    }
    let (kind, nullable) = match &schema["type"] {
        Value::String(kind) => (kind.as_str(), false),
        Value::Array(kinds) => (
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("any"),
            kinds.iter().any(|kind| kind == "null"),
        ),
        _ => ("any", false),
    };
    let plain = match kind {
        "array" => json!({"list": type_of(&schema["items"])}),
        "object" if schema["properties"].is_object() => {
            let required = array(&schema["required"]);
            let properties: Map<String, Value> = object(&schema["properties"])
                .iter()
                .map(|(name, schema)| {
                    let star = if required.iter().any(|required| required == name) { "*" } else { "" };
                    (format!("{name}{star}"), type_of(schema))
                })
                .collect();
            json!({"object": properties})
        }
        "object" => json!("map"),
        "string" => json!(schema["format"].as_str().unwrap_or("string")),
        other => json!(other),
    };
    if nullable { json!({"nullable": plain}) } else { plain }
}

fn object(value: &Value) -> &Map<String, Value> {
    static EMPTY: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();
    value.as_object().unwrap_or_else(|| EMPTY.get_or_init(Map::new))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
