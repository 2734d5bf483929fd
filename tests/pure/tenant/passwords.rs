//! The history of passwords that must not be used again.

use super::as_admin;
use serde_json::{Value, json};
use users_mock::{Seed, Snapshot, Tenant};

const PATH: &str = "/api/v2/users/auth0%7C1";

/// A seed with a database whose history has these options.
fn seed(history: &Value) -> Seed {
    let options = json!({"password_history": history});
    let connection = json!({"id": "con_1", "name": "staff", "strategy": "auth0", "options": options});
    Seed::from_json(&json!({"connections": [connection]}).to_string()).unwrap()
}

/// Creates the user `auth0|1` of that database.
fn create(tenant: &Tenant, password: &str) {
    let user =
        json!({"connection": "staff", "user_id": "1", "email": "ada@example.com", "password": password});
    assert_eq!(as_admin(tenant, "POST", "/api/v2/users", &user).0, 201);
}

/// The message of a refused change of the password.
fn change(tenant: &Tenant, password: &str) -> Option<String> {
    let (status, answer) = as_admin(tenant, "PATCH", PATH, &json!({"password": password}));
    assert_eq!((status == 200, answer["errorCode"].is_null()), (answer["statusCode"].is_null(), true));
    answer["message"].as_str().map(ToOwned::to_owned)
}

fn password(number: u32) -> String {
    format!("Correct horse {number}")
}

#[test]
fn a_password_is_refused_that_is_one_of_the_last_ones() {
    let used = Some("PasswordHistoryError: Password has previously been used".to_owned());
    for (history, size) in [
        (json!({"enable": true, "size": 2}), 2),
        (json!({"enable": true}), 5),
        (json!({"enable": true, "size": 1000}), 24),
        (json!({"enable": false, "size": 2}), 0),
        (Value::Null, 0),
    ] {
        let tenant = Tenant::builder().seed(seed(&history)).build();
        create(&tenant, &password(0));
        (1..30).for_each(|number| assert_eq!(change(&tenant, &password(number)), None));
        let refused = (0..30).filter(|number| change_is_refused(&tenant, *number, &used)).count();
        assert_eq!(refused, size, "{history}");
    }
}

/// Whether a password is refused, in a tenant that is not changed.
fn change_is_refused(tenant: &Tenant, number: u32, message: &Option<String>) -> bool {
    let snapshot = tenant.snapshot();
    let found = change(tenant, &password(number));
    tenant.restore(&snapshot);
    assert!(found.is_none() || found == *message, "{found:?}");
    found.is_some()
}

#[test]
fn a_refused_change_changes_nothing_and_other_changes_do_not_count() {
    let tenant = Tenant::builder().seed(seed(&json!({"enable": true, "size": 1}))).build();
    create(&tenant, &password(0));
    let before = as_admin(&tenant, "GET", PATH, &Value::Null);
    assert!(change(&tenant, &password(0)).is_some());
    assert_eq!(as_admin(&tenant, "GET", PATH, &Value::Null), before);
    assert_eq!(as_admin(&tenant, "PATCH", PATH, &json!({"nickname": "countess"})).0, 200);
    assert!(change(&tenant, &password(0)).is_some());
    assert!(change(&tenant, &password(1)).is_none());
    assert!(change(&tenant, &password(0)).is_none());
}

#[test]
fn the_history_is_in_snapshots_and_files_as_salted_digests_only() {
    let folder = std::env::temp_dir().join(format!("users-passwords-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("tenant.state");
    let open = || {
        let builder = Tenant::builder().seed(seed(&json!({"enable": true})));
        builder.build_with_state(&file, false).unwrap()
    };
    let tenant = open();
    create(&tenant, &password(0));
    assert!(change(&tenant, &password(1)).is_none());
    let json = tenant.snapshot().to_json().unwrap();
    drop(tenant);

    let reopened = open();
    assert!(change(&reopened, &password(0)).is_some() && change(&reopened, &password(1)).is_some());
    let other = Tenant::new();
    other.restore(&Snapshot::from_json(&json).unwrap());
    assert!(change(&other, &password(0)).is_some() && change(&other, &password(1)).is_some());
    let kept = std::fs::read(&file).unwrap();
    assert!(!json.contains("Correct horse") && json.contains("digest"));
    assert!(!String::from_utf8_lossy(&kept).contains("Correct horse"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn without_a_history_only_the_current_password_is_kept_and_no_call_or_seed_has_it() {
    let tenant = Tenant::builder().seed(seed(&Value::Null)).build();
    create(&tenant, &password(0));
    assert!(change(&tenant, &password(0)).is_none());
    let json = tenant.snapshot().to_json().unwrap();
    assert_eq!(json.matches("digest").count(), 1, "{json}");
    let error = Seed::new().belongings("auth0|1", "passwords", "[]").unwrap_err().to_string();
    assert!(error.contains("possible are") && !error.contains(", passwords"), "{error}");

    let tenant = Tenant::builder().seed(seed(&json!({"enable": true}))).build();
    create(&tenant, &password(0));
    assert!(!as_admin(&tenant, "GET", PATH, &Value::Null).1.to_string().contains("digest"));
}
