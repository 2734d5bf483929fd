//! Path templates: `/users/{id}`.

use percent_encoding::percent_decode_str;

/// The parameters with which a path fills a template, by name and decoded; `None` if it does not. An empty segment fills no parameter.
pub(crate) fn parameters<'a>(template: &'a str, path: &str) -> Option<Vec<(&'a str, String)>> {
    let mut parameters = Vec::new();
    let (mut expected, mut actual) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), actual.next()) {
            (None, None) => return Some(parameters),
            (Some(expected), Some(actual)) => match parameter(expected) {
                Some(name) if !actual.is_empty() => parameters.push((name, decode(actual))),
                None if expected == actual => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// The template with `{}` for each parameter, so that templates with other names for the same parameters compare as equal.
pub(crate) fn without_names(template: &str) -> String {
    let segments: Vec<&str> =
        template.split('/').map(|segment| parameter(segment).map_or(segment, |_| "{}")).collect();
    segments.join("/")
}

/// Percent-decodes text; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::{parameters, without_names};

    #[test]
    fn a_path_fills_a_template_segment_by_segment() {
        let filled = |path| parameters("/users/{id}/roles/{role}", path);
        assert_eq!(
            filled("/users/auth0%7C1/roles/a"),
            Some(vec![("id", "auth0|1".to_owned()), ("role", "a".to_owned())])
        );
        for other in ["/users//roles/a", "/users/1/roles", "/users/1/roles/a/b", "/user/1/roles/a"] {
            assert_eq!(filled(other), None, "{other}");
        }
        assert_eq!(without_names("/users/{id}/roles/{role}"), "/users/{}/roles/{}");
    }
}
