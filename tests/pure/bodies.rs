//! A realistic response body for every operation: it decodes without unknown keys, and encodes to the same JSON.

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use users_core::authentication::*;
use users_core::management::*;
use users_core::model::*;
use users_core::{CATALOGUE, Operation};
use users_tests_pure::decode;

const USER: &str = r#"{"user_id":"auth0|64b7f3a91c2e5d0012ab34cd","email":"ada@example.com","email_verified":true,"name":"Ada","nickname":"ada",
    "picture":"https://s.gravatar.com/avatar/1?s=480","created_at":"2024-05-01T10:00:00.000Z","updated_at":"2024-05-01T10:00:00.001Z","logins_count":3,
    "identities":[{"connection":"Username-Password-Authentication","user_id":"64b7f3a91c2e5d0012ab34cd","provider":"auth0","isSocial":false}]}"#;
const IDENTITIES: &str = r#"[{"connection":"Username-Password-Authentication","user_id":"1","provider":"auth0","isSocial":false,
    "profileData":{"email":"ada@example.com","email_verified":true}},{"connection":"github","user_id":42,"provider":"github","isSocial":true}]"#;
const ROLE: &str =
    r#"{"id":"rol_1","name":"admin","description":"All","type":"organization","owner_id":"org_1"}"#;
const CONNECTION: &str = r#"{"id":"con_1","name":"db","display_name":"Db","strategy":"auth0","options":{"passwordPolicy":"good","n":1.50},"realms":["db"],
    "is_domain_connection":false,"show_as_button":true,"metadata":{"tier":"gold"},"authentication":{"active":true},
    "connected_accounts":{"active":true,"cross_app_access":true,"allow_missing_user_id":false},"cross_app_access_requesting_app":{"active":false},
    "cross_app_access_resource_app":{"status":"enabled"},"enabled_clients":["app"],"provisioning_ticket_url":"https://tenant.example.com/p/ad/x"}"#;
const INVITATION: &str = r#"{"id":"uinv_1","organization_id":"org_1","inviter":{"name":"Grace"},"invitee":{"email":"ada@example.com"},
    "invitation_url":"https://acme.example.com/login?invitation=x","ticket_id":"gnmhJU7vxYhSCN6fMVVxKg2g44nCsR1F","created_at":"2026-01-05T10:00:00.000Z",
    "expires_at":"2026-01-12T10:00:00.000Z","client_id":"app","connection_id":"con_1","user_metadata":{"a":1},"app_metadata":{},"roles":["rol_1"]}"#;
const GRANT: &str = r#"{"id":"5f0c6bd1","clientID":"app","user_id":"auth0|1","audience":"https://api","scope":["read"],"organization_id":"org_1"}"#;
const DEVICE: &str = r#"{"id":"dcr_1","device_name":"Phone","device_id":"d1","type":"public_key","user_id":"auth0|1","client_id":"app"}"#;
const ROLES: &str =
    r#"{"roles":[{"id":"rol_1","name":"admin","description":"All"}],"start":0,"limit":50,"total":1}"#;
const METHOD: &str = r#"{"id":"phone|dev_kXVq4drj3Mw6uCF5","type":"phone","confirmed":true,"name":"Phone","phone_number":"XXXXXXXXXXX5044",
    "created_at":"2023-03-10T16:25:52.099Z","preferred_authentication_method":"sms","authentication_methods":[{"id":"sms|dev_kXVq4drj3Mw6uCF5","type":"sms"}]}"#;
const SESSION: &str = r#"{"id":"aq7x","user_id":"auth0|1","created_at":"2024-05-01T10:00:00.000Z","updated_at":"2024-05-01T10:00:00.000Z",
    "authenticated_at":"2024-05-01T10:00:00.000Z","idle_expires_at":"2024-05-04T10:00:00.000Z","expires_at":"2024-05-08T10:00:00.000Z",
    "device":{"initial_ip":"203.0.113.7","initial_asn":"64496","initial_user_agent":"curl/8"},"clients":[{"client_id":"app"}],
    "authentication":{"methods":[{"name":"mfa","timestamp":"2024-05-01T10:00:00.000Z","type":"push-notification"}]},"cookie":{"mode":"persistent"}}"#;
