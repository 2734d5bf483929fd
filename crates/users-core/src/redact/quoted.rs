//! Finding secrets in text, also where they are percent-, HTML- or backslash-escaped.

use std::collections::HashSet;
use std::ops::Range;

/// Secrets that are shorter than this are not searched for: they would be found everywhere.
const SHORTEST: usize = 4;

/// Text as it reads after some unescaping, and where each of its bytes comes from.
struct View {
    text: Vec<u8>,
    /// The place of each byte in the original text, and its end.
    places: Vec<usize>,
}

/// Where secrets stand in a text, in any form.
pub(super) fn places(text: &str, secrets: &[&str]) -> Vec<Range<usize>> {
    let secrets: Vec<&[u8]> =
        secrets.iter().map(|secret| secret.as_bytes()).filter(|secret| secret.len() >= SHORTEST).collect();
    if secrets.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut views = vec![View { text: text.as_bytes().to_vec(), places: (0..=text.len()).collect() }];
    // Escapes within escapes, as in JSON within HTML.
    for _ in 0..3 {
        for view in &views {
            view.search(&secrets, &mut found);
        }
        views = views.iter().flat_map(View::unescaped).collect();
    }
    found.sort_by_key(|range| range.start);
    found
}

impl View {
    fn search(&self, secrets: &[&[u8]], found: &mut Vec<Range<usize>>) {
        // With many secrets most are ruled out by their beginning.
        let beginnings: HashSet<&[u8]> = self.text.windows(SHORTEST).collect();
        let likely = secrets
            .iter()
            .filter(|secret| secret.get(..SHORTEST).is_some_and(|start| beginnings.contains(start)));
        for secret in likely {
            for at in memchr::memmem::find_iter(&self.text, secret) {
                let (start, end) = (self.places.get(at), self.places.get(at + secret.len()));
                found.extend(start.zip(end).map(|(start, end)| *start..*end));
            }
        }
    }

    /// The views that come of one more unescaping, those apart in which nothing changes.
    fn unescaped(&self) -> Vec<View> {
        let all: [(u8, Unescape); 4] = [(b'%', percent), (b'+', form), (b'&', html), (b'\\', backslash)];
        let possible = all.into_iter().filter(|(mark, _)| self.text.contains(mark));
        possible.map(|(_, unescape)| self.map(unescape)).collect()
    }

    fn map(&self, unescape: Unescape) -> View {
        let mut view = View { text: Vec::with_capacity(self.text.len()), places: Vec::new() };
        let mut at = 0;
        while let Some(byte) = self.byte(at) {
            let (length, bytes) = unescape(self, at).unwrap_or_else(|| (1, vec![byte]));
            view.places.extend(bytes.iter().filter_map(|_| self.places.get(at)));
            view.text.extend(bytes);
            at += length;
        }
        view.places.extend(self.places.last());
        view
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    /// The number that these digits are, if they are any.
    fn number(&self, range: Range<usize>, radix: u32) -> Option<u32> {
        let digits = std::str::from_utf8(self.text.get(range)?).ok()?;
        u32::from_str_radix(digits, radix).ok()
    }
}

/// What an escape at this place stands for, and its length.
type Unescape = fn(&View, usize) -> Option<(usize, Vec<u8>)>;

/// `+`, as forms write a space, and `%2F`.
fn form(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    if view.byte(at)? == b'+' { Some((1, vec![b' '])) } else { percent(view, at) }
}

/// `%2F`
fn percent(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    (view.byte(at)? == b'%').then_some(())?;
    let byte = u8::try_from(view.number(at + 1..at + 3, 16)?).ok()?;
    Some((3, vec![byte]))
}

/// `&quot;`, `&#34;`, `&#x22;`
fn html(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    (view.byte(at)? == b'&').then_some(())?;
    let rest = view.text.get(at + 1..(at + 12).min(view.text.len()))?;
    let end = at + 1 + rest.iter().position(|byte| *byte == b';')?;
    let character = match view.text.get(at + 1..end)? {
        b"quot" => '"',
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"apos" => '\'',
        [b'#', b'x' | b'X', ..] => char::from_u32(view.number(at + 3..end, 16)?)?,
        [b'#', ..] => char::from_u32(view.number(at + 2..end, 10)?)?,
        _ => return None,
    };
    Some((end + 1 - at, character.to_string().into_bytes()))
}

/// `\"`, `\/`, `\n`, `\u00e9`, `\x22`
fn backslash(view: &View, at: usize) -> Option<(usize, Vec<u8>)> {
    (view.byte(at)? == b'\\').then_some(())?;
    let unit = |at: usize| match view.text.get(at..at + 2)? {
        b"\\u" => view.number(at + 2..at + 6, 16),
        _ => None,
    };
    let character = match view.byte(at + 1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'x' => {
            return char::from_u32(view.number(at + 2..at + 4, 16)?).map(|c| (4, c.to_string().into_bytes()));
        }
        b'u' => {
            let first = unit(at)?;
            return match (char::from_u32(first), unit(at + 6)) {
                (Some(character), _) => Some((6, character.to_string().into_bytes())),
                (None, Some(second @ 0xdc00..=0xdfff)) if first < 0xdc00 => {
                    let character = char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?;
                    Some((12, character.to_string().into_bytes()))
                }
                _ => None,
            };
        }
        byte if byte.is_ascii_punctuation() => char::from(byte),
        _ => return None,
    };
    Some((2, character.to_string().into_bytes()))
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
            ("a&b \"ü😀", false),
            ("", false),
            ("%", false),
            (r"\u\ud83d\x&#;&", false),
        ] {
            let text = format!("x{form}y");
            let expected = is_there.then_some(1..=form.len());
            let found = places(&text, &[secret]).first().map(|place| place.start..=place.end - 1);
            assert_eq!(found, expected, "{form}");
        }
        assert!(places("abc", &["abc"]).is_empty(), "shorter than four bytes");
    }
}
