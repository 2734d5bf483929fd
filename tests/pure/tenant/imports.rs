//! Imports of users: each code of an error, and what an import changes.

use super::{DATABASE, as_admin};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use users_mock::{Seed, Tenant};

/// Imports rows; returns the job and its errors once it has ended.
fn import(tenant: &Tenant, rows: &Value, upsert: bool) -> (Value, Value) {
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = [
        field("connection_id", "con_TenantDatabase00"),
        field("upsert", &upsert.to_string()),
        field("users", &rows.to_string()),
    ];
    let request = Request::post("https://tenant.example.com/api/v2/jobs/users-imports")
        .header("authorization", format!("Bearer {}", tenant.management_token().expose()))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Bytes::from(format!("{}--b--\r\n", parts.concat())));
    let answer = tenant.handle(request.unwrap());
    assert_eq!(answer.status(), 202);
    let job: Value = serde_json::from_slice(answer.body()).unwrap();
    let path = format!("/api/v2/jobs/{}", job["id"].as_str().unwrap());
    let get = |path: &str| as_admin(tenant, "GET", path, &Value::Null).1;
    (get(&path), get(&format!("{path}/errors")))
}

/// The codes and paths of the errors of a row, as the only row that is imported.
fn errors(tenant: &Tenant, row: &Value, upsert: bool) -> Vec<(String, String)> {
    let (_, rejected) = import(tenant, &json!([row]), upsert);
    let found = rejected[0]["errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_owned();
    found.iter().map(|error| (text(error, "code"), text(error, "path"))).collect()
}

/// A tenant with Ada, whose user name is `ada`, and Grace.
fn tenant() -> Tenant {
    let tenant = Tenant::new();
    let seed = Seed::new()
        .user(r#"{"user_id":"auth0|1","email":"ada@example.com","username":"ada","nickname":"countess","blocked":false,"user_metadata":{"a":1}}"#)
        .and_then(|seed| seed.user(r#"{"user_id":"auth0|2","email":"grace@example.com"}"#));
    tenant.seed(seed.unwrap());
    tenant
}

/// A row of a new user with these attributes.
fn row(more: Value) -> Value {
    let mut row = json!({"email": "new@example.com"});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

/// A row with a hash of this algorithm and encoding, and with further properties.
fn hashed(algorithm: &str, encoding: &str, more: Value) -> Value {
    let mut hash = json!({"algorithm": algorithm, "hash": {"value": "c2VjcmV0", "encoding": encoding}});
    hash.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row(json!({"custom_password_hash": hash}))
}

#[test]
fn a_row_has_the_code_and_the_path_of_its_error() {
    let tenant = tenant();
    for (row, upsert, code, path) in [
        (hashed("md5", "utf8", json!({})), false, "ANY_OF_MISSING", "custom_password_hash"),
        (row(json!({"mfa_factors": vec![json!({}); 11]})), false, "ARRAY_LENGTH_LONG", "mfa_factors"),
        (row(json!({"mfa_factors": []})), false, "ARRAY_LENGTH_SHORT", "mfa_factors"),
        (row(json!({"user_id": "1"})), true, "CONFLICT", "user_id"),
        (json!({"email": "ada@example.com", "user_id": "2"}), true, "CONFLICT_EMAIL", "email"),
        (row(json!({"username": "ADA"})), true, "CONFLICT_USERNAME", "username"),
        (json!({"email": "ADA@example.com"}), false, "DUPLICATED_USER", ""),
        (
            hashed("scrypt", "hex", json!({"keylen": 64, "salt": {"value": "s", "position": "middle"}})),
            false,
            "ENUM_MISMATCH",
            "custom_password_hash.salt.position",
        ),
        (json!({"email": "nowhere"}), false, "FORMAT", "email"),
        (row(json!({"app_metadata": {"a.b": 1}})), false, "FORMAT", "app_metadata"),
        (row(json!({"blocked": "yes"})), false, "INVALID_TYPE", "blocked"),
        (row(json!({"name": "x".repeat(301)})), false, "MAX_LENGTH", "name"),
        (
            hashed("scrypt", "hex", json!({"keylen": 4_000_000_000_u64})),
            false,
            "MAXIMUM",
            "custom_password_hash.keylen",
        ),
        (
            row(json!({"mfa_factors": [{"totp": {"secret": "ABCDEFGHI"}}]})),
            false,
            "MFA_FACTORS_FAILED",
            "mfa_factors[0].totp",
        ),
        (
            row(json!({"mfa_factors": [{"email": {"value": "a@b.c"}}, {"email": {"value": "a@b.c"}}]})),
            false,
            "MFA_FACTORS_FAILED",
            "mfa_factors[1].email",
        ),
        (row(json!({"nickname": ""})), false, "MIN_LENGTH", "nickname"),
        (hashed("scrypt", "hex", json!({"keylen": 0})), false, "MINIMUM", "custom_password_hash.keylen"),
        (row(json!({"shoe_size": 43})), false, "NOT_PASSED", ""),
        (row(json!({"mfa_factors": [{}]})), false, "NOT_PASSED", "mfa_factors[0]"),
        (json!({"name": "Nobody"}), false, "OBJECT_REQUIRED", ""),
        (row(json!({"phone_number": "12"})), false, "PATTERN", "phone_number"),
    ] {
        assert_eq!(errors(&tenant, &row, upsert), [(code.to_owned(), path.to_owned())], "{row}");
    }
    assert_eq!(tenant.user_count(), 2);
}

#[test]
fn only_rows_without_errors_are_imported_and_counted() {
    let tenant = tenant();
    let rows = json!([
        {"email": "one@example.com"},
        {"email": "two"},
        {"email": "ada@example.com", "nickname": "Ada"},
        {"email": "ONE@example.com"},
        {"email": "three@example.com"},
    ]);
    let (job, rejected) = import(&tenant, &rows, true);
    assert_eq!(job["status"], "completed");
    assert_eq!(job["summary"], json!({"failed": 2, "updated": 1, "inserted": 2, "total": 5}));
    let users: Vec<&Value> = rejected.as_array().unwrap().iter().map(|row| &row["user"]["email"]).collect();
    assert_eq!(users, ["two", "ONE@example.com"]);
    assert_eq!(tenant.user_count(), 4);
}

#[test]
fn all_errors_of_a_row_are_reported() {
    let faulty = json!({
        "email": "nowhere", "nickname": "", "blocked": 1, "shoe_size": 43,
        "mfa_factors": [{"phone": {"value": "1"}}, {"totp": {"secret": "a"}}],
    });
    let mut found = errors(&tenant(), &faulty, false);
    found.sort();
    let expected = [
        ("FORMAT", "email"),
        ("INVALID_TYPE", "blocked"),
        ("MIN_LENGTH", "nickname"),
        ("NOT_PASSED", ""),
        ("PATTERN", "mfa_factors[0].phone.value"),
        ("PATTERN", "mfa_factors[1].totp.secret"),
    ];
    assert_eq!(found, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
    let conflicts = errors(&tenant(), &row(json!({"user_id": "1", "username": "ada"})), false);
    let codes: Vec<&str> = conflicts.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["CONFLICT", "CONFLICT_USERNAME"]);
}

#[test]
fn each_algorithm_of_a_hash_has_its_own_rules() {
    let bcrypt = |prefix: &str| row(json!({"password_hash": format!("{prefix}{}", "a".repeat(53))}));
    let salt = json!({"salt": {"value": "s"}});
    let keyed = json!({"value": "c2VjcmV0", "encoding": "hex", "digest": "sha256", "key": {"value": "k"}});
    for (row, code) in [
        (bcrypt("$2a$10$"), None),
        (bcrypt("$2b$10$"), None),
        (bcrypt("$2y$10$"), Some("PATTERN")),
        (bcrypt("$2b$12$"), Some("PATTERN")),
        (hashed("argon2", "utf8", json!({})), None),
        (hashed("argon2", "utf8", salt.clone()), Some("ANY_OF_MISSING")),
        (hashed("argon2", "hex", json!({})), Some("ANY_OF_MISSING")),
        (hashed("bcrypt", "utf8", json!({})), None),
        (hashed("bcrypt", "base64", json!({})), Some("ANY_OF_MISSING")),
        (hashed("ldap", "utf8", json!({})), None),
        (hashed("ldap", "utf8", salt.clone()), Some("ANY_OF_MISSING")),
        (hashed("pbkdf2", "utf8", json!({"password": {"encoding": "latin1"}})), None),
        (hashed("pbkdf2", "utf8", salt.clone()), Some("ANY_OF_MISSING")),
        (hashed("md4", "hex", json!({})), None),
        (hashed("sha1", "base64", salt.clone()), None),
        (hashed("sha256", "hex", json!({"keylen": 64})), Some("ANY_OF_MISSING")),
        (hashed("sha512", "utf8", json!({})), Some("ANY_OF_MISSING")),
        (hashed("hmac", "hex", json!({})), Some("ANY_OF_MISSING")),
        (hashed("hmac", "hex", json!({"hash": keyed})), None),
        (hashed("scrypt", "base64", json!({"keylen": 64, "cost": 16384, "blockSize": 8})), None),
        (hashed("scrypt", "hex", json!({})), Some("ANY_OF_MISSING")),
    ] {
        let codes: Vec<String> =
            errors(&Tenant::new(), &row, false).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, code.into_iter().collect::<Vec<&str>>(), "{row}");
    }
}

#[test]
fn secrets_of_a_rejected_row_are_neither_in_the_row_nor_in_a_message() {
    const SECRET: &str = "Tr0ub4dor-1";
    let tenant = tenant();
    for row in [
        row(json!({"password_hash": SECRET})),
        hashed("md5", "utf8", json!({"hash": {"value": SECRET, "encoding": "utf8"}})),
        row(
            json!({"mfa_factors": [{"totp": {"secret": SECRET}}, {"phone": {"value": SECRET}}, {"email": {"value": SECRET}}]}),
        ),
    ] {
        let (_, rejected) = import(&tenant, &json!([row]), false);
        assert!(
            !rejected.to_string().contains(SECRET) && rejected.to_string().contains("*****"),
            "{rejected}"
        );
    }
}

#[test]
fn an_update_replaces_metadata_and_changes_what_an_import_may_change() {
    let tenant = tenant();
    let row = json!({
        "email": "ada@example.com", "name": "Ada", "username": "other", "blocked": true, "phone_number": "+123",
        "user_metadata": {"b": 2}, "mfa_factors": [{"totp": {"secret": "ABCDEFGH"}}],
    });
    let (job, _) = import(&tenant, &json!([row]), true);
    assert_eq!(job["summary"]["updated"], 1);
    let ada = as_admin(&tenant, "GET", "/api/v2/users/auth0%7C1", &Value::Null).1;
    assert_eq!((&ada["name"], &ada["nickname"]), (&json!("Ada"), &json!("countess")));
    assert_eq!((&ada["username"], &ada["blocked"]), (&json!("ada"), &json!(false)));
    assert_eq!((&ada["phone_number"], &ada["user_metadata"]), (&Value::Null, &json!({"b": 2})));
    assert_eq!(ada["email_verified"], false);
}

#[test]
fn the_factors_of_a_new_user_are_its_authentication_methods() {
    let tenant = tenant();
    let factors = json!([
        {"totp": {"secret": "ABCDEFGH"}}, {"phone": {"value": "+4912345"}}, {"email": {"value": "new@example.com"}},
    ]);
    import(&tenant, &json!([row(json!({"user_id": "new", "mfa_factors": factors}))]), false);
    let path = "/api/v2/users/auth0%7Cnew";
    let user = as_admin(&tenant, "GET", path, &Value::Null).1;
    assert_eq!(
        (&user["mfa_factors"], &user["identities"][0]["connection"]),
        (&Value::Null, &json!(DATABASE))
    );
    let methods = as_admin(&tenant, "GET", &format!("{path}/authentication-methods"), &Value::Null).1;
    let kinds: Vec<&Value> = methods.as_array().unwrap().iter().map(|method| &method["type"]).collect();
    assert_eq!(kinds, ["totp", "phone", "email"]);
    assert_eq!(methods[1]["phone_number"], "XXXX2345");
    assert!(!methods.to_string().contains("ABCDEFGH"));
}

#[test]
fn a_linked_account_is_in_use_by_its_address_user_name_and_id() {
    let tenant = tenant();
    let link = json!({"provider": "auth0", "user_id": "1"});
    assert_eq!(as_admin(&tenant, "POST", "/api/v2/users/auth0%7C2/identities", &link).0, 201);
    for (row, upsert, code) in [
        (row(json!({"email": "ada@example.com"})), false, "DUPLICATED_USER"),
        (row(json!({"email": "ada@example.com"})), true, "CONFLICT_EMAIL"),
        (row(json!({"username": "ada"})), true, "CONFLICT_USERNAME"),
        (row(json!({"user_id": "1"})), true, "CONFLICT"),
    ] {
        let codes: Vec<String> = errors(&tenant, &row, upsert).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, [code], "{row}");
    }
    assert_eq!(tenant.user_count(), 1);
}
