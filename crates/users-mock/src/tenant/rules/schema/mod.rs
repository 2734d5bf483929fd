//! What request bodies and query parameters must look like, by Auth0's own schemas.

mod check;
mod format;
mod query;
mod violation;

pub(crate) use format::is_email;

use format::Format;
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Number;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use users_core::PathTemplate;

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| parse().unwrap_or_default());

#[derive(Default, Deserialize)]
#[serde(default)]
struct Schemas {
    bodies: Endpoints<Schema>,
    queries: Endpoints<Schema>,
    summaries: Endpoints<String>,
    import_row: Schema,
}

/// What is known of each endpoint below `/api/v2`, by its method.
#[derive(Deserialize)]
#[serde(from = "BTreeMap<String, T>")]
#[serde(bound = "T: Deserialize<'de>")]
struct Endpoints<T>(Vec<(String, PathTemplate, T)>);

impl<T> Default for Endpoints<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> From<BTreeMap<String, T>> for Endpoints<T> {
    fn from(facts: BTreeMap<String, T>) -> Self {
        let endpoint = |(name, fact): (String, T)| {
            let (method, path) = name.split_once(' ')?;
            Some((method.to_owned(), PathTemplate::parse(path).ok()?, fact))
        };
        Self(facts.into_iter().filter_map(endpoint).collect())
    }
}

impl<T> Endpoints<T> {
    fn find(&self, method: &str, path: &PathTemplate) -> Option<&T> {
        let is_same = |(its_method, its_path, _): &&(String, PathTemplate, T)| {
            its_method == method && its_path.has_shape_of(path)
        };
        self.0.iter().find(is_same).map(|(_, _, fact)| fact)
    }
}

fn parse() -> Result<Schemas, serde_json::Error> {
    serde_json::from_str(include_str!("../schemas.json"))
}

/// The name of an endpoint that writes; `None` if Auth0's document has none.
pub(crate) fn summary(method: &str, path: &PathTemplate) -> Option<&'static str> {
    SCHEMAS.summaries.find(method, path).map(String::as_str)
}

/// The schema of the body of an endpoint; `None` if Auth0 states none.
pub(crate) fn of_body(method: &str, path: &PathTemplate) -> Option<&'static Schema> {
    SCHEMAS.bodies.find(method, path)
}

/// The schema of the query of an endpoint, as of an object with the parameters as properties; `None` if it takes none.
pub(crate) fn of_query(method: &str, path: &PathTemplate) -> Option<&'static Schema> {
    SCHEMAS.queries.find(method, path)
}

/// The schema of a row of an import.
pub(crate) fn of_import_row() -> &'static Schema {
    &SCHEMAS.import_row
}

/// A JSON schema with the keywords that Auth0 uses for bodies and queries.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Schema {
    /// Quoted in messages.
    description: Option<String>,
    #[serde(rename = "type")]
    types: Types,
    format: Option<Format>,
    pattern: Option<Pattern>,
    #[serde(rename = "enum")]
    values: Option<Vec<String>>,
    /// The names that a text may list, separated by commas. The message is that of `error_with_message.json` of auth0-java.
    #[serde(rename = "x-each-of")]
    names: Option<Vec<String>>,
    max_length: Option<usize>,
    min_length: Option<usize>,
    maximum: Option<Number>,
    minimum: Option<Number>,
    items: Option<Box<Schema>>,
    max_items: Option<usize>,
    min_items: Option<usize>,
    unique_items: bool,
    properties: BTreeMap<String, Schema>,
    additional_properties: Additional,
    /// Advice that Auth0 appends to the names of additional properties.
    #[serde(rename = "x-hint")]
    hint: Option<String>,
    max_properties: Option<usize>,
    min_properties: Option<usize>,
    required: Vec<String>,
    any_of: Vec<Schema>,
    one_of: Vec<Schema>,
    /// Whether messages mask the value; not a keyword of Auth0.
    #[serde(rename = "x-secret")]
    secret: bool,
}

/// The types of which a value must have one; any if there are none.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Types {
    #[default]
    Any,
    One(String),
    Several(Vec<String>),
}

/// Properties that `properties` does not name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Additional {
    Allowed(bool),
    Schema(Box<Schema>),
}

impl Default for Additional {
    fn default() -> Self {
        Self::Allowed(true)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex_lite::Error;

    fn try_from(pattern: String) -> Result<Self, Self::Error> {
        Regex::new(&pattern).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use users_core::{Api, CATALOGUE};

    #[test]
    fn every_keyword_format_and_pattern_of_the_schemas_is_known() {
        let schemas = parse().unwrap();
        for (method, path, schema) in schemas.bodies.0.iter().chain(&schemas.queries.0) {
            assert!(
                schema.format.is_none() && schema.any_of.is_empty() && schema.one_of.is_empty(),
                "{method} {path}: not checked of a whole body or query"
            );
        }
        assert!(schemas.bodies.0.len() >= 34 && !schemas.import_row.properties.is_empty());
    }

    #[test]
    fn every_query_parameter_that_the_client_can_send_has_a_schema() {
        let queries = parse().unwrap().queries;
        for operation in CATALOGUE.iter().filter(|operation| operation.api == Api::Management) {
            let schema = queries.find(operation.method.as_str(), &operation.path);
            for name in operation.query_parameters() {
                let properties = schema.map(|schema| &schema.properties);
                assert!(
                    properties.is_some_and(|properties| properties.contains_key(name)),
                    "{}: {name}",
                    operation.name
                );
            }
        }
    }
}
