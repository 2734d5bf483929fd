//! Random queries, by the grammar and beside it, whose results are compared with those of a second implementation.

use super::naive::{self, Query};
use super::{USERS, search, search_with};
use serde_json::Value;
use users_mock::{Seed, Tenant};

/// The number of queries, unless the environment states it in `USERS_SEARCHES`.
const QUERIES: u32 = 20_000;

/// splitmix64, so that a failure is the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    fn is_one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// Makes queries about users that are there.
struct Generator {
    random: Random,
    /// The paths of values with their texts.
    values: Vec<(String, String)>,
}

impl Generator {
    fn new(users: &[Value]) -> Self {
        let mut values = Vec::new();
        users.iter().for_each(|user| collect("", user, &mut values));
        Self { random: Random(7), values }
    }

    fn query(&mut self) -> String {
        match self.random.below(10) {
            0 => self.noise(),
            1 | 2 => {
                let query = self.list(2);
                self.mutated(&query)
            }
            _ => self.list(3),
        }
    }

    /// Characters and pieces with a meaning, in any order.
    fn noise(&mut self) -> String {
        const PIECES: &[&str] = &[
            " ",
            "  ",
            "\t",
            "\u{a0}",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "\"",
            "\\",
            "\\\\",
            "'",
            "`",
            "/",
            "*",
            "?",
            ":",
            "^",
            "^2",
            "~",
            "~2",
            "+",
            "-",
            "!",
            "&",
            "&&",
            "|",
            "||",
            " AND ",
            " OR ",
            "NOT ",
            "IN",
            " TO ",
            ">",
            "<",
            ">=",
            "name",
            "name:",
            "email:",
            "username:",
            "_exists_:",
            "logins_count:",
            "user_metadata.plan:",
            "app_metadata.level:",
            "a",
            "B",
            "5",
            "-5",
            ".",
            "ada",
            "é",
            "ß",
            "\u{1f600}",
            "\0",
            "=",
            "#",
            "%",
            "@",
            ";",
            ",",
        ];
        (0..self.random.below(14)).map(|_| self.random.of(PIECES)).collect()
    }

    fn mutated(&mut self, query: &str) -> String {
        let mut letters: Vec<char> = query.chars().collect();
        for _ in 0..=self.random.below(3) {
            let at = self.random.below(letters.len() + 1);
            match self.random.below(3) {
                0 if at < letters.len() => drop(letters.remove(at)),
                1 if at + 1 < letters.len() => letters.swap(at, at + 1),
                _ => letters.insert(
                    at,
                    self.random
                        .of::<str>(&[
                            "(", ")", "\"", "\\", "*", ":", "-", "+", "!", " ", "^", "[", "}", "?", "'", "&",
                            "~",
                        ])
                        .chars()
                        .next()
                        .unwrap(),
                ),
            }
        }
        letters.into_iter().collect()
    }

    fn list(&mut self, depth: usize) -> String {
        let mut text = self.element(depth);
        while self.random.is_one_in(2) && text.len() < 400 {
            text += self.random.of(&[
                " AND ",
                " OR ",
                " ",
                " && ",
                "||",
                "  OR  ",
                " AND NOT ",
                " OR NOT ",
                " NOT ",
            ]);
            text += &self.element(depth);
        }
        text
    }

    fn element(&mut self, depth: usize) -> String {
        let sign = if self.random.is_one_in(3) {
            self.random.of(&["+", "-", "NOT ", "!", "- ", "NOT NOT ", "-NOT "])
        } else {
            ""
        };
        let operand = match self.random.below(8) {
            0 if depth > 0 => format!("({})", self.list(depth - 1)),
            1 if depth > 0 => format!("{}:({})", self.path(), self.list_of_values(depth - 1)),
            2 => self
                .random
                .of(&["*", "*:*", "math", "github", "London", "\"Ada Lovelace\"", "ada@EXAMPLE.com", "bob*"])
                .to_owned(),
            3 => format!("_exists_:{}", self.path()),
            _ => self.term(),
        };
        let boost = if self.random.is_one_in(15) { self.random.of(&["^2", "^0.5", "^1"]) } else { "" };
        format!("{sign}{operand}{boost}")
    }

    fn list_of_values(&mut self, depth: usize) -> String {
        let mut text = self.element_of_values(depth);
        while self.random.is_one_in(2) {
            text += self.random.of(&[" OR ", " ", " AND ", " OR NOT "]);
            text += &self.element_of_values(depth);
        }
        text
    }

    fn element_of_values(&mut self, depth: usize) -> String {
        match self.random.below(8) {
            0 => self.term(),
            1 if depth > 0 => format!("({})", self.list_of_values(depth - 1)),
            2 => "*".to_owned(),
            _ => {
                let (_, text) = self.value();
                self.written(&text)
            }
        }
    }

    fn value(&mut self) -> (String, String) {
        self.values[self.random.below(self.values.len())].clone()
    }

    /// A path, and now and then its beginning or one of no user.
    fn path(&mut self) -> String {
        let (path, _) = self.value();
        match self.random.below(12) {
            0 => path.rsplit_once('.').map_or("email.domain", |(above, _)| above).to_owned(),
            1 => self
                .random
                .of(&[
                    "user_metadata.nowhere",
                    "email.domain",
                    "last_password_reset",
                    "picture",
                    "user_metadata",
                    "app_metadata",
                ])
                .to_owned(),
            _ => path,
        }
    }

    fn term(&mut self) -> String {
        let (path, text) = self.value();
        let path = if self.random.is_one_in(10) { self.path() } else { path };
        let space = if self.random.is_one_in(20) { " " } else { "" };
        let value = match self.random.below(6) {
            0 => self.range(&path, &text),
            1 => self.pattern(&text),
            2 if self.random.is_one_in(3) => "*".to_owned(),
            _ => self.written(&text),
        };
        format!("{path}:{space}{value}")
    }

