//! The query syntax: Lucene's, with Auth0's restrictions.

use crate::tenant::config::IdSearch;
use crate::tenant::search::filter::{Bound, Effort, Filter, Path, Text, without_escapes};
use crate::tenant::search::normal::normalize;
use serde_json::Value;
use tantivy_query_grammar::{
    Delimiter, Occur, UserInputAst, UserInputBound, UserInputLeaf, UserInputLiteral,
};

/// The attributes that can be searched. The rest of a path, after its first dot, is not restricted.
pub(crate) const SEARCHABLE: &[&str] = &[
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

/// The attributes of what is searched.
pub(crate) struct Attributes {
    searchable: &'static [&'static str],
    /// Those in which a term without a field is not searched.
    not_bare: &'static [&'static str],
    /// Those that are compared without regard to case.
    case_insensitive: &'static [&'static str],
    /// Those that cannot be searched by ranges.
    no_ranges: &'static [&'static str],
    /// Those that cannot be searched by wildcards.
    no_wildcards: &'static [&'static str],
}

impl Attributes {
    /// Whether this attribute can be searched.
    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.searchable.contains(&attribute)
    }
}

const USERS: &Attributes = &Attributes {
    searchable: SEARCHABLE,
    not_bare: &["user_metadata"],
    case_insensitive: &["email", "name", "given_name", "family_name", "nickname", "email.domain"],
    no_ranges: &[],
    no_wildcards: &[],
};

/// Those of users, if their ids cannot be searched by ranges, by wildcards, or by both.
const WITHOUT_RANGES: &Attributes = &Attributes { no_ranges: &["user_id"], ..*USERS };
const WITHOUT_WILDCARDS: &Attributes = &Attributes { no_wildcards: &["user_id"], ..*USERS };
const BY_WHOLE_ID: &Attributes = &Attributes { no_wildcards: &["user_id"], ..*WITHOUT_RANGES };

/// Those of log entries.
pub(crate) const LOGS: &Attributes = &Attributes {
    searchable: &[
        "client_id",
        "client_name",
        "connection",
        "connection_id",
        "date",
        "description",
        "hostname",
        "ip",
        "log_id",
        "organization_id",
        "strategy",
        "strategy_type",
        "type",
        "user_agent",
        "user_id",
        "user_name",
    ],
    not_bare: &[
        "client_id",
        "connection_id",
        "date",
        "hostname",
        "organization_id",
        "strategy",
        "strategy_type",
        "user_agent",
        "user_id",
    ],
    case_insensitive: &[],
    no_ranges: &[],
    no_wildcards: &[],
};

/// The number of characters that must follow a leading wildcard.
const MIN_AFTER_WILDCARD: usize = 3;

/// The number of terms and ranges that a query may have, which is Lucene's limit.
const MAX_TERMS: usize = 1024;

/// A parsed query.
pub(crate) struct Query(Filter);

impl Query {
    /// Parses a query for users, in time proportional to its length. An empty one matches every user.
    pub(crate) fn parse(text: &str, config: IdSearch) -> Result<Self, Unusable> {
        let attributes = match (config.by_ranges, config.by_wildcards) {
            (true, true) => USERS,
            (false, true) => WITHOUT_RANGES,
            (true, false) => WITHOUT_WILDCARDS,
            (false, false) => BY_WHOLE_ID,
        };
        Self::parse_for(attributes, text)
    }

    /// Parses a query for objects with these attributes.
    pub(crate) fn parse_for(attributes: &Attributes, text: &str) -> Result<Self, Unusable> {
        let normal = normalize(text).map_err(rejected)?;
        if normal.is_empty() {
            return Ok(Self(Filter::All));
        }
        let parsed = tantivy_query_grammar::parse_query(&normal).map_err(|_| rejected(NOT_LUCENE))?;
        let mut terms = 0;
        Ok(Self(filter(attributes, parsed, &mut terms)?))
    }

    /// Whether it matches every user.
    pub(crate) fn matches_all(&self) -> bool {
        matches!(self.0, Filter::All)
    }

    /// What it consists of.
    pub(crate) fn filter(&self) -> &Filter {
        &self.0
    }

    /// Whether it matches a user; `false` once the effort is spent.
    pub(crate) fn matches(&self, user: &Value, effort: &Effort) -> bool {
        self.0.matches(user, effort)
    }
}

const NOT_LUCENE: &str = "it is not Lucene's syntax";

/// Why a query is rejected.
#[derive(Debug)]
pub(crate) struct Unusable(pub(crate) String);

impl Unusable {
    /// Its evaluation takes too long.
    pub(crate) fn effort() -> Self {
        rejected("it takes too much work")
    }
}

