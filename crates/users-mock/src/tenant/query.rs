//! The search syntax: Lucene's, with what Auth0 makes of it.

use super::answer::Failure;
use serde_json::Value;
use std::cmp::Ordering;
use tantivy_query_grammar::{
    Delimiter, Occur, UserInputAst, UserInputBound, UserInputLeaf, UserInputLiteral,
};

/// The attributes that can be searched; what stands behind a first dot is the tenant's own.
pub(super) const SEARCHABLE: &[&str] = &[
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

/// How many letters a wildcard at the beginning must have behind it.
const LEAST_BEHIND_WILDCARD: usize = 3;

/// How deep a query may be nested.
const DEEPEST: usize = 50;

/// A search, read and checked.
pub(super) struct Query(Option<UserInputAst>);

impl Query {
    /// Reads a query; nothing finds everybody.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(None));
        }
        // The parser reads brackets by recursion.
        if text.matches('(').count() > DEEPEST {
            return Err(refuse("it is nested too deeply"));
        }
        let spelled = spell_out(text);
        let parsed =
            tantivy_query_grammar::parse_query(&spelled).map_err(|_| refuse("it is not Lucene's syntax"))?;
        check(&parsed)?;
        Ok(Self(Some(parsed)))
    }

    /// Whether a user is among those who are sought.
    pub(super) fn finds(&self, user: &Value) -> bool {
        self.0.as_ref().is_none_or(|query| holds(query, user))
    }
}

fn refuse(why: &str) -> Failure {
    Failure::bad_request("invalid_query_string", format!("The query cannot be used: {why}."))
}

/// Writes `&&`, `||` and `!` as words, outside quotes.
fn spell_out(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut in_quotes = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                spelled.push(character);
                spelled.extend(characters.next());
                continue;
            }
            '"' => in_quotes = !in_quotes,
            '&' | '|' if !in_quotes && spelled.ends_with(' ') && characters.peek() == Some(&character) => {
                characters.next();
                spelled.push_str(if character == '&' { "AND" } else { "OR" });
                continue;
            }
            '!' if !in_quotes && (spelled.is_empty() || spelled.ends_with([' ', '('])) => {
                spelled.push_str("NOT ");
                continue;
            }
            _ => {}
        }
        spelled.push(character);
    }
    spelled
}

/// Refuses what Auth0 does not search by.
fn check(query: &UserInputAst) -> Result<(), Failure> {
    match query {
        UserInputAst::Clause(parts) => parts.iter().try_for_each(|(_, part)| check(part)),
        UserInputAst::Boost(inner, _) => check(inner),
        UserInputAst::Leaf(leaf) => match &**leaf {
            UserInputLeaf::All => Ok(()),
            UserInputLeaf::Literal(literal) => check_literal(literal),
            UserInputLeaf::Exists { field } => check_field(field),
            UserInputLeaf::Range { field: Some(field), .. } => {
                check_field(field)?;
                if field.starts_with("user_metadata") {
                    return Err(refuse("user_metadata cannot be searched by ranges"));
                }
                Ok(())
            }
            _ => Err(refuse("it is not Lucene's syntax")),
        },
    }
}

fn check_literal(literal: &UserInputLiteral) -> Result<(), Failure> {
    if literal.field_name.as_deref() == Some("_exists_") {
        return check_field(&literal.phrase);
    }
    if let Some(field) = &literal.field_name {
        check_field(field)?;
    }
    if is_pattern(literal) {
        if literal.field_name.as_deref().is_some_and(|field| field.contains("_metadata")) {
            return Err(refuse("metadata cannot be searched by wildcards"));
        }
        let behind = literal.phrase.trim_start_matches('*').chars().count();
        if literal.phrase.starts_with('*') && behind < LEAST_BEHIND_WILDCARD {
            return Err(refuse("a wildcard at the beginning needs three letters behind it"));
        }
    }
    Ok(())
}

fn check_field(field: &str) -> Result<(), Failure> {
    let root = field.split('.').next().unwrap_or_default();
    if SEARCHABLE.contains(&root) { Ok(()) } else { Err(refuse(&format!("{field} cannot be searched by"))) }
}

fn is_pattern(literal: &UserInputLiteral) -> bool {
    matches!(literal.delimiter, Delimiter::None) && literal.phrase.contains(['*', '?'])
}

fn holds(query: &UserInputAst, user: &Value) -> bool {
    match query {
        UserInputAst::Boost(inner, _) => holds(inner, user),
        UserInputAst::Leaf(leaf) => leaf_holds(leaf, user),
        UserInputAst::Clause(parts) => {
            let of = |wanted: Option<Occur>| {
                parts.iter().filter(move |(occur, _)| *occur == wanted).map(|(_, part)| part)
            };
            let must = of(Some(Occur::Must)).all(|part| holds(part, user));
            let must_not = !of(Some(Occur::MustNot)).any(|part| holds(part, user));
            let mut should = of(Some(Occur::Should)).chain(of(None)).peekable();
            // What stands side by side is one or the other, unless something must be.
            let is_optional = should.peek().is_none() || of(Some(Occur::Must)).next().is_some();
            must && must_not && (is_optional || should.any(|part| holds(part, user)))
        }
    }
}