const TOKEN: &str = r#"{"id":"tok_1","user_id":"auth0|1","created_at":"2024-05-01T10:00:00.000Z","device":{"last_ip":"203.0.113.7"},"client_id":"app",
    "session_id":"aq7x","rotating":true,"resource_servers":[{"audience":"https://api.example.com/","scopes":"read:orders write:orders"}],
    "refresh_token_metadata":{"device":"phone"},"last_exchanged_at":"2024-05-01T11:00:00.000Z"}"#;
const JOB: &str = r#"{"type":"users_import","status":"completed","connection_id":"con_1","connection":"db","created_at":"2024-05-01T10:00:00.000Z","id":"job_1",
    "summary":{"failed":1,"updated":2,"inserted":3,"total":6}}"#;
const TOKENS: &str = r#"{"access_token":"a.b.c","id_token":"d.e.f","scope":"openid offline_access","expires_in":86400,"token_type":"Bearer",
    "refresh_token":"v1.abc","recovery_code":"32YCGV1JUE9G7MDJ71UTN12W"}"#;
const GROUP: &str = r#"{"id":"grp_1","name":"staff","external_id":"x","connection_id":"con_1","created_at":"2024-05-01T10:00:00.000Z","membership_created_at":"2024-05-02T10:00:00.000Z"}"#;

/// Decodes a body as the operation does, and checks that nothing is unknown and nothing is lost.
fn check<O: Operation>(body: &str) -> &'static str
where
    O::Output: Serialize + Debug,
{
    let name = O::STATIC.unwrap().name;
    let value = decode::<O>(200, body).unwrap_or_else(|error| panic!("{name}: {error}"));
    let back = serde_json::to_string(&value).unwrap();
    assert!(json::equal(body, &back), "{name}: decoded {body}\nencoded {back}");
    let shown = format!("{value:?}");
    assert!(!shown.contains("unknown: {\"") && !shown.contains("Other("), "{name}: {shown}");
    name
}

/// Checks that the operation decodes responses without content.
fn empty<O: Operation<Output = ()>>() -> &'static str {
    let name = O::STATIC.unwrap().name;
    for (status, body) in [(204, ""), (202, "{}"), (200, "{}"), (201, "{}")] {
        decode::<O>(status, body).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(decode::<O>(404, "").unwrap_err().is_not_found());
    name
}

fn in_list(body: &str) -> String {
    format!("[{body}]")
}