    /// A text, quoted or with escapes, now and then in other letters.
    fn written(&mut self, text: &str) -> String {
        let text = match self.random.below(8) {
            0 => text.to_uppercase(),
            1 => text.to_lowercase(),
            _ => text.to_owned(),
        };
        if self.random.is_one_in(2) {
            let distance = if self.random.is_one_in(20) { "~3" } else { "" };
            return format!("\"{}\"{distance}", text.replace('\\', "\\\\").replace('"', "\\\""));
        }
        escaped(&text)
    }

    fn pattern(&mut self, text: &str) -> String {
        let mut letters: Vec<String> = text.chars().map(|letter| escaped(&letter.to_string())).collect();
        for _ in 0..=self.random.below(2) {
            let at = self.random.below(letters.len() + 1);
            match self.random.below(3) {
                0 if at < letters.len() => letters[at] = "?".to_owned(),
                1 if at < letters.len() => {
                    letters.truncate(at);
                    letters.push("*".to_owned());
                }
                _ => letters.insert(at, "*".to_owned()),
            }
        }
        letters.concat()
    }

    fn range(&mut self, path: &str, text: &str) -> String {
        let end = |generator: &mut Self| {
            let same: Vec<String> = generator
                .values
                .iter()
                .filter(|(other, _)| other == path)
                .map(|(_, text)| text.clone())
                .collect();
            let text = if same.is_empty() {
                text.to_owned()
            } else {
                same[generator.random.below(same.len())].clone()
            };
            let text = match generator.random.below(8) {
                0 => "*".to_owned(),
                1 if text.contains('T') && text.is_ascii() => text.get(..10).unwrap_or(&text).to_owned(),
                2 if text.contains('T') && text.is_ascii() => text.get(..7).unwrap_or(&text).to_owned(),
                3 => text.replace(".000Z", "Z"),
                4 => generator
                    .random
                    .of(&["0", "5", "-1", "10.5", "m", "2025", "1e1", "nan", "inf"])
                    .to_owned(),
                5 => text.to_uppercase(),
                _ => text,
            };
            text.chars().filter(|letter| !" ()[]{}\"'\\".contains(*letter)).collect::<String>()
        };
        let (lower, upper) = (end(self), end(self));
        if self.random.is_one_in(4) {
            return format!("{}{lower}", self.random.of(&[">", ">=", "<", "<=", "> "]));
        }
        format!("{}{lower} TO {upper}{}", self.random.of(&["[", "{"]), self.random.of(&["]", "}"]))
    }
}

/// Adds the paths and texts of the plain values of a document.
fn collect(path: &str, value: &Value, values: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter().filter(|(key, _)| *key != "picture") {
                let key = escaped(key);
                collect(&if path.is_empty() { key } else { format!("{path}.{key}") }, value, values);
            }
        }
        Value::Array(list) => list.iter().for_each(|item| collect(path, item, values)),
        Value::Null => {}
        Value::String(text) => values.push((path.to_owned(), text.clone())),
        other => values.push((path.to_owned(), other.to_string())),
    }
}

/// A text in which each character that has a meaning is escaped.
fn escaped(text: &str) -> String {
    let special = |letter: char| letter.is_whitespace() || "\\+-!():^[]\"{}~*?|&".contains(letter);
    let text: String =
        text.chars().flat_map(|letter| special(letter).then_some('\\').into_iter().chain([letter])).collect();
    if matches!(text.as_str(), "AND" | "OR" | "NOT") { format!("\\{text}") } else { text }
}

#[test]
fn random_queries_find_what_a_second_implementation_finds() {
    let count = std::env::var("USERS_SEARCHES").map_or(QUERIES, |count| count.parse().unwrap());
    let seed = USERS.iter().try_fold(Seed::new(), |seed, user| seed.user(user)).unwrap();
    let tenant = Tenant::builder().users(8).seed(seed).build();
    let ids = |users: &[&Value]| {
        let mut ids: Vec<String> =
            users.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let users: Vec<Value> = serde_json::from_str(&search_with(&tenant, "", "per_page=100").1).unwrap();
    assert_eq!(users.len(), USERS.len() + 8);
    let mut generator = Generator::new(&users);
    let (mut accepted, mut hits) = (0_u32, 0_u32);
    let mut differences = Vec::new();
    for _ in 0..count {
        let query = generator.query();
        let (status, body) = search(&tenant, &query);
        let found = match status {
            200 => Some(ids(&serde_json::from_str::<Vec<Value>>(&body).unwrap().iter().collect::<Vec<_>>())),
            400 if body.contains("invalid_query_string") => None,
            _ => panic!("{query}: {status} {body}"),
        };
        let parsed: Option<Query> = naive::parse(&query);
        let expected = parsed
            .as_ref()
            .map(|parsed| ids(&users.iter().filter(|user| parsed.matches(user)).collect::<Vec<_>>()));
        accepted += u32::from(found.is_some());
        hits += u32::from(found.as_ref().is_some_and(|found| !found.is_empty() && found.len() < users.len()));
        if found != expected {
            let counts = (found.as_ref().map(Vec::len), expected.as_ref().map(Vec::len));
            differences.push(format!("{query:?}: the tenant and the second find {counts:?}\n  {parsed:?}"));
        }
    }
    eprintln!("{count} queries, {accepted} accepted, of which {hits} found some users and not all");
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences[..differences.len().min(8)].join("\n")
    );
    assert!(accepted > count / 2 && hits > count / 4, "{accepted} accepted, {hits} with hits");
}