fn leaf_holds(leaf: &UserInputLeaf, user: &Value) -> bool {
    match leaf {
        UserInputLeaf::All => true,
        UserInputLeaf::Exists { field } => !values(user, field).is_empty(),
        UserInputLeaf::Range { field: Some(field), lower, upper } => {
            values(user, field).iter().any(|value| above(value, lower) && below(value, upper))
        }
        UserInputLeaf::Literal(literal) => match literal.field_name.as_deref() {
            Some("_exists_") => !values(user, &literal.phrase).is_empty(),
            Some(field) => {
                values(user, field).iter().any(|value| matches(literal, value, CASELESS.contains(&field)))
            }
            // A term without a field is sought everywhere but in what users may change themselves.
            None => SEARCHABLE.iter().filter(|field| **field != "user_metadata").any(|field| {
                deep_values(user, field).iter().any(|value| matches(literal, value, CASELESS.contains(field)))
            }),
        },
        _ => false,
    }
}

fn matches(literal: &UserInputLiteral, value: &str, caseless: bool) -> bool {
    let fold = |text: &str| if caseless { text.to_lowercase() } else { text.to_owned() };
    let (sought, value) = (fold(&literal.phrase), fold(value));
    if is_pattern(literal) {
        let (sought, value): (Vec<char>, Vec<char>) = (sought.chars().collect(), value.chars().collect());
        return fits_pattern(&sought, &value);
    }
    sought == value
}

/// Whether a value fits a pattern of `*` and `?`. It goes back to the last `*` only, so no pattern takes long.
fn fits_pattern(pattern: &[char], value: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = value.get(seen) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                at += 1;
                seen += 1;
            }
            _ => match star {
                Some((place, from)) => {
                    star = Some((place, from + 1));
                    at = place + 1;
                    seen = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

fn above(value: &str, bound: &UserInputBound) -> bool {
    match bound {
        UserInputBound::Unbounded => true,
        UserInputBound::Inclusive(bound) | UserInputBound::Exclusive(bound) if bound == "*" => true,
        UserInputBound::Inclusive(bound) => order(value, bound) != Ordering::Less,
        // A day that is excluded is excluded as a whole.
        UserInputBound::Exclusive(bound) => {
            order(value, bound) == Ordering::Greater && !is_within(value, bound)
        }
    }
}

fn below(value: &str, bound: &UserInputBound) -> bool {
    match bound {
        UserInputBound::Unbounded => true,
        UserInputBound::Inclusive(bound) | UserInputBound::Exclusive(bound) if bound == "*" => true,
        // A day that is included is included to its end.
        UserInputBound::Inclusive(bound) => {
            order(value, bound) != Ordering::Greater || is_within(value, bound)
        }
        UserInputBound::Exclusive(bound) => order(value, bound) == Ordering::Less,
    }
}

/// Whether a moment lies within a day, month or year that is written as its beginning.
fn is_within(value: &str, bound: &str) -> bool {
    let is_date = bound.len() >= 4
        && bound.chars().all(|c| c.is_ascii_digit() || c == '-')
        && bound.len() < value.len();
    is_date && value.contains('T') && value.starts_with(bound)
}

fn order(value: &str, bound: &str) -> Ordering {
    match (value.parse::<f64>(), bound.parse::<f64>()) {
        (Ok(value), Ok(bound)) => value.partial_cmp(&bound).unwrap_or(Ordering::Equal),
        _ => value.cmp(bound),
    }
}

/// All values of a path, as text; lists on the way count as their items, and an empty one as nothing.
fn values(user: &Value, path: &str) -> Vec<String> {
    if path == "email.domain" {
        let emails = values(user, "email");
        return emails.iter().filter_map(|email| Some(email.rsplit_once('@')?.1.to_owned())).collect();
    }
    let mut found = vec![user];
    for name in path.split('.') {
        found = found.into_iter().flat_map(items).filter_map(|value| value.get(name)).collect();
    }
    let plain_ones =
        found.into_iter().flat_map(items).filter(|value| !matches!(value, Value::Null | Value::Object(_)));
    plain_ones.map(plain).collect()
}

/// All values below a path, however deep.
fn deep_values(user: &Value, path: &str) -> Vec<String> {
    fn gather(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Null => {}
            Value::Array(list) => list.iter().for_each(|item| gather(item, found)),
            Value::Object(object) => object.values().for_each(|item| gather(item, found)),
            other => found.push(plain(other)),
        }
    }
    let mut found = Vec::new();
    if let Some(value) = user.get(path) {
        gather(value, &mut found);
    }
    found
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(items).collect(),
        other => vec![other],
    }
}

/// A value as text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