fn rejected(why: &str) -> Unusable {
    Unusable(why.to_owned())
}

/// Turns a parsed query into a filter; rejects what Auth0 does not support.
fn filter(attributes: &Attributes, query: UserInputAst, terms: &mut usize) -> Result<Filter, Unusable> {
    match query {
        UserInputAst::Boost(inner, _) => filter(attributes, *inner, terms),
        UserInputAst::Leaf(leaf) => {
            *terms += 1;
            if *terms > MAX_TERMS {
                return Err(rejected(&format!("it has more than {MAX_TERMS} terms")));
            }
            self::leaf(attributes, *leaf)
        }
        UserInputAst::Clause(parts) => {
            let (mut must, mut must_not, mut should) = (Vec::new(), Vec::new(), Vec::new());
            for (occur, part) in parts {
                let (occur, part) = excluded(occur, part);
                let part = filter(attributes, part, terms)?;
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

/// A negation among parts without operators is an excluded part, as if it was written with `-`. The parser does so outside groups only.
fn excluded(occur: Option<Occur>, part: UserInputAst) -> (Option<Occur>, UserInputAst) {
    match (occur, part) {
        (None, UserInputAst::Clause(mut parts)) if parts.len() == 1 => {
            parts.pop().unwrap_or_else(|| (None, UserInputAst::empty_query()))
        }
        other => other,
    }
}

fn leaf(attributes: &Attributes, leaf: UserInputLeaf) -> Result<Filter, Unusable> {
    match leaf {
        UserInputLeaf::All => Ok(Filter::All),
        UserInputLeaf::Literal(literal) => term(attributes, &literal),
        UserInputLeaf::Exists { field } => Ok(Filter::Exists(path(attributes, &field)?)),
        UserInputLeaf::Range { field: Some(field), lower, upper } => {
            if field.starts_with("user_metadata") {
                return Err(rejected("user_metadata cannot be searched by ranges"));
            }
            if attributes.no_ranges.contains(&field.as_str()) {
                return Err(rejected(&format!("{field} cannot be searched by ranges")));
            }
            let path = path(attributes, &field)?;
            let (lower, upper) = (bound(&path, &lower), bound(&path, &upper));
            Ok(Filter::Range { path, lower, upper })
        }
        _ => Err(rejected(NOT_LUCENE)),
    }
}

fn term(attributes: &Attributes, literal: &UserInputLiteral) -> Result<Filter, Unusable> {
    let text = match literal.delimiter {
        Delimiter::None => Text::word(&literal.phrase),
        _ => Text::quoted(&literal.phrase),
    };
    let is_pattern = matches!(text, Text::Pattern { .. });
    if text.after_wildcard().is_some_and(|count| count < MIN_AFTER_WILDCARD) {
        return Err(rejected("a leading wildcard needs three characters after it"));
    }
    match literal.field_name.as_deref() {
        Some("_exists_") => {
            let is_quoted = literal.delimiter != Delimiter::None;
            let name = if is_quoted { literal.phrase.clone() } else { without_escapes(&literal.phrase) };
            Ok(Filter::Exists(path(attributes, &name)?))
        }
        Some(field) if is_pattern && field.contains("_metadata") => {
            path(attributes, field)?;
            Err(rejected("metadata cannot be searched by wildcards"))
        }
        Some(field) if is_pattern && attributes.no_wildcards.contains(&field) => {
            Err(rejected(&format!("{field} cannot be searched by wildcards")))
        }
        Some(field) => Ok(Filter::Term { path: path(attributes, field)?, text }),
        // A wildcard is searched in no metadata.
        None => {
            let fields = attributes.searchable.iter().filter(|field| !attributes.not_bare.contains(field));
            let fields = fields.filter(|field| !is_pattern || !field.contains("_metadata"));
            let fields = fields.map(|field| path(attributes, field)).collect::<Result<_, _>>()?;
            Ok(Filter::Anywhere { fields, text })
        }
    }
}

fn bound(path: &Path, bound: &UserInputBound) -> Bound {
    match bound {
        UserInputBound::Unbounded => Bound::open(),
        UserInputBound::Inclusive(text) => Bound::new(text, path.is_case_insensitive(), false),
        UserInputBound::Exclusive(text) => Bound::new(text, path.is_case_insensitive(), true),
    }
}

fn path(attributes: &Attributes, field: &str) -> Result<Path, Unusable> {
    let root = field.split('.').next().unwrap_or_default();
    if !attributes.has(root) {
        return Err(rejected(&format!("{field} cannot be searched by")));
    }
    Ok(Path::new(field, attributes.case_insensitive.contains(&field)))
}
