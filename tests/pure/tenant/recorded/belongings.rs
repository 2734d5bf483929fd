//! What belongs to a user, and roles, permissions, grants and devices: §11 and §16.

use super::{Row, ask, assert_as_recorded};
use serde_json::{Value, json};

fn nothing() -> Value {
    json!("")
}

#[test]
fn what_belongs_to_a_user_is_as_recorded() {
    let method = |method: &'static str, path: &str| {
        ask(method, &format!("/users/auth0%7C1/authentication-methods{path}"))
    };
    let email =
        || json!({"type": "email", "name": "Alternative e-mail", "email": "chuck_alternative@example.com"});
    let created = || {
        method("POST", "").json(&email()).gives(
            201,
            json!({"only": {"type": "email", "name": "Alternative e-mail", "created_at": "*", "email": "chuc*@exam*", "id": "email|dev_################"}}),
        )
    };
    assert_as_recorded(vec![
        Row("§11 a provider that is not enrolled", "RB _delete_user_provider", vec![
            ask("DELETE", "/users/auth0%7C1/multifactor/duo").gives(204, nothing()),
            ask("DELETE", "/users/auth0%7C1/multifactor/google-authenticator").gives(204, nothing()),
        ]),
        Row("§11 remembered browsers", "GO TestUserManager_InvalidateRememberBrowser", vec![
            ask("POST", "/users/auth0%7C1/multifactor/actions/invalidate-remember-browser").gives(204, nothing()),
        ]),
        Row("§11 a recovery code", "GO TestUserManager_RegenerateRecoveryCode", vec![
            ask("POST", "/users/auth0%7C1/recovery-code-regeneration").gives(200, json!({"only": {"recovery_code": "########################"}})),
        ]),
        Row("§11 enrollments and log entries", "GO TestUserManager_Enrollments, RB", vec![
            ask("GET", "/users/auth0%7C1/enrollments").gives(200, json!([])),
            ask("GET", "/users/auth0%7C1/logs").gives(200, json!([])),
        ]),
        Row("§11 no authentication methods", "GO TestUserManager_AuthenticationMethods", vec![
            method("GET", "?include_totals=true").gives(200, json!({"authenticators": [], "total": "absent"})),
        ]),
        Row("§11 authentication methods", "GO TestUserManager_AuthenticationMethods", vec![
            created(),
            method("GET", "?include_totals=true").gives(
                200,
                json!({"only": {"authenticators": [{"id": "email|dev_*", "type": "email", "confirmed": true, "name": "Alternative e-mail", "email": "chuc*@exam*"}],
                    "total": 1, "start": 0, "limit": 50}}),
            ),
            method("GET", "/<0/id>").gives(200, json!({"type": "email", "email": "chuc*"})),
            method("PATCH", "/<0/id>").json(&json!({"name": "New"})).gives(200, json!({"name": "New"})),
            method("DELETE", "/<0/id>").gives(204, nothing()),
        ]),
        Row("§11 replaced authentication methods", "GO TestUserManager_AuthenticationMethods", vec![
            created(),
            method("PUT", "").json(&json!([{"type": "email", "name": "E", "email": "ada_lovelace@example.com"}])).gives(
                200,
                json!([{"type": "email", "name": "E", "email": "ada_lovelace@example.com"}]),
            ),
            method("GET", "").gives(200, json!([{"email": "ada_********@exam*******"}])),
        ]),
        Row("§11 a masked telephone number", "GO TestUserManager_AuthenticationMethods", vec![
            method("POST", "")
                .json(&json!({"type": "phone", "name": "P", "phone_number": "+44 1632 960044".replace(' ', ""), "preferred_authentication_method": "sms"}))
                .gives(201, json!({"type": "phone", "phone_number": "XXXXXX*0044", "authentication_methods": [{"type": "sms", "id": "sms|dev_################"}]})),
        ]),
        Row("§11 organizations", "GO TestUserManager_Organizations", vec![
            ask("POST", "/organizations/org_Aaaaaaaaaaaaaaaa/members").json(&json!({"members": ["auth0|1"]})).gives(204, nothing()),
            ask("GET", "/users/auth0%7C1/organizations?include_totals=true")
                .gives(200, json!({"only": {"organizations": [{"id": "org_Aaaaaaaaaaaaaaaa", "name": "acme"}], "start": 0, "limit": 50, "total": 1}})),
            ask("GET", "/users/auth0%7C1/organizations?include_totals=true&page=1").gives(200, json!({"organizations": [], "total": 0})),
        ]),
        Row("§11 no sessions and refresh tokens", "GO TestUserManager_ListUserSessions", vec![
            ask("GET", "/users/auth0%7C2/sessions?take=50").gives(200, json!({"only": {"sessions": []}})),
            ask("GET", "/users/auth0%7C2/refresh-tokens?take=50").gives(200, json!({"tokens": []})),
        ]),
        Row("§11 all sessions and refresh tokens are deleted", "GO TestUserManager_DeleteUserSessions", vec![
            ask("DELETE", "/users/auth0%7C1/sessions").gives(202, json!({"only": {}})),
            ask("DELETE", "/users/auth0%7C1/refresh-tokens").gives(202, json!({"only": {}})),
            ask("GET", "/users/auth0%7C1/sessions").gives(200, json!({"sessions": []})),
        ]),
        Row("§11 a session", "GO TestSessionManager", vec![
            ask("DELETE", "/sessions/ses_1").gives(202, json!({"only": {}})),
            ask("POST", "/sessions/ses_2/revoke").gives(202, json!({"only": {}})),
        ]),
        Row("§11 a refresh token", "GO TestRefreshTokenManager", vec![
            ask("DELETE", "/refresh-tokens/tok_1").gives(204, nothing()),
        ]),
        Row("§11 risk assessments", "GO TestUserManager_ClearRiskAssessment", vec![
            ask("POST", "/users/auth0%7C1/risk-assessments/clear")
                .json(&json!({"connection": "Username-Password-Authentication", "assessors": ["new-device"]}))
                .gives(204, nothing()),
        ]),
        Row("§11 federated token sets", "GO TestUserManager_FederatedConnectionTokenSets", vec![
            ask("GET", "/users/auth0%7C1/federated-connections-tokensets").gives(200, json!([])),
            ask("DELETE", "/users/auth0%7C1/federated-connections-tokensets/unknown").gives(204, nothing()),
        ]),
        Row("§11 connected accounts", "GO TestUserManager_ConnectedAccounts", vec![
            ask("GET", "/users/auth0%7C1/connected-accounts").gives(200, json!({"connected_accounts": []})),
        ]),
        Row("§11 blocks", "GO TestUserManager_Blocks", vec![
            ask("GET", "/user-blocks/auth0%7C1").gives(200, json!({"only": {"blocked_for": []}})),
            ask("GET", "/user-blocks?identifier=ada%40example.com").gives(200, json!({"only": {"blocked_for": []}})),
            ask("DELETE", "/user-blocks/auth0%7C1").gives(204, nothing()),
            ask("DELETE", "/user-blocks?identifier=ada%40example.com").gives(204, nothing()),
        ]),
    ]);
}

