//! A second reading of the query syntax, written to be short, to compare the tenant's with.
//!
//! ```text
//! list     = element { [ AND | && | OR | "||" ] element }
//! element  = [ + | - ] operand
//! operand  = { NOT | ! } ( "(" list ")" | [ field : ] value | field : "(" list ")" ) [ ^number ]
//! value    = * | "phrase" [ ~number ] | word | [ from TO to ] | { from TO to } | > bound | >= bound | < bound | <= bound
//! ```
//!
//! Parts joined by AND are one alternative. A part without an operator on either side is required with `+`, excluded with `-` or `NOT`,
//! and an alternative otherwise. A list matches what all required parts and no excluded part match, and one alternative if there is no
//! required part.

use serde_json::Value;

const ATTRIBUTES: &[&str] = &[
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
const WITHOUT_CASE: &[&str] = &["email", "name", "given_name", "family_name", "nickname", "email.domain"];

/// The characters that end a word.
const ENDS: &[char] = &['^', ':', '{', '}', '"', '[', ']', '(', ')'];

#[derive(Debug)]
pub(super) enum Query {
    All,
    Exists(String),
    Between(String, End, End),
    Is(String, Vec<Piece>),
    Anywhere(Vec<Piece>),
    Not(Box<Query>),
    List { required: Vec<Query>, excluded: Vec<Query>, alternatives: Vec<Query> },
    And(Vec<Query>),
}

#[derive(Debug)]
pub(super) struct End {
    /// `None` where the range is open.
    text: Option<String>,
    is_excluded: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Letter(char),
    One,
    Any,
}

/// Reads a query; `None` if it is refused.
pub(super) fn parse(text: &str) -> Option<Query> {
    if text.trim().is_empty() {
        return Some(Query::All);
    }
    let mut parser = Parser { text: text.chars().collect(), at: 0 };
    let query = parser.list(None)?;
    (parser.at == parser.text.len()).then_some(query)
}

struct Parser {
    text: Vec<char>,
    at: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Joint {
    None,
    And,
    Or,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn ahead(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, letter)| self.text.get(self.at + offset) == Some(&letter))
    }

    fn eat(&mut self, text: &str) -> bool {
        let is_there = self.ahead(text);
        self.at += if is_there { text.chars().count() } else { 0 };
        is_there
    }

    fn eat_space(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at > start
    }

    /// Takes a word in capitals that stands for an operator.
    fn eat_operator(&mut self, word: &str) -> bool {
        let next = self.text.get(self.at + word.len()).copied();
        next.is_some_and(|next| next.is_whitespace() || matches!(next, '(' | '"' | '[' | '{'))
            && self.eat(word)
    }

    fn list(&mut self, field: Option<&str>) -> Option<Query> {
        let mut parts: Vec<(Joint, Option<char>, Query)> = Vec::new();
        loop {
            self.eat_space();
            if self.peek().is_none_or(|next| next == ')') {
                break;
            }
            let joint = match () {
                () if parts.is_empty() => Joint::None,
                () if self.eat("&&") || self.eat_operator("AND") => Joint::And,
                () if self.eat("||") || self.eat_operator("OR") => Joint::Or,
                () => Joint::None,
            };
            self.eat_space();
            let sign = self.peek().filter(|next| matches!(next, '+' | '-'));
            if sign.is_some() {
                self.at += 1;
                self.eat_space();
                if self.peek().is_some_and(|next| matches!(next, '+' | '-')) {
                    return None;
                }
            }
            let operand = self.operand(field, sign.is_none())?;
            match (sign, operand) {
                // A negation without a sign is excluded like one with `-`.
                (None, Query::Not(inner)) => parts.push((joint, Some('-'), *inner)),
                (sign, operand) => parts.push((joint, sign, operand)),
            }
        }
        combine(parts)
    }

    /// `may_begin_with_bang`: after a sign, `!` is a letter.
    fn operand(&mut self, field: Option<&str>, may_begin_with_bang: bool) -> Option<Query> {
        if (may_begin_with_bang && self.eat("!")) || self.eat_operator("NOT") {
            self.eat_space();
            if self.peek().is_some_and(|next| matches!(next, '+' | '-')) {
                return None;
            }
            return Some(Query::Not(Box::new(self.operand(field, true)?)));
        }
        let query = if self.eat("(") {
            self.group(field)?
        } else if self.eat_star() {
            star(field)?
        } else if let Some(own) = self.field() {
            if self.eat("(") { self.group(Some(&own))? } else { self.value(Some(&own))? }
        } else {
            self.value(field)?
        };
        if self.eat("^") {
            self.number()?;
        }
        (!self.ahead("~")).then_some(query)
    }

    fn group(&mut self, field: Option<&str>) -> Option<Query> {
        let inner = self.list(field)?;
        // A group is not taken apart, so a negation in it is not one of the list around it.
        self.eat(")").then(|| Query::And(vec![inner]))
    }

    /// A field's name and its colon, if they come next.
    fn field(&mut self) -> Option<String> {
        let (start, mut name) = (self.at, String::new());
        loop {
            match self.peek() {
                Some('\\') => {
                    name.push(*self.text.get(self.at + 1)?);
                    self.at += 2;
                }
                Some('-') if name.is_empty() => break,
                Some(next)
                    if next.is_whitespace() || ENDS.contains(&next) || matches!(next, '+' | '!' | '*') =>
                {
                    break;
                }
                Some(_) if self.ahead("&&") || self.ahead("||") => break,
                Some(next) => {
                    name.push(next);
                    self.at += 1;
                }
                None => break,
            }
        }
        self.eat_space();
        if name.is_empty() || !self.eat(":") {
            self.at = start;
            return None;
        }
        self.eat_space();
        Some(name)
    }

    fn value(&mut self, field: Option<&str>) -> Option<Query> {
        match self.peek()? {
            '*' if self.is_end_at(self.at + 1) => {
                self.at += 1;
                star(field)
            }
            '"' => {
                let phrase = self.phrase()?;
                if self.eat("~") {
                    self.number()?;
                }
                term(field, phrase.into_iter().map(Piece::Letter).collect())
            }
            open @ ('[' | '{') => {
                self.at += 1;
                self.eat_space();
                let lower = self.bound(open == '{', true)?;
                (self.eat_space() && self.eat("TO") && self.eat_space()).then_some(())?;
                let mut upper = self.bound(false, true)?;
                self.eat_space();
                upper.is_excluded = self.eat("}");
                (upper.is_excluded || self.eat("]")).then_some(())?;
                between(field, lower, upper)
            }
            '<' | '>' => {
                let is_lower = self.eat(">") || !self.eat("<");
                let is_excluded = !self.eat("=");
                self.eat_space();
                match self.bound(is_excluded, false) {
                    Some(bound) if is_lower => between(field, bound, End { text: None, is_excluded: false }),
                    Some(bound) => between(field, End { text: None, is_excluded: false }, bound),
                    None => None,
                }
            }
            _ => self.word(field),
        }
    }

    fn word(&mut self, field: Option<&str>) -> Option<Query> {
        let (start, mut pieces) = (self.at, Vec::new());
        // Only a negative number begins with a minus, and only after a field.
        let is_number = self.text.get(self.at + 1).is_some_and(char::is_ascii_digit);
        let before = self.text[..self.at].iter().rev().find(|letter| !letter.is_whitespace());
        if self.peek() == Some('-') && !(is_number && before == Some(&':')) {
            return None;
        }
        while let Some(next) = self.peek().filter(|next| !next.is_whitespace() && !ENDS.contains(next)) {
            if self.ahead("&&") || self.ahead("||") {
                break;
            }
            self.at += 1;
            pieces.push(match next {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => {
                    self.at += 1;
                    Piece::Letter(*self.text.get(self.at - 1)?)
                }
                other => Piece::Letter(other),
            });
        }
        let raw: String = self.text[start..self.at].iter().collect();
        if pieces.is_empty() || matches!(raw.as_str(), "AND" | "OR" | "NOT") {
            return None;
        }
        term(field, pieces)
    }

    fn phrase(&mut self) -> Option<Vec<char>> {
        self.at += 1;
        let mut letters = Vec::new();
        loop {
            let next = self.peek()?;
            self.at += 1;
            match next {
                '"' => return Some(letters),
                '\\' => {
                    letters.push(self.peek()?);
                    self.at += 1;
                }
                other => letters.push(other),
            }
        }
    }

    fn bound(&mut self, is_excluded: bool, is_in_brackets: bool) -> Option<End> {
        let start = self.at;
        if is_in_brackets && self.peek() == Some('"') {
            let text: String = self.phrase()?.into_iter().collect();
            return (!text.is_empty()).then_some(End { text: Some(text), is_excluded });
        }
        while let Some(next) = self.peek() {
            let is_end = next.is_whitespace() || matches!(next, '{' | '}' | '"' | '[' | ']' | '(' | ')');
            let ends_comparison = !is_in_brackets && (next == '^' || self.ahead("&&") || self.ahead("||"));
            if is_end || ends_comparison {
                break;
            }
            self.at += 1;
        }
        let raw: String = self.text[start..self.at].iter().collect();
        let is_cut =
            self.peek().is_none() && raw.chars().rev().take_while(|letter| *letter == '\\').count() % 2 == 1;
        if raw.is_empty() || is_cut {
            return None;
        }
        let mut letters = raw.chars();
        let unescape = || {
            Some(letters.next()?).map(|next| if next == '\\' { letters.next().unwrap_or('\\') } else { next })
        };
        let text: String = std::iter::from_fn(unescape).collect();
        Some(End { text: (raw != "*").then_some(text), is_excluded })
    }

    /// The number of a boost or a distance, after which a part must end.
    fn number(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|next| next.is_ascii_digit() || (next == '.' && self.at > start)) {
            self.at += 1;
        }
        let is_end = self.peek().is_none_or(|next| next.is_whitespace() || next == ')');
        (self.at > start && is_end).then_some(())
    }

    /// Takes `*:*`, which stands for every user.
    fn eat_star(&mut self) -> bool {
        let start = self.at;
        let mut is_there = self.eat("*");
        self.eat_space();
        is_there &= self.eat(":");
        self.eat_space();
        is_there &= self.eat("*") && self.is_end_at(self.at);
        if !is_there {
            self.at = start;
        }
        is_there
    }

    fn is_end_at(&self, at: usize) -> bool {
        let next = self.text.get(at).copied();
        let is_operator =
            matches!((next, self.text.get(at + 1)), (Some('&'), Some('&')) | (Some('|'), Some('|')));
        is_operator || next.is_none_or(|next| next.is_whitespace() || ENDS.contains(&next))
    }
}

