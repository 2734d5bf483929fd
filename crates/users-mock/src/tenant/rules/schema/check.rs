//! Checks a value by a schema, with Auth0's messages.
//!
//! Recorded messages have the texts and the order of z-schema for JavaScript, which reads properties and items from the last to the
//! first: the recorded `Additional properties not allowed: second_setting,first_setting` answers a body with `first_setting` before
//! `second_setting`. So of several violations, the last one is reported.

use super::violation::{Found, Violation, first};
use super::{Additional, Schema, Types};
use serde_json::value::RawValue;
use std::collections::HashMap;
use users_core::model::JsonObject;
use users_core::model::json::unquote;

impl Schema {
    /// Checks a value. The schema bounds the depth, so the time is linear in the length of the text.
    pub(crate) fn check(&self, json: &str) -> Result<(), Violation> {
        first(|found| self.find(json, found))
    }

    /// Checks a body that is an object, for which Auth0 states no format and no alternatives.
    pub(crate) fn check_body(&self, object: &JsonObject) -> Result<(), Violation> {
        first(|found| {
            self.find_type("{}", found);
            self.find_in_object(object, found);
        })
    }

    /// All violations of a value, with the one first that [`check`](Self::check) reports.
    pub(crate) fn violations(&self, json: &str) -> Vec<Violation> {
        let mut found = Found::default();
        self.find(json, &mut found);
        found.violations
    }

    fn find(&self, json: &str, found: &mut Found) {
        if !self.find_type(json, found) {
            return;
        }
        match json.as_bytes().first() {
            Some(b'{') if self.has_rules_for_objects() => {
                let object = JsonObject::from_json(json).unwrap_or_default();
                self.find_in_object(&object, found);
            }
            Some(b'[') => self.find_in_array(json, found),
            Some(b'"') => self.find_in_string(json, found),
            Some(b'-' | b'0'..=b'9') => self.find_in_number(json, found),
            _ => {}
        }
        if !found.is_enough() {
            self.find_format(json, found);
            self.find_alternatives(json, found);
        }
    }

    fn add(&self, found: &mut Found, code: &'static str, reason: String) {
        found.add(Violation { code, reason, path: String::new(), description: self.description.clone() });
    }

