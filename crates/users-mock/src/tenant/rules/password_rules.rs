//! The rules of a password policy, as the error of a sign-up shows them.

use crate::tenant::object::set;
use serde_json::{Value, json};
use users_core::model::JsonObject;

/// A rule, and whether a password follows it. `%d` and `%s` of the message stand for the values of `format`.
#[derive(Debug)]
pub(crate) struct Rule {
    code: &'static str,
    message: &'static str,
    format: Vec<Value>,
    pub(crate) is_followed: bool,
    items: Vec<Rule>,
}

/// The kinds of characters, with what tells a character of the kind.
type Kind = (&'static str, &'static str, fn(char) -> bool);

const KINDS: [Kind; 4] = [
    ("lowerCase", "lower case letters (a-z)", char::is_lowercase),
    ("upperCase", "upper case letters (A-Z)", char::is_uppercase),
    ("numbers", "numbers (i.e. 0-9)", |character| character.is_ascii_digit()),
    ("specialCharacters", "special characters (e.g. !@#$%^&*)", |character| !character.is_alphanumeric()),
];

impl Rule {
    fn new(code: &'static str, message: &'static str, format: Vec<Value>, is_followed: bool) -> Self {
        Self { code, message, format, is_followed, items: Vec::new() }
    }

    pub(crate) fn length(least: usize, password: &str) -> Self {
        let is_followed = password.chars().count() >= least;
        Self::new("lengthAtLeast", "At least %d characters in length", vec![json!(least)], is_followed)
    }

    /// Three of the four kinds of characters.
    pub(crate) fn three_kinds(password: &str) -> Self {
        let items: Vec<Self> = KINDS.iter().map(|kind| Self::kind(kind, password)).collect();
        let is_followed = items.iter().filter(|item| item.is_followed).count() >= 3;
        let message = "Contain at least %d of the following %d types of characters:";
        Self { items, ..Self::new("containsAtLeast", message, vec![json!(3), json!(4)], is_followed) }
    }

    /// All kinds of characters but special ones.
    pub(crate) fn plain_kinds(password: &str) -> Self {
        let items: Vec<Self> = KINDS.iter().take(3).map(|kind| Self::kind(kind, password)).collect();
        let is_followed = items.iter().all(|item| item.is_followed);
        Self { items, ..Self::new("shouldContain", "Should contain:", Vec::new(), is_followed) }
    }

    fn kind((code, message, is_its): &Kind, password: &str) -> Self {
        Self::new(code, message, Vec::new(), password.chars().any(is_its))
    }

    /// No character three times in a row.
    pub(crate) fn no_three_identical(password: &str) -> Self {
        let characters: Vec<char> = password.chars().collect();
        let mut threes = characters.windows(3);
        let repeats = threes.any(|three| three.iter().all(|character| Some(character) == three.first()));
        let message = "No more than %d identical characters in a row (e.g., \"%s\" not allowed)";
        Self::new("identicalChars", message, vec![json!(2), json!("aaa")], !repeats)
    }

    fn shown(&self) -> JsonObject {
        let mut shown = JsonObject::new();
        set(&mut shown, "message", self.message);
        if !self.format.is_empty() {
            set(&mut shown, "format", &self.format);
        }
        set(&mut shown, "code", self.code);
        set(&mut shown, "verified", self.is_followed);
        if !self.items.is_empty() {
            set(&mut shown, "items", self.items.iter().map(Self::shown).collect::<Vec<_>>());
        }
        shown
    }

    /// The message with its values.
    fn text(&self) -> String {
        let mut values = self.format.iter();
        let mut parts = self.message.split('%');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let value = values
                .next()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned));
            match (value, part.get(1..)) {
                (Some(value), Some(rest)) if part.starts_with(['d', 's']) => {
                    text.push_str(&value);
                    text.push_str(rest);
                }
                _ => {
                    text.push('%');
                    text.push_str(part);
                }
            }
        }
        text
    }
}

/// The rules as the property `description` of an error.
pub(crate) fn description(rules: &[Rule]) -> JsonObject {
    let mut description = JsonObject::new();
    set(&mut description, "rules", rules.iter().map(Rule::shown).collect::<Vec<_>>());
    set(&mut description, "verified", rules.iter().all(|rule| rule.is_followed));
    description
}

/// The rules as the property `policy` of an error.
pub(crate) fn policy(rules: &[Rule]) -> String {
    let mut lines = Vec::new();
    for rule in rules {
        lines.push(format!("* {}", rule.text()));
        lines.extend(rule.items.iter().map(|item| format!(" * {}", item.text())));
    }
    lines.join("\n")
}
