//! Finding secrets in text, including percent-, HTML- and backslash-escaped ones.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

/// Secrets shorter than this are not searched for: they would match ordinary text.
const MIN_LENGTH: usize = 4;
/// The number of a secret's first bytes that are looked up before the rest.
const PREFIX_LENGTH: usize = 8;

/// Unescaped text, with the origin of each of its bytes.
struct View {
    text: Vec<u8>,
    /// The position of each byte in the original text, and the end of the text.
    places: Vec<usize>,
}

/// Secrets that are searched for together, in time that does not depend on their number.
///
/// For the crates of this family.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct SecretSet {
    all: HashSet<Box<[u8]>>,
    /// The lengths of the secrets with these first bytes.
    lengths: HashMap<Box<[u8]>, BTreeSet<usize>>,
}

impl SecretSet {
    /// Adds a secret, unless it is too short to be searched for.
    pub fn insert(&mut self, secret: &str) {
        let secret = secret.as_bytes();
        if let Some(start) =
            secret.get(..secret.len().min(PREFIX_LENGTH)).filter(|start| start.len() >= MIN_LENGTH)
        {
            if self.all.insert(secret.into()) {
                self.lengths.entry(start.into()).or_default().insert(secret.len());
            }
        }
    }

    /// The lengths of the secrets that begin a text, the longest one last.
    fn at_start<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let starts = (MIN_LENGTH..=PREFIX_LENGTH).filter_map(|length| self.lengths.get(text.get(..length)?));
        starts
            .flatten()
            .copied()
            .filter(|length| text.get(..*length).is_some_and(|text| self.all.contains(text)))
    }
}

impl<'a> FromIterator<&'a str> for SecretSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(secrets: I) -> Self {
        let mut set = Self::default();
        secrets.into_iter().for_each(|secret| set.insert(secret));
        set
    }
}

/// Returns the ranges of the secrets in a text, in any form: for each position at which one begins, the longest.
pub(super) fn places(text: &str, sought: &SecretSet) -> Vec<Range<usize>> {
    if sought.all.is_empty() {
        return Vec::new();
    }
    // For each position, the end of the longest secret that begins there, or 0.
    let mut ends = vec![0; text.len()];
    let mut views = vec![View { text: text.as_bytes().to_vec(), places: (0..=text.len()).collect() }];
    // Nested escapes, as in JSON within HTML.
    for _ in 0..3 {
        for view in &views {
            view.search(sought, &mut ends);
        }
        let mut unescaped = Vec::new();
        for view in &views {
            view.unescape(&mut unescaped);
        }
        views = unescaped;
    }
    let mut places = Vec::new();
    for (start, end) in ends.into_iter().enumerate() {
        if end != 0 {
            places.push(start..end);
        }
    }
    places
}

impl View {
    fn search(&self, secrets: &SecretSet, ends: &mut [usize]) {
        for at in 0..self.text.len() {
            for length in secrets.at_start(self.text.get(at..).unwrap_or_default()) {
                let (start, end) = (self.places.get(at), self.places.get(at + length));
                if let Some((known, end)) = start.and_then(|start| ends.get_mut(*start)).zip(end) {
                    *known = (*known).max(*end);
                }
            }
        }
    }

    /// Adds the views after one more unescaping, without those that would be equal.
    fn unescape(&self, views: &mut Vec<View>) {
        let all: [(&[u8], Unescape); 6] = [
            (b"%", percent),
            (b"%", latin_1),
            (b"+", form),
            (b"&", html),
            (b"\\", backslash),
            (b"\\x", bytes),
        ];
        for (mark, unescape) in all {
            if memchr::memmem::find(&self.text, mark).is_some() {
                views.push(self.map(unescape));
            }
        }
    }

    fn map(&self, unescape: Unescape) -> View {
        let mut view = View { text: Vec::with_capacity(self.text.len()), places: Vec::new() };
        let mut at = 0;
        while let Some(byte) = self.byte(at) {
            let (length, bytes) = unescape(self, at).unwrap_or_else(|| (1, vec![byte]));
            let place = self.place(at);
            view.places.resize(view.places.len() + bytes.len(), place);
            view.text.extend_from_slice(&bytes);
            at += length;
        }
        view.places.push(self.place(self.text.len()));
        view
    }

