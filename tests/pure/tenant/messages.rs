//! The messages of errors as they are recorded, documented or reported, each with its source.

use super::{DATABASE, PASSWORD, as_admin};
use serde_json::{Value, json};
use users_mock::{Seed, Tenant};

const CLIENT_ID: &str =
    "client_id of the client (application). If no value provided, the global Client ID will be used";
const PERMISSION: &str = "This permission does not exist: 'https://api/ - read:none'";
const PROVIDER: &str = "The provider/connection is not configured.";

#[test]
fn an_error_has_the_message_that_auth0_gives() {
    let tenant = Tenant::new();
    let user = r#"{"user_id":"auth0|1","email":"ada@example.com","email_verified":false}"#;
    let employee = r#"{"user_id":"samlp|corp|1","email":"e@example.com","identities":[
        {"provider":"samlp","user_id":"corp|1","connection":"corp","isSocial":false}]}"#;
    tenant.seed(Seed::new().user(user).and_then(|seed| seed.user(employee)).unwrap());
    let new_user = |more: Value| {
        let mut body = json!({"connection": DATABASE, "email": "new@example.com", "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let payload = |reason: &str| format!("Payload validation error: {reason}.");
    for (source, method, path, body, status, code, message) in [
        (
            "recorded: ruby-auth0, Jobs/should_reject_an_invalid_client_id",
            "POST",
            "/jobs/verification-email",
            json!({"user_id": "auth0|1", "client_id": "#<Random:0x00007f>"}),
            400,
            "invalid_body",
            payload(&format!(
                "'Object didn't pass validation for format client-id: #<Random:0x00007f>' on property client_id ({CLIENT_ID})"
            )),
        ),
        (
            "auth0/auth0-python#105",
            "POST",
            "/users",
            new_user(json!({"email": "lame_email"})),
            400,
            "invalid_body",
            payload(
                "'Object didn't pass validation for format email: lame_email' on property email (The user's email)",
            ),
        ),
        (
            "auth0/auth0-java#46, #58, #549",
            "PATCH",
            "/users/auth0%7C1",
            json!({"identities": [], "updated_at": ""}),
            400,
            "invalid_body",
            payload(
                "'Additional properties not allowed: updated_at,identities (consider storing them in app_metadata or \
                 user_metadata. See \"Users Metadata\" in https://auth0.com/docs/api/v2/changes for more details)'",
            ),
        ),
        (
            "contract: CreateUserRequestContent",
            "POST",
            "/users",
            json!({"email": "new@example.com"}),
            400,
            "invalid_body",
            payload("'Missing required property: connection'"),
        ),
        (
            "contract: RefreshTokenMetadata",
            "PATCH",
            "/refresh-tokens/1",
            json!({}),
            400,
            "invalid_body",
            payload("'Too few properties defined (0), minimum 1'"),
        ),
        (
            "contract: PermissionRequestPayload",
            "POST",
            "/users/auth0%7C1/permissions",
            json!({"permissions": [{"resource_server_identifier": "a"}]}),
            400,
            "invalid_body",
            payload("'Missing required property: permission_name' on property permissions[0]"),
        ),
        (
            "contract: SetUserAuthenticationMethods",
            "PUT",
            "/users/auth0%7C1/authentication-methods",
            json!([{"type": "passkey"}]),
            400,
            "invalid_body",
            payload("'No enum match for: passkey' on property [0].type"),
        ),
        (
            "contract: Identity",
            "POST",
            "/tickets/email-verification",
            json!({"user_id": "auth0|1", "identity": {"user_id": 5, "provider": "auth0"}}),
            400,
            "invalid_body",
            payload(
                "'Expected type string but found type integer' on property identity.user_id (user_id of the identity to be verified)",
            ),
        ),
        (
            "the id of the path is checked before the body",
            "PATCH",
            "/users/6560cd",
            json!({"identities": []}),
            400,
            "invalid_uri",
            "Object didn't pass validation for format user-id: 6560cd".into(),
        ),
        (
            "the body is checked before the user is looked up",
            "PATCH",
            "/users/auth0%7C2",
            json!({"email": 5}),
            400,
            "invalid_body",
            payload(
                "'Expected type string,null but found type integer' on property email (Email address of this user)",
            ),
        ),
        (
            "recorded: go-auth0, TestUserManager_Delete",
            "GET",
            "/users/auth0%7C2",
            Value::Null,
            404,
            "inexistent_user",
            "The user does not exist.".into(),
        ),
        (
            "recorded: go-auth0, TestConnectionManager_Delete",
            "GET",
            "/connections/con_none",
            Value::Null,
            404,
            "inexistent_connection",
            "The connection does not exist".into(),
        ),
        (
            "recorded: ruby-auth0, Users/_add_user_permissions",
            "POST",
            "/users/auth0%7C1/permissions",
            json!({"permissions": [{"resource_server_identifier": "https://api/", "permission_name": "read:none"}]}),
            404,
            "inexistent_resource_server_permission",
            PERMISSION.into(),
        ),
        (
            "recorded: go-auth0, TestRoleManager_Delete",
            "GET",
            "/roles/rol_none",
            Value::Null,
            404,
            "",
            "The role does not exist.".into(),
        ),
        ("recorded: go-auth0, CheckIP", "GET", "/nothing", Value::Null, 404, "", "Not Found".into()),
        (
            "recorded: go-auth0, TestGuardian/Enrollment",
            "GET",
            "/guardian/enrollments/dev_none",
            Value::Null,
            404,
            "enrollment_not_found",
            "Enrollment not found".into(),
        ),
        (
            "documented: community.auth0.com, topic 106693",
            "PATCH",
            "/users/samlp%7Ccorp%7C1",
            json!({"email": "other@example.com"}),
            400,
            "operation_not_supported",
            "Cannot update email for this user".into(),
        ),
        (
            "auth0/node-auth0#554",
            "POST",
            "/users/auth0%7C1/identities",
            json!({"user_id": "2"}),
            400,
            "inexistent_connection",
            PROVIDER.into(),
        ),
    ] {
        let (answered, error) = as_admin(&tenant, method, &format!("/api/v2{path}"), &body);
        let expected = (status, Some(code).filter(|code| !code.is_empty()), Some(&*message));
        assert_eq!((answered, error["errorCode"].as_str(), error["message"].as_str()), expected, "{source}");
    }
}