    /// A value as a message quotes it.
    fn quoted<'a>(&self, value: &'a str) -> &'a str {
        if self.secret { "*****" } else { value }
    }

    /// Whether the value has the type, without which the other rules do not apply.
    fn find_type(&self, json: &str, found: &mut Found) -> bool {
        let actual = type_of(json);
        let is_one = |allowed: &str| allowed == actual || (allowed == "number" && actual == "integer");
        let (is_allowed, expected) = match &self.types {
            Types::Any => return true,
            Types::One(one) => (is_one(one), one.clone()),
            Types::Several(several) => (several.iter().any(|one| is_one(one)), several.join(",")),
        };
        if !is_allowed {
            self.add(found, "INVALID_TYPE", format!("Expected type {expected} but found type {actual}"));
        }
        is_allowed
    }

    fn has_rules_for_objects(&self) -> bool {
        !matches!(self.additional_properties, Additional::Allowed(true))
            || !self.properties.is_empty()
            || !self.required.is_empty()
            || self.min_properties.is_some()
            || self.max_properties.is_some()
    }

    pub(super) fn find_in_object(&self, object: &JsonObject, found: &mut Found) {
        if let Additional::Allowed(false) = self.additional_properties {
            let mut unknown: Vec<&str> =
                object.keys().filter(|key| !self.properties.contains_key(*key)).collect();
            if !unknown.is_empty() {
                unknown.reverse();
                let hint = self.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                let reason = format!("Additional properties not allowed: {}{hint}", unknown.join(","));
                self.add(found, "NOT_PASSED", reason);
            }
        }
        let count = object.len();
        if let Some(most) = self.max_properties.filter(|most| count > *most) {
            let reason = format!("Too many properties defined ({count}), maximum {most}");
            self.add(found, "NOT_PASSED", reason);
        }
        if let Some(least) = self.min_properties.filter(|least| count < *least) {
            let reason = format!("Too few properties defined ({count}), minimum {least}");
            self.add(found, "NOT_PASSED", reason);
        }
        for missing in self.required.iter().rev().filter(|key| !object.contains_key(key)) {
            self.add(found, "OBJECT_REQUIRED", format!("Missing required property: {missing}"));
        }
        if found.is_enough() {
            return;
        }
        let entries: Vec<(&str, &str)> = object.iter().collect();
        for (key, json) in entries.into_iter().rev() {
            let schema = match (self.properties.get(key), &self.additional_properties) {
                (Some(schema), _) => schema,
                (None, Additional::Schema(schema)) => schema,
                (None, Additional::Allowed(_)) => continue,
            };
            let count = found.violations.len();
            schema.find(json, found);
            found.place(count, key);
            if found.is_enough() {
                return;
            }
        }
    }

    fn find_in_array(&self, json: &str, found: &mut Found) {
        let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
        if self.unique_items {
            let mut seen = HashMap::new();
            for (index, item) in items.iter().enumerate() {
                if let Some(first) = seen.insert(item.get(), index) {
                    let reason = format!("Array items are not unique (indexes {first} and {index})");
                    self.add(found, "NOT_PASSED", reason);
                    break;
                }
            }
        }
        let count = items.len();
        if let Some(most) = self.max_items.filter(|most| count > *most) {
            // Its items are not examined, so that there are few violations.
            self.add(found, "ARRAY_LENGTH_LONG", format!("Array is too long ({count}), maximum {most}"));
            return;
        }
        if let Some(least) = self.min_items.filter(|least| count < *least) {
            self.add(found, "ARRAY_LENGTH_SHORT", format!("Array is too short ({count}), minimum {least}"));
        }
        let Some(schema) = &self.items else { return };
        for (index, item) in items.iter().enumerate().rev() {
            if found.is_enough() {
                return;
            }
            let count = found.violations.len();
            schema.find(item.get(), found);
            found.place(count, &format!("[{index}]"));
        }
    }

    fn find_in_string(&self, json: &str, found: &mut Found) {
        // The text is valid JSON, so it has no invalid escapes. A lone surrogate counts as one character.
        let text = unquote(json).unwrap_or_default();
        let quoted = self.quoted(&text);
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.0.is_match(&text)) {
            let reason = format!("String does not match pattern {}: {quoted}", pattern.0);
            self.add(found, "PATTERN", reason);
        }
        if let Some(names) = self.names.as_ref().filter(|names| !is_list_of(&text, names)) {
            let rule = "does not match pattern. Must be a comma separated list of the following values";
            self.add(found, "PATTERN", format!("String '{text}' {rule}: {}", names.join(",")));
        }
        if self.values.as_ref().is_some_and(|values| !values.contains(&text)) {
            self.add(found, "ENUM_MISMATCH", format!("No enum match for: {quoted}"));
        }
        let length = text.chars().count();
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            self.add(found, "MAX_LENGTH", format!("String is too long ({length} chars), maximum {most}"));
        }
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            self.add(found, "MIN_LENGTH", format!("String is too short ({length} chars), minimum {least}"));
        }
    }

    /// Compares as numbers of JavaScript, and quotes the number as it was written.
    fn find_in_number(&self, json: &str, found: &mut Found) {
        let number: f64 = json.parse().unwrap_or_default();
        if let Some(most) =
            self.maximum.as_ref().filter(|most| most.as_f64().is_some_and(|most| number > most))
        {
            self.add(found, "MAXIMUM", format!("Value {json} is greater than maximum {most}"));
        }
        if let Some(least) =
            self.minimum.as_ref().filter(|least| least.as_f64().is_some_and(|least| number < least))
        {
            self.add(found, "MINIMUM", format!("Value {json} is less than minimum {least}"));
        }
    }

    fn find_format(&self, json: &str, found: &mut Found) {
        let Some(format) = self.format else { return };
        if let Err(part) = format.check(json) {
            let (name, quoted) = (format.name(), self.quoted(&part));
            let reason = format!("Object didn't pass validation for format {name}: {quoted}");
            self.add(found, "FORMAT", reason);
        }
    }

    /// The alternatives of `oneOf` are of different types, so a value fits one of them at most.
    fn find_alternatives(&self, json: &str, found: &mut Found) {
        for (keyword, code, schemas) in
            [("anyOf", "ANY_OF_MISSING", &self.any_of), ("oneOf", "NOT_PASSED", &self.one_of)]
        {
            if !schemas.is_empty() && !schemas.iter().any(|schema| schema.check(json).is_ok()) {
                self.add(found, code, format!("Data does not match any schemas from '{keyword}'"));
            }
        }
    }
}

/// Whether a text lists only these names. It may be empty or end with a comma.
fn is_list_of(text: &str, names: &[String]) -> bool {
    let mut listed = text.split(',').map(str::trim);
    listed.all(|listed| listed.is_empty() || names.iter().any(|name| name == listed))
}

