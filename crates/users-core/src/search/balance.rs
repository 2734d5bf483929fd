//! Whether a query can be a part of another one.

use crate::error::Error;

/// A query in parentheses; `None` if it is blank.
///
/// # Errors
///
/// If its parentheses, brackets or quotes are not balanced, so that the parentheses would not enclose it.
pub(crate) fn parenthesized(query: &str) -> Result<Option<String>, Error> {
    if query.trim().is_empty() {
        return Ok(None);
    }
    check(query)
        .map_err(|why| Error::invalid(format!("the query cannot be combined with another: {why}")))?;
    Ok(Some(format!("({query})")))
}

fn check(query: &str) -> Result<(), &'static str> {
    let mut open = 0_u64;
    let mut in_range = false;
    let mut characters = query.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next().ok_or("it ends with a backslash")?;
            }
            '"' => skip_phrase(&mut characters)?,
            // A range has no parentheses of its own.
            ']' | '}' if in_range => in_range = false,
            _ if in_range => {}
            '[' | '{' => in_range = true,
            ']' | '}' => return Err("a range is closed that is not open"),
            '(' => open += 1,
            ')' => open = open.checked_sub(1).ok_or("a parenthesis is closed that is not open")?,
            _ => {}
        }
    }
    match (open, in_range) {
        (0, false) => Ok(()),
        (_, true) => Err("a range is not closed"),
        _ => Err("a parenthesis is not closed"),
    }
}

fn skip_phrase(characters: &mut std::str::Chars<'_>) -> Result<(), &'static str> {
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next().ok_or("it ends with a backslash")?;
            }
            '"' => return Ok(()),
            _ => {}
        }
    }
    Err("a quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::parenthesized;

    #[test]
    fn only_a_balanced_query_is_enclosed() {
        for query in [
            "a OR b",
            r#"name:"(" OR (a)"#,
            r"name:\(",
            r#"created_at:[2026-01-01 TO "x)"}"#,
            "a:{b TO *] c:(d)",
        ] {
            assert_eq!(parenthesized(query).unwrap().unwrap(), format!("({query})"));
        }
        for query in ["a) OR (b", "(a", "a)", r#"name:"a"#, r"a\", "a:[b TO c", "a]", r#""a\""#, ") ("] {
            assert!(parenthesized(query).is_err(), "{query}");
        }
        assert_eq!(parenthesized(" \t").unwrap(), None);
    }
}
