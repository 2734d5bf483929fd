//! Finds words that the documentation does not use, in prose and in identifiers, and suggests replacements.

use crate::run::{command, output, read, root};

/// Each word or phrase, and what to write instead.
const WORDS: &[(&str, &str)] = &[
    ("road", "pipeline, path, way"),
    ("dress", "form, headers"),
    ("dressed", "with headers, authorized"),
    ("arrival", "response, observation"),
    ("let be", "ignored, left unchanged"),
    ("as good as", "equivalent, succeeds if it no longer exists"),
    ("made up", "generated"),
    ("your word", "override, consent, confirmation"),
    ("told", "reported, stated, described"),
    ("travels", "is sent"),
];

/// This file lists the words, so it is not checked.
const EXEMPT: &str = "xtask/src/words.rs";

/// One use of such a word.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    /// The line number, from 1.
    line: usize,
    word: &'static str,
    instead: &'static str,
}

/// Fails if a tracked source, manifest or document uses one of the words.
pub fn check() -> Result<(), String> {
    let tracked = output(command("git").args(["ls-files", "*.rs", "*.md", "*.toml"]))?;
    let (mut files, mut count) = (0, 0);
    // A file that is removed but not yet committed is still tracked.
    for name in tracked.lines().filter(|name| *name != EXEMPT && root().join(name).exists()) {
        files += 1;
        for Found { line, word, instead } in find(&read(&root().join(name))?) {
            println!("{name}:{line}: \"{word}\"; write: {instead}");
            count += 1;
        }
    }
    if count > 0 {
        return Err(format!("{count} words that the documentation does not use"));
    }
    println!("{files} files");
    Ok(())
}

/// A word of a text, in lower case. Each part of an identifier counts as a word.
#[derive(Debug)]
struct Word {
    text: String,
    line: usize,
    /// Whether only spaces, line breaks and comment marks separate this word from the previous one.
    follows_in_prose: bool,
    /// Whether it continues the identifier of the previous word.
    follows_in_identifier: bool,
    /// Whether the identifier continues after this word.
    is_continued: bool,
}

fn find(text: &str) -> Vec<Found> {
    let words = words(text);
    let mut found = Vec::new();
    for start in 0..words.len() {
        for (phrase, instead) in WORDS {
            let parts: Vec<&str> = phrase.split(' ').collect();
            let here = words.get(start..start + parts.len()).unwrap_or_default();
            if let Some(first) = here.first().filter(|_| is_phrase(here, &parts)) {
                found.push(Found { line: first.line, word: phrase, instead });
            }
        }
    }
    found
}

fn is_phrase(words: &[Word], parts: &[&str]) -> bool {
    let is_same = words.iter().zip(parts).all(|(word, part)| word.text == *part);
    let rest = words.get(1..).unwrap_or_default();
    let is_identifier = rest.iter().all(|word| word.follows_in_identifier);
    // `let be_strict = true` declares a variable: the identifier continues after `be`.
    let is_prose = rest.iter().all(|word| word.follows_in_prose)
        && (rest.is_empty() || words.last().is_some_and(|word| !word.is_continued));
    is_same && (is_identifier || is_prose)
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    // The text between the last word and this position.
    let mut between = String::new();
    for (number, line) in text.lines().enumerate() {
        between.push('\n');
        let mut rest = line;
        while let Some(next) = rest.chars().next() {
            let end = word_end(rest);
            if end == 0 {
                between.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
                continue;
            }
            let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let is_same_identifier = between.chars().all(|c| c == '_' || c.is_ascii_digit());
            if let (true, Some(last)) = (is_same_identifier, words.last_mut()) {
                last.is_continued = true;
            }
            words.push(Word {
                text: word.to_lowercase(),
                line: number + 1,
                follows_in_prose: !between.is_empty()
                    && between.chars().all(|c| c.is_whitespace() || "/!*#>|".contains(c)),
                follows_in_identifier: is_same_identifier,
                is_continued: false,
            });
            between.clear();
            rest = behind;
        }
    }
    words
}

/// The length of the word at the start of a text. A word ends at a capital letter, so `HTTPRoad` is `HTTP` and `Road`.
fn word_end(text: &str) -> usize {
    let letters: Vec<(usize, char)> = text.char_indices().take_while(|(_, c)| c.is_alphabetic()).collect();
    let mut ends = letters.windows(2).enumerate().filter_map(|(at, pair)| {
        let [(_, this), (next_at, next)] = pair else { return None };
        let is_lower_after = letters.get(at + 2).is_some_and(|(_, after)| after.is_lowercase());
        let is_hump = next.is_uppercase() && (this.is_lowercase() || is_lower_after);
        is_hump.then_some(*next_at)
    });
    ends.next().unwrap_or_else(|| letters.last().map_or(0, |(at, c)| at + c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(usize, &'static str)> {
        find(text).into_iter().map(|found| (found.line, found.word)).collect()
    }

    #[test]
    fn words_are_found_in_prose_in_any_case() {
        assert_eq!(lines("a\nDown the Road, as TOLD."), [(2, "road"), (2, "told")]);
        assert_eq!(
            lines("what travels; an arrival dressed up"),
            [(1, "travels"), (1, "arrival"), (1, "dressed")]
        );
        assert_eq!(find("road")[0].instead, "pipeline, path, way");
    }

    #[test]
    fn words_are_found_as_parts_of_identifiers() {
        for text in ["is_told", "told2", "Told", "IsToldTwice", "HTTPRoad", "ROAD_MAP", "toldOnce", "_told_"]
        {
            assert_eq!(find(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn parts_of_longer_words_are_not_found() {
        for text in [
            "address",
            "roadmap broadcast abroad",
            "stolden",
            "retold",
            "time-travel",
            "Addresses",
            "ROADMAP",
        ] {
            assert_eq!(lines(text), [], "{text}");
        }
    }

    #[test]
    fn phrases_are_found_over_line_breaks_and_in_identifiers() {
        assert_eq!(lines("it is made\n    /// up here"), [(1, "made up")]);
        assert_eq!(lines("fn add_made_up_user(); struct MadeUp;"), [(1, "made up"), (1, "made up")]);
        assert_eq!(lines("succeeds, as good as done; on your word"), [(1, "as good as"), (1, "your word")]);
        assert_eq!(lines("the rest is let be."), [(1, "let be")]);
    }

    #[test]
    fn words_that_are_only_near_each_other_are_not_a_phrase() {
        for text in
            ["let be_strict = true;", "made, up", "made_by up", "your words", "as good. As", "let x = be"]
        {
            assert_eq!(lines(text), [], "{text}");
        }
    }
}
