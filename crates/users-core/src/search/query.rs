//! A query and its operators.

use super::balance::parenthesized;
use crate::error::Error;
use std::borrow::Cow;

/// A query for users: built from the fields in [`field`](super::field), or written in Auth0's syntax and taken by [`raw`](Self::raw).
///
/// What Auth0 would refuse, or read as something else, is refused here. A query keeps such a refusal, so that conditions can be combined
/// without a `?` after each; the call that it is given to fails with it before anything is sent, as does [`to_text`](Self::to_text).
///
/// ```
/// use users_core::search::{Query, field};
///
/// let query = field::EMAIL_DOMAIN.equals("example.com").and(field::LOGINS_COUNT.at_least(10)).and(field::BLOCKED.is(true).not());
/// assert_eq!(query.to_text()?, r#"email.domain:"example.com" AND logins_count:[10 TO *] AND NOT blocked:true"#);
///
/// // Written by hand, and enclosed in parentheses where it is combined.
/// let query = Query::raw("name:ada* OR nickname:ada*").and(field::PHONE_VERIFIED.is(true));
/// assert_eq!(query.to_text()?, "(name:ada* OR nickname:ada*) AND phone_verified:true");
///
/// // Two letters after a wildcard are too few for Auth0.
/// let refused = field::NAME.contains("da").and(field::BLOCKED.is(true)).to_text().unwrap_err();
/// assert_eq!(refused.message(), "name cannot be searched for \"da\" after a wildcard: Auth0 needs 3 characters");
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// <https://auth0.com/docs/manage-users/user-search/user-search-query-syntax>
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is given to a call"]
pub struct Query(Result<Form, Cow<'static, str>>);

/// A query that is not refused.
#[derive(Clone, Debug)]
struct Form {
    /// For a negation, what is negated.
    text: String,
    kind: Kind,
    /// The levels of groups and negations in the text.
    depth: usize,
    /// The terms and ranges in the text.
    terms: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Written by the caller.
    Raw,
    /// One term, range or group.
    Term,
    /// Parts joined by `AND`; `is_negative` if each is a negation.
    All { is_negative: bool },
    /// Parts joined by `OR`.
    Any,
    /// A negation.
    Not,
}

/// The number of terms and ranges that Lucene accepts in a query.
const MAX_TERMS: usize = 1024;

/// The levels of groups and negations that a query may have. Auth0 states no limit; `users-mock` refuses more than 50, of which a call
/// may add some.
const MAX_DEPTH: usize = 40;

/// What stands before negations that are alone. In Lucene a negation only excludes: `NOT a` alone finds nothing, and `b OR NOT a` means
/// `b AND NOT a`. Beside a condition that every user meets, both readings are the same.
const EVERYONE: &str = "_exists_:user_id AND ";

impl Query {
    /// Creates a query from a text in Auth0's syntax, which is sent as it is. Where it is combined with another query, it is enclosed in
    /// parentheses, and refused if it is blank or its parentheses, brackets or quotes are not balanced. What is in it is not changed:
    /// Lucene reads `a OR NOT b` as `a AND NOT b`, which [`or`](Self::or) and [`not`](Self::not) avoid.
    pub fn raw(text: impl Into<String>) -> Self {
        Self(Ok(Form { text: text.into(), kind: Kind::Raw, depth: 0, terms: 1 }))
    }

    /// A condition with this text.
    pub(super) fn term(text: String) -> Self {
        Self(Ok(Form { text, kind: Kind::Term, depth: 0, terms: 1 }))
    }

    /// Alternatives in one group.
    pub(super) fn group(text: String, terms: usize) -> Self {
        Self(Ok(Form { text, kind: Kind::Term, depth: 1, terms }))
    }

    /// A query that is refused for this reason.
    pub(super) fn refused(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Err(reason.into()))
    }

    /// Finds the users that this query and another one find.
    pub fn and(self, other: impl Into<Self>) -> Self {
        self.joined(other.into(), " AND ", Form::in_all)
    }

    /// Finds the users that this query or another one finds.
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.joined(other.into(), " OR ", Form::in_any)
    }

    /// Finds the users that this query does not find. A user without the attribute of a condition does not meet it, so the negation
    /// finds that user: `BLOCKED.is(true).not()` finds those whose `blocked` is `false` or absent.
    #[allow(
        clippy::should_implement_trait,
        reason = "a method reads in the order of the others; the trait is implemented too"
    )]
    pub fn not(self) -> Self {
        self.map(|form| {
            Ok(match form.kind {
                Kind::Not => Form { kind: Kind::Term, ..form },
                Kind::Term => Form { kind: Kind::Not, ..form },
                _ => Form { kind: Kind::Not, ..form.enclosed()? },
            })
        })
    }

    /// Finds the users that all of these queries find. Refused if there are none, because that would be every user.
    ///
    /// ```
    /// use users_core::search::{Query, field};
    ///
    /// let query = Query::all([field::NAME.starts_with("Ad"), field::LAST_LOGIN.exists()]);
    /// assert_eq!(query.to_text()?, "name:Ad* AND _exists_:last_login");
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn all(queries: impl IntoIterator<Item = Self>) -> Self {
        let all = queries.into_iter().reduce(Self::and);
        all.unwrap_or_else(|| Self::refused("a query of no conditions would find every user"))
    }

    /// Finds the users that any of these queries finds. Refused if there are none, because that is nobody.
    pub fn any(queries: impl IntoIterator<Item = Self>) -> Self {
        let any = queries.into_iter().reduce(Self::or);
        any.unwrap_or_else(|| Self::refused("a query of no alternatives would find nobody"))
    }

    /// Returns the query in Auth0's syntax.
    ///
    /// # Errors
    ///
    /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) with the reason if a part of the query is refused, or if it
    /// has more than 1024 terms or more than 40 levels of groups and negations.
    pub fn to_text(&self) -> Result<String, Error> {
        let form = match &self.0 {
            Ok(form) => form.clone().finished(),
            Err(reason) => return Err(Error::invalid(reason.clone())),
        };
        if form.terms > MAX_TERMS {
            return Err(Error::invalid(format!(
                "the query has {} terms; Lucene accepts {MAX_TERMS}",
                form.terms
            )));
        }
        if form.depth > MAX_DEPTH {
            return Err(Error::invalid(format!(
                "the query is nested {} levels deep; the maximum is {MAX_DEPTH}",
                form.depth
            )));
        }
        Ok(form.text)
    }

    fn map(self, change: impl FnOnce(Form) -> Result<Form, Cow<'static, str>>) -> Self {
        Self(self.0.and_then(change))
    }

    /// Joins two queries, each in the form that it has beside this operator. The first refusal is kept.
    fn joined(
        self,
        other: Self,
        operator: &str,
        form_in: fn(Form) -> Result<Form, Cow<'static, str>>,
    ) -> Self {
        self.map(|first| {
            let (mut first, other) = (form_in(first)?, form_in(other.0?)?);
            first.text.push_str(operator);
            first.text.push_str(&other.text);
            let kind = match (first.kind, other.kind) {
                (Kind::All { is_negative }, Kind::All { is_negative: other }) => {
                    Kind::All { is_negative: is_negative && other }
                }
                _ => Kind::Any,
            };
            let depth = first.depth.max(other.depth);
            Ok(Form { text: first.text, kind, depth, terms: first.terms + other.terms })
        })
    }
}

