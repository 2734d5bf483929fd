//! Linked accounts remain accounts of their connections.

use super::{DATABASE, as_admin, create};
use serde_json::{Value, json};
use users_mock::{Seed, Tenant};

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

#[test]
fn an_update_that_names_the_connection_of_a_linked_account_changes_that_account() {
    let connection = |id: &str, name: &str| json!({"id": id, "name": name, "strategy": "auth0"});
    let seed = json!({"connections": [connection("con_1", "staff"), connection("con_2", "guests")]});
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    for (connection, id, email) in [
        ("staff", "1", "ada@example.com"),
        ("guests", "2", "guest@example.com"),
        ("guests", "3", "taken@example.com"),
    ] {
        assert_eq!(create(&tenant, json!({"connection": connection, "user_id": id, "email": email})).0, 201);
    }
    let path = "/api/v2/users/auth0%7C1";
    let link = json!({"provider": "auth0", "user_id": "2"});
    assert_eq!(as_admin(&tenant, "POST", &format!("{path}/identities"), &link).0, 201);
    for (change, message) in [
        (json!({"email": "taken@example.com"}), "The specified new email already exists"),
        (json!({"password": "weak"}), "PasswordStrengthError: Password is too weak"),
        (json!({"username": "guest"}), "Cannot update username for users without an username already set."),
    ] {
        let mut body = change;
        body["connection"] = "guests".into();
        let (status, error) = as_admin(&tenant, "PATCH", path, &body);
        assert_eq!((status, error["message"].as_str()), (400, Some(message)));
    }
    let change = json!({"connection": "guests", "email": "New@example.com", "nickname": "countess"});
    let (status, user) = as_admin(&tenant, "PATCH", path, &change);
    assert_eq!(
        (status, &user["email"], &user["nickname"]),
        (200, &json!("ada@example.com"), &json!("countess"))
    );
    let profile = &user["identities"][1]["profileData"];
    assert_eq!(profile, &json!({"email": "new@example.com", "email_verified": false}));
    // The same address again is no conflict, and the former one is free.
    assert_eq!(
        as_admin(&tenant, "PATCH", path, &json!({"connection": "guests", "email": "new@example.com"})).0,
        200
    );
    assert_eq!(create(&tenant, json!({"connection": "guests", "email": "guest@example.com"})).0, 201);
    // The connection of the first account means the user itself.
    let (_, user) =
        as_admin(&tenant, "PATCH", path, &json!({"connection": "staff", "email": "l@example.com"}));
    assert_eq!(user["email"], "l@example.com");
}
