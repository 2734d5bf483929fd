//! Linked accounts remain accounts of their connections.

use super::{DATABASE, as_admin, create};
use serde_json::{Value, json};
use users_mock::Tenant;

const PRIMARY: &str = "/api/v2/users/auth0%7Cprimary";

/// A tenant with a user to whom the account of another one is linked.
fn tenant() -> Tenant {
    let tenant = Tenant::new();
    create(&tenant, json!({"user_id": "primary", "email": "primary@example.com", "username": "primary"}));
    create(&tenant, json!({"user_id": "linked", "email": "linked@example.com", "username": "linked"}));
    let link = json!({"provider": "auth0", "user_id": "linked"});
    assert_eq!(as_admin(&tenant, "POST", &format!("{PRIMARY}/identities"), &link).0, 201);
    tenant
}

#[test]
fn no_user_is_created_with_the_id_address_or_user_name_of_a_linked_account() {
    let tenant = tenant();
    for body in
        [json!({"user_id": "linked"}), json!({"email": "Linked@example.com"}), json!({"username": "LINKED"})]
    {
        let (status, error) = create(&tenant, body.clone());
        assert_eq!((status, error["message"].as_str()), (409, Some("The user already exists.")), "{body}");
    }
    for (body, message) in [
        (json!({"email": "linked@example.com"}), "The specified new email already exists"),
        (json!({"username": "linked"}), "The username provided is in use already."),
    ] {
        let (status, error) = as_admin(&tenant, "PATCH", PRIMARY, &body);
        assert_eq!((status, error["message"].as_str()), (400, Some(message)), "{body}");
    }
    assert_eq!(tenant.user_count(), 1);
    // The account is restored as it was, and its address is that of a user again.
    let unlink = format!("{PRIMARY}/identities/auth0/linked");
    assert_eq!(as_admin(&tenant, "DELETE", &unlink, &Value::Null).0, 200);
    assert_eq!(tenant.user("auth0|linked").unwrap().email.as_deref(), Some("linked@example.com"));
    assert_eq!(as_admin(&tenant, "DELETE", "/api/v2/users/auth0%7Clinked", &Value::Null).0, 204);
    assert_eq!(create(&tenant, json!({"email": "linked@example.com", "username": "linked"})).0, 201);
}

#[test]
fn a_linked_account_is_found_after_a_restoration_too() {
    let original = tenant();
    let restored = Tenant::new();
    restored.restore(&original.snapshot());
    assert_eq!(create(&restored, json!({"email": "linked@example.com"})).0, 409);
    let (_, connections) = as_admin(&restored, "GET", "/api/v2/connections", &Value::Null);
    assert_eq!(connections[0]["name"], DATABASE);
}