impl Form {
    /// The whole query, or the content of a group.
    fn finished(self) -> Self {
        match self.kind {
            Kind::Raw | Kind::Term | Kind::Any | Kind::All { is_negative: false } => self,
            Kind::Not => self.negated().finished(),
            Kind::All { is_negative: true } => Self {
                text: format!("{EVERYONE}{}", self.text),
                kind: Kind::All { is_negative: false },
                terms: self.terms + 1,
                ..self
            },
        }
    }

    /// In parentheses.
    fn enclosed(self) -> Result<Self, Cow<'static, str>> {
        let form = self.finished();
        let text = if form.kind == Kind::Raw {
            parenthesized(&form.text)
                .map_err(|error| error.message().to_owned())?
                .ok_or("a blank query cannot be combined with another: it finds every user")?
        } else {
            format!("({})", form.text)
        };
        Ok(Self { text, kind: Kind::Term, depth: form.depth + 1, ..form })
    }

    /// A negation as the only part of a conjunction.
    fn negated(self) -> Self {
        let text = format!("NOT {}", self.text);
        Self { text, kind: Kind::All { is_negative: true }, depth: self.depth + 1, ..self }
    }

    /// As a part of a conjunction.
    fn in_all(self) -> Result<Self, Cow<'static, str>> {
        Ok(match self.kind {
            Kind::All { .. } => self,
            Kind::Not => self.negated(),
            Kind::Term => Self { kind: Kind::All { is_negative: false }, ..self },
            Kind::Raw | Kind::Any => Self { kind: Kind::All { is_negative: false }, ..self.enclosed()? },
        })
    }

    /// As an alternative.
    fn in_any(self) -> Result<Self, Cow<'static, str>> {
        Ok(match self.kind {
            Kind::Any => self,
            Kind::Term => Self { kind: Kind::Any, ..self },
            Kind::Raw | Kind::All { .. } | Kind::Not => Self { kind: Kind::Any, ..self.enclosed()? },
        })
    }
}

impl std::ops::Not for Query {
    type Output = Self;

    fn not(self) -> Self {
        Self::not(self)
    }
}

impl From<&str> for Query {
    fn from(text: &str) -> Self {
        Self::raw(text)
    }
}

impl From<String> for Query {
    fn from(text: String) -> Self {
        Self::raw(text)
    }
}

impl From<&String> for Query {
    fn from(text: &String) -> Self {
        Self::raw(text)
    }
}

impl From<Cow<'_, str>> for Query {
    fn from(text: Cow<'_, str>) -> Self {
        Self::raw(text)
    }
}

impl From<Box<str>> for Query {
    fn from(text: Box<str>) -> Self {
        Self::raw(text)
    }
}

impl From<&Query> for Query {
    fn from(query: &Query) -> Self {
        query.clone()
    }
}