/// The list of these parts.
fn combine(mut parts: Vec<(Joint, Option<char>, Query)>) -> Option<Query> {
    let joints: Vec<Joint> = parts.iter().map(|(joint, ..)| *joint).skip(1).chain([Joint::None]).collect();
    if parts.len() == 1 {
        let (_, sign, query) = parts.pop()?;
        return Some(if sign == Some('-') { Query::Not(Box::new(query)) } else { query });
    }
    let (mut required, mut excluded, mut alternatives) = (Vec::new(), Vec::new(), Vec::new());
    let mut conjunction: Vec<Query> = Vec::new();
    for ((before, sign, query), after) in parts.into_iter().zip(joints) {
        if before == Joint::And || after == Joint::And {
            conjunction.push(if sign == Some('-') { Query::Not(Box::new(query)) } else { query });
            if after != Joint::And {
                alternatives.push(Query::And(std::mem::take(&mut conjunction)));
            }
            continue;
        }
        match sign {
            Some('+') => required.push(query),
            Some(_) if before == Joint::Or || after == Joint::Or => {
                alternatives.push(Query::Not(Box::new(query)))
            }
            Some(_) => excluded.push(query),
            None => alternatives.push(query),
        }
    }
    let is_empty = required.is_empty() && excluded.is_empty() && alternatives.is_empty();
    (!is_empty).then_some(Query::List { required, excluded, alternatives })
}

