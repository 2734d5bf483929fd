//! Headers, tokens, errors, rate limits and the Authentication API: §1 to §4 and §13.

use super::{Row, Token, ask, assert_as_recorded};
use serde_json::json;

#[test]
fn responses_errors_and_tokens_are_as_recorded() {
    let nothing = || json!("");
    assert_as_recorded(vec![
        Row("§1 headers of a success", "RB Auth0_Api_V2_Users", vec![
            ask("GET", "/users?per_page=1")
                .gives(200, json!([{}]))
                .header("content-type", "application/json; charset=utf-8")
                .header("cache-control", "no-cache")
                .header("vary", "origin,accept-encoding")
                .header("strict-transport-security", "max-age=31536000"),
        ]),
        Row("§1 also without a body", "RB Auth0_Api_V2_Users, GO TestUserManager_Delete", vec![
            ask("DELETE", "/users/auth0%7C2")
                .gives(204, nothing())
                .header("content-type", "application/json; charset=utf-8")
                .header("cache-control", "no-cache"),
        ]),
        Row("§1 errors have no rate limits, but the other headers", "RB, 9 of 9", vec![
            ask("GET", "/users/auth0%7Cnobody")
                .gives(404, json!({}))
                .header("x-ratelimit-limit", "absent")
                .header("x-ratelimit-remaining", "absent")
                .header("x-ratelimit-reset", "absent")
                .header("cache-control", "no-cache")
                .header("vary", "origin,accept-encoding")
                .header("strict-transport-security", "max-age=31536000"),
        ]),
        Row("§1 an id is one segment", "GO TestUserManager_Read", vec![
            ask("GET", "/users/auth0%7C1").gives(200, json!({"user_id": "auth0|1"})),
            ask("GET", "/users/github%7Ca%2Fb%253A").gives(200, json!({"user_id": "github|a/b%3A"})),
        ]),
        Row("§1 telemetry is accepted", "RB", vec![
            ask("GET", "/users/auth0%7C1")
                .with("auth0-client", "eyJuYW1lIjoicnVieS1hdXRoMCIsInZlcnNpb24iOiI1LjUuMCIsImVudiI6eyJydWJ5IjoiMi43LjAifX0=")
                .gives(200, json!({})),
        ]),
        Row("§2 no token", "RB DeviceCredentials/create_test_credential", vec![
            ask("POST", "/device-credentials")
                .by(Token::Absent)
                .json(&json!({"device_name": "d", "type": "public_key", "value": "v", "device_id": "1", "client_id": "app"}))
                .gives(401, json!({"only": {"statusCode": 401, "error": "Unauthorized", "message": "Missing authentication"}}))
                .header("www-authenticate", "Bearer"),
        ]),
        Row("§2 a missing scope", "DC, eight of one form", vec![
            ask("GET", "/roles").by(Token::ReadUsers).gives(
                403,
                json!({"only": {"statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope",
                    "message": "Insufficient scope, expected any of: read:roles"}}),
            ),
        ]),
        Row("§3 an unknown user", "GO TestUserManager_Delete, TF TestAccDataSourceUser", vec![
            ask("GET", "/users/auth0%7Cthis-user-id-does-not-exist").gives(
                404,
                json!({"only": {"statusCode": 404, "error": "Not Found", "message": "The user does not exist.", "errorCode": "inexistent_user"}}),
            ),
        ]),
        Row("§3 an unknown path", "GO CheckIP", vec![
            ask("GET", "/nothing").gives(404, json!({"only": {"statusCode": 404, "error": "Not Found", "message": "Not Found"}})),
        ]),
        Row("§3 an unknown permission", "RB _add_user_permissions", vec![
            ask("POST", "/users/auth0%7C1/permissions")
                .json(&json!({"permissions": [{"resource_server_identifier": "https://api.example.com/", "permission_name": "fly"}]}))
                .gives(
                    404,
                    json!({"statusCode": 404, "error": "Not Found", "errorCode": "inexistent_resource_server_permission",
                        "message": "This permission does not exist: 'https://api.example.com/ - fly'"}),
                ),
        ]),
        Row("§3 the client id of a verification e-mail", "RB Jobs/should_reject_an_invalid_client_id", vec![
            ask("POST", "/jobs/verification-email").json(&json!({"user_id": "auth0|1", "client_id": "#<Random:1>"})).gives(
                400,
                json!({"statusCode": 400, "error": "Bad Request", "errorCode": "invalid_body",
                    "message": "Payload validation error: 'Object didn't pass validation for format client-id: *' on property client_id \
                        (client_id of the client (application). If no value provided, the global Client ID will be used)."}),
            ),
        ]),
        Row("§4 the limits of the Management API", "RB, 147 of 152", vec![
            ask("GET", "/users/auth0%7C1")
                .gives(200, json!({}))
                .header("x-ratelimit-limit", "50")
                .header("x-ratelimit-remaining", "49")
                .header("x-ratelimit-reset", "##########"),
        ]),
    ]);
}

