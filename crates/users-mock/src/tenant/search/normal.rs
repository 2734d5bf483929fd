//! Rewriting a query so that the parser has one way to read it and limited nesting.

use std::iter::Peekable;
use std::str::Chars;

/// The deepest nesting of groups and negations. The parser and the search recurse once for each level.
const MAX_DEPTH: usize = 50;

const NOT_LUCENE: &str = "it is not Lucene's syntax";

/// The characters that the parser accepts in the name of a field after a backslash only.
const SPECIAL_IN_FIELD: &str = "+^`:{}\"'[]()!\\* ";

/// Rewrites a query: `&&`, `||` and `!` as words, all white space as single spaces, one of them between any two parts, and an escape
/// before each character that is ordinary to Lucene and special to the parser. Boosts are left out, because they change no match.
/// Fails with the reason.
///
/// The nesting must be known before the parser recurses. Therefore the parser must not find a quotation or a regular expression where
/// this function found none: `'` and `/` are escaped, and a range contains neither double quotes nor brackets.
pub(crate) fn normalize(text: &str) -> Result<String, &'static str> {
    let mut output = Output::default();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_whitespace() {
            output.space = true;
            continue;
        }
        match character {
            // A field, its colon and its value are one token.
            ':' => output.space = false,
            '^' | '~' | ')' => {}
            '(' | '"' | '[' | '{' if output.awaits_value() => {}
            '(' | '"' | '[' | '{' => output.space = true,
            _ => output.space |= output.closed.is_some(),
        }
        let closed = output.closed.take().filter(|_| !output.space);
        output.end_token()?;
        match character {
            ':' => {
                skip_space(&mut characters);
                if output.has_field {
                    return Err(NOT_LUCENE);
                }
                if output.token().trim_start_matches(['+', '-']) != "*" {
                    output.end_field();
                } else if characters.next_if_eq(&'*').is_none() || !is_end(&characters) {
                    return Err(NOT_LUCENE);
                }
            }
            '\\' => match characters.next().ok_or("nothing follows a backslash")? {
                // The parser removes one pair, and the reading of wildcards another.
                '\\' => output.text.push_str(r"\\\\"),
                next => output.text.extend(['\\', next]),
            },
            '"' => {
                output.text.push_str(&quotation(&mut characters)?);
                output.closed = Some('"');
            }
            '[' | '{' => {
                output.text.push(character);
                output.text.push_str(&range(&mut characters)?);
                output.closed = Some(']');
            }
            '<' | '>' if output.awaits_value() => {
                output.text.push(character);
                output.text.push_str(&comparison(&mut characters)?);
            }
            '(' => output.open()?,
            ')' => output.close()?,
            '^' if output.awaits_value() => return Err(NOT_LUCENE),
            '^' => number(&mut characters)?,
            '~' if closed.is_some_and(|closed| closed != '"') => return Err(NOT_LUCENE),
            '~' if closed.is_some() => number(&mut characters)?,
            '!' if output.is_token_start() => output.operator("NOT")?,
            '+' | '-' if output.is_token_start() => {
                output.text.push(character);
                skip_space(&mut characters);
                if output.is_negated || characters.next_if(|next| matches!(next, '+' | '-')).is_some() {
                    return Err(NOT_LUCENE);
                }
            }
            // A negative number would end before a letter.
            '-' if output.token().ends_with(':') && characters.peek().is_some_and(char::is_ascii_digit) => {
                output.text.push_str("\\-");
            }
            '&' | '|' if characters.next_if_eq(&character).is_some() => {
                output.space = !output.is_token_start();
                output.end_token()?;
                output.operator(if character == '&' { "AND" } else { "OR" })?;
            }
            '\'' | '`' => output.text.extend(['\\', character]),
            '/' if output.is_token_start() || output.text.ends_with([':', '+', '-']) => {
                output.text.push_str("\\/");
            }
            other => output.text.push(other),
        }
    }
    output.escape_set();
    if output.groups.is_empty() { Ok(output.text) } else { Err("a bracket is not closed") }
}

fn skip_space(characters: &mut Peekable<Chars<'_>>) {
    while characters.next_if(|next| next.is_whitespace()).is_some() {}
}

/// Whether what comes next is no part of a word.
fn is_end(characters: &Peekable<Chars<'_>>) -> bool {
    characters.clone().next() == Some(':') || is_end_of_bound(characters)
}

/// Whether what comes next is no part of the bound of a comparison, which may have colons.
fn is_end_of_bound(characters: &Peekable<Chars<'_>>) -> bool {
    let mut characters = characters.clone();
    match (characters.next(), characters.next()) {
        (Some('&'), Some('&')) | (Some('|'), Some('|')) | (None, _) => true,
        (Some(next), _) => next.is_whitespace() || "^{}\"[]()".contains(next),
    }
}

