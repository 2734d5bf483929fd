//! The evaluation of a query on a user.

use crate::tenant::search::normal::bound_text;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

/// The work that one search may do, in steps of about ten nanoseconds.
const MAX_STEPS: u64 = 20_000_000;

/// The work that remains for a search.
pub(crate) struct Effort(Cell<u64>);

impl Effort {
    pub(crate) fn new() -> Self {
        Self(Cell::new(MAX_STEPS))
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    /// Takes one step, or more for a long text; `false` if none are left.
    fn spend(&self, length: usize) -> bool {
        let steps = 1 + u64::try_from(length / 32).unwrap_or(u64::MAX);
        self.0.set(self.0.get().saturating_sub(steps));
        !self.is_spent()
    }
}

/// A query in the form that is evaluated.
pub(crate) enum Filter {
    All,
    Exists(Path),
    Range {
        path: Path,
        lower: Bound,
        upper: Bound,
    },
    Term {
        path: Path,
        text: Text,
    },
    /// A term without a field: any of these fields and the values below them.
    Anywhere {
        fields: Vec<Path>,
        text: Text,
    },
    Clause {
        must: Vec<Filter>,
        must_not: Vec<Filter>,
        should: Vec<Filter>,
    },
}

impl Filter {
    /// The parts of which every one must match.
    pub(crate) fn required(&self) -> Vec<&Filter> {
        match self {
            Self::All => Vec::new(),
            Self::Clause { must, must_not, should } => {
                let mut parts: Vec<&Filter> = must.iter().flat_map(Filter::required).collect();
                // A single alternative must match, unless another part is required.
                if let ([only], true, true) = (should.as_slice(), must.is_empty(), must_not.is_empty()) {
                    parts.extend(only.required());
                }
                parts
            }
            other => vec![other],
        }
    }

    /// Whether the parts of [`required`](Self::required) are all that must match.
    pub(crate) fn is_conjunction(&self) -> bool {
        match self {
            Self::Clause { must, must_not, should } => {
                must_not.is_empty()
                    && must.iter().all(Filter::is_conjunction)
                    && match should.as_slice() {
                        [] => true,
                        [only] => must.is_empty() && only.is_conjunction(),
                        _ => false,
                    }
            }
            _ => true,
        }
    }

    /// The range of an attribute of the first level.
    pub(crate) fn range_of(&self, attribute: &str) -> Option<(&Bound, &Bound)> {
        match self {
            Self::Range { path, lower, upper } if path.is(attribute) => Some((lower, upper)),
            _ => None,
        }
    }