#[test]
fn tokens_and_claims_are_as_recorded() {
    let credentials = "grant_type=client_credentials&client_id=tenant-client&audience=https%3A%2F%2Ftenant.example.com%2Fapi%2Fv2%2F";
    // {"iss":"tenant-client","sub":"tenant-client","aud":"https://tenant.example.com/","exp":1767225660,"jti":"1"}
    let assertion = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ0ZW5hbnQtY2xpZW50Iiwic3ViIjoidGVuYW50LWNsaWVudCIsImF1ZCI6Imh0dHBzOi8vdGVuYW50LmV4YW1wbGUuY29tLyIsImV4cCI6MTc2NzIyNTY2MCwianRpIjoiMSJ9.c2ln";
    let form = "application/x-www-form-urlencoded";
    let token = || json!({"access_token": "*", "expires_in": 86400, "token_type": "Bearer"});
    assert_as_recorded(vec![
        Row("§13 client credentials", "GO authentication/TestLoginWithClientCredentials", vec![
            ask("POST", "/oauth/token")
                .by(Token::Absent)
                .body(form, &format!("{credentials}&client_secret=tenant-secret"))
                .gives(200, token())
                .header("content-type", "application/json")
                .header("cache-control", "no-store")
                .header("x-auth0-requestid", "##########*"),
        ]),
        Row("§13 an assertion for the secret", "GO Should_support_using_private_key_jwt_auth", vec![
            ask("POST", "/oauth/token")
                .by(Token::Absent)
                .body(
                    form,
                    &format!("{credentials}&client_assertion={assertion}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"),
                )
                .gives(200, token()),
        ]),
        Row("§13 the claims of a user", "GO TestUserInfo, RB", vec![
            ask("GET", "/userinfo").by(Token::User).gives(
                200,
                json!({"only": {"sub": "auth0|1", "nickname": "ada", "name": "Ada", "picture": "https://*",
                    "updated_at": "####-##-##T##:##:##.###Z", "email": "ada@example.com", "email_verified": false}}),
            ),
            ask("POST", "/userinfo").by(Token::User).gives(200, json!({"sub": "auth0|1"})),
        ]),
        Row("§13 no valid token", "RB _userinfo/should_fail_as_not_authorized", vec![
            ask("GET", "/userinfo")
                .by(Token::Absent)
                .with("authorization", "Bearer invalid")
                .gives(401, json!("Unauthorized"))
                .header("content-type", "absent")
                .header("www-authenticate", "Bearer realm=\"Users\", error=\"invalid_token\", error_description=\"*\"")
                .header("cache-control", "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform")
                .header("x-ratelimit-limit", "1000")
                .header("x-ratelimit-remaining", "999"),
        ]),
        Row("§13 headers of the claims", "RB _userinfo", vec![
            ask("GET", "/userinfo")
                .by(Token::User)
                .gives(200, json!({}))
                .header("cache-control", "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform"),
        ]),
    ]);
}
