//! Text in a query.

/// The characters that have a meaning in a query outside quotes.
const SPECIAL: &[char] = &[
    '+', '-', '&', '|', '!', '(', ')', '{', '}', '[', ']', '^', '"', '~', '*', '?', ':', '\\', '/', '<', '>',
    '=',
];

/// A text as a phrase: in quotes, which match it as it is.
pub(crate) fn phrase(text: &str) -> String {
    let mut phrase = String::with_capacity(text.len() + 2);
    phrase.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            phrase.push('\\');
        }
        phrase.push(character);
    }
    phrase.push('"');
    phrase
}

/// A text without quotes, to which a wildcard can be added.
pub(crate) fn word(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for character in text.chars() {
        if SPECIAL.contains(&character) || character.is_whitespace() {
            word.push('\\');
        }
        word.push(character);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::{phrase, word};

    #[test]
    fn characters_with_a_meaning_are_escaped() {
        assert_eq!(phrase(r#"a "b" \ c"#), r#""a \"b\" \\ c""#);
        assert_eq!(word("auth0|a b*"), r"auth0\|a\ b\*");
        // Each one of Lucene's, also where the tenant of users-mock does not need it.
        for special in "+-&|!(){}[]^\"~*?:\\/".chars() {
            assert_eq!(word(&special.to_string()), format!("\\{special}"));
        }
    }
}
