//! Path templates: `/users/{id}/roles`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;
use std::fmt;
use users_model::InvalidId;

/// All characters except RFC 3986's unreserved ones.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path of an endpoint below its API's base URL, with parameters in braces: `/users/{id}/roles`.
///
/// Each parameter is exactly one segment, so a filled template has as many segments as the template.
///
/// ```
/// use users_core::PathTemplate;
///
/// let path = PathTemplate::new("/users/{id}/roles");
/// assert_eq!(path.parameters().collect::<Vec<_>>(), ["id"]);
/// assert_eq!(path.fill(&[("id", "auth0|1")])?, "/users/auth0%7C1/roles");
/// assert_eq!(path.matches("/users/auth0%7C1/roles"), Some(vec!["auth0|1".to_owned()]));
/// assert!(path.fill(&[("id", "..")]).is_err());
/// # Ok::<(), users_core::InvalidPath>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathTemplate(Cow<'static, str>);

impl PathTemplate {
    /// Creates a template at compile time. An invalid template is refused by [`fill`](Self::fill).
    pub const fn new(template: &'static str) -> Self {
        Self(Cow::Borrowed(template))
    }

    /// Parses a template: it begins with `/`, and each segment is either `{name}` or literal text that is not empty, not a dot
    /// segment, and contains no separator in any encoding.
    ///
    /// # Errors
    ///
    /// [`InvalidPath`] if the template breaks one of these rules.
    pub fn parse(template: impl Into<String>) -> Result<Self, InvalidPath> {
        let template = Self(Cow::Owned(template.into()));
        template.check()?;
        Ok(template)
    }

    /// Returns the template as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the names of the parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter_map(parameter)
    }

    /// Returns the path with these values as its parameters, each percent-encoded once.
    ///
    /// # Errors
    ///
    /// [`InvalidPath`] where a parameter has no value, where a value may not be a path segment (empty, blank, a dot segment, a
    /// control character), and where the template is not valid.
    pub fn fill(&self, values: &[(&str, &str)]) -> Result<String, InvalidPath> {
        let mut path = String::with_capacity(self.0.len() + 32);
        self.fill_into(&mut path, values)?;
        Ok(path)
    }

    /// Appends the filled path to a text.
    pub(crate) fn fill_into(&self, path: &mut String, values: &[(&str, &str)]) -> Result<(), InvalidPath> {
        if !self.0.starts_with('/') {
            return Err(refused(&self.0, "it does not begin with /"));
        }
        for segment in segments(&self.0).skip(1) {
            path.push('/');
            let Some(name) = parameter(segment) else {
                check_literal(segment).map_err(|why| refused(&self.0, why))?;
                path.push_str(segment);
                continue;
            };
            let value = values.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            let Some(value) = value else {
                return Err(InvalidPath(format!("{name} is missing: {self} cannot be filled")));
            };
            check_segment(name, value)?;
            path.extend(utf8_percent_encode(value, RESERVED));
        }
        Ok(())
    }

    /// Returns the decoded parameters of a path that matches this template, in order; `None` for any other path. An empty segment
    /// fills no parameter.
    pub fn matches(&self, path: &str) -> Option<Vec<String>> {
        let mut parameters = Vec::new();
        let (mut expected, mut given) = (segments(&self.0), segments(path));
        loop {
            match (expected.next(), given.next()) {
                (None, None) => return Some(parameters),
                (Some(expected), Some(given)) if parameter(expected).is_some() && !given.is_empty() => {
                    parameters.push(percent_decode_str(given).decode_utf8_lossy().into_owned());
                }
                (Some(expected), Some(given)) if expected == given => {}
                _ => return None,
            }
        }
    }

    /// Whether this template is valid and describes a path: as many segments, the literal ones equal, and values that may be segments.
    pub(crate) fn describes(&self, path: &str) -> bool {
        let (mut expected, mut given) = (segments(&self.0), segments(path));
        if expected.next() != Some("") || given.next() != Some("") {
            return false;
        }
        loop {
            match (expected.next(), given.next()) {
                (None, None) => return true,
                (Some(expected), Some(given)) if check_part(expected).is_ok() => match parameter(expected) {
                    Some(_) if may_be_segment(given) => {}
                    None if expected == given => {}
                    _ => return false,
                },
                _ => return false,
            }
        }
    }

    /// Returns whether two templates describe the same paths, regardless of the names of their parameters.
    pub fn has_shape_of(&self, other: &Self) -> bool {
        let (mut left, mut right) = (segments(&self.0), segments(&other.0));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(left), Some(right)) => {
                    if left != right && (parameter(left).is_none() || parameter(right).is_none()) {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    }

    /// The template without the parameters at its end for which `has_value` is false.
    pub(crate) fn without_unfilled_tail(&self, has_value: impl Fn(&str) -> bool) -> Self {
        let mut rest = &*self.0;
        while let Some((before, segment)) = rest.rsplit_once('/') {
            match parameter(segment) {
                Some(name) if !before.is_empty() && !has_value(name) => rest = before,
                _ => break,
            }
        }
        Self(Cow::Owned(rest.to_owned()))
    }

    fn check(&self) -> Result<(), InvalidPath> {
        let refuse = |why: &str| Err(refused(&self.0, why));
        let Some(path) = self.0.strip_prefix('/') else { return refuse("it does not begin with /") };
        path.split('/').try_for_each(check_part).or_else(refuse)
    }
}