/// Whether an attribute can be searched by.
fn is_searchable(field: &str) -> bool {
    ATTRIBUTES.contains(&field.split('.').next().unwrap_or_default())
}

fn star(field: Option<&str>) -> Option<Query> {
    match field {
        None => Some(Query::All),
        Some(field) => is_searchable(field).then(|| Query::Exists(field.to_owned())),
    }
}

fn between(field: Option<&str>, lower: End, upper: End) -> Option<Query> {
    let field = field.filter(|field| is_searchable(field) && !field.starts_with("user_metadata"))?;
    Some(Query::Between(field.to_owned(), lower, upper))
}

fn term(field: Option<&str>, pieces: Vec<Piece>) -> Option<Query> {
    let letters = pieces.iter().filter(|piece| matches!(piece, Piece::Letter(_))).count();
    if pieces.first() == Some(&Piece::Any) && letters < 3 {
        return None;
    }
    let is_pattern = letters < pieces.len();
    match field {
        None => Some(Query::Anywhere(pieces)),
        Some("_exists_") => {
            let name = pieces.iter().map(|piece| match piece {
                Piece::Letter(letter) => *letter,
                Piece::One => '?',
                Piece::Any => '*',
            });
            star(Some(&name.collect::<String>()))
        }
        Some(field) if !is_searchable(field) || (is_pattern && field.contains("_metadata")) => None,
        Some(field) => Some(Query::Is(field.to_owned(), pieces)),
    }
}

