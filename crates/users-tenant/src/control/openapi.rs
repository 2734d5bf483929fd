//! The description of the control API.

use crate::control::route::Route;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;

/// The document, which is kept by hand; tests compare it with the routes and with real answers.
pub(super) const DOCUMENT: &str = include_str!("../../api/openapi.json");

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("GET", "/_tenant/openapi.json", get(document))]
}

async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests {
    use super::DOCUMENT;
    use crate::control::routes;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_describes_each_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut described = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in
                operations.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters")
            {
                described.insert((method.to_uppercase(), path.clone()));
                assert!(
                    operation["summary"].is_string() && operation["operationId"].is_string(),
                    "{method} {path}"
                );
            }
        }
        let mut served: BTreeSet<(String, String)> =
            routes().iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
        // Of the server, and not of a tenant.
        served.insert(("GET".to_owned(), "/health".to_owned()));
        assert_eq!(described, served);
    }

    #[test]
    fn no_get_changes_anything() {
        let changing = ["reset", "restore", "advance", "refresh", "seed", "users", "tokens"];
        for route in routes().iter().filter(|route| route.method == "GET") {
            assert!(!changing.iter().any(|word| route.path.ends_with(word)), "{}", route.path);
        }
    }
}
