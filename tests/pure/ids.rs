//! Which ids are accepted, and how they are encoded in a path.

use users_core::Error;
use users_core::model::{Impersonation, LinkTarget, Protocol, UserUpdate};
use users_tests_pure::{clients, line};

type Made = Result<http::Request<bytes::Bytes>, Error>;

/// A request for every place where an argument becomes a path segment.
fn with_id(id: &str) -> Vec<(&'static str, Made)> {
    let (_, management, authentication) = clients();
    let users = management.users();
    let good = "auth0|1";
    vec![
        ("get", users.get(id).into_request()),
        ("update", users.update(id, UserUpdate::new().name("Ada")).into_request()),
        ("update_user_metadata", users.update_user_metadata(id, serde_json::json!({"a": 1})).into_request()),
        ("update_app_metadata", users.update_app_metadata(id, serde_json::json!({"a": 1})).into_request()),
        ("delete", users.delete(id).into_request()),
        ("delete_multifactor_provider", users.delete_multifactor_provider(id, "duo").into_request()),
        ("multifactor provider", users.delete_multifactor_provider(good, id).into_request()),
        ("link", users.link(id, LinkTarget::account("github", "1")).into_request()),
        ("unlink", users.unlink(id, "github", "1").into_request()),
        ("unlink provider", users.unlink(good, id, "1").into_request()),
        ("unlink user_id", users.unlink(good, "github", id).into_request()),
        (
            "impersonate",
            authentication.users().impersonate(id, Impersonation::new(good, Protocol::OAuth2)).into_request(),
        ),
        (
            "rest",
            management
                .rest("/users/{id}")
                .get::<serde_json::Value>(serde_json::json!({"id": id}))
                .into_request(),
        ),
    ]
}

#[test]
fn an_id_that_could_change_the_path_is_refused_by_every_operation() {
    for id in ["", " ", "\t", "\u{a0}", ".", "..", "auth0|a\0b", "\0", "a\nb"] {
        for (operation, made) in with_id(id) {
            let error = made.err().unwrap_or_else(|| panic!("{operation} accepted {id:?}"));
            assert!(error.is_invalid_argument(), "{operation} {id:?}: {error:?}");
        }
    }
}

#[test]
fn unlinking_a_full_id_with_nothing_after_its_provider_is_refused() {
    let (_, management, _) = clients();
    for user_id in ["github|", "github|.", "github|..", "github| "] {
        assert!(
            management.users().unlink("auth0|1", "github", user_id).into_request().is_err(),
            "{user_id:?}"
        );
    }
}

#[test]
fn ids_are_percent_encoded_exactly_once() {
    for (id, encoded) in [
        ("auth0|507f", "auth0%7C507f"),
        ("a/b", "a%2Fb"),
        ("100%", "100%25"),
        ("siwe|eip155%3A1%3A0x", "siwe%7Ceip155%253A1%253A0x"),
        ("sms|+49", "sms%7C%2B49"),
        ("a b", "a%20b"),
        ("ad|Grüße|日本", "ad%7CGr%C3%BC%C3%9Fe%7C%E6%97%A5%E6%9C%AC"),
        ("x?y=1#z", "x%3Fy%3D1%23z"),
        ("..a", "..a"),
        ("%2e%2e", "%252e%252e"),
        ("~-_.", "~-_."),
        ("samlp|acme|ada@example.com", "samlp%7Cacme%7Cada%40example.com"),
    ] {
        for (operation, made) in with_id(id) {
            let request = made.unwrap_or_else(|error| panic!("{operation} refused {id:?}: {error}"));
            assert!(
                line(&request).split('/').any(|segment| segment == encoded),
                "{operation}: {}",
                line(&request)
            );
        }
    }
}