impl Query {
    pub(super) fn matches(&self, user: &Value) -> bool {
        match self {
            Self::All => true,
            Self::Exists(field) => values(user, field, true).next().is_some(),
            Self::Between(field, lower, upper) => {
                let fold = |text: &str| {
                    if WITHOUT_CASE.contains(&field.as_str()) { folded(text) } else { text.to_owned() }
                };
                values(user, field, false).any(|value| {
                    lower.admits(&fold(&value), false, fold) && upper.admits(&fold(&value), true, fold)
                })
            }
            Self::Is(field, pieces) => values(user, field, false)
                .any(|value| fits(pieces, &value, WITHOUT_CASE.contains(&field.as_str()))),
            Self::Anywhere(pieces) => {
                let is_pattern = pieces.iter().any(|piece| !matches!(piece, Piece::Letter(_)));
                let searched = ATTRIBUTES.iter().filter(|field| {
                    **field != "user_metadata" && !(is_pattern && field.contains("_metadata"))
                });
                searched.into_iter().any(|field| {
                    values(user, field, true).any(|value| fits(pieces, &value, WITHOUT_CASE.contains(field)))
                })
            }
            Self::Not(inner) => !inner.matches(user),
            Self::And(parts) => parts.iter().all(|part| part.matches(user)),
            Self::List { required, excluded, alternatives } => {
                let is_optional = alternatives.is_empty() || !required.is_empty();
                required.iter().all(|part| part.matches(user))
                    && !excluded.iter().any(|part| part.matches(user))
                    && (is_optional || alternatives.iter().any(|part| part.matches(user)))
            }
        }
    }
}

impl End {
    fn admits(&self, value: &str, is_upper: bool, fold: impl Fn(&str) -> String) -> bool {
        let Some(text) = &self.text else { return true };
        let is_time = text.len() == 20 && text.contains('T') && text.ends_with('Z') && text.starts_with('2');
        let text = if is_time { text.replace('Z', ".000Z") } else { fold(text) };
        let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
        let is_part = text.len() >= 4 && text.chars().all(|letter| letter.is_ascii_digit() || letter == '-');
        let is_within =
            is_part && value.len() > text.len() && value.contains('T') && value.starts_with(&text);
        let (less, equal) = match (number(value), number(&text)) {
            (Some(value), Some(end)) => (value < end, value == end),
            _ => (value < text.as_str(), value == text),
        };
        match (is_upper, self.is_excluded) {
            (true, true) => less,
            (true, false) => less || equal || is_within,
            (false, true) => !less && !equal && !is_within,
            (false, false) => !less,
        }
    }
}

/// The plain values at a path, and those below if wanted.
fn values<'a>(user: &'a Value, path: &str, below: bool) -> Box<dyn Iterator<Item = String> + 'a> {
    if path == "email.domain" {
        let domain = |email: String| email.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        return Box::new(values(user, "email", below).filter_map(domain));
    }
    let mut found = vec![user];
    for key in path.split('.') {
        found = found.into_iter().flat_map(items).filter_map(|value| value.get(key)).collect();
    }
    let plain = found
        .into_iter()
        .flat_map(items)
        .flat_map(move |value| if below { leaves(value) } else { vec![value] });
    Box::new(plain.filter_map(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }))
}

/// A value, or those in a list.
fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(items).collect(),
        other => vec![other],
    }
}

fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(leaves).collect(),
        Value::Object(object) => object.values().flat_map(leaves).collect(),
        other => vec![other],
    }
}

fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn fits(pieces: &[Piece], value: &str, ignores_case: bool) -> bool {
    fn fit(pieces: &[Piece], value: &[char]) -> bool {
        match (pieces.split_first(), value.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Piece::Any, rest)), _) => (0..=value.len()).any(|skipped| fit(rest, &value[skipped..])),
            (Some((Piece::One, rest)), Some((_, value))) => fit(rest, value),
            (Some((Piece::Letter(letter), rest)), Some((first, value))) => {
                letter == first && fit(rest, value)
            }
            (Some(_), None) => false,
        }
    }
    if !ignores_case {
        return fit(pieces, &value.chars().collect::<Vec<_>>());
    }
    let pieces: Vec<Piece> = pieces
        .iter()
        .flat_map(|piece| match piece {
            Piece::Letter(letter) => letter.to_lowercase().map(Piece::Letter).collect(),
            Piece::One => vec![Piece::One],
            Piece::Any => vec![Piece::Any],
        })
        .collect();
    fit(&pieces, &folded(value).chars().collect::<Vec<_>>())
}
