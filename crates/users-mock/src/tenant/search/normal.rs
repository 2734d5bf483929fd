//! Rewriting a query so that the parser has one way to read it and limited nesting.

/// The deepest nesting of groups and negations. The parser and the search recurse once for each level.
const MAX_DEPTH: usize = 50;

/// Rewrites a query: `&&`, `||` and `!` as words, all white space as single spaces, and an escape before each character that is ordinary
/// to Lucene and special to the parser. Fails with the reason.
///
/// The nesting must be known before the parser recurses. Therefore the parser must not find a quotation or a regular expression where
/// this function found none: `'` and `/` are escaped, and a range contains neither quotes nor brackets.
pub(crate) fn normalize(text: &str) -> Result<String, &'static str> {
    let mut output = Output::default();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_whitespace() {
            output.space = true;
            continue;
        }
        if character == ':' {
            // A field, its colon and its value are one token.
            output.space = false;
        }
        output.end_token()?;
        match character {
            ':' => {
                output.text.push(':');
                while characters.next_if(|next| next.is_whitespace()).is_some() {}
            }
            '\\' => {
                output.text.push('\\');
                output.text.push(characters.next().ok_or("nothing follows a backslash")?);
            }
            '"' => output.text.push_str(&quotation(&mut characters)?),
            '[' | '{' => {
                if output.text.trim_end().ends_with("IN") {
                    return Err("it is not Lucene's syntax");
                }
                output.text.push(character);
                output.text.push_str(&range(&mut characters)?);
            }
            '(' => output.open()?,
            ')' => output.close()?,
            '!' if output.is_token_start() => output.operator("NOT")?,
            '&' | '|' if characters.next_if_eq(&character).is_some() => {
                output.space = !output.is_token_start();
                output.end_token()?;
                output.operator(if character == '&' { "AND" } else { "OR" })?;
            }
            '\'' => output.text.push_str("\\'"),
            '/' if output.is_token_start() || output.text.ends_with([':', '+', '-']) => {
                output.text.push_str("\\/");
            }
            other => output.text.push(other),
        }
    }
    if output.groups.is_empty() { Ok(output.text) } else { Err("a bracket is not closed") }
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

/// The rest of a range, with its closing bracket.
fn range(characters: &mut impl Iterator<Item = char>) -> Result<String, &'static str> {
    let mut text = String::new();
    loop {
        let character = characters.next().ok_or("a range is not closed")?;
        text.push(character);
        match character {
            ']' | '}' => return Ok(text),
            '(' | ')' | '"' | '\'' | '[' | '{' => return Err("a range contains a bracket or a quote"),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Output {
    text: String,
    /// The start of the token that is being written.
    token: usize,
    /// Whether white space was read that is not yet written.
    space: bool,
    /// The number of negations before the token.
    negations: usize,
    /// The levels that each open group has added.
    groups: Vec<usize>,
    depth: usize,
}

impl Output {
    fn is_token_start(&self) -> bool {
        self.text.len() == self.token
    }

    /// Ends the token if white space was read after it.
    fn end_token(&mut self) -> Result<(), &'static str> {
        if !std::mem::take(&mut self.space) || self.is_token_start() {
            return Ok(());
        }
        let is_negation = self.text.get(self.token..).is_some_and(|token| token.ends_with("NOT"));
        self.negations = if is_negation { self.negations + 1 } else { 0 };
        self.text.push(' ');
        self.token = self.text.len();
        self.check()
    }

    fn operator(&mut self, word: &str) -> Result<(), &'static str> {
        self.text.push_str(word);
        self.space = true;
        self.end_token()
    }

    fn open(&mut self) -> Result<(), &'static str> {
        let levels = self.negations + 1;
        self.groups.push(levels);
        self.depth += levels;
        self.negations = 0;
        self.text.push('(');
        self.token = self.text.len();
        self.check()
    }

    fn close(&mut self) -> Result<(), &'static str> {
        self.depth -= self.groups.pop().ok_or("a bracket is not opened")?;
        self.negations = 0;
        self.text.push(')');
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
            ("( a )", "(a )"),
            ("field : ( a", "a bracket is not closed"),
            ("field : ( a)", "field:(a)"),
            (r#"name:"a && 'b' \" !c""#, r#"name:"a && 'b' \" !c""#),
            ("name:o'neil", r"name:o\'neil"),
            ("/a/ b/c name:/d", r"\/a/ b/c name:\/d"),
            ("a:[1 TO 2}", "a:[1 TO 2}"),
            ("a:[' TO 2]", "a range contains a bracket or a quote"),
            ("IN ['a' b]", "it is not Lucene's syntax"),
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
