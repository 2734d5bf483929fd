//! The escapes of JSON strings.

/// The replacement of a lone surrogate.
const REPLACEMENT: u32 = 0xfffd;

/// Decodes a string with its quotes into WTF-8: UTF-8 with lone surrogates. The result is empty if the string is not valid.
pub(crate) fn wtf8(string: &str) -> Vec<u8> {
    within_quotes(string).and_then(|raw| unescape(raw, |surrogate| surrogate)).unwrap_or_default()
}

/// Decodes a string with its quotes, with U+FFFD in place of lone surrogates; `None` if an escape is not valid.
#[doc(hidden)]
pub fn unquote(string: &str) -> Option<String> {
    let bytes = unescape(within_quotes(string)?, |_| REPLACEMENT)?;
    String::from_utf8(bytes).ok()
}

/// Decodes the text between the quotes of a string; `None` if it contains a lone surrogate.
pub(super) fn unescaped(raw: &str) -> Option<String> {
    String::from_utf8(unescape(raw, |surrogate| surrogate)?).ok()
}

fn within_quotes(string: &str) -> Option<&str> {
    string.strip_prefix('"')?.strip_suffix('"')
}

/// Decodes the text between the quotes of a string, with this code in place of a lone surrogate.
fn unescape(raw: &str, lone: impl Fn(u32) -> u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        let (code, length) = match escape.as_bytes().first()? {
            quoted @ (b'"' | b'\\' | b'/') => (u32::from(*quoted), 1),
            b'b' => (0x8, 1),
            b'f' => (0xc, 1),
            b'n' => (0xa, 1),
            b'r' => (0xd, 1),
            b't' => (0x9, 1),
            b'u' => match (unit(escape, 0)?, unit(escape, 6)) {
                (first @ 0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff))
                    if escape.as_bytes().get(5) == Some(&b'\\') =>
                {
                    (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 11)
                }
                (surrogate @ 0xd800..=0xdfff, _) => (lone(surrogate), 5),
                (code, _) => (code, 5),
            },
            _ => return None,
        };
        push(&mut bytes, code);
        rest = escape.get(length..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// The code unit of `u0041` at this offset.
fn unit(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 5)?.strip_prefix('u')?;
    if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

/// Appends the character of this code, or a surrogate in the same form.
fn push(bytes: &mut Vec<u8>, code: u32) {
    if let Some(character) = char::from_u32(code) {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let [.., high, low] = code.to_be_bytes();
        bytes.extend([0xe0 | (high >> 4), 0x80 | ((high & 0xf) << 2) | (low >> 6), 0x80 | (low & 0x3f)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        for (string, expected) in [
            (r#""""#, Some("")),
            (r#""a\"\\\/\b\f\n\r\tb""#, Some("a\"\\/\u{8}\u{c}\n\r\tb")),
            (r#""\u00e9\u00E9é""#, Some("ééé")),
            (r#""\ud83d\ude00""#, Some("😀")),
            (r#""\ud83d\ud83d\ude00\ude00""#, Some("\u{fffd}😀\u{fffd}")),
            (r#""\ud83dxude00\ud83d\n""#, Some("\u{fffd}xude00\u{fffd}\n")),
            (r#""\ud83d\u0041""#, Some("\u{fffd}A")),
            (r#""\u+041""#, None),
            (r#""\u00""#, None),
            (r#""\x41""#, None),
            (r#""\""#, None),
            ("\"a", None),
        ] {
            assert_eq!(unquote(string).as_deref(), expected, "{string}");
            let by_serde = serde_json::from_str::<String>(string).ok();
            let raw = within_quotes(string).unwrap_or("\\");
            assert_eq!(unescaped(raw), by_serde, "{string}");
        }
        assert_eq!(wtf8(r#""a\ud83d\uDE00\udbff""#), b"a\xf0\x9f\x98\x80\xed\xaf\xbf");
    }
}
