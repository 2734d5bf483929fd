//! Logins of users who were imported with the hashes of their passwords.

use super::super::{as_admin, ask};
use serde_json::{Value, json};
use users_core::model::JobStatus;
use users_mock::{Seed, Tenant};

fn log_in(tenant: &Tenant, email: &str, password: &str) -> u16 {
    let body = json!({"grant_type": "password", "client_id": "tenant-client", "username": email, "password": password});
    ask(tenant, "POST", "/oauth/token", "", &body).status().as_u16()
}

#[test]
fn imported_users_log_in_with_the_passwords_of_before() {
    let tenant = Tenant::new();
    let rows = [
        json!({"email": "ada@example.com", "email_verified": true,
            "custom_password_hash": {"algorithm": "sha256", "hash": {"encoding": "hex",
                "value": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"}}}),
        // The example of RFC 2307's schemes: the digest of `password`.
        json!({"email": "bob@example.com",
            "custom_password_hash": {"algorithm": "ldap", "hash": {"encoding": "utf8", "value": "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="}}}),
        json!({"email": "eve@example.com"}),
    ];
    tenant.clock().block_on(async {
        let report = tenant.management().jobs().import_all("con_TenantDatabase00", rows).await.unwrap();
        assert_eq!(report.jobs[0].status, Some(JobStatus::Completed));
        assert!(report.refused.is_empty(), "{:?}", report.refused);
    });
    for email in ["ada@example.com", "bob@example.com"] {
        assert_eq!(log_in(&tenant, email, "password"), 200, "{email}");
        assert_eq!(log_in(&tenant, email, "Password"), 403, "{email}");
    }
    assert_eq!(log_in(&tenant, "eve@example.com", ""), 403);
    // A new password takes the place of the hash.
    let id = tenant.user_ids().remove(0).replace('|', "%7C");
    assert_eq!(
        as_admin(&tenant, "PATCH", &format!("/api/v2/users/{id}"), &json!({"password": "Correct horse 1"})).0,
        200
    );
    assert_eq!(log_in(&tenant, "ada@example.com", "password"), 403);
    assert_eq!(log_in(&tenant, "ada@example.com", "Correct horse 1"), 200);
    assert_eq!(
        as_admin(&tenant, "GET", &format!("/api/v2/users/{id}"), &Value::Null).1.get("passwords"),
        None
    );
}

#[test]
fn seeded_users_log_in_with_their_passwords_which_are_not_shown() {
    let bcrypt = "$2b$10$C6UzMDM.H6dfI/f/IKcEeO7ZVxLmZaSzFVhMyCu8wWBCsKtmHzTTC";
    let seed = json!({"users": [
        {"user_id": "auth0|1", "email": "one@example.com", "password": "Correct horse 1"},
        {"user_id": "auth0|2", "email": "two@example.com", "custom_password_hash": {"algorithm": "sha256", "hash": {
            "encoding": "hex", "value": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"}}},
        {"user_id": "auth0|3", "email": "three@example.com", "password_hash": bcrypt},
    ]});
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    for (email, password, status) in [
        ("one@example.com", "Correct horse 1", 200),
        ("one@example.com", "password", 403),
        ("two@example.com", "password", 200),
        ("three@example.com", "wrong", 403),
    ] {
        assert_eq!(log_in(&tenant, email, password), status, "{email} {password}");
    }
    let (_, users) = as_admin(&tenant, "GET", "/api/v2/users", &Value::Null);
    assert!(!users.to_string().contains("password"), "{users}");
    assert!(!format!("{tenant:?}").contains("Correct horse"));
}

#[test]
fn a_seed_with_a_password_that_cannot_be_used_says_why() {
    for (more, text) in [
        (json!({"password": 1}), "the password of auth0|1 is not a string"),
        (
            json!({"password": "a", "password_hash": "b"}),
            "more than one of password, password_hash, custom_password_hash",
        ),
        (json!({"password_hash": "plain"}), "the hash of the password of auth0|1 cannot be used"),
    ] {
        let mut user = json!({"user_id": "auth0|1"});
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = Seed::from_json(&json!({"users": [user]}).to_string()).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
