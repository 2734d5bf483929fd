//! The request of every operation, built with `into_request` alone: no transport, no runtime, no clock.

use serde_json::json;
use users_core::authentication::RequestToken;
use users_core::management::{Confirm, SearchEngine};
use users_core::model::{
    AccessRevocation, AuthenticationMethodReplacement, AuthenticationMethodUpdate, DeviceCredentialType,
    EmailVerificationTicket, EnabledConnection, GuardianFactor, IdentityRef, Impersonation, JsonObject,
    LinkTarget, MetadataUpdate, NewAuthenticationMethod, NewEnrollmentTicket, NewInvitation, NewOrganization,
    NewRole, NewSignup, NewUser, OrganizationUpdate, PasswordChangeTicket, PasswordlessContent,
    PermissionRef, Protocol, RefreshTokenRevocation, RefreshTokenUpdate, RiskAssessmentClearance, RoleType,
    RoleUpdate, SessionUpdate, UserUpdate, UsersExport, VerificationEmail,
};
use users_core::{Access, Api, AuthenticationClient, BaseUrl, CATALOGUE, Error, Operation as _, Safety};
use users_mock::MockTransport;
use users_tests_pure::{clients, line};

type Request = http::Request<bytes::Bytes>;

struct Case {
    operation: &'static str,
    request: Result<Request, Error>,
    line: &'static str,
    body: Option<&'static str>,
}

fn case(
    operation: &'static str,
    request: Result<Request, Error>,
    line: &'static str,
    body: impl Into<Option<&'static str>>,
) -> Case {
    Case { operation, request, line, body: body.into() }
}

