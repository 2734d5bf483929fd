//! Why a path is not one of the tenant's, and which ones are near to it.

use http::Method;
use users_core::PathTemplate;
use users_mock::Tenant;

/// The least similarity of an endpoint that is named.
const LEAST: f64 = 0.6;

/// The number of endpoints that are named.
const MOST_NAMED: usize = 3;

/// Why no endpoint answers this method and path; `None` if one does.
pub(crate) fn why_not(method: &Method, path: &str) -> Option<String> {
    let mut of_path = Vec::new();
    for (known, template) in Tenant::endpoints() {
        if PathTemplate::parse(template).is_ok_and(|template| template.matches(path).is_some()) {
            of_path.push(known);
        }
    }
    if of_path.contains(&method.as_str()) {
        return None;
    }
    if !of_path.is_empty() {
        return Some(format!("{path} does not answer {method}; it answers {}.", of_path.join(", ")));
    }
    let mut near: Vec<(f64, &str, &str)> = Tenant::endpoints()
        .map(|(known, template)| {
            // One of another method is a little less near.
            let same_method = if known == method.as_str() { 0.0 } else { -0.05 };
            (similarity(path, template) + same_method, known, template)
        })
        .filter(|(similarity, ..)| *similarity >= LEAST)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let named: Vec<String> =
        near.iter().take(MOST_NAMED).map(|(_, method, template)| format!("{method} {template}")).collect();
    if named.is_empty() {
        return Some(format!("No endpoint is at {path}, and none is near to it."));
    }
    Some(format!("No endpoint is at {path}; the nearest are {}.", named.join(", ")))
}

/// How similar a path is to a template, from 0 to 1. A parameter is similar to any segment.
fn similarity(path: &str, template: &str) -> f64 {
    let mut segments = path.trim_matches('/').split('/');
    let filled: Vec<&str> = template
        .trim_matches('/')
        .split('/')
        .map(|part| {
            let segment = segments.next();
            if part.starts_with('{') { segment.unwrap_or(part) } else { part }
        })
        .collect();
    strsim::normalized_levenshtein(path.trim_matches('/'), &filled.join("/"))
}

#[cfg(test)]
mod tests {
    use super::why_not;
    use http::Method;

    #[test]
    fn a_misspelt_path_is_answered_with_the_nearest_endpoints() {
        let why = |method: Method, path: &str| why_not(&method, path);
        assert_eq!(why(Method::GET, "/api/v2/users/auth0%7C1"), None);
        let misspelt = why(Method::GET, "/api/v2/user/auth0%7C1").unwrap();
        assert!(misspelt.contains("the nearest are GET /api/v2/users/{id}"), "{misspelt}");
        let without_base = why(Method::GET, "/v2/users").unwrap();
        assert!(without_base.contains("GET /api/v2/users"), "{without_base}");
        let method = why(Method::PUT, "/api/v2/users").unwrap();
        assert!(method.contains("does not answer PUT; it answers ") && method.contains("GET"), "{method}");
        assert!(why(Method::GET, "/favicon.ico").unwrap().contains("none is near"));
    }
}
