//! The search syntax: Lucene's, with what Auth0 makes of it.

mod filter;
mod normal;

pub(super) use filter::{Effort, text};

use super::answer::Failure;
use filter::{Bound, Filter, Path, Text};
use serde_json::Value;
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

/// How many terms and ranges a query may hold; Lucene's own limit.
const MOST_TERMS: usize = 1024;

/// A search, read and checked.
pub(super) struct Query(Filter);

impl Query {
    /// Reads a query; an empty one finds everybody. The time is proportional to the length.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let normal = normal::normalize(text).map_err(refuse)?;
        if normal.is_empty() {
            return Ok(Self(Filter::Everyone));
        }
        let parsed = tantivy_query_grammar::parse_query(&normal).map_err(|_| refuse(NOT_LUCENE))?;
        let mut terms = 0;
        Ok(Self(filter(parsed, &mut terms)?))
    }

    /// Whether every user is found.
    pub(super) fn finds_everyone(&self) -> bool {
        matches!(self.0, Filter::Everyone)
    }

    /// Whether a user is found; never, once the effort is spent.
    pub(super) fn finds(&self, user: &Value, effort: &Effort) -> bool {
        self.0.holds(user, effort)
    }
}

const NOT_LUCENE: &str = "it is not Lucene's syntax";

pub(super) fn refuse(why: &str) -> Failure {
    Failure::bad_request("invalid_query_string", format!("The query cannot be used: {why}."))
}

/// Turns a parsed query into what is evaluated; refuses what Auth0 does not search by.
fn filter(query: UserInputAst, terms: &mut usize) -> Result<Filter, Failure> {
    match query {
        UserInputAst::Boost(inner, _) => filter(*inner, terms),
        UserInputAst::Leaf(leaf) => {
            *terms += 1;
            if *terms > MOST_TERMS {
                return Err(refuse(&format!("it has more than {MOST_TERMS} terms")));
            }
            self::leaf(*leaf)
        }
        UserInputAst::Clause(parts) => {
            let (mut must, mut must_not, mut should) = (Vec::new(), Vec::new(), Vec::new());
            for (occur, part) in parts {
                let part = filter(part, terms)?;
                match occur {
                    Some(Occur::Must) => must.push(part),
                    Some(Occur::MustNot) => must_not.push(part),
                    Some(Occur::Should) | None => should.push(part),
                }
            }
            Ok(Filter::Clause { must, must_not, should })
        }
    }
}

fn leaf(leaf: UserInputLeaf) -> Result<Filter, Failure> {
    match leaf {
        UserInputLeaf::All => Ok(Filter::Everyone),
        UserInputLeaf::Literal(literal) => term(&literal),
        UserInputLeaf::Exists { field } => Ok(Filter::Exists(path(&field)?)),
        UserInputLeaf::Range { field: Some(field), lower, upper } => {
            if field.starts_with("user_metadata") {
                return Err(refuse("user_metadata cannot be searched by ranges"));
            }
            Ok(Filter::Range { path: path(&field)?, lower: bound(&lower), upper: bound(&upper) })
        }
        _ => Err(refuse(NOT_LUCENE)),
    }
}

fn term(literal: &UserInputLiteral) -> Result<Filter, Failure> {
    let text = match literal.delimiter {
        Delimiter::None => Text::word(&literal.phrase),
        _ => Text::quoted(&literal.phrase),
    };
    let is_pattern = matches!(text, Text::Pattern { .. });
    if text.behind_wildcard().is_some_and(|letters| letters < LEAST_BEHIND_WILDCARD) {
        return Err(refuse("a wildcard at the beginning needs three letters behind it"));
    }
    match literal.field_name.as_deref() {
        Some("_exists_") => Ok(Filter::Exists(path(&literal.phrase)?)),
        Some(field) if is_pattern && field.contains("_metadata") => {
            path(field)?;
            Err(refuse("metadata cannot be searched by wildcards"))
        }
        Some(field) => Ok(Filter::Term { path: path(field)?, text }),
        // A term without a field is sought everywhere but in what users may change themselves, and no wildcard is in metadata.
        None => {
            let fields = SEARCHABLE.iter().filter(|field| **field != "user_metadata");
            let fields = fields.filter(|field| !is_pattern || !field.contains("_metadata"));
            Ok(Filter::Anywhere { fields: fields.map(|field| path(field)).collect::<Result<_, _>>()?, text })
        }
    }
}

fn bound(bound: &UserInputBound) -> Bound {
    match bound {
        UserInputBound::Unbounded => Bound::open(),
        UserInputBound::Inclusive(text) => Bound::new(text, false),
        UserInputBound::Exclusive(text) => Bound::new(text, true),
    }
}

fn path(field: &str) -> Result<Path, Failure> {
    let root = field.split('.').next().unwrap_or_default();
    if !SEARCHABLE.contains(&root) {
        return Err(refuse(&format!("{field} cannot be searched by")));
    }
    Ok(Path::new(field, CASELESS.contains(&field)))
}