fn cases() -> Vec<Case> {
    let (_, management, authentication) = clients();
    let (users, auth) = (management.users(), authentication.users());
    let id = "auth0|507f1f77bcf86cd799439020";
    vec![
        case(
            "users.create",
            users
                .create(
                    NewUser::new("Username-Password-Authentication")
                        .email("ada@example.com")
                        .password("correct horse")
                        .blocked(false)
                        .user_metadata(
                            users_core::model::JsonObject::from_json(
                                r#"{"n":123456789012345678901234567890}"#,
                            )
                            .unwrap(),
                        ),
                )
                .into_request(),
            "POST /api/v2/users",
            r#"{"connection":"Username-Password-Authentication","email":"ada@example.com","password":"correct horse","blocked":false,"user_metadata":{"n":123456789012345678901234567890}}"#,
        ),
        case("users.get_all", users.get_all().into_request(), "GET /api/v2/users", None),
        case(
            "users.get_all",
            users
                .get_all()
                .page(2)
                .per_page(10)
                .include_totals(true)
                .sort("created_at:-1")
                .connection("acme")
                .fields(["user_id", "email"])
                .q(r#"email:"ada+1@example.com" AND logins_count:[1 TO *]"#)
                .search_engine(SearchEngine::V3)
                .primary_order(false)
                .into_request(),
            "GET /api/v2/users?page=2&per_page=10&include_totals=true&sort=created_at%3A-1&connection=acme\
             &fields=user_id%2Cemail&include_fields=true\
             &q=email%3A%22ada%2B1%40example.com%22%20AND%20logins_count%3A%5B1%20TO%20%2A%5D\
             &search_engine=v3&primary_order=false",
            None,
        ),
        case(
            "users.get",
            users.get(id).into_request(),
            "GET /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            None,
        ),
        case(
            "users.get",
            users.get(id).exclude_fields(["identities"]).into_request(),
            "GET /api/v2/users/auth0%7C507f1f77bcf86cd799439020?fields=identities&include_fields=false",
            None,
        ),
        case(
            "users.update",
            users
                .update(
                    id,
                    UserUpdate::new()
                        .nickname("Ada")
                        .clear_picture()
                        .blocked(true)
                        .user_metadata(MetadataUpdate::clear_all())
                        .app_metadata(MetadataUpdate::new().set("plan", "gold").remove("trial")),
                )
                .into_request(),
            "PATCH /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            r#"{"nickname":"Ada","picture":null,"blocked":true,"user_metadata":{},"app_metadata":{"plan":"gold","trial":null}}"#,
        ),
        case(
            "users.update",
            users.update_user_metadata(id, json!({"theme": "dark"})).into_request(),
            "PATCH /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            r#"{"user_metadata":{"theme":"dark"}}"#,
        ),
        case(
            "users.update",
            users.update_app_metadata(id, MetadataUpdate::new().remove("trial")).into_request(),
            "PATCH /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            r#"{"app_metadata":{"trial":null}}"#,
        ),
        case(
            "users.delete",
            users.delete(id).into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020",
            None,
        ),
        case(
            "users.delete_collection",
            users.delete_all(Confirm::tenant(MockTransport::DOMAIN)).collection_request().into_request(),
            "DELETE /api/v2/users",
            None,
        ),
        case(
            "users.delete_multifactor_provider",
            users.delete_multifactor_provider(id, "google-authenticator").into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020/multifactor/google-authenticator",
            None,
        ),
        case(
            "users.link",
            users
                .link(id, LinkTarget::account("github", "42").connection("con_ftSSLHb0O7rcUGmF"))
                .into_request(),
            "POST /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities",
            r#"{"provider":"github","user_id":"42","connection_id":"con_ftSSLHb0O7rcUGmF"}"#,
        ),
        case(
            "users.link",
            users.identities().link(id, LinkTarget::id_token("a.b.c")).into_request(),
            "POST /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities",
            r#"{"link_with":"a.b.c"}"#,
        ),
        case(
            "users.unlink",
            users.unlink(id, "google-oauth2", "103547991597142817347").into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities/google-oauth2/103547991597142817347",
            None,
        ),
        case(
            "users.unlink",
            users.identities().unlink(id, "samlp", "samlp|acme|ada@example.com").into_request(),
            "DELETE /api/v2/users/auth0%7C507f1f77bcf86cd799439020/identities/samlp/acme%7Cada%40example.com",
            None,
        ),
        case("authentication.get_info", auth.get_info("user token").into_request(), "GET /userinfo", None),
        case(
            "authentication.impersonate",
            auth.impersonate(
                id,
                Impersonation::new("auth0|support", Protocol::OAuth2)
                    .token("global token")
                    .additional_parameter("state", "xyz")
                    .parameter("response_type", "code"),
            )
            .into_request(),
            "POST /users/auth0%7C507f1f77bcf86cd799439020/impersonate",
            r#"{"impersonator_id":"auth0|support","protocol":"oauth2","client_id":"mock-client","additionalParameters":{"state":"xyz"},"response_type":"code"}"#,
        ),
    ]
}

/// Sign-ups, logins and tokens.
fn login_cases() -> Vec<Case> {
    let (mock, _, public) = clients();
    let builder = AuthenticationClient::builder(mock).domain("tenant.example.com");
    let confidential = builder.client_id("id").client_secret("s").build().unwrap();
    let (database, oauth, passwordless) = (public.database(), public.oauth(), public.passwordless());
    let (email, phone, password) = ("ada@example.com", "+14155550100", "correct horse");
    vec![
        case(
            "database.sign_up",
            database
                .sign_up(
                    NewSignup::new("db")
                        .email(email)
                        .username("ada")
                        .phone_number(phone)
                        .password(password)
                        .name("Ada Lovelace")
                        .given_name("Ada")
                        .family_name("Lovelace")
                        .nickname("ada")
                        .picture("https://example.com/ada.png")
                        .user_metadata(JsonObject::from_json(r#"{"plan":"gold"}"#).unwrap()),
                )
                .into_request(),
            "POST /dbconnections/signup",
            r#"{"client_id":"mock-client","connection":"db","email":"ada@example.com","username":"ada","phone_number":"+14155550100","password":"correct horse","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","nickname":"ada","picture":"https://example.com/ada.png","user_metadata":{"plan":"gold"}}"#,
        ),
        case(
            "database.sign_up",
            confidential.database().sign_up(NewSignup::new("db").client_id("other")).into_request(),
            "POST /dbconnections/signup",
            r#"{"client_id":"other","connection":"db"}"#,
        ),
        case(
            "database.change_password",
            database.change_password("db", email).into_request(),
            "POST /dbconnections/change_password",
            r#"{"client_id":"mock-client","connection":"db","email":"ada@example.com"}"#,
        ),
        case(
            "database.change_password",
            database.change_password("db", email).client_id("other").organization("org_1").into_request(),
            "POST /dbconnections/change_password",
            r#"{"client_id":"other","connection":"db","email":"ada@example.com","organization":"org_1"}"#,
        ),
        case(
            "oauth.password_grant",
            oauth.password_grant(email, password).into_request(),
            "POST /oauth/token",
            r#"{"client_id":"mock-client","grant_type":"password","username":"ada@example.com","password":"correct horse"}"#,
        ),
        case(
            "oauth.password_grant",
            confidential
                .oauth()
                .password_grant(email, password)
                .realm("db")
                .audience("https://api.example.com/")
                .scope("openid email")
                .into_request(),
            "POST /oauth/token",
            r#"{"client_id":"id","client_secret":"s","grant_type":"http://auth0.com/oauth/grant-type/password-realm","username":"ada@example.com","password":"correct horse","realm":"db","audience":"https://api.example.com/","scope":"openid email"}"#,
        ),
        case(
            "oauth.authorization_code_grant",
            confidential.oauth().authorization_code_grant("c0de", "https://app.example.com/").into_request(),
            "POST /oauth/token",
            r#"{"client_id":"id","client_secret":"s","grant_type":"authorization_code","code":"c0de","redirect_uri":"https://app.example.com/"}"#,
        ),
        case(
            "oauth.authorization_code_grant",
            oauth.authorization_code_grant("c0de", "app:/cb").code_verifier("verifier").into_request(),
            "POST /oauth/token",
            r#"{"client_id":"mock-client","grant_type":"authorization_code","code":"c0de","redirect_uri":"app:/cb","code_verifier":"verifier"}"#,
        ),
        case(
            "oauth.refresh_token_grant",
            oauth.refresh_token_grant("v1.abc").scope("openid").into_request(),
            "POST /oauth/token",
            r#"{"client_id":"mock-client","grant_type":"refresh_token","refresh_token":"v1.abc","scope":"openid"}"#,
        ),
        case(
            "authentication.token",
            confidential
                .oauth()
                .client_credentials_grant("https://api.example.com/")
                .organization("org_1")
                .into_request(),
            "POST /oauth/token",
            r#"{"client_id":"id","client_secret":"s","grant_type":"client_credentials","audience":"https://api.example.com/","organization":"org_1"}"#,
        ),
        case(
            "authentication.token",
            RequestToken::client_credentials("id", "https://tenant.example.com/api/v2/")
                .client_secret("secret")
                .request(&BaseUrl::parse("tenant.example.com").unwrap()),
            "POST /oauth/token",
            r#"{"client_id":"id","client_secret":"secret","grant_type":"client_credentials","audience":"https://tenant.example.com/api/v2/"}"#,
        ),
        case(
            "oauth.revoke_refresh_token",
            oauth.revoke_refresh_token("v1.abc").into_request(),
            "POST /oauth/revoke",
            r#"{"client_id":"mock-client","token":"v1.abc"}"#,
        ),
        case(
            "passwordless.send_email",
            passwordless.send_email(email).into_request(),
            "POST /passwordless/start",
            r#"{"client_id":"mock-client","connection":"email","email":"ada@example.com"}"#,
        ),
        case(
            "passwordless.send_email",
            confidential
                .passwordless()
                .send_email(email)
                .content(PasswordlessContent::Link)
                .auth_params(JsonObject::from_json(r#"{"state":"xyz"}"#).unwrap())
                .into_request(),
            "POST /passwordless/start",
            r#"{"client_id":"id","client_secret":"s","connection":"email","email":"ada@example.com","send":"link","authParams":{"state":"xyz"}}"#,
        ),
        case(
            "passwordless.send_sms",
            passwordless.send_sms(phone).into_request(),
            "POST /passwordless/start",
            r#"{"client_id":"mock-client","connection":"sms","phone_number":"+14155550100"}"#,
        ),
        case(
            "passwordless.login_with_email",
            passwordless
                .login_with_email(email, "123456")
                .audience("https://api")
                .scope("openid")
                .into_request(),
            "POST /oauth/token",
            r#"{"client_id":"mock-client","grant_type":"http://auth0.com/oauth/grant-type/passwordless/otp","realm":"email","username":"ada@example.com","otp":"123456","audience":"https://api","scope":"openid"}"#,
        ),
        case(
            "passwordless.login_with_sms",
            passwordless.login_with_sms(phone, "123456").into_request(),
            "POST /oauth/token",
            r#"{"client_id":"mock-client","grant_type":"http://auth0.com/oauth/grant-type/passwordless/otp","realm":"sms","username":"+14155550100","otp":"123456"}"#,
        ),
    ]
}

/// The other operations: data of users, sessions, jobs and the rest.
#[allow(clippy::too_many_lines)]
fn more_cases() -> Vec<Case> {
    let (_, management, _) = clients();
    let users = management.users();
    let id = "auth0|1";
    let (roles, permissions, methods) =
        (users.roles(id), users.permissions(id), users.authentication_methods(id));
    let permission = || [PermissionRef::new("https://api.example.com/", "read:orders")];
    let permission_body = r#"{"permissions":[{"resource_server_identifier":"https://api.example.com/","permission_name":"read:orders"}]}"#;
    let metadata = || JsonObject::from_json(r#"{"a":1}"#).unwrap();
    let row = json!({"email": "ada@example.com"});
    let import = "--users-form-boundary\r\nContent-Disposition: form-data; name=\"connection_id\"\r\n\r\ncon_1\r\n\
                  --users-form-boundary\r\nContent-Disposition: form-data; name=\"upsert\"\r\n\r\ntrue\r\n\
                  --users-form-boundary\r\nContent-Disposition: form-data; name=\"external_id\"\r\n\r\nmine\r\n\
                  --users-form-boundary\r\nContent-Disposition: form-data; name=\"send_completion_email\"\r\n\r\nfalse\r\n\
                  --users-form-boundary\r\nContent-Disposition: form-data; name=\"users\"; filename=\"users.json\"\r\n\
                  Content-Type: application/json\r\n\r\n[{\"email\":\"ada@example.com\"}]\r\n--users-form-boundary--\r\n";
    vec![
        case(
            "users.by_email",
            users.by_email("Ada+1@example.com").fields(["user_id"]).into_request(),
            "GET /api/v2/users-by-email?email=Ada%2B1%40example.com&fields=user_id&include_fields=true",
            None,
        ),
        case(
            "users.roles.list",
            roles.list().page(1).per_page(5).include_totals(true).into_request(),
            "GET /api/v2/users/auth0%7C1/roles?page=1&per_page=5&include_totals=true",
            None,
        ),
        case(
            "users.roles.assign",
            roles.assign(["rol_1", "rol_2"]).into_request(),
            "POST /api/v2/users/auth0%7C1/roles",
            r#"{"roles":["rol_1","rol_2"]}"#,
        ),
        case(
            "users.roles.remove",
            roles.remove(["rol_1"]).into_request(),
            "DELETE /api/v2/users/auth0%7C1/roles",
            r#"{"roles":["rol_1"]}"#,
        ),
        case(
            "users.permissions.list",
            permissions.list().into_request(),
            "GET /api/v2/users/auth0%7C1/permissions",
            None,
        ),
        case(
            "users.permissions.assign",
            permissions.assign(permission()).into_request(),
            "POST /api/v2/users/auth0%7C1/permissions",
            permission_body,
        ),
        case(
            "users.permissions.remove",
            permissions.remove(permission()).into_request(),
            "DELETE /api/v2/users/auth0%7C1/permissions",
            permission_body,
        ),
        case(
            "users.authentication_methods.list",
            methods.list().per_page(5).into_request(),
            "GET /api/v2/users/auth0%7C1/authentication-methods?per_page=5",
            None,
        ),
        case(
            "users.authentication_methods.create",
            methods.create(NewAuthenticationMethod::new("email").email("ada@example.com")).into_request(),
            "POST /api/v2/users/auth0%7C1/authentication-methods",
            r#"{"type":"email","email":"ada@example.com"}"#,
        ),
        case(
            "users.authentication_methods.replace_all",
            methods
                .replace_all([AuthenticationMethodReplacement::new("totp").totp_secret("JBSWY3DPEHPK3PXP")])
                .into_request(),
            "PUT /api/v2/users/auth0%7C1/authentication-methods",
            r#"[{"type":"totp","totp_secret":"JBSWY3DPEHPK3PXP"}]"#,
        ),
        case(
            "users.authentication_methods.get",
            methods.get("email|dev_1").into_request(),
            "GET /api/v2/users/auth0%7C1/authentication-methods/email%7Cdev_1",
            None,
        ),
        case(
            "users.authentication_methods.update",
            methods.update("email|dev_1", AuthenticationMethodUpdate::new().name("Home")).into_request(),
            "PATCH /api/v2/users/auth0%7C1/authentication-methods/email%7Cdev_1",
            r#"{"name":"Home"}"#,
        ),
        case(
            "users.authentication_methods.delete",
            methods.delete("email|dev_1").into_request(),
            "DELETE /api/v2/users/auth0%7C1/authentication-methods/email%7Cdev_1",
            None,
        ),
        case(
            "users.authentication_methods.delete_all",
            methods.delete_all().into_request(),
            "DELETE /api/v2/users/auth0%7C1/authentication-methods",
            None,
        ),
        case(
            "users.authentication_methods.delete_authenticators",
            methods.delete_authenticators().into_request(),
            "DELETE /api/v2/users/auth0%7C1/authenticators",
            None,
        ),
        case(
            "users.effective_permissions.list",
            users.effective_permissions(id).list("https://api.example.com/").from("x").take(5).into_request(),
            "GET /api/v2/users/auth0%7C1/effective-permissions?resource_server_identifier=https%3A%2F%2Fapi.example.com%2F&from=x&take=5",
            None,
        ),
        case(
            "users.effective_permissions.role_sources",
            users.effective_permissions(id).role_sources("api", "read").into_request(),
            "GET /api/v2/users/auth0%7C1/effective-permissions/sources/effective-roles?resource_server_identifier=api&permission_name=read",
            None,
        ),
        case(
            "users.effective_roles.list",
            users.effective_roles(id).list().into_request(),
            "GET /api/v2/users/auth0%7C1/effective-roles",
            None,
        ),
        case(
            "users.effective_roles.group_sources",
            users.effective_roles(id).group_sources("rol_1").into_request(),
            "GET /api/v2/users/auth0%7C1/effective-roles/sources/groups?role_id=rol_1",
            None,
        ),
        case(
            "users.sessions.list",
            users.sessions(id).list().take(5).include_totals(true).into_request(),
            "GET /api/v2/users/auth0%7C1/sessions?take=5&include_totals=true",
            None,
        ),
        case(
            "users.sessions.delete_all",
            users.sessions(id).delete_all().into_request(),
            "DELETE /api/v2/users/auth0%7C1/sessions",
            None,
        ),
        case(
            "users.refresh_tokens.list",
            users.refresh_tokens(id).list().into_request(),
            "GET /api/v2/users/auth0%7C1/refresh-tokens",
            None,
        ),
        case(
            "users.refresh_tokens.delete_all",
            users.refresh_tokens(id).delete_all().into_request(),
            "DELETE /api/v2/users/auth0%7C1/refresh-tokens",
            None,
        ),
        case(
            "users.organizations",
            users.organizations(id).into_request(),
            "GET /api/v2/users/auth0%7C1/organizations",
            None,
        ),
        case(
            "users.groups",
            users.groups(id).exclude_fields(["name"]).take(3).into_request(),
            "GET /api/v2/users/auth0%7C1/groups?take=3&fields=name&include_fields=false",
            None,
        ),
        case(
            "users.logs",
            users.logs(id).sort("date:-1").into_request(),
            "GET /api/v2/users/auth0%7C1/logs?sort=date%3A-1",
            None,
        ),
        case(
            "users.connected_accounts",
            users.connected_accounts(id).into_request(),
            "GET /api/v2/users/auth0%7C1/connected-accounts",
            None,
        ),
        case(
            "users.enrollments",
            users.enrollments(id).into_request(),
            "GET /api/v2/users/auth0%7C1/enrollments",
            None,
        ),
        case(
            "users.federated_token_sets.list",
            users.federated_token_sets(id).list().into_request(),
            "GET /api/v2/users/auth0%7C1/federated-connections-tokensets",
            None,
        ),
        case(
            "users.federated_token_sets.delete",
            users.federated_token_sets(id).delete("a/b").into_request(),
            "DELETE /api/v2/users/auth0%7C1/federated-connections-tokensets/a%2Fb",
            None,
        ),
        case(
            "users.regenerate_recovery_code",
            users.regenerate_recovery_code(id).into_request(),
            "POST /api/v2/users/auth0%7C1/recovery-code-regeneration",
            None,
        ),
        case(
            "users.multifactor.invalidate_remember_browser",
            users.multifactor().invalidate_remember_browser(id).into_request(),
            "POST /api/v2/users/auth0%7C1/multifactor/actions/invalidate-remember-browser",
            None,
        ),
        case(
            "users.revoke_access",
            users
                .revoke_access(id, AccessRevocation::new().session_id("s").preserve_refresh_tokens(true))
                .into_request(),
            "POST /api/v2/users/auth0%7C1/revoke-access",
            r#"{"session_id":"s","preserve_refresh_tokens":true}"#,
        ),
        case(
            "users.clear_risk_assessments",
            users
                .clear_risk_assessments(id, RiskAssessmentClearance::new("db", ["new-device"]))
                .into_request(),
            "POST /api/v2/users/auth0%7C1/risk-assessments/clear",
            r#"{"connection":"db","assessors":["new-device"]}"#,
        ),
        case("sessions.get", management.sessions().get("s").into_request(), "GET /api/v2/sessions/s", None),
        case(
            "sessions.update",
            management.sessions().update("s", SessionUpdate::metadata(metadata())).into_request(),
            "PATCH /api/v2/sessions/s",
            r#"{"session_metadata":{"a":1}}"#,
        ),
        case(
            "sessions.update",
            management.sessions().update("s", SessionUpdate::clear_metadata()).into_request(),
            "PATCH /api/v2/sessions/s",
            r#"{"session_metadata":null}"#,
        ),
        case(
            "sessions.delete",
            management.sessions().delete("s").into_request(),
            "DELETE /api/v2/sessions/s",
            None,
        ),
        case(
            "sessions.revoke",
            management.sessions().revoke("s").into_request(),
            "POST /api/v2/sessions/s/revoke",
            None,
        ),
        case(
            "refresh_tokens.list",
            management.refresh_tokens().list(id).client_id("app").fields(["id"]).into_request(),
            "GET /api/v2/refresh-tokens?user_id=auth0%7C1&client_id=app&fields=id&include_fields=true",
            None,
        ),
        case(
            "refresh_tokens.get",
            management.refresh_tokens().get("t").into_request(),
            "GET /api/v2/refresh-tokens/t",
            None,
        ),
        case(
            "refresh_tokens.update",
            management.refresh_tokens().update("t", RefreshTokenUpdate::metadata(metadata())).into_request(),
            "PATCH /api/v2/refresh-tokens/t",
            r#"{"refresh_token_metadata":{"a":1}}"#,
        ),
        case(
            "refresh_tokens.delete",
            management.refresh_tokens().delete("t").into_request(),
            "DELETE /api/v2/refresh-tokens/t",
            None,
        ),
        case(
            "refresh_tokens.revoke",
            management
                .refresh_tokens()
                .revoke(RefreshTokenRevocation::new().user_id(id).client_id("app"))
                .into_request(),
            "POST /api/v2/refresh-tokens/revoke",
            r#"{"user_id":"auth0|1","client_id":"app"}"#,
        ),
        case(
            "roles.list",
            management
                .roles()
                .list()
                .name_filter("ad min")
                .kind(RoleType::Organization)
                .owner_id("org_1")
                .per_page(5)
                .into_request(),
            "GET /api/v2/roles?per_page=5&name_filter=ad%20min&type=organization&owner_id=org_1",
            None,
        ),
        case("roles.get", management.roles().get("rol_1").into_request(), "GET /api/v2/roles/rol_1", None),
        case(
            "roles.create",
            management.roles().create(NewRole::new("editor").description("Edits")).into_request(),
            "POST /api/v2/roles",
            r#"{"name":"editor","description":"Edits"}"#,
        ),
        case(
            "roles.create",
            management
                .roles()
                .create(NewRole::new("buyer").kind(RoleType::Organization).owner_id("org_1"))
                .into_request(),
            "POST /api/v2/roles",
            r#"{"name":"buyer","type":"organization","owner_id":"org_1"}"#,
        ),
        case(
            "roles.update",
            management.roles().update("rol_1", RoleUpdate::new().description("Writes")).into_request(),
            "PATCH /api/v2/roles/rol_1",
            r#"{"description":"Writes"}"#,
        ),
        case(
            "roles.delete",
            management.roles().delete("rol_1").into_request(),
            "DELETE /api/v2/roles/rol_1",
            None,
        ),
        case(
            "roles.users",
            management.roles().users("rol_1").take(5).into_request(),
            "GET /api/v2/roles/rol_1/users?take=5",
            None,
        ),
        case(
            "roles.assign_users",
            management.roles().assign_users("rol_1", [id]).into_request(),
            "POST /api/v2/roles/rol_1/users",
            r#"{"users":["auth0|1"]}"#,
        ),
        case(
            "connections.list",
            management
                .connections()
                .list()
                .strategy("auth0")
                .name("a b")
                .fields(["id"])
                .take(5)
                .into_request(),
            "GET /api/v2/connections?take=5&strategy=auth0&name=a%20b&fields=id&include_fields=true",
            None,
        ),
        case(
            "connections.get",
            management.connections().get("con_1").into_request(),
            "GET /api/v2/connections/con_1",
            None,
        ),
        case(
            "connections.delete_user",
            management.connections().delete_user("con_1", "ada@example.com").into_request(),
            "DELETE /api/v2/connections/con_1/users?email=ada%40example.com",
            None,
        ),
        case(
            "guardian.create_enrollment_ticket",
            management
                .guardian()
                .create_enrollment_ticket(
                    NewEnrollmentTicket::new("auth0|1").email("a@example.com").factor(GuardianFactor::Otp),
                )
                .into_request(),
            "POST /api/v2/guardian/enrollments/ticket",
            r#"{"user_id":"auth0|1","email":"a@example.com","factor":"otp"}"#,
        ),
        case(
            "guardian.get_enrollment",
            management.guardian().get_enrollment("totp|dev_1").into_request(),
            "GET /api/v2/guardian/enrollments/totp%7Cdev_1",
            None,
        ),
        case(
            "guardian.delete_enrollment",
            management.guardian().delete_enrollment("dev_1").into_request(),
            "DELETE /api/v2/guardian/enrollments/dev_1",
            None,
        ),
        case(
            "groups.members",
            management.groups().members("grp_1").take(5).fields(["id"]).into_request(),
            "GET /api/v2/groups/grp_1/members?take=5&fields=id&include_fields=true",
            None,
        ),
        case(
            "logs.list",
            management.logs().list().q("type:s").sort("date:-1").fields(["date"]).page(1).into_request(),
            "GET /api/v2/logs?page=1&q=type%3As&sort=date%3A-1&fields=date&include_fields=true",
            None,
        ),
        case("logs.get", management.logs().get("900").into_request(), "GET /api/v2/logs/900", None),
        case(
            "grants.list",
            management
                .grants()
                .list()
                .user_id(id)
                .client_id("app")
                .audience("https://api")
                .page(1)
                .into_request(),
            "GET /api/v2/grants?page=1&user_id=auth0%7C1&client_id=app&audience=https%3A%2F%2Fapi",
            None,
        ),
        case(
            "grants.delete",
            management.grants().delete("a/b").into_request(),
            "DELETE /api/v2/grants/a%2Fb",
            None,
        ),
        case(
            "grants.delete_by_user",
            management.grants().delete_by_user(id).into_request(),
            "DELETE /api/v2/grants?user_id=auth0%7C1",
            None,
        ),
        case(
            "device_credentials.list",
            management
                .device_credentials()
                .list()
                .user_id(id)
                .client_id("app")
                .kind(DeviceCredentialType::PublicKey)
                .fields(["id"])
                .into_request(),
            "GET /api/v2/device-credentials?user_id=auth0%7C1&client_id=app&type=public_key&fields=id&include_fields=true",
            None,
        ),
        case(
            "device_credentials.delete",
            management.device_credentials().delete("dcr_1").into_request(),
            "DELETE /api/v2/device-credentials/dcr_1",
            None,
        ),
        case(
            "user_blocks.get",
            management.user_blocks().get(id).consider_brute_force_enablement(true).into_request(),
            "GET /api/v2/user-blocks/auth0%7C1?consider_brute_force_enablement=true",
            None,
        ),
        case(
            "user_blocks.delete",
            management.user_blocks().delete(id).into_request(),
            "DELETE /api/v2/user-blocks/auth0%7C1",
            None,
        ),
        case(
            "user_blocks.get_by_identifier",
            management.user_blocks().get_by_identifier("ada").into_request(),
            "GET /api/v2/user-blocks?identifier=ada",
            None,
        ),
        case(
            "user_blocks.delete_by_identifier",
            management.user_blocks().delete_by_identifier("ada").into_request(),
            "DELETE /api/v2/user-blocks?identifier=ada",
            None,
        ),
        case(
            "tickets.verify_email",
            management
                .tickets()
                .verify_email(
                    EmailVerificationTicket::new(id)
                        .ttl_sec(60)
                        .include_email_in_redirect(true)
                        .identity(IdentityRef::new("auth0", "1")),
                )
                .into_request(),
            "POST /api/v2/tickets/email-verification",
            r#"{"user_id":"auth0|1","ttl_sec":60,"includeEmailInRedirect":true,"identity":{"user_id":"1","provider":"auth0"}}"#,
        ),
        case(
            "tickets.change_password",
            management
                .tickets()
                .change_password(
                    PasswordChangeTicket::email("con_1", "ada@example.com").mark_email_as_verified(true),
                )
                .into_request(),
            "POST /api/v2/tickets/password-change",
            r#"{"connection_id":"con_1","email":"ada@example.com","mark_email_as_verified":true}"#,
        ),
        case(
            "jobs.export_users",
            management
                .jobs()
                .export_users(UsersExport::new().format("csv").limit(5).fields(["email"]))
                .into_request(),
            "POST /api/v2/jobs/users-exports",
            r#"{"format":"csv","limit":5,"fields":[{"name":"email"}]}"#,
        ),
        case(
            "jobs.import_users",
            management
                .jobs()
                .import_users("con_1", [row])
                .upsert(true)
                .external_id("mine")
                .send_completion_email(false)
                .into_request(),
            "POST /api/v2/jobs/users-imports",
            import,
        ),
        case(
            "jobs.send_verification_email",
            management.jobs().send_verification_email(VerificationEmail::new(id)).into_request(),
            "POST /api/v2/jobs/verification-email",
            r#"{"user_id":"auth0|1"}"#,
        ),
        case("jobs.get", management.jobs().get("job_1").into_request(), "GET /api/v2/jobs/job_1", None),
        case(
            "jobs.errors",
            management.jobs().errors("job_1").into_request(),
            "GET /api/v2/jobs/job_1/errors",
            None,
        ),
    ]
}

fn cases_of_organizations() -> Vec<Case> {
    let (_, management, _) = clients();
    let organizations = management.organizations();
    let id = "auth0|1";
    vec![
        case(
            "organizations.list",
            organizations.list().take(5).sort("name:1").include_client_association_for("app").into_request(),
            "GET /api/v2/organizations?take=5&sort=name%3A1&include_client_association_for=app",
            None,
        ),
        case(
            "organizations.get",
            organizations.get("org_1").into_request(),
            "GET /api/v2/organizations/org_1",
            None,
        ),
        case(
            "organizations.get_by_name",
            organizations.get_by_name("a/b").into_request(),
            "GET /api/v2/organizations/name/a%2Fb",
            None,
        ),
        case(
            "organizations.create",
            organizations
                .create(
                    NewOrganization::new("acme")
                        .display_name("Acme")
                        .enabled_connections([EnabledConnection::new("con_1").is_signup_enabled(true)]),
                )
                .into_request(),
            "POST /api/v2/organizations",
            r#"{"name":"acme","display_name":"Acme","enabled_connections":[{"connection_id":"con_1","is_signup_enabled":true}]}"#,
        ),
        case(
            "organizations.update",
            organizations
                .update("org_1", OrganizationUpdate::new().metadata(JsonObject::new()).clear_token_quota())
                .into_request(),
            "PATCH /api/v2/organizations/org_1",
            r#"{"metadata":{},"token_quota":null}"#,
        ),
        case(
            "organizations.delete",
            organizations.delete("org_1").into_request(),
            "DELETE /api/v2/organizations/org_1",
            None,
        ),
        case(
            "organizations.members.list",
            organizations.members("org_1").list().fields(["user_id", "roles"]).page(1).into_request(),
            "GET /api/v2/organizations/org_1/members?page=1&fields=user_id%2Croles&include_fields=true",
            None,
        ),
        case(
            "organizations.members.add",
            organizations.members("org_1").add([id]).into_request(),
            "POST /api/v2/organizations/org_1/members",
            r#"{"members":["auth0|1"]}"#,
        ),
        case(
            "organizations.members.remove",
            organizations.members("org_1").remove([id]).into_request(),
            "DELETE /api/v2/organizations/org_1/members",
            r#"{"members":["auth0|1"]}"#,
        ),
        case(
            "organizations.members.roles.list",
            organizations.members("org_1").roles(id).list().per_page(3).into_request(),
            "GET /api/v2/organizations/org_1/members/auth0%7C1/roles?per_page=3",
            None,
        ),
        case(
            "organizations.members.roles.assign",
            organizations.members("org_1").roles(id).assign(["rol_1"]).into_request(),
            "POST /api/v2/organizations/org_1/members/auth0%7C1/roles",
            r#"{"roles":["rol_1"]}"#,
        ),
        case(
            "organizations.members.roles.remove",
            organizations.members("org_1").roles(id).remove(["rol_1"]).into_request(),
            "DELETE /api/v2/organizations/org_1/members/auth0%7C1/roles",
            r#"{"roles":["rol_1"]}"#,
        ),
        case(
            "organizations.members.effective_roles.list",
            organizations.members("org_1").roles(id).effective().take(2).into_request(),
            "GET /api/v2/organizations/org_1/members/auth0%7C1/effective-roles?take=2",
            None,
        ),
        case(
            "organizations.invitations.list",
            organizations.invitations("org_1").list().sort("created_at:1").fields(["id"]).into_request(),
            "GET /api/v2/organizations/org_1/invitations?sort=created_at%3A1&fields=id&include_fields=true",
            None,
        ),
        case(
            "organizations.invitations.create",
            organizations
                .invitations("org_1")
                .create(NewInvitation::new("Grace", "ada@example.com", "app").roles(["rol_1"]).ttl_sec(60))
                .into_request(),
            "POST /api/v2/organizations/org_1/invitations",
            r#"{"inviter":{"name":"Grace"},"invitee":{"email":"ada@example.com"},"client_id":"app","roles":["rol_1"],"ttl_sec":60}"#,
        ),
        case(
            "organizations.invitations.get",
            organizations.invitations("org_1").get("uinv_1").into_request(),
            "GET /api/v2/organizations/org_1/invitations/uinv_1",
            None,
        ),
        case(
            "organizations.invitations.delete",
            organizations.invitations("org_1").delete("uinv_1").into_request(),
            "DELETE /api/v2/organizations/org_1/invitations/uinv_1",
            None,
        ),
    ]
}

fn all_cases() -> Vec<Case> {
    cases().into_iter().chain(login_cases()).chain(more_cases()).chain(cases_of_organizations()).collect()
}

#[test]
fn every_operation_makes_the_request_that_auth0_documents() {
    for case in all_cases() {
        let request = case.request.unwrap_or_else(|error| panic!("{}: {error}", case.operation));
        assert_eq!(line(&request), case.line, "{}", case.operation);
        assert_eq!(request.uri().authority().unwrap(), "tenant.example.com");
        assert_eq!(request.headers()["accept"], "application/json");
        match case.body {
            Some(body) => {
                assert_eq!(std::str::from_utf8(request.body()).unwrap(), body, "{}", case.operation);
                let kind = if case.operation == "jobs.import_users" {
                    "multipart/form-data; boundary=users-form-boundary"
                } else {
                    "application/json"
                };
                assert_eq!(request.headers()["content-type"], kind);
            }
            None => {
                assert!(request.body().is_empty(), "{}", case.operation);
                assert!(!request.headers().contains_key("content-type"), "{}", case.operation);
            }
        }
    }
}

#[test]
fn every_operation_of_the_catalogue_is_in_the_table() {
    for descriptor in CATALOGUE {
        let case = all_cases().into_iter().find(|case| case.operation == descriptor.name);
        let case = case.unwrap_or_else(|| panic!("{} has no case", descriptor.name));
        let request = case.request.unwrap();
        assert_eq!(request.method(), descriptor.method);
        let prefix = if descriptor.api == Api::Management { "/api/v2" } else { "" };
        let path = request.uri().path().strip_prefix(prefix).unwrap();
        assert_eq!(
            path.split('/').count(),
            descriptor.path.as_str().split('/').count(),
            "{}",
            descriptor.name
        );
        assert!(path.split('/').skip(1).all(|segment| !segment.is_empty()));
    }
}

#[test]
fn the_safety_of_an_operation_follows_from_its_method() {
    for descriptor in CATALOGUE {
        let expected = match (descriptor.name, descriptor.method.as_str()) {
            ("authentication.token" | "oauth.password_grant", _) => (Safety::Idempotent, Access::Read),
            ("oauth.revoke_refresh_token", _) => (Safety::Idempotent, Access::Write),
            (_, "GET") => (Safety::Safe, Access::Read),
            (_, "PUT") => (Safety::Idempotent, Access::Write),
            (_, "DELETE") => (Safety::Idempotent, Access::Delete),
            _ => (Safety::Unsafe, Access::Write),
        };
        assert_eq!((descriptor.safety, descriptor.access), expected, "{}", descriptor.name);
    }
}

#[test]
fn a_call_sends_the_client_s_headers_and_its_own() {
    let mock = MockTransport::new();
    let users = users_core::ManagementClient::builder(mock)
        .domain("https://Tenant.Example.com/")
        .token("the client's")
        .header("x-team", "identity")
        .header("x-tier", "gold")
        .custom_domain("login.example.com")
        .telemetry(true)
        .build()
        .unwrap()
        .users();
    let request = users
        .get("auth0|1")
        .header("x-tier", "silver")
        .header("authorization", "Bearer mine")
        .into_request()
        .unwrap();
    let headers = request.headers();
    assert_eq!(headers["user-agent"], concat!("users/", env!("CARGO_PKG_VERSION")).replace("0.0.0", "0.1.0"));
    assert_eq!(
        (&headers["x-team"], &headers["x-tier"]),
        (&"identity".parse().unwrap(), &"silver".parse().unwrap())
    );
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["auth0-client"], "eyJuYW1lIjoidXNlcnMiLCJ2ZXJzaW9uIjoiMC4xLjAifQ==");
    assert!(!headers.contains_key("auth0-custom-domain"), "a read sends no custom domain");

    let created = users.create(NewUser::new("db")).custom_domain("other.example.com").into_request().unwrap();
    assert_eq!(created.headers()["auth0-custom-domain"], "other.example.com");
    let updated = users.update("auth0|1", UserUpdate::new().name("Ada")).into_request().unwrap();
    assert_eq!(updated.headers()["auth0-custom-domain"], "login.example.com");
}

#[test]
fn telemetry_is_off_unless_enabled() {
    let (_, management, _) = clients();
    assert!(
        !management.users().get("auth0|1").into_request().unwrap().headers().contains_key("auth0-client")
    );
}

#[test]
fn the_authorization_header_is_marked_sensitive() {
    let (_, _, authentication) = clients();
    let request = authentication.users().get_info("user-token-1").into_request().unwrap();
    assert_eq!(request.headers()["authorization"], "Bearer user-token-1");
    assert!(!format!("{request:?}").contains("user-token-1"));
}

#[test]
fn arguments_that_auth0_would_misinterpret_are_refused_before_anything_is_sent() {
    let (mock, management, authentication) = clients();
    let (users, auth) = (management.users(), authentication.users());
    let refused = [
        ("an update of nothing", users.update("auth0|1", UserUpdate::new()).into_request().err()),
        (
            "an empty map would delete all metadata",
            users.update_user_metadata("auth0|1", json!({})).into_request().err(),
        ),
        (
            "clear all and set",
            users
                .update_app_metadata("auth0|1", MetadataUpdate::clear_all().set("a", 1))
                .into_request()
                .err(),
        ),
        (
            "metadata that is not an object",
            users.update_app_metadata("auth0|1", json!([1])).into_request().err(),
        ),
        ("no connection", users.create(NewUser::new("")).into_request().err()),
        ("a page too large", users.get_all().per_page(101).into_request().err()),
        ("nothing to link", users.link("auth0|1", LinkTarget::account("", "")).into_request().err()),
        ("an empty ID token", users.link("auth0|1", LinkTarget::id_token(" ")).into_request().err()),
        ("no token", auth.get_info(" ").into_request().err()),
        ("a token with a line end", auth.get_info("a\nb").into_request().err()),
        (
            "no impersonator",
            auth.impersonate("auth0|1", Impersonation::new("", "oauth2")).into_request().err(),
        ),
        ("no protocol", auth.impersonate("auth0|1", Impersonation::new("auth0|2", " ")).into_request().err()),
        (
            "no connection to sign up in",
            authentication.database().sign_up(NewSignup::new(" ")).into_request().err(),
        ),
        ("no address", authentication.database().change_password("db", "").into_request().err()),
        ("no code", authentication.oauth().authorization_code_grant("", "app:/cb").into_request().err()),
        (
            "no redirect URI",
            authentication.oauth().authorization_code_grant("c0de", " ").into_request().err(),
        ),
        ("no refresh token", authentication.oauth().refresh_token_grant("").into_request().err()),
        ("no user", authentication.oauth().password_grant("", "p").into_request().err()),
        ("nothing to revoke", authentication.oauth().revoke_refresh_token("").into_request().err()),
        ("no phone", authentication.passwordless().send_sms(" ").into_request().err()),
        ("no OTP", authentication.passwordless().login_with_sms("+1", "").into_request().err()),
        (
            "no application",
            authentication.oauth().password_grant("ada", "p").client_id(" ").into_request().err(),
        ),
        ("a header with a line end", users.get("auth0|1").header("x-a", "b\r\nc").into_request().err()),
        (
            "the wrong tenant",
            users.delete_all(Confirm::tenant("other.example.com")).collection_request().into_request().err(),
        ),
    ];
    for (why, error) in refused {
        let error = error.unwrap_or_else(|| panic!("{why} was accepted"));
        assert!(error.is_invalid_argument(), "{why}: {error:?}");
        assert!(!error.may_have_been_applied());
    }
    assert!(mock.requests().is_empty());
}
