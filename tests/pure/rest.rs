//! The `RestClient`: templates, parameters, and refused arguments.

use serde_json::{Value, json};
use users_tests_pure::{clients, line};

#[test]
fn parameters_fill_the_template_and_the_rest_becomes_the_query() {
    let (_, management, authentication) = clients();
    let identities = management.users().identities().rest();
    let all = json!({"id": "auth0|1", "provider": "github", "user_id": 42});
    for (request, expected) in [
        (
            management.rest("/clients/{id}").get_all::<Value>(
                json!({"fields": ["name", "client_id"], "per_page": 10, "q": null, "global": false}),
            ),
            "GET /api/v2/clients?fields=name%2Cclient_id&global=false&per_page=10",
        ),
        (management.rest("/clients/{id}").get_all::<Value>(()), "GET /api/v2/clients"),
        (
            management.rest("/clients/{id}").get::<Value>(json!({"id": "a b", "fields": "name"})),
            "GET /api/v2/clients/a%20b?fields=name",
        ),
        (
            identities.create::<Value>(json!({"id": "auth0|1"}), json!({"link_with": "x"})),
            "POST /api/v2/users/auth0%7C1/identities",
        ),
        (identities.delete::<Value>(&all), "DELETE /api/v2/users/auth0%7C1/identities/github/42"),
        (
            management
                .users()
                .multifactor()
                .rest()
                .delete::<Value>(json!({"id": "auth0|1", "provider": "duo"})),
            "DELETE /api/v2/users/auth0%7C1/multifactor/duo",
        ),
        (
            management.users().rest().patch::<Value>(json!({"id": "auth0|1"}), json!({"name": "Ada"})),
            "PATCH /api/v2/users/auth0%7C1",
        ),
        (
            management.rest("/roles/{id}").update::<Value>(json!({"id": "r"}), json!({})),
            "PUT /api/v2/roles/r",
        ),
        (management.users().rest().create::<Value>((), json!({"connection": "db"})), "POST /api/v2/users"),
        (authentication.rest("/.well-known/jwks.json").get_all::<Value>(()), "GET /.well-known/jwks.json"),
    ] {
        assert_eq!(line(&request.into_request().unwrap()), expected);
    }
}

#[test]
fn a_large_number_is_sent_with_all_its_digits() {
    let (_, management, _) = clients();
    let body: Box<serde_json::value::RawValue> =
        serde_json::from_str(r#"{"n":123456789012345678901234567890}"#).unwrap();
    let request =
        management.rest("/x/{n}").update::<Value>(json!({"n": u64::MAX}), &body).into_request().unwrap();
    assert_eq!(line(&request), "PUT /api/v2/x/18446744073709551615");
    assert_eq!(&request.body()[..], br#"{"n":123456789012345678901234567890}"#);
}

#[test]
fn a_placeholder_without_a_value_is_not_dropped_where_that_would_change_the_meaning() {
    let (mock, management, _) = clients();
    let users = management.users();
    let identities = users.identities().rest();
    let nothing = json!({});
    for (why, request) in [
        ("delete of all users", users.rest().delete::<Value>(&nothing)),
        ("get", users.rest().get::<Value>(&nothing)),
        ("patch", users.rest().patch::<Value>(&nothing, json!({}))),
        ("update", users.rest().update::<Value>(&nothing, json!({}))),
        ("null does not count as a value", users.rest().delete::<Value>(json!({"id": null}))),
        ("empty is refused", users.rest().delete::<Value>(json!({"id": ""}))),
        ("a placeholder in the middle", identities.create::<Value>(&nothing, json!({}))),
        ("only a later one", identities.get_all::<Value>(json!({"user_id": "x"}))),
        ("the tail of a delete", identities.delete::<Value>(json!({"id": "auth0|1", "provider": "github"}))),
    ] {
        let error = request.into_request().err().unwrap_or_else(|| panic!("{why} was accepted"));
        assert!(error.is_invalid_argument(), "{why}: {error:?}");
    }
    assert!(mock.requests().is_empty());
}

#[test]
fn a_template_that_is_not_a_path_is_refused() {
    let (_, management, _) = clients();
    for template in [
        "",
        "users",
        "//evil.example.com/x",
        "/users//x",
        "/users/",
        "/../x",
        "/users/{}",
        "/a?b=c",
        "/a b",
        "/a#b",
        "/users/{id}{x}",
    ] {
        let request = management.rest(template).get_all::<Value>(()).into_request();
        assert!(request.is_err(), "{template:?}: {request:?}");
    }
    for parameters in [json!([1]), json!("x"), json!({"a": {"b": 1}})] {
        assert!(
            management.rest("/users").get_all::<Value>(&parameters).into_request().is_err(),
            "{parameters}"
        );
    }
}

#[test]
fn the_response_is_decoded_as_the_requested_type() {
    let (mock, management, _) = clients();
    mock.expect((http::Method::GET, "/clients/{id}")).json(r#"{"name":"My App"}"#);
    mock.expect((http::Method::DELETE, "/clients/{id}")).status(204).times(2);
    mock.clock().block_on(async {
        #[derive(serde::Deserialize)]
        struct Client {
            name: String,
        }
        let clients = management.rest("/clients/{id}");
        let client: Client = clients.get(json!({"id": "1"})).await.unwrap();
        assert_eq!(client.name, "My App");
        let () = clients.delete(json!({"id": "1"})).await.unwrap();
        let nothing: Value = clients.delete(json!({"id": "1"})).await.unwrap();
        assert_eq!(nothing, Value::Null);
    });
    mock.verify();
}
