//! The endpoints that Auth0 has and the tenant does not, so that a call of one is not taken for a misspelt path.

use crate::tenant::wire::answer::Failure;
use http::StatusCode;
use std::sync::LazyLock;
use users_core::PathTemplate;

static ENDPOINTS: LazyLock<Vec<(&str, PathTemplate)>> = LazyLock::new(|| {
    let lines = include_str!("not_implemented.txt").lines().filter(|line| !line.starts_with('#'));
    let endpoints = lines.filter_map(|line| line.split_once(' '));
    endpoints.filter_map(|(method, path)| Some((method, PathTemplate::parse(path).ok()?))).collect()
});

/// The answer to a request that no endpoint of the tenant matches: 501 if Auth0 has one, and otherwise 404.
pub(crate) fn answer(method: &str, path: &str) -> Failure {
    let path = path.strip_prefix("/api/v2").unwrap_or_default();
    let is_known =
        |endpoint: &&(&str, PathTemplate)| endpoint.0 == method && endpoint.1.matches(path).is_some();
    match ENDPOINTS.iter().find(is_known) {
        Some((method, template)) => Failure::new(
            StatusCode::NOT_IMPLEMENTED,
            "not_implemented",
            format!(
                "The embedded tenant does not implement {method} /api/v2{template}, which Auth0 has. A test in Rust can script \
                 the response with MockTransport."
            ),
        ),
        None => Failure::not_found(),
    }
}

#[cfg(test)]
mod tests {
    use super::ENDPOINTS;
    use crate::tenant::router::is_served;
    use crate::tenant::testing::{builder, send};
    use serde_json::Value;

    #[test]
    fn an_endpoint_that_auth0_has_is_not_taken_for_a_misspelt_one() {
        let tenant = builder().build();
        for (path, status) in
            [("/actions/actions/1", 501), ("/custom-domains", 501), ("/custom-domians", 404)]
        {
            let (answered, error) = send(&tenant, "GET", path, &Value::Null);
            assert_eq!((answered, &error["statusCode"]), (status, &status.into()), "{path}");
        }
    }

    #[test]
    fn no_endpoint_of_the_tenant_is_listed_as_missing() {
        assert!(ENDPOINTS.len() > 300);
        for (method, template) in ENDPOINTS.iter() {
            assert!(!is_served(method, template), "{method} {template}");
        }
    }
}
