//! Checks the parameters of a query, which are texts, by a schema.

use super::violation::{Violation, first};
use super::{Additional, Schema, Types};
use users_core::model::JsonObject;

impl Schema {
    /// Checks the decoded parameters of a query. Those that the schema does not name are ignored unless it forbids them.
    pub(crate) fn check_query(&self, parameters: &[(String, String)]) -> Result<(), Violation> {
        let mut object = JsonObject::new();
        let is_closed = matches!(self.additional_properties, Additional::Allowed(false));
        for (name, text) in parameters {
            let json = match self.properties.get(name) {
                _ if object.contains_key(name) => continue,
                Some(schema) => {
                    let values = parameters.iter().filter(|(other, _)| other == name);
                    schema.converted(&values.map(|(_, value)| value.as_str()).collect::<Vec<_>>())
                }
                None if is_closed => quoted(text),
                None => continue,
            };
            // What `converted` and `quoted` return is JSON.
            let _ = object.insert_raw(name, &json);
        }
        first(|found| self.find_in_object(&object, found))
    }

    /// The values of a parameter as JSON of the type that the schema asks for, or as texts if they are not of that type. A parameter
    /// that is repeated is a list, as in Node's parser of queries.
    fn converted(&self, values: &[&str]) -> String {
        match values {
            [value] if !self.allows("array") => self.converted_value(value),
            values => {
                let items = self.items.as_deref();
                let convert =
                    |value: &&str| items.map_or_else(|| quoted(value), |items| items.converted_value(value));
                format!("[{}]", values.iter().map(convert).collect::<Vec<_>>().join(","))
            }
        }
    }

    fn converted_value(&self, value: &str) -> String {
        let as_number = || number(value).filter(|_| self.allows("integer") || self.allows("number"));
        let is_boolean = self.allows("boolean") && matches!(value, "true" | "false");
        if is_boolean { value.to_owned() } else { as_number().unwrap_or_else(|| quoted(value)) }
    }

    fn allows(&self, name: &str) -> bool {
        match &self.types {
            Types::Any => false,
            Types::One(one) => one == name,
            Types::Several(several) => several.iter().any(|one| one == name),
        }
    }
}

/// A decimal number as JSON, which has no leading zeros.
fn number(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let is_decimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_decimal(whole) || !fraction.is_none_or(is_decimal) {
        return None;
    }
    let significant = whole.trim_start_matches('0');
    let whole = if significant.is_empty() { "0" } else { significant };
    Some(fraction.map_or_else(|| format!("{sign}{whole}"), |fraction| format!("{sign}{whole}.{fraction}")))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Schema;

    fn message(schema: &str, parameters: &[(&str, &str)]) -> Option<String> {
        let schema: Schema = serde_json::from_str(schema).unwrap();
        let parameters: Vec<(String, String)> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        schema.check_query(&parameters).err().map(|violation| violation.to_string())
    }

    #[test]
    fn a_parameter_is_converted_to_its_type_and_checked() {
        let integer = r#"{"properties": {"a": {"type": "integer", "minimum": 0, "maximum": 1e15}}}"#;
        let kinds =
            r#"{"properties": {"a": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}}}}"#;
        let counts = r#"{"properties": {"a": {"type": "array", "items": {"type": "integer"}}}}"#;
        let names = r#"{"properties": {"a": {"type": "string", "x-each-of": ["id", "name"]}}}"#;
        let number = r#"{"properties": {"a": {"type": "number"}, "b": {"type": "string"}}}"#;
        let closed = r#"{"additionalProperties": false}"#;
        let is_not_integer = "'Expected type integer but found type string' on property a";
        for (schema, parameters, expected) in [
            (integer, &[("a", "5")][..], None),
            (integer, &[("a", "007")], None),
            (integer, &[("a", "-0")], None),
            (integer, &[("a", "5.0")], None),
            (integer, &[("a", "5.5")], Some("'Expected type integer but found type number' on property a")),
            (integer, &[("a", "-01")], Some("'Value -1 is less than minimum 0' on property a")),
            (integer, &[("a", "")], Some(is_not_integer)),
            (integer, &[("a", "-")], Some(is_not_integer)),
            (integer, &[("a", "5.")], Some(is_not_integer)),
            (integer, &[("a", "1e3")], Some(is_not_integer)),
            (integer, &[("a", "true")], Some(is_not_integer)),
            (
                integer,
                &[("a", "1"), ("a", "2")],
                Some("'Expected type integer but found type array' on property a"),
            ),
            (integer, &[("b", "1"), ("b", "2")], None),
            (kinds, &[("a", "x"), ("b", ""), ("a", "y")], None),
            (kinds, &[("a", "x"), ("a", "z")], Some("'No enum match for: z' on property a[1]")),
            (counts, &[("a", "1"), ("a", "2")], None),
            (counts, &[("a", "x")], Some("'Expected type integer but found type string' on property a[0]")),
            (names, &[("a", "id, name,")], None),
            (names, &[("a", "")], None),
            (
                names,
                &[("a", "id,x")],
                Some(
                    "'String 'id,x' does not match pattern. Must be a comma separated list of the following values: id,name' \
                     on property a",
                ),
            ),
            (number, &[("a", "1.50"), ("b", "1")], None),
            (closed, &[("a", "1"), ("b", "2")], Some("'Additional properties not allowed: b,a'")),
        ] {
            assert_eq!(message(schema, parameters).as_deref(), expected, "{schema} {parameters:?}");
        }
    }
}