#[test]
fn roles_and_permissions_are_as_recorded() {
    let permission = |name: &str| json!({"resource_server_identifier": "https://api.example.com/", "permission_name": name});
    let direct = |name: &str, description: &str| {
        json!({"only": {"permission_name": name, "description": description, "resource_server_name": "Orders", "resource_server_identifier": "https://api.example.com/",
            "sources": [{"only": {"source_id": "", "source_name": "", "source_type": "DIRECT"}}]}})
    };
    let user = |path: &str| format!("/users/auth0%7C1{path}");
    let gone =
        || json!({"only": {"statusCode": 404, "error": "Not Found", "message": "The role does not exist."}});
    assert_as_recorded(vec![
        Row("§11 the roles of a user, by name", "GO TestUserManager_Roles, TF 118 of 118", vec![
            ask("POST", &user("/roles")).json(&json!({"roles": ["rol_1", "rol_2", "rol_3"]})).gives(204, nothing()),
            ask("GET", &user("/roles")).gives(200, json!([{"name": "admin"}, {"name": "editor"}, {"name": "viewer"}])),
            ask("GET", &user("/roles?include_totals=true")).gives(
                200,
                json!({"only": {"roles": [{}, {}, {"id": "rol_1", "name": "viewer", "description": "Views"}], "start": 0, "limit": 50, "total": 3}}),
            ),
            ask("DELETE", &user("/roles")).json(&json!({"roles": ["rol_1", "rol_2"]})).gives(204, nothing()),
            ask("GET", &user("/roles")).gives(200, json!([{"id": "rol_3"}])),
        ]),
        Row("§11 the permissions of a user, by name", "GO TestUserManager_Permissions, TF", vec![
            ask("POST", &user("/permissions")).json(&json!({"permissions": [permission("write:orders"), permission("read:orders")]})).gives(201, json!({"only": {}})),
            ask("GET", &user("/permissions")).gives(200, json!([direct("read:orders", "Read"), direct("write:orders", "Write")])),
            ask("DELETE", &user("/permissions")).json(&json!({"permissions": [permission("read:orders")]})).gives(204, nothing()),
            ask("GET", &user("/permissions")).gives(200, json!([{"permission_name": "write:orders"}])),
        ]),
        Row("§11 an unknown permission is removed", "RB _remove_user_permissions", vec![
            ask("DELETE", &user("/permissions")).json(&json!({"permissions": [permission("fly")]})).gives(204, nothing()),
        ]),
        Row("§16 a role is created, changed and deleted", "GO TestRoleManager, TF", vec![
            ask("POST", "/roles").json(&json!({"name": "r", "description": "d"})).gives(200, json!({"id": "rol_################", "name": "r", "description": "d"})),
            ask("PATCH", "/roles/<0/id>").json(&json!({"description": "e"})).gives(200, json!({"id": "rol_*", "name": "r", "description": "e"})),
            ask("GET", "/roles/<0/id>").gives(200, json!({"name": "r", "description": "e"})),
            ask("DELETE", "/roles/<0/id>").json(&json!({})).gives(200, json!({"only": {}})),
            ask("GET", "/roles/<0/id>").gives(404, gone()),
            ask("DELETE", "/roles/<0/id>").gives(404, gone()),
        ]),
        Row("§16 a role without a description", "TF 65 of 75", vec![
            ask("POST", "/roles").json(&json!({"name": "r"})).gives(200, json!({"description": "absent"})),
            ask("GET", "/roles/<0/id>").gives(200, json!({"description": ""})),
        ]),
        Row("§11, §16 the users of a role", "GO TestRoleManager_Users", vec![
            ask("POST", "/roles/rol_1/users").json(&json!({"users": ["auth0|1", "auth0|2"]})).gives(200, json!({"only": {}})),
            ask("GET", "/roles/rol_1/users?include_totals=true&per_page=1").gives(
                200,
                json!({"only": {"users": [{"only": {"user_id": "auth0|*", "email": "*", "picture": "*", "name": "*"}}], "start": 0, "limit": 1, "total": 2}}),
            ),
            ask("GET", "/roles/rol_1/users?take=1").gives(200, json!({"only": {"users": [{}], "next": "*"}})),
            ask("GET", "/roles/rol_1/users?take=1&from=<2/next>").gives(200, json!({"users": [{}]})),
            ask("GET", "/roles/rol_1/users?take=5").gives(200, json!({"only": {"users": [{}, {}]}})),
        ]),
        Row("§16 take alone chooses the page", "GO, 266 lists of TF", vec![
            ask("GET", "/roles/rol_1/users?take=2&per_page=50&include_totals=true")
                .gives(200, json!({"users": [], "start": "absent", "limit": "absent", "total": "absent"})),
            ask("GET", "/organizations?take=2&per_page=50&include_totals=true")
                .gives(200, json!({"organizations": [{}], "start": "absent", "limit": "absent", "total": "absent"})),
        ]),
        Row("§16 no links to the pages of roles", "RB", vec![
            ask("GET", "/roles").gives(200, json!([{}, {}, {}])).header("link", "absent"),
        ]),
    ]);
}

