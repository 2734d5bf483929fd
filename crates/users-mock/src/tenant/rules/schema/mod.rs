//! What request bodies must look like, by Auth0's own schemas.

mod check;
mod format;
mod violation;

pub(crate) use format::is_email;

use format::Format;
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Number;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use users_core::PathTemplate;

/// The schema of each endpoint below `/api/v2`, by its method.
static BODIES: LazyLock<Vec<(String, PathTemplate, Schema)>> = LazyLock::new(|| {
    let bodies = parse().unwrap_or_default().bodies.into_iter();
    let endpoint = |(name, schema): (String, Schema)| {
        let (method, path) = name.split_once(' ')?;
        Some((method.to_owned(), PathTemplate::parse(path).ok()?, schema))
    };
    bodies.filter_map(endpoint).collect()
});

static IMPORT_ROW: LazyLock<Schema> = LazyLock::new(|| parse().unwrap_or_default().import_row);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Schemas {
    bodies: BTreeMap<String, Schema>,
    import_row: Schema,
}

fn parse() -> Result<Schemas, serde_json::Error> {
    serde_json::from_str(include_str!("../schemas.json"))
}

/// The schema of the body of an endpoint; `None` if Auth0 states none.
pub(crate) fn of_body(method: &str, path: &PathTemplate) -> Option<&'static Schema> {
    let is_same = |(its_method, its_path, _): &&(String, PathTemplate, Schema)| {
        its_method == method && its_path.has_shape_of(path)
    };
    BODIES.iter().find(is_same).map(|(_, _, schema)| schema)
}

/// The schema of a row of an import.
pub(crate) fn of_import_row() -> &'static Schema {
    &IMPORT_ROW
}

/// A JSON schema with the keywords that Auth0 uses for bodies.
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

    #[test]
    fn every_keyword_format_and_pattern_of_the_schemas_is_known() {
        let schemas = parse().unwrap();
        for (endpoint, schema) in &schemas.bodies {
            assert!(
                schema.format.is_none() && schema.any_of.is_empty() && schema.one_of.is_empty(),
                "{endpoint}: not checked of a whole body"
            );
        }
        assert!(schemas.bodies.len() >= 34 && !schemas.import_row.properties.is_empty());
    }
}