    /// The text that an attribute of the first level must be equal to.
    pub(crate) fn text_of(&self, attribute: &str) -> Option<&str> {
        match self {
            Self::Term { path, text: Text::Exactly { text, .. } } if path.is(attribute) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn matches(&self, user: &Value, effort: &Effort) -> bool {
        match self {
            Self::All => true,
            Self::Exists(path) => path.exists(user, effort),
            Self::Range { path, lower, upper } => path.any(user, effort, &|value| {
                let value = if path.is_case_insensitive { lowered(value) } else { value.into() };
                effort.spend(value.len()) && lower.is_below(&value) && upper.is_above(&value)
            }),
            Self::Term { path, text } => {
                path.any(user, effort, &|value| text.matches(value, path.is_case_insensitive, effort))
            }
            Self::Anywhere { fields, text } => fields.iter().any(|field| {
                field.any_below(user, effort, &|value| text.matches(value, field.is_case_insensitive, effort))
            }),
            Self::Clause { must, must_not, should } => {
                // One alternative must match, unless another part is required.
                let is_optional = should.is_empty() || !must.is_empty();
                must.iter().all(|part| part.matches(user, effort))
                    && !must_not.iter().any(|part| part.matches(user, effort))
                    && (is_optional || should.iter().any(|part| part.matches(user, effort)))
            }
        }
    }
}

/// The path to values: the keys from the root.
pub(crate) struct Path {
    names: Vec<String>,
    /// Whether values are compared without regard to case.
    is_case_insensitive: bool,
    /// Whether the value is the part after the `@`.
    is_domain: bool,
}

impl Path {
    pub(crate) fn new(path: &str, is_case_insensitive: bool) -> Self {
        let is_domain = path == "email.domain";
        let names = if is_domain { "email" } else { path }.split('.').map(ToOwned::to_owned).collect();
        Self { names, is_case_insensitive, is_domain }
    }

    /// Whether values are compared without regard to case.
    pub(crate) fn is_case_insensitive(&self) -> bool {
        self.is_case_insensitive
    }

    /// Whether it is that of an attribute of the first level.
    fn is(&self, attribute: &str) -> bool {
        !self.is_domain && matches!(self.names.as_slice(), [only] if only == attribute)
    }

    /// Whether a value at the path passes a test. A list on the path stands for its items.
    fn any(&self, user: &Value, effort: &Effort, test: &dyn Fn(&str) -> bool) -> bool {
        if self.is_domain {
            let domain = |email: &str| email.rsplit_once('@').is_some_and(|(_, domain)| test(domain));
            return any_at(user, &self.names, effort, &|value| is_text(value, &domain));
        }
        any_at(user, &self.names, effort, &|value| is_text(value, test))
    }

    /// Whether there is a value at the path or below.
    fn exists(&self, user: &Value, effort: &Effort) -> bool {
        if self.is_domain {
            return self.any(user, effort, &|_| true);
        }
        any_at(user, &self.names, effort, &|value| any_below(value, effort, &|_| true))
    }

    /// Whether the value of the first level or one below passes a test.
    fn any_below(&self, user: &Value, effort: &Effort, test: &dyn Fn(&str) -> bool) -> bool {
        let root = self.names.first().and_then(|name| user.get(name));
        root.is_some_and(|root| any_below(root, effort, test))
    }
}

/// Whether a value is a plain one whose text passes a test.
fn is_text(value: &Value, test: &dyn Fn(&str) -> bool) -> bool {
    !matches!(value, Value::Object(_) | Value::Null) && test(&text(value))
}

fn any_at(value: &Value, names: &[String], effort: &Effort, test: &dyn Fn(&Value) -> bool) -> bool {
    if !effort.spend(0) {
        return false;
    }
    match (value, names.split_first()) {
        (Value::Array(list), _) => list.iter().any(|item| any_at(item, names, effort, test)),
        (Value::Object(object), Some((name, rest))) => {
            object.get(name).is_some_and(|value| any_at(value, rest, effort, test))
        }
        (_, Some(_)) => false,
        (value, None) => test(value),
    }
}

fn any_below(value: &Value, effort: &Effort, test: &dyn Fn(&str) -> bool) -> bool {
    if !effort.spend(0) {
        return false;
    }
    match value {
        Value::Null => false,
        Value::Array(list) => list.iter().any(|item| any_below(item, effort, test)),
        Value::Object(object) => object.values().any(|value| any_below(value, effort, test)),
        plain => test(&text(plain)),
    }
}

/// A value as text.
pub(crate) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

/// The text that a value must match.
pub(crate) enum Text {
    /// This text, as written and in lower case.
    Exactly { text: String, lower: String },
    /// A text of this form, as written and in lower case.
    Pattern { glyphs: Vec<Glyph>, lower: Vec<Glyph> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph {
    Letter(char),
    AnyLetter,
    AnyText,
}

impl Text {
    /// Parses a quoted term.
    pub(crate) fn quoted(text: &str) -> Self {
        Self::Exactly { text: text.to_owned(), lower: lower(text).collect() }
    }

    /// Parses a term without quotes; a backslash escapes the next character.
    pub(crate) fn word(word: &str) -> Self {
        let mut glyphs = Vec::with_capacity(word.len());
        let mut characters = word.chars();
        while let Some(character) = characters.next() {
            glyphs.push(match character {
                '*' => Glyph::AnyText,
                '?' => Glyph::AnyLetter,
                '\\' => Glyph::Letter(characters.next().unwrap_or('\\')),
                other => Glyph::Letter(other),
            });
        }
        if glyphs.iter().any(|glyph| !matches!(glyph, Glyph::Letter(_))) {
            let lower = glyphs.iter().flat_map(|glyph| glyph.lower()).collect();
            return Self::Pattern { glyphs, lower };
        }
        let text: String = glyphs.iter().filter_map(|glyph| glyph.letter()).collect();
        Self::quoted(&text)
    }

    /// The number of letters after a leading wildcard; `None` without one.
    pub(crate) fn after_wildcard(&self) -> Option<usize> {
        match self {
            Self::Pattern { glyphs, .. } if glyphs.first() == Some(&Glyph::AnyText) => {
                Some(glyphs.iter().filter(|glyph| glyph.letter().is_some()).count())
            }
            _ => None,
        }
    }

    fn matches(&self, value: &str, is_case_insensitive: bool, effort: &Effort) -> bool {
        match self {
            Self::Exactly { text, .. } if !is_case_insensitive => effort.spend(text.len()) && text == value,
            Self::Exactly { lower: wanted, .. } => {
                effort.spend(wanted.len()) && lower(value).eq(wanted.chars())
            }
            Self::Pattern { glyphs, .. } if !is_case_insensitive => {
                effort.spend(8 * value.len())
                    && is_match(glyphs, &value.chars().collect::<Vec<char>>(), effort)
            }
            Self::Pattern { lower: wanted, .. } => {
                effort.spend(8 * value.len())
                    && is_match(wanted, &lower(value).collect::<Vec<char>>(), effort)
            }
        }
    }
}

impl Glyph {
    fn letter(self) -> Option<char> {
        if let Self::Letter(letter) = self { Some(letter) } else { None }
    }

    fn lower(self) -> Vec<Self> {
        match self {
            Self::Letter(letter) => letter.to_lowercase().map(Self::Letter).collect(),
            other => vec![other],
        }
    }
}

fn lowered(text: &str) -> Cow<'_, str> {
    lower(text).collect::<String>().into()
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Whether a value matches a pattern. It backtracks to the last `*` only, so the time is at most the product of both lengths.
fn is_match(pattern: &[Glyph], value: &[char], effort: &Effort) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = value.get(seen) {
        if !effort.spend(0) {
            return false;
        }
        match pattern.get(at) {
            Some(Glyph::AnyText) => {
                star = Some((at, seen));
                at += 1;
            }
            Some(glyph) if *glyph == Glyph::AnyLetter || *glyph == Glyph::Letter(*character) => {
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
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == Glyph::AnyText)
}

/// One end of a range.
pub(crate) struct Bound {
    /// `None` where the range is open.
    text: Option<String>,
    number: Option<f64>,
    is_excluded: bool,
}

impl Bound {
    pub(crate) fn open() -> Self {
        Self { text: None, number: None, is_excluded: false }
    }

    /// The end of a range as it is written in a query.
    pub(crate) fn new(text: &str, is_case_insensitive: bool, is_excluded: bool) -> Self {
        if text == "*" {
            return Self::open();
        }
        let text = bound_text(&without_escapes(text));
        let text = if is_case_insensitive { lowered(&text).into_owned() } else { with_milliseconds(text) };
        Self { number: number(&text), text: Some(text), is_excluded }
    }

    /// The text from which or to which values are compared as text; `None` where the range is open or its end is a number.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.number.is_none())
    }

    /// Whether a value is in the range with this lower end.
    pub(crate) fn is_below(&self, value: &str) -> bool {
        let Some(text) = &self.text else { return true };
        match self.order(value, text) {
            // A day that is excluded is excluded as a whole.
            ordering if self.is_excluded => ordering == Ordering::Greater && !is_within(value, text),
            ordering => ordering != Ordering::Less,
        }
    }

    /// Whether a value is in the range with this upper end.
    pub(crate) fn is_above(&self, value: &str) -> bool {
        let Some(text) = &self.text else { return true };
        match self.order(value, text) {
            ordering if self.is_excluded => ordering == Ordering::Less,
            // A day that is included is included to its end.
            ordering => ordering != Ordering::Greater || is_within(value, text),
        }
    }

    fn order(&self, value: &str, text: &str) -> Ordering {
        match (number(value), self.number) {
            (Some(value), Some(number)) => value.partial_cmp(&number).unwrap_or(Ordering::Equal),
            _ => value.cmp(text),
        }
    }
}

/// The number that a text is; a name such as Nan is none.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A text in which a backslash stands before ordinary characters.
pub(crate) fn without_escapes(text: &str) -> String {
    let mut characters = text.chars();
    std::iter::from_fn(|| match characters.next()? {
        '\\' => Some(characters.next().unwrap_or('\\')),
        other => Some(other),
    })
    .collect()
}

/// A time as responses show it, if a text is a time without milliseconds.
fn with_milliseconds(text: String) -> String {
    const FORM: &[u8] = b"0000-00-00T00:00:00Z";
    let is_time = text.len() == FORM.len()
        && text.bytes().zip(FORM).all(
            |(byte, form)| {
                if *form == b'0' { byte.is_ascii_digit() } else { byte == *form }
            },
        );
    if is_time { text.replace('Z', ".000Z") } else { text }
}

/// Whether a time lies within a day, month or year, which is written as the beginning of a time.
fn is_within(value: &str, bound: &str) -> bool {
    let is_date = bound.len() >= 4
        && bound.chars().all(|c| c.is_ascii_digit() || c == '-')
        && bound.len() < value.len();
    is_date && value.contains('T') && value.starts_with(bound)
}