/// Why a path template is not valid, or cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPath(String);

/// Refuses a segment of a template: a parameter without a name, or a literal that may not be one.
fn check_part(segment: &str) -> Result<(), &'static str> {
    match parameter(segment) {
        Some(name) if name.is_empty() || name.contains(['{', '}']) => Err("a parameter has no name"),
        Some(_) => Ok(()),
        None => check_literal(segment),
    }
}

/// Refuses a literal segment that changes the path, or that servers may interpret in different ways.
fn check_literal(segment: &str) -> Result<(), &'static str> {
    // Almost all segments are words.
    if !segment.is_empty()
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        return Ok(());
    }
    let decoded = decode_literal(segment);
    if InvalidId::check(&decoded).is_err() {
        return Err("it has an empty segment, a dot segment, or an escape that is not ASCII");
    }
    if decoded.contains(['/', '\\', ';', '?', '#', '%']) {
        return Err(
            "a segment contains a character that some servers treat as a separator; use a parameter for it",
        );
    }
    if !segment.chars().all(|c| c.is_ascii_alphanumeric() || "-._~!$&'()*+,=:@%".contains(c)) {
        return Err("a segment contains a character that is not allowed in a path; use a parameter for it");
    }
    Ok(())
}

/// Refuses a value that may not be a path segment.
pub(crate) fn check_segment(name: &str, value: &str) -> Result<(), InvalidPath> {
    if is_plain(value.bytes()) {
        return Ok(());
    }
    InvalidId::check(value).map_err(|invalid| InvalidPath(format!("{name}: {invalid}")))
}

impl From<&str> for PathTemplate {
    /// A template that is not checked until it is filled, as with [`new`](Self::new).
    fn from(template: &str) -> Self {
        Self(Cow::Owned(template.to_owned()))
    }
}

impl AsRef<str> for PathTemplate {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The segments of a path. Paths are so short that comparing bytes is faster than the search of `str::split`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        let end = path.bytes().position(|byte| byte == b'/');
        let (segment, behind) = match end.and_then(|end| path.split_at_checked(end)) {
            Some((segment, behind)) => (segment, behind.strip_prefix('/')),
            None => (path, None),
        };
        rest = behind;
        Some(segment)
    })
}

/// The name of a segment that is a parameter.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Whether an encoded segment is one that [`InvalidId::check`] accepts.
fn may_be_segment(segment: &str) -> bool {
    // Most are unreserved characters, some of them encoded, and have a letter or digit.
    let mut bytes = segment.bytes();
    let mut has_word = false;
    let is_simple = loop {
        match bytes.next() {
            None => break has_word,
            Some(b'%') => {
                // Printable ASCII, of which only some is encoded.
                if !matches!(
                    (bytes.next(), bytes.next()),
                    (Some(b'2' | b'3' | b'4' | b'5' | b'7'), Some(b'0'..=b'9' | b'A'..=b'E'))
                ) {
                    break false;
                }
            }
            Some(byte) if byte.is_ascii_alphanumeric() => has_word = true,
            Some(b'-' | b'.' | b'_' | b'~') => {}
            Some(_) => break false,
        }
    };
    if is_simple {
        return true;
    }
    // Some servers treat `\` as `/`, and `;` as the end of the segment.
    if segment.bytes().any(|byte| matches!(byte, b'\\' | b';')) {
        return false;
    }
    let decoded = percent_decode_str(segment);
    is_plain(decoded.clone()) || InvalidId::check(&decoded.decode_utf8_lossy()).is_ok()
}