/// The type of a JSON value, as JavaScript has it: an integer may have a fraction of zero, and a number may be too large.
fn type_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => match json.parse::<f64>() {
            Ok(number) if number.fract() == 0.0 => "integer",
            Ok(number) if number.is_finite() => "number",
            _ => "unknown-number",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Schema;

    fn message(schema: &str, json: &str) -> Option<String> {
        let schema: Schema = serde_json::from_str(schema).unwrap();
        schema.check(json).err().map(|violation| violation.to_string())
    }

    #[test]
    fn messages_are_worded_and_ordered_as_auth0_does() {
        let closed = r#"{"properties": {"settings": {"additionalProperties": false, "description": "Specific provider setting."}}}"#;
        let scopes = r#"{"properties": {"scopes": {"items": {"required": ["value"]}}}}"#;
        let policies = r#"{"properties": {"refresh_token": {"properties": {"policies": {"minItems": 1, "description": "A collection"}}}}}"#;
        for (source, schema, json, expected) in [
            (
                "recorded: ruby-auth0, Emails/_configure_provider",
                closed,
                r#"{"settings": {"first_setting": "", "second_setting": ""}}"#,
                "'Additional properties not allowed: second_setting,first_setting' on property settings (Specific provider setting)",
            ),
            (
                "recorded: terraform-provider-auth0, NetworkACL",
                r#"{"properties": {"match": {"uniqueItems": true}}}"#,
                r#"{"match": ["a", "a"]}"#,
                "'Array items are not unique (indexes 0 and 1)' on property match",
            ),
            (
                "alexkappa/terraform-provider-auth0#203",
                scopes,
                r#"{"scopes": [{}, {}, {}]}"#,
                "'Missing required property: value' on property scopes[2]",
            ),
            (
                "auth0/terraform-provider-auth0#1236",
                policies,
                r#"{"refresh_token": {"policies": []}}"#,
                "'Array is too short (0), minimum 1' on property refresh_token.policies (A collection)",
            ),
            (
                "alexkappa/terraform-provider-auth0#185",
                r#"{"minProperties": 1}"#,
                "{}",
                "'Too few properties defined (0), minimum 1'",
            ),
            (
                "z-schema 3",
                r#"{"type": ["string", "null"]}"#,
                "5",
                "'Expected type string,null but found type integer'",
            ),
            (
                "z-schema 3",
                r#"{"pattern": "^[a-z]+$"}"#,
                r#""A""#,
                "'String does not match pattern ^[a-z]+$: A'",
            ),
            ("z-schema 3", r#"{"enum": ["a", "b"]}"#, r#""c""#, "'No enum match for: c'"),
            ("z-schema 3", r#"{"maxItems": 1}"#, "[1, 2]", "'Array is too long (2), maximum 1'"),
            (
                "z-schema 3",
                r#"{"maxProperties": 0}"#,
                r#"{"a": 1}"#,
                "'Too many properties defined (1), maximum 0'",
            ),
            ("z-schema 3", r#"{"minimum": 0}"#, "-1", "'Value -1 is less than minimum 0'"),
            (
                "z-schema 3",
                r#"{"oneOf": [{"type": "string"}, {"type": "integer"}]}"#,
                "true",
                "'Data does not match any schemas from 'oneOf''",
            ),
            (
                "z-schema 3",
                r#"{"anyOf": [{"type": "null"}]}"#,
                "true",
                "'Data does not match any schemas from 'anyOf''",
            ),
        ] {
            assert_eq!(message(schema, json).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn numbers_of_any_precision_and_lone_surrogates_are_values_like_others() {
        let long = "1".repeat(30);
        for (schema, json, expected) in [
            (r#"{"type": "integer"}"#, long.as_str(), None),
            (r#"{"type": "integer"}"#, "5.0", None),
            (r#"{"type": "integer"}"#, "5.5", Some("'Expected type integer but found type number'")),
            (
                r#"{"type": "integer"}"#,
                "1e400",
                Some("'Expected type integer but found type unknown-number'"),
            ),
            (r#"{"type": "number"}"#, long.as_str(), None),
            (r#"{"maximum": 10}"#, "1e400", Some("'Value 1e400 is greater than maximum 10'")),
            (r#"{"maxLength": 2}"#, r#""\ud800\ud83d\ude00""#, None),
            (
                r#"{"maxLength": 1}"#,
                r#""\ud800\ud83d\ude00""#,
                Some("'String is too long (2 chars), maximum 1'"),
            ),
            (
                r#"{"additionalProperties": false}"#,
                r#"{"\ud800": 1}"#,
                Some("'Additional properties not allowed: \u{fffd}\u{fffd}\u{fffd}'"),
            ),
            (r#"{"format": "metadata"}"#, r#"{"a": {"b.c": 1e400}, "\ud800": []}"#, None),
        ] {
            assert_eq!(message(schema, json).as_deref(), expected, "{schema} {json}");
        }
    }
}