    /// The position of a byte, or of the end, in the original text.
    fn place(&self, at: usize) -> usize {
        self.places.get(at).copied().unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    /// Parses these digits.
    fn number(&self, range: Range<usize>, radix: u32) -> Option<u32> {
        let digits = std::str::from_utf8(self.text.get(range)?).ok()?;
        u32::from_str_radix(digits, radix).ok()
    }
}

/// Returns the length of the escape at this position, and the bytes that it represents.
type Unescape = fn(&View, usize) -> Option<(usize, Vec<u8>)>;

/// `+`, a space in forms, and `%2F`
fn form(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    if view.byte(at)? == b'+' { Some((1, vec![b' '])) } else { percent(view, at) }
}

/// `%2F`, `%u00e9`
fn percent(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    (view.byte(at)? == b'%').then_some(())?;
    if view.byte(at + 1)? == b'u' {
        return character(6, view.number(at + 2..at + 6, 16)?);
    }
    let byte = u8::try_from(view.number(at + 1..at + 3, 16)?).ok()?;
    Some((3, vec![byte]))
}

/// `%E4` in Latin-1
fn latin_1(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    match percent(view, at)? {
        (3, byte) => character(3, u32::from(*byte.first()?)),
        other => Some(other),
    }
}

fn character(length: usize, code: u32) -> Option<(usize, Vec<u8>)> {
    char::from_u32(code).map(|character| (length, character.to_string().into_bytes()))
}

/// `&quot;`, `&#34;`, `&#x22;`; numeric ones also without the semicolon
fn html(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    (view.byte(at)? == b'&').then_some(())?;
    let rest = view.text.get(at + 1..(at + 12).min(view.text.len()))?;
    if let Some(number) = rest.strip_prefix(b"#") {
        let (radix, mark) = if matches!(number.first()?, b'x' | b'X') { (16, 1) } else { (10, 0) };
        let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
        let digits = number.iter().skip(mark).take_while(|byte| is_digit(byte)).count();
        let start = at + 2 + mark;
        let end = start + digits;
        let code = view.number(start..end, radix)?;
        return character(end - at + usize::from(view.byte(end) == Some(b';')), code);
    }
    let name = rest.split(|byte| *byte == b';').next()?;
    let named = match name {
        b"quot" => '"',
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"apos" => '\'',
        _ => return None,
    };
    character(name.len() + 2, u32::from(named))
}

/// `\"`, `\/`, `\n`, `\u00e9`, `\u{e9}`, `\xe9`
fn backslash(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    (view.byte(at)? == b'\\').then_some(())?;
    let unit = |at: usize| match view.text.get(at..at + 2)? {
        b"\\u" => view.number(at + 2..at + 6, 16),
        _ => None,
    };
    match view.byte(at + 1)? {
        b'n' => character(2, 0xa),
        b'r' => character(2, 0xd),
        b't' => character(2, 0x9),
        b'b' => character(2, 0x8),
        b'f' => character(2, 0xc),
        b'x' => character(4, view.number(at + 2..at + 4, 16)?),
        b'u' if view.byte(at + 2) == Some(b'{') => {
            let digits = view.text.get(at + 3..)?.iter().take(7).position(|byte| *byte == b'}')?;
            character(digits + 4, view.number(at + 3..at + 3 + digits, 16)?)
        }
        b'u' => match (unit(at)?, unit(at + 6)) {
            (first @ 0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
                character(12, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            }
            (first, _) => character(6, first),
        },
        byte if byte.is_ascii_punctuation() => Some((2, vec![byte])),
        _ => None,
    }
}

/// `\xc3\xa9` as bytes
fn bytes(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    match view.text.get(at..at + 2)? {
        b"\\x" => Some((4, vec![u8::try_from(view.number(at + 2..at + 4, 16)?).ok()?])),
        _ => backslash(view, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form_and_nothing_else_is() {
        let secret = "a&b \"ü😀/";
        for (form, is_there) in [
            ("a&b \"ü😀/", true),
            ("a%26b%20%22%c3%BC%F0%9F%98%80%2f", true),
            ("a%26b+%22%c3%BC%F0%9F%98%80/", true),
            ("a&amp;b &quot;&#252;&#x1F600;/", true),
            (r#"a&b \"\u00fc\ud83d\ude00\/"#, true),
            ("a%26amp%3Bb%20%26quot%3B%C3%BC%F0%9F%98%80%2F", true),
            ("a%26b%20%22%fc😀/", true),
            ("a%26b %u0022ü😀/", true),
            (r#"a\u{26}b \"\xc3\xbc\u{1f600}/"#, true),
            ("a&#38b &#34&#252&#128512/", true),
            ("a&b \"ü😀", false),
            ("", false),
            ("%", false),
            (r"\u\ud83d\x&#;&", false),
        ] {
            let text = format!("x{form}y");
            let expected = is_there.then_some(1..=form.len());
            let found = places(&text, &[secret].into_iter().collect())
                .first()
                .map(|place| place.start..=place.end - 1);
            assert_eq!(found, expected, "{form}");
        }
        assert!(places("abc", &["abc"].into_iter().collect()).is_empty(), "shorter than four bytes");
    }
}