/// Skips the number of a boost or a distance, after which a part ends.
fn number(characters: &mut Peekable<Chars<'_>>) -> Result<(), &'static str> {
    let mut digits = 0;
    while characters.next_if(|next| next.is_ascii_digit() || (*next == '.' && digits > 0)).is_some() {
        digits += 1;
    }
    let is_end = characters.peek().is_none_or(|next| next.is_whitespace() || *next == ')');
    if digits > 0 && is_end { Ok(()) } else { Err(NOT_LUCENE) }
}

/// The rest of a quotation, with both quotes.
fn quotation(characters: &mut impl Iterator<Item = char>) -> Result<String, &'static str> {
    const OPEN: &str = "a quotation is not closed";
    let mut text = String::from('"');
    loop {
        let character = characters.next().ok_or(OPEN)?;
        text.push(character);
        match character {
            '"' => return Ok(text),
            '\\' => text.push(characters.next().ok_or(OPEN)?),
            _ => {}
        }
    }
}

/// The characters that are escaped at the beginning of a bound: the parser would refuse it, end it after a number, or take it for `>=`.
const SPECIAL_IN_BOUND: [char; 3] = ['-', '`', '='];

/// The rest of a comparison, from its equals sign on.
fn comparison(characters: &mut Peekable<Chars<'_>>) -> Result<String, &'static str> {
    let mut text: String = characters.next_if_eq(&'=').into_iter().collect();
    skip_space(characters);
    if is_end_of_bound(characters) {
        return Err(NOT_LUCENE);
    }
    if characters.peek().is_some_and(|first| SPECIAL_IN_BOUND.contains(first)) {
        text.push('\\');
    }
    while !is_end_of_bound(characters) {
        text.extend(characters.next());
    }
    let is_cut = text.chars().rev().take_while(|character| *character == '\\').count() % 2 == 1;
    if is_cut && characters.peek().is_none() { Err("nothing follows a backslash") } else { Ok(text) }
}

/// The rest of a range, with its closing bracket.
fn range(characters: &mut impl Iterator<Item = char>) -> Result<String, &'static str> {
    let mut text = String::new();
    loop {
        let character = characters.next().ok_or("a range is not closed")?;
        let is_start = text.chars().next_back().is_none_or(char::is_whitespace);
        if is_start && character == '"' {
            push_quoted_bound(&mut text, &quotation(characters)?);
            continue;
        }
        if is_start && SPECIAL_IN_BOUND.contains(&character) {
            text.push('\\');
        }
        text.push(character);
        match character {
            ']' | '}' => return Ok(text),
            '(' | ')' | '"' | '[' | '{' => return Err("a range contains a bracket or a quote"),
            _ => {}
        }
    }
}

/// The first of 128 private characters, which stand for the ASCII characters of a bound in quotes.
const QUOTED: u32 = 0xE000;

/// Adds a bound in quotes, which the parser does not support, as one without them: characters with a meaning are replaced by others.
fn push_quoted_bound(text: &mut String, quotation: &str) {
    let inner = quotation.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
    let mut characters = inner.unwrap_or_default().chars();
    while let Some(character) = characters.next() {
        let character = if character == '\\' { characters.next().unwrap_or(character) } else { character };
        let has_meaning = character.is_ascii() && !character.is_ascii_alphanumeric();
        let replaced = has_meaning.then(|| char::from_u32(QUOTED + u32::from(character))).flatten();
        text.push(replaced.unwrap_or(character));
    }
}

/// The bound that stands in a normalized query.
pub(super) fn bound_text(normal: &str) -> String {
    let original = |character: char| {
        let ascii = u8::try_from(u32::from(character).wrapping_sub(QUOTED)).ok().filter(u8::is_ascii);
        ascii.map_or(character, char::from)
    };
    normal.chars().map(original).collect()
}

#[derive(Default)]
struct Output {
    text: String,
    /// The start of the token that is being written.
    token: usize,
    /// Whether white space was read that is not yet written.
    space: bool,
    /// The last character if it closed a quotation, a range or a group.
    closed: Option<char>,
    /// The number of negations before the token.
    negations: usize,
    /// Whether the token before this one is a negation.
    is_negated: bool,
    /// Whether the token has a field.
    has_field: bool,
    /// The open groups.
    groups: Vec<Group>,
    depth: usize,
}

struct Group {
    /// The levels of nesting that it adds.
    levels: usize,
    is_negated: bool,
}

impl Output {
    fn token(&self) -> &str {
        self.text.get(self.token..).unwrap_or_default()
    }

    fn is_token_start(&self) -> bool {
        self.text.len() == self.token
    }

    /// Whether a group, quotation or range belongs to the token that is being written.
    fn awaits_value(&self) -> bool {
        let token = self.token();
        token.is_empty() || matches!(token, "+" | "-") || (token.ends_with(':') && !token.ends_with("\\:"))
    }