/// Whether a text is printable ASCII with a letter or digit, as most ids are: [`InvalidId::check`] accepts it.
fn is_plain(bytes: impl Iterator<Item = u8>) -> bool {
    // Without a branch per byte, several are compared at once.
    let (all_printable, has_word) = bytes.fold((true, false), |(all_printable, has_word), byte| {
        (all_printable & matches!(byte, b' '..=b'~'), has_word | byte.is_ascii_alphanumeric())
    });
    all_printable && has_word
}

fn refused(template: &str, why: &str) -> InvalidPath {
    InvalidPath(format!("{template:?} is not a path template: {why}"))
}

/// A literal segment, percent-decoded; empty if it is not ASCII.
fn decode_literal(segment: &str) -> String {
    let is_escaped =
        |rest: &str| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    match percent_decode_str(segment).decode_utf8() {
        Ok(decoded) if decoded.is_ascii() && segment.split('%').skip(1).all(is_escaped) => {
            decoded.into_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::PathTemplate;

    #[test]
    fn a_template_is_filled_and_matched_segment_by_segment() {
        let template = PathTemplate::new("/users/{id}/identities/{provider}/{user_id}");
        let values = [("id", "auth0|1"), ("provider", "samlp"), ("user_id", "acme/ada@example.com")];
        let path = template.fill(&values).unwrap();
        assert_eq!(path, "/users/auth0%7C1/identities/samlp/acme%2Fada%40example.com");
        assert_eq!(template.matches(&path).unwrap(), ["auth0|1", "samlp", "acme/ada@example.com"]);
        for other in ["/users", "/users//identities/a/b", &format!("{path}/c")] {
            assert_eq!(template.matches(other), None, "{other}");
            assert!(!template.describes(other), "{other}");
        }
        assert!(template.describes(&path));
        for unsafe_value in ["%2e%2e", "%20", "a%00", "%E2%80%8B", "..;a", "..\\a"] {
            assert!(!template.describes(&format!("/users/{unsafe_value}/identities/a/b")), "{unsafe_value}");
        }
    }

    #[test]
    fn a_value_or_a_template_that_would_change_the_path_is_refused() {
        let template = PathTemplate::new("/users/{id}");
        for value in ["", " ", ".", "..", "\u{feff}", "a\0"] {
            assert!(
                template.fill(&[("id", value)]).unwrap_err().to_string().starts_with("id: "),
                "{value:?}"
            );
        }
        assert!(template.fill(&[]).unwrap_err().to_string().contains("id is missing"));
        for template in ["", "users", "/", "/users//x", "/..", "/users/{}", "/%2f", "/a b", "/a;b"] {
            assert!(PathTemplate::parse(template).is_err(), "{template:?}");
        }
        for template in ["/users//{id}", "/users/{id}/..", "/%2e%2e/{id}", "/users?x={id}", "/a\\{id}"] {
            let unchecked = PathTemplate::new(template);
            assert!(unchecked.fill(&[("id", "1")]).is_err(), "{template}");
            assert!(!unchecked.describes(&template.replace("{id}", "1")), "{template}");
        }
    }

    #[test]
    fn templates_are_compared_without_the_names_of_their_parameters() {
        let template = PathTemplate::new("/users/{id}/roles");
        assert!(template.has_shape_of(&PathTemplate::new("/users/{user_id}/roles")));
        assert!(!template.has_shape_of(&PathTemplate::new("/users/{id}/logs")));
        assert!(!template.has_shape_of(&PathTemplate::new("/users/{id}")));
    }
}
