//! Logins with a password, and the recorded errors of other logins.

use super::{DATABASE, PASSWORD, as_admin, ask, create};
use serde_json::{Value, json};
use users_core::model::UserUpdate;
use users_mock::{Seed, Tenant};

fn log_in(tenant: &Tenant, more: Value) -> (u16, Value) {
    let (id, _) = tenant.client();
    let mut body = json!({"grant_type": "password", "client_id": id, "username": "ada@example.com", "password": PASSWORD});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = ask(tenant, "POST", "/oauth/token", "", &body);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

#[test]
fn a_user_logs_in_by_password_and_the_login_is_counted() {
    let tenant = Tenant::new();
    let id = create(&tenant, json!({"username": "ada"})).1["user_id"].as_str().unwrap().to_owned();
    let (users, auth) = (tenant.management().users(), tenant.authentication());
    tenant.clock().block_on(async {
        let tokens = auth.oauth().password_grant("Ada@example.com", PASSWORD).await.unwrap();
        let claims = auth.users().get_info(tokens.access_token.clone().unwrap()).await.unwrap();
        assert_eq!(
            (claims.sub.as_deref(), claims.email.as_deref()),
            (Some(id.as_str()), Some("ada@example.com"))
        );
        auth.oauth().password_grant("ada", PASSWORD).realm(DATABASE).await.unwrap();

        let user = users.get(&id).await.unwrap();
        assert_eq!((user.logins_count, user.last_login), (Some(2), user.updated_at));

        users.update(&id, UserUpdate::new().password("Correct horse 2")).await.unwrap();
        let error = auth.oauth().password_grant("ada@example.com", PASSWORD).await.unwrap_err();
        assert_eq!((error.status().unwrap().as_u16(), error.code()), (403, Some("invalid_grant")));
        let restored = Tenant::new();
        restored.restore(&tenant.snapshot());
        assert_eq!(log_in(&restored, json!({"password": "Correct horse 2"})).0, 200);

        users.update(&id, UserUpdate::new().blocked(true)).await.unwrap();
        let error = auth.oauth().password_grant("ada@example.com", "Correct horse 2").await.unwrap_err();
        assert_eq!((error.status().unwrap().as_u16(), error.code()), (403, Some("unauthorized")));
        // The block is found after the password.
        assert_eq!(users.get(&id).await.unwrap().logins_count, Some(3));
    });
}

#[test]
fn logins_have_the_recorded_errors() {
    let tenant = Tenant::builder()
        .seed(Seed::new().user(r#"{"user_id":"auth0|seed","email":"s@example.com"}"#).unwrap())
        .build();
    create(&tenant, json!({}));
    let wrong = (403, "invalid_grant", "Wrong email or password.");
    let unauthorized = (401, "access_denied", "Unauthorized");
    for (more, expected) in [
        // RB login_with_resource_owner.
        (json!({"password": "wrong"}), wrong),
        (json!({"password": ""}), wrong),
        (json!({"username": "nobody@example.com"}), wrong),
        (json!({"username": "s@example.com", "password": ""}), wrong),
        (
            json!({"audience": "https://nothing/"}),
            (400, "invalid_request", "invalid audience specified for password grant exchange"),
        ),
        (
            json!({"grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": "nothing"}),
            (400, "invalid_request", "The realm does not exist."),
        ),
        (json!({"client_id": "other"}), unauthorized),
        (json!({"client_secret": "wrong"}), unauthorized),
        (
            json!({"grant_type": "nothing"}),
            (403, "unauthorized_client", "Grant type 'nothing' not allowed for the client."),
        ),
        // GO LoginWithAuthCode: no code was issued.
        (
            json!({"grant_type": "authorization_code", "code": "c", "client_secret": "tenant-secret"}),
            (403, "invalid_grant", "Invalid authorization code"),
        ),
    ] {
        let (status, answer) = log_in(&tenant, more.clone());
        assert_eq!(
            (status, answer["error"].as_str().unwrap(), answer["error_description"].as_str().unwrap()),
            expected,
            "{more}"
        );
    }
    // GO CIBA.
    let hint =
        json!({"format": "iss_sub", "iss": "https://tenant.example.com/", "sub": "auth0|nobody"}).to_string();
    for (body, error) in [
        (json!({"login_hint": hint}), json!("openid scope must be requested")),
        (json!({"login_hint": hint, "scope": "openid"}), json!("unknown_user_id")),
    ] {
        let answer = ask(&tenant, "POST", "/bc-authorize", "", &body);
        let text: Value = serde_json::from_slice(answer.body()).unwrap();
        assert!(
            answer.status() == 400 && (text["error"] == error || text["error_description"] == error),
            "{text}"
        );
    }
}

#[test]
fn a_login_for_the_management_api_is_a_self_service_token() {
    let tenant = Tenant::new();
    let id = create(&tenant, json!({})).1["user_id"].as_str().unwrap().to_owned();
    let (status, tokens) = log_in(
        &tenant,
        json!({"audience": "https://tenant.example.com/api/v2/", "scope": "openid read:current_user read:users"}),
    );
    assert_eq!(status, 200);
    let token = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let path = format!("/api/v2/users/{}", id.replace('|', "%7C"));
    assert_eq!(ask(&tenant, "GET", &path, &token, &Value::Null).status(), 200);
    assert_eq!(
        ask(&tenant, "GET", "/api/v2/users", &token, &Value::Null).status(),
        403,
        "scopes of others are not granted"
    );
    assert_eq!(as_admin(&tenant, "GET", &path, &Value::Null).1["logins_count"], 1);
}