    /// Ends the token if white space was read after it.
    fn end_token(&mut self) -> Result<(), &'static str> {
        if !std::mem::take(&mut self.space) || self.is_token_start() {
            return Ok(());
        }
        self.escape_set();
        let is_negation = self.token().ends_with("NOT");
        self.negations = if is_negation { self.negations + 1 } else { 0 };
        self.is_negated = self.token().trim_start_matches(['+', '-']) == "NOT";
        self.text.push(' ');
        self.start_token();
        self.check()
    }

    fn start_token(&mut self) {
        self.token = self.text.len();
        self.has_field = false;
    }

    /// Escapes the word `IN`, which the parser reserves for sets.
    fn escape_set(&mut self) {
        let token = self.token();
        let before =
            token.strip_suffix("IN").filter(|before| before.is_empty() || before.ends_with([':', '+', '-']));
        if before.is_some() {
            self.text.insert(self.text.len() - 2, '\\');
        }
    }

    /// Ends the name of a field, in which the parser knows escapes before its special characters only.
    fn end_field(&mut self) {
        self.has_field = true;
        let token = self.token().replace(r"\\\\", r"\\");
        self.text.truncate(self.token);
        let mut characters = token.chars();
        while let Some(character) = characters.next() {
            let next = if character == '\\' { characters.next() } else { None };
            match next {
                Some(next) if !SPECIAL_IN_FIELD.contains(next) => self.text.push(next),
                _ => self.text.extend([character].into_iter().chain(next)),
            }
        }
        self.text.push(':');
    }

    fn operator(&mut self, word: &str) -> Result<(), &'static str> {
        self.text.push_str(word);
        self.space = true;
        self.end_token()
    }

    fn open(&mut self) -> Result<(), &'static str> {
        let levels = self.negations + 1;
        self.groups.push(Group { levels, is_negated: self.is_negated });
        self.depth += levels;
        (self.negations, self.is_negated) = (0, false);
        self.text.push('(');
        self.start_token();
        self.check()
    }

    /// Closes a group. With a boost, the parser keeps it, and does not make a negation in it one of the list around it.
    fn close(&mut self) -> Result<(), &'static str> {
        self.escape_set();
        let group = self.groups.pop().ok_or("a bracket is not opened")?;
        self.depth -= group.levels;
        (self.negations, self.is_negated) = (0, false);
        self.text.push_str(if group.is_negated { ")" } else { ")^2" });
        self.closed = Some(')');
        Ok(())
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.depth + self.negations > MAX_DEPTH { Err("it is nested too deeply") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn a_query_is_rewritten_so_that_it_is_read_in_one_way() {
        for (query, normal) in [
            ("a  b\tc\u{3000}d ", "a b c d"),
            ("a&&b || !c", "a AND b OR NOT c"),
            ("!!a", "NOT NOT a"),
            ("( a )", "(a )^2"),
            ("field : ( a", "a bracket is not closed"),
            ("field : ( a)", "field:(a)^2"),
            (r#"name:"a && 'b' \" !c""#, r#"name:"a && 'b' \" !c""#),
            ("name:o'neil", r"name:o\'neil"),
            ("/a/ b/c name:/d", r"\/a/ b/c name:\/d"),
            ("a:[1 TO 2}", "a:[1 TO 2}"),
            ("a:[' TO 2]", "a:[' TO 2]"),
            ("a:[\" TO 2]", "a quotation is not closed"),
            ("a:[1\" TO 2]", "a range contains a bracket or a quote"),
            (r#"a:["x y" TO "]\"z"]"#, "a:[x\u{e020}y TO \u{e05d}\u{e022}z]"),
            ("IN ['a' b]", r"\IN ['a' b]"),
            ("a ^2", "it is not Lucene's syntax"),
            ("IN a:IN XIN", r"\IN a:\IN XIN"),
            ("a(b)c\"d\"e", "a (b)^2 c \"d\" e"),
            ("NOT(a)OR(b)", "NOT (a) OR (b)^2"),
            ("a^2.5 (b)^3 \"c\"~2", "a (b)^2 \"c\""),
            ("a^", "it is not Lucene's syntax"),
            ("- a + b", "-a +b"),
            ("*:*", "*"),
            ("a:>= -5:0 b:<`c&&d", r"a:>=\-5:0 b:<\`c AND d"),
            ("a:> =5", r"a:>\=5"),
            ("a:> ", "it is not Lucene's syntax"),
            ("a:[-5x TO `]", r"a:[\-5x TO \`]"),
            ("-*:* a", "-* a"),
            (r"n\a\ me\`:b", r"na\ me\`:b"),
            (r"a\\b:c\\d`", r"a\\b:c\\\\d\`"),
            (r#"name:"open"#, "a quotation is not closed"),
            ("a)", "a bracket is not opened"),
            ("a\\", "nothing follows a backslash"),
            (r"a\ b\!", r"a\ b\!"),
        ] {
            assert_eq!(normalize(query).unwrap_or_else(str::to_owned), normal, "{query}");
        }
    }

    #[test]
    fn nesting_is_counted_over_all_operators_and_ends_with_its_group() {
        for (query, is_deep) in [
            ("(".repeat(50) + &")".repeat(50), false),
            ("(".repeat(51), true),
            ("NOT ".repeat(51) + "a", true),
            ("!".repeat(51), true),
            ("!(".repeat(26), true),
            ("NOT a : ( ".repeat(26), true),
            ("(NOT a) ".repeat(100), false),
            ("NOT a ".repeat(100), false),
        ] {
            assert_eq!(normalize(&query) == Err("it is nested too deeply"), is_deep, "{query}");
        }
    }
}