fn under(key: &str, body: &str) -> String {
    format!(r#"{{"{key}":[{body}],"next":"abc"}}"#)
}

#[test]
fn every_operation_decodes_its_response_without_unknown_keys() {
    let permission = r#"{"permission_name":"read:orders","description":"Read","resource_server_name":"Orders","resource_server_identifier":"https://api.example.com/",
        "sources":[{"source_id":"","source_name":"","source_type":"DIRECT"}]}"#;
    let effective = r#"{"resource_server_identifier":"https://api.example.com/","permission_name":"read:orders","resource_server_name":"Orders","description":"Read","sources":["direct","roles"]}"#;
    let role = r#"{"id":"rol_1","name":"admin","description":"All","sources":["direct","groups"]}"#;
    let blocks = r#"{"blocked_for":[{"identifier":"ada@example.com","ip":"203.0.113.7","connection":"db"}]}"#;
    let log = r#"{"date":"2024-05-01T10:00:00.000Z","type":"s","description":"x","connection":"db","client_id":"app","ip":"203.0.113.7","log_id":"1","isMobile":false,
        "details":{"prompts":[1.50]},"user_agent":"curl","location_info":{"country_code":"DE","latitude":52.5200,"longitude":13.40}}"#;
    let organization = r#"{"id":"org_1","name":"acme","display_name":"Acme","branding":{"logo_url":"https://example.com/l","colors":{"primary":"white","page_background":"black"}},
        "metadata":{"tier":"gold"},"token_quota":{"client_credentials":{"enforce":true,"per_day":100,"per_hour":10}},
        "third_party_client_access":"block","is_app_entitlement_active":true,"client":{"use_for_member_access":true}}"#;
    let account = r#"{"id":"cac_1","connection":"google","connection_id":"con_1","strategy":"google-oauth2","access_type":"offline","scopes":["calendar"],"created_at":"2024-05-01T10:00:00.000Z"}"#;
    let enrollment = r#"{"id":"dev_1","status":"confirmed","type":"sms","phone_number":"XXX44","auth_method":"sms","enrolled_at":"2024-05-01T10:00:00.000Z"}"#;
    let set = r#"{"id":"set_1","connection":"google","scope":"a b","expires_at":"2024-05-01T10:00:00.000Z","issued_at":"2024-04-01T10:00:00.000Z"}"#;
    let ticket = r#"{"ticket":"https://tenant.example.com/u/reset-password?ticket=abc"}"#;
    let users = format!(r#"{{"start":0,"limit":50,"length":1,"users":[{USER}],"total":1}}"#);
    let checked = [
        check::<CreateUser>(USER),
        check::<GetUser>(USER),
        check::<UpdateUser>(USER),
        check::<GetAllUsers>(&users),
        check::<GetUsersByEmail>(&in_list(USER)),
        check::<LinkIdentity>(IDENTITIES),
        check::<UnlinkIdentity>(IDENTITIES),
        check::<ListUserRoles>(ROLES),
        check::<ListRoles>(ROLES),
        check::<GetRole>(ROLE),
        check::<ListOrganizations>(&under("organizations", organization)),
        check::<GetOrganization>(organization),
        check::<GetOrganizationByName>(organization),
        check::<CreateOrganization>(
            r#"{"id":"org_1","name":"acme","enabled_connections":[{"connection_id":"con_1","assign_membership_on_login":false,"show_as_button":true,"is_signup_enabled":false}]}"#,
        ),
        check::<UpdateOrganization>(organization),
        check::<ListOrganizationMembers>(&under(
            "members",
            r#"{"user_id":"auth0|1","email":"a@example.com","picture":"p","name":"A","roles":[{"id":"rol_1","name":"buyer"}]}"#,
        )),
        check::<ListOrganizationMemberRoles>(ROLES),
        check::<ListOrganizationMemberEffectiveRoles>(&under("roles", role)),
        check::<ListInvitations>(&format!(r#"{{"invitations":[{INVITATION}],"start":0,"limit":1}}"#)),
        check::<CreateInvitation>(INVITATION),
        check::<GetInvitation>(INVITATION),
        check::<ListConnections>(&under("connections", CONNECTION)),
        check::<GetConnection>(CONNECTION),
        check::<CreateEnrollmentTicket>(
            r#"{"ticket_id":"u2x","ticket_url":"https://tenant.guardian.auth0.com/enroll?ticket=u2x"}"#,
        ),
        check::<GetEnrollment>(
            r#"{"id":"dev_1","status":"confirmed","name":"Phone","identifier":"i","phone_number":"XXXX","enrolled_at":"2026-01-05T10:00:00.000Z","last_auth":"2026-01-05T10:00:00.000Z"}"#,
        ),
        check::<ListGroupMembers>(&under(
            "members",
            r#"{"id":"auth0|1","member_type":"user","type":"connection","connection_id":"con_1","created_at":"2026-01-05T10:00:00.000Z"}"#,
        )),
        check::<ListLogs>(&in_list(log)),
        check::<GetLog>(
            r#"{"_id":"900","log_id":"900","date":"2024-05-01T10:00:00.000Z","type":"s","client_ip":"203.0.113.7","organization_id":"org_1",
            "organization_name":"acme","auth0_client":{"name":"auth0.js","version":"9.0.0"}}"#,
        ),
        check::<ListGrants>(&in_list(GRANT)),
        check::<ListDeviceCredentials>(&in_list(DEVICE)),
        check::<CreateRole>(ROLE),
        check::<UpdateRole>(ROLE),
        check::<ListUserPermissions>(&in_list(permission)),
        check::<ListAuthenticationMethods>(&format!(
            r#"{{"authenticators":[{METHOD}],"total":1,"start":0,"limit":50}}"#
        )),
        check::<CreateAuthenticationMethod>(METHOD),
        check::<GetAuthenticationMethod>(METHOD),
        check::<UpdateAuthenticationMethod>(METHOD),
        check::<ReplaceAuthenticationMethods>(&in_list(METHOD)),
        check::<ListEffectivePermissions>(&under("permissions", effective)),
        check::<ListEffectivePermissionRoleSources>(&under("roles", role)),
        check::<ListEffectiveRoles>(&under("roles", role)),
        check::<ListRoleSourceGroups>(&under("groups", GROUP)),
        check::<ListUserGroups>(&under("groups", GROUP)),
        check::<ListUserSessions>(&under("sessions", SESSION)),
        check::<ListUserRefreshTokens>(&under("tokens", TOKEN)),
        check::<ListRefreshTokens>(&under("refresh_tokens", TOKEN)),
        check::<GetSession>(SESSION),
        check::<UpdateSession>(SESSION),
        check::<GetRefreshToken>(TOKEN),
        check::<UpdateRefreshToken>(TOKEN),
        check::<ListUserOrganizations>(&format!(
            r#"{{"organizations":[{organization}],"start":0,"limit":50,"total":1}}"#
        )),
        check::<ListUserLogs>(&format!(r#"{{"start":0,"limit":50,"length":1,"logs":[{log}],"total":1}}"#)),
        check::<ListConnectedAccounts>(&under("connected_accounts", account)),
        check::<ListEnrollments>(&in_list(enrollment)),
        check::<ListFederatedTokenSets>(&in_list(set)),
        check::<RegenerateRecoveryCode>(r#"{"recovery_code":"32YCGV1JUE9G7MDJ71UTN12W"}"#),
        check::<ListRoleUsers>(
            r#"{"users":[{"user_id":"auth0|1","email":"a@example.com","picture":"p","name":"A"}],"next":"x"}"#,
        ),
        check::<GetUserBlocks>(blocks),
        check::<GetUserBlocksByIdentifier>(blocks),
        check::<VerifyEmailTicket>(ticket),
        check::<ChangePasswordTicket>(ticket),
        check::<ExportUsers>(
            r#"{"type":"users_export","status":"pending","format":"csv","limit":5,"fields":[{"name":"email","export_as":"mail"}],"created_at":"2024-05-01T10:00:00.000Z","id":"job_1"}"#,
        ),
        check::<ImportUsers>(JOB),
        check::<SendVerificationEmail>(
            r#"{"type":"verification_email","status":"pending","created_at":"2024-05-01T10:00:00.000Z","id":"job_1"}"#,
        ),
        check::<GetJob>(JOB),
        check::<GetInfo>(
            r#"{"sub":"auth0|1","nickname":"ada","name":"Ada","updated_at":"2023-06-14T21:36:26.399Z","email":"a@example.com","email_verified":true}"#,
        ),
        check::<SignUp>(
            r#"{"_id":"507f1f77bcf86cd799439020","email":"ada@example.com","email_verified":false,"username":"ada","phone_number":"+14155550100",
            "phone_verified":false,"given_name":"Ada","user_metadata":{"plan":"gold"}}"#,
        ),
        check::<RequestToken>(r#"{"access_token":"a.b.c","expires_in":86400,"token_type":"Bearer"}"#),
        check::<PasswordGrant>(TOKENS),
        check::<AuthorizationCodeGrant>(TOKENS),
        check::<RefreshTokenGrant>(TOKENS),
        check::<LoginWithEmail>(TOKENS),
        check::<LoginWithSms>(TOKENS),
        check::<SendPasswordlessEmail>(
            r#"{"_id":"507f1f77bcf86cd799439020","email":"ada@example.com","email_verified":false}"#,
        ),
        check::<SendPasswordlessSms>(
            r#"{"_id":"507f1f77bcf86cd799439020","phone_number":"+14155550100","phone_verified":true,"request_language":"de"}"#,
        ),
        empty::<RevokeRefreshToken>(),
        empty::<DeleteUser>(),
        empty::<DeleteUserCollection>(),
        empty::<DeleteMultifactorProvider>(),
        empty::<InvalidateRememberBrowser>(),
        empty::<AssignUserRoles>(),
        empty::<RemoveUserRoles>(),
        empty::<AssignUserPermissions>(),
        empty::<RemoveUserPermissions>(),
        empty::<DeleteAuthenticationMethod>(),
        empty::<DeleteAuthenticationMethods>(),
        empty::<DeleteAuthenticators>(),
        empty::<DeleteUserSessions>(),
        empty::<DeleteRole>(),
        empty::<DeleteOrganization>(),
        empty::<AddOrganizationMembers>(),
        empty::<RemoveOrganizationMembers>(),
        empty::<AssignOrganizationMemberRoles>(),
        empty::<RemoveOrganizationMemberRoles>(),
        empty::<DeleteInvitation>(),
        empty::<DeleteGrant>(),
        empty::<DeleteEnrollment>(),
        empty::<DeleteUserGrants>(),
        empty::<DeleteDeviceCredential>(),
        empty::<DeleteUserRefreshTokens>(),
        empty::<DeleteFederatedTokenSet>(),
        empty::<RevokeUserAccess>(),
        empty::<ClearRiskAssessments>(),
        empty::<DeleteSession>(),
        empty::<RevokeSession>(),
        empty::<DeleteRefreshToken>(),
        empty::<RevokeRefreshTokens>(),
        empty::<AssignRoleUsers>(),
        empty::<DeleteUserBlocks>(),
        empty::<DeleteUserBlocksByIdentifier>(),
        empty::<DeleteConnectionUser>(),
    ];
    let checked: BTreeSet<&str> = checked.into_iter().collect();
    let elsewhere = ["jobs.errors", "authentication.impersonate", "database.change_password"];
    for descriptor in CATALOGUE {
        let name = descriptor.name;
        assert!(checked.contains(name) || elsewhere.contains(&name), "{name} has no body here");
    }
}

#[test]
fn responses_of_other_shapes_are_decoded() {
    let rows =
        r#"[{"user":{"email":"a"},"errors":[{"code":"DUPLICATED_USER","message":"x","path":"email"}]}]"#;
    let JobErrors::Rows(read) = decode::<GetJobErrors>(200, rows).unwrap() else { panic!("rows were sent") };
    assert!(json::equal(rows, &serde_json::to_string(&read).unwrap()) && read[0].unknown.is_empty());
    assert_eq!(decode::<GetJobErrors>(204, "").unwrap(), JobErrors::Rows(Vec::new()));
    let JobErrors::Job(job) = decode::<GetJobErrors>(200, JOB).unwrap() else { panic!("a job was sent") };
    assert_eq!(job.status, Some(JobStatus::Completed));
    assert_eq!(
        decode::<Impersonate>(200, "https://tenant.example.com/x").unwrap(),
        "https://tenant.example.com/x"
    );
    // Auth0 declares this text as HTML; a proxy's page is no answer of Auth0.
    let sent = "We've just sent you an email to reset your password.";
    assert_eq!(decode::<ChangePassword>(200, sent).unwrap(), sent);
    assert!(decode::<ChangePassword>(200, "<html>Blocked</html>").is_err());
    for (body, id) in [
        (r#"{"_id":"1","username":"ada"}"#, Some("1")),
        (r#"{"id":"2"}"#, Some("2")),
        (r#"{"user_id":"3"}"#, Some("3")),
        ("{}", None),
    ] {
        assert_eq!(decode::<SignUp>(200, body).unwrap().bare_id(), id, "{body}");
    }
    decode::<RevokeRefreshToken>(200, "").unwrap();
    decode::<RevokeRefreshToken>(200, "OK").unwrap();
}

/// Any JSON as text, including numbers that no machine type can represent.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        Just("123456789012345678901234567890".to_owned()),
        Just("1e400".to_owned()),
        Just("-0.10".to_owned()),
        Just("{}".to_owned()),
        Just(r#""2024-05-01T10:00:00.000Z""#.to_owned()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            any_object_of(inner),
        ]
    })
}

/// An object whose keys are often keys of the models.
fn any_object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    const KEYS: &[&str] = &[
        "user_id",
        "id",
        "email",
        "email_verified",
        "identities",
        "created_at",
        "user_metadata",
        "app_metadata",
        "logins_count",
        "name",
        "type",
        "status",
        "roles",
        "users",
        "sessions",
        "next",
        "total",
        "start",
        "profileData",
        "provider",
        "access_token",
        "refresh_token",
        "_id",
        "rules",
        "format",
        "description",
        "phone_verified",
        "mfa_token",
        "device",
        "clients",
        "sources",
        "authentication_methods",
        "summary",
        "fields",
        "errors",
        "user",
        "blocked_for",
        "location_info",
        "branding",
        "token_quota",
        "sub",
        "updated_at",
        "statusCode",
        "error",
        "message",
        "attributes",
        "password",
        "nickname",
        "session_metadata",
        "resource_servers",
    ];
    let key = prop_oneof![prop::sample::select(KEYS).prop_map(str::to_owned), any::<String>()];
    prop::collection::vec((key, value), 0..8).prop_map(|entries| {
        let entries: Vec<String> = entries
            .into_iter()
            .map(|(key, value)| format!("{}:{value}", serde_json::to_string(&key).unwrap()))
            .collect();
        format!("{{{}}}", entries.join(","))
    })
}

fn keeps<T: DeserializeOwned + Serialize>(text: &str) {
    let value: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let back = serde_json::to_string(&value).unwrap();
    assert!(json::equal(text, &back), "{}: decoded {text}\nencoded {back}", std::any::type_name::<T>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn decoding_any_object_as_any_model_loses_no_field(text in any_object_of(any_json())) {
        keeps::<User>(&text);
        keeps::<Identity>(&text);
        keeps::<ProfileData>(&text);
        keeps::<NewUser>(&text);
        keeps::<LinkTarget>(&text);
        keeps::<UserInfo>(&text);
        keeps::<Impersonation>(&text);
        keeps::<NewSignup>(&text);
        keeps::<SignupResponse>(&text);
        keeps::<PasswordlessStart>(&text);
        keeps::<TokenResponse>(&text);
        keeps::<ErrorBody>(&text);
        keeps::<PasswordRules>(&text);
        keeps::<PasswordRule>(&text);
        keeps::<PasswordRuleItem>(&text);
        keeps::<Role>(&text);
        keeps::<NewRole>(&text);
        keeps::<RoleUpdate>(&text);
        keeps::<RoleUser>(&text);
        keeps::<EffectiveRole>(&text);
        keeps::<Permission>(&text);
        keeps::<PermissionRef>(&text);
        keeps::<EffectivePermission>(&text);
        keeps::<Organization>(&text);
        keeps::<NewOrganization>(&text);
        keeps::<OrganizationUpdate>(&text);
        keeps::<OrganizationMember>(&text);
        keeps::<Invitation>(&text);
        keeps::<NewInvitation>(&text);
        keeps::<Connection>(&text);
        keeps::<Grant>(&text);
        keeps::<NewEnrollmentTicket>(&text);
        keeps::<EnrollmentTicket>(&text);
        keeps::<GroupMember>(&text);
        keeps::<DeviceCredential>(&text);
        keeps::<Group>(&text);
        keeps::<Session>(&text);
        keeps::<SessionUpdate>(&text);
        keeps::<RefreshToken>(&text);
        keeps::<RefreshTokenUpdate>(&text);
        keeps::<RefreshTokenRevocation>(&text);
        keeps::<AccessRevocation>(&text);
        keeps::<AuthenticationMethod>(&text);
        keeps::<NewAuthenticationMethod>(&text);
        keeps::<AuthenticationMethodReplacement>(&text);
        keeps::<Enrollment>(&text);
        keeps::<ConnectedAccount>(&text);
        keeps::<FederatedTokenSet>(&text);
        keeps::<LogEvent>(&text);
        keeps::<UserBlocks>(&text);
        keeps::<RiskAssessmentClearance>(&text);
        keeps::<Ticket>(&text);
        keeps::<EmailVerificationTicket>(&text);
        keeps::<PasswordChangeTicket>(&text);
        keeps::<Job>(&text);
        keeps::<JobRowErrors>(&text);
        keeps::<UsersExport>(&text);
        keeps::<VerificationEmail>(&text);
    }

    #[test]
    fn decoding_arbitrary_json_does_not_panic(text in any_json()) {
        let _ = decode::<GetAllUsers>(200, &text);
        let _ = decode::<GetUser>(200, &text);
        let _ = decode::<GetUser>(500, &text);
        let _ = decode::<LinkIdentity>(200, &text);
        let _ = decode::<ListUserSessions>(200, &text);
        let _ = decode::<GetJobErrors>(200, &text);
        let _ = decode::<RequestToken>(200, &text);
    }
}