#[test]
fn grants_devices_enrollments_and_log_entries_are_as_recorded() {
    let enrollment = || json!({"statusCode": 404, "error": "Not Found", "message": "Enrollment not found", "errorCode": "enrollment_not_found"});
    let last = "90020230602105805996607000000000000001223372045029306413";
    assert_as_recorded(vec![
        Row("§16 grants", "GO TestGrantManager_List", vec![
            ask("GET", "/grants?include_totals=true&user_id=auth0%7C1").gives(
                200,
                json!({"only": {"total": 1, "start": 0, "limit": 50, "grants": [
                    {"only": {"id": "########################", "clientID": "app", "user_id": "auth0|1", "audience": "https://api.example.com/", "scope": []}}]}}),
            ),
        ]),
        Row("§16 a device credential is deleted once and again", "GO TestDeviceCredentials", vec![
            ask("DELETE", "/device-credentials/dcr_1").gives(204, nothing()),
            ask("DELETE", "/device-credentials/dcr_1").gives(204, nothing()),
        ]),
        Row("§16 an enrollment ticket", "GO TestGuardian", vec![
            ask("POST", "/guardian/enrollments/ticket").json(&json!({"user_id": "auth0|1"})).gives(
                200,
                json!({"only": {"ticket_id": "#".repeat(32), "ticket_url": format!("https://tenant.example.com/mfa/enrollment?ticket={}", "#".repeat(32))}}),
            ),
        ]),
        Row("§16, §3 an unknown enrollment", "GO TestGuardian/Enrollment", vec![
            ask("GET", "/guardian/enrollments/dev_unknown").gives(404, enrollment()),
            ask("DELETE", "/guardian/enrollments/dev_unknown").gives(404, enrollment()),
        ]),
        Row("§16 the two ids of a log entry", "GO, RB, 184 of 184", vec![
            ask("GET", &format!("/logs/{last}"))
                .gives(200, json!({"_id": last, "log_id": last, "type": "ss", "ip": "10.0.0.1", "isMobile": false, "user_agent": "Firefox"})),
        ]),
        Row("§16 a search of the log, newest first", "12 lists", vec![
            ask("GET", "/logs?per_page=2").gives(200, json!([{"log_id": "*306413"}, {"log_id": "*304287"}])),
            ask("GET", "/logs?q=type%3A%22sapi%22").gives(200, json!([{"type": "sapi"}])),
        ]),
        Row("§16 the log after an entry, oldest first", "RB, GO TestLogManager_CheckpointPagination", vec![
            ask("GET", "/logs?from=90020230602105804120563000000000000001223372045029303662&take=1&sort=date:-1&include_totals=true")
                .gives(200, json!([{"log_id": "*304287"}]))
                .header("link", "<https://tenant.example.com/api/v2/logs?from=90020230602105804441281000000000000001223372045029304287&take=1>; rel=\"next\""),
        ]),
    ]);
}
