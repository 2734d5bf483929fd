//! Data that belongs to a user, against the tenant over a real socket: every response has content, and every write is verified.

use serde_json::json;
use std::io::Read as _;
use users_hyper::management::JobErrors;
use users_hyper::model::{
    AccessRevocation, AuthenticationMethodReplacement, AuthenticationMethodUpdate, EmailVerificationTicket,
    JobStatus, JsonObject, NewAuthenticationMethod, PasswordChangeTicket, PermissionRef,
    RefreshTokenRevocation, RefreshTokenUpdate, RiskAssessmentClearance, SessionUpdate, UsersExport,
    VerificationEmail,
};
use users_hyper::{HttpTransport as _, HyperTransport, ManagementClient};
use users_mock::Tenant;
use users_tenant::TenantServer;

const SEED: &str = include_str!("../fixtures/belongings.seed.json");

const ADA: &str = "auth0|1";

async fn setup() -> (Tenant, TenantServer, ManagementClient) {
    let tenant = Tenant::builder().system_clock().build();
    tenant.seed_json(SEED).unwrap();
    let server = TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let client = users_hyper::management(server.url())
        .client_credentials("tenant-client", "tenant-secret")
        .build()
        .unwrap();
    (tenant, server, client)
}

#[tokio::test]
async fn roles_are_assigned_listed_and_removed() {
    let (_tenant, _server, client) = setup().await;
    let users = client.users();
    let roles = users.roles(ADA);
    roles.assign(["rol_1", "rol_2"]).await.unwrap();
    let page = roles.list().include_totals(true).await.unwrap();
    assert_eq!((page.len(), page.total, page.items[0].name.as_deref()), (2, Some(2), Some("admin")));
    assert_eq!(roles.list().per_page(1).items().try_collect().await.unwrap().len(), 2);
    let effective = users.effective_roles(ADA).list().items().try_collect().await.unwrap();
    assert_eq!((effective.len(), effective[0].sources.as_ref().unwrap()[0].as_str()), (2, "direct"));
    let groups = users.effective_roles(ADA).group_sources("rol_1").await.unwrap();
    assert_eq!(groups.items[0].name.as_deref(), Some("staff"));
    assert!(roles.assign(["rol_nowhere"]).await.unwrap_err().is_not_found());

    client.roles().assign_users("rol_1", ["auth0|2"]).await.unwrap();
    let holders = client.roles().users("rol_1").take(1).items().try_collect().await.unwrap();
    let names: Vec<_> = holders.iter().filter_map(|user| user.name.as_deref()).collect();
    assert_eq!(names, ["Ada", "Bob"]);

    roles.remove(["rol_1", "rol_2"]).await.unwrap();
    assert!(roles.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn permissions_are_assigned_listed_and_removed() {
    let (_tenant, _server, client) = setup().await;
    let permissions = client.users().permissions(ADA);
    let one = || [PermissionRef::new("https://api.example.com/", "read:orders")];
    permissions.assign(one()).await.unwrap();
    let held = permissions.list().items().try_collect().await.unwrap();
    assert_eq!(held[0].description.as_deref(), Some("Read orders"));
    assert_eq!(held[0].sources.as_ref().unwrap()[0].source_type.as_deref(), Some("DIRECT"));
    let effective = client.users().effective_permissions(ADA);
    assert_eq!(effective.list("https://api.example.com/").await.unwrap().len(), 1);
    client.users().roles(ADA).assign(["rol_1"]).await.unwrap();
    let sources = effective.role_sources("https://api.example.com/", "read:orders").await.unwrap();
    assert_eq!(sources.items[0].name.as_deref(), Some("admin"));
    let unknown =
        permissions.assign([PermissionRef::new("https://api.example.com/", "fly")]).await.unwrap_err();
    assert_eq!(unknown.code(), Some("inexistent_resource_server_permission"));
    permissions.remove(one()).await.unwrap();
    assert!(permissions.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn authentication_methods_are_created_masked_changed_and_deleted() {
    let (_tenant, _server, client) = setup().await;
    let users = client.users();
    let methods = users.authentication_methods(ADA);
    let email =
        methods.create(NewAuthenticationMethod::new("email").email("chuck334@example.com")).await.unwrap();
    assert_eq!(email.email.as_deref(), Some("chuc****@exam*******"));
    let id = email.id.unwrap();
    methods.update(&*id, AuthenticationMethodUpdate::new().name("Home")).await.unwrap();
    assert_eq!(methods.get(&*id).await.unwrap().name.as_deref(), Some("Home"));
    let replaced = methods
        .replace_all([AuthenticationMethodReplacement::new("phone").phone_number("+44207183875044")])
        .await
        .unwrap();
    let refused = methods.replace_all([AuthenticationMethodReplacement::new("passkey")]).await.unwrap_err();
    assert_eq!(refused.status(), Some(http::StatusCode::BAD_REQUEST));
    let passkey = methods.create(NewAuthenticationMethod::new("passkey")).await.unwrap();
    assert_eq!(replaced[0].phone_number.as_deref(), Some("+44207183875044"));
    let listed = methods.list().items().try_collect().await.unwrap();
    assert_eq!((listed.len(), listed[0].phone_number.as_deref()), (2, Some("XXXXXXXXXXX5044")));
    assert_eq!(users.enrollments(ADA).await.unwrap()[0].id.as_deref(), Some("dev_1"));
    methods.delete_authenticators().await.unwrap();
    assert_eq!(methods.list().await.unwrap().len(), 1, "a passkey is not a Guardian authenticator");
    assert!(users.enrollments(ADA).await.unwrap().is_empty());
    methods.delete(passkey.id.unwrap()).await.unwrap();
    assert!(methods.list().await.unwrap().is_empty());
    methods.create(NewAuthenticationMethod::new("totp").totp_secret("JBSWY3DPEHPK3PXP")).await.unwrap();
    methods.delete_all().await.unwrap();
    assert!(methods.list().include_totals(true).await.unwrap().is_empty());
    assert_eq!(users.regenerate_recovery_code(ADA).await.unwrap().recovery_code.unwrap().expose().len(), 24);
    users.multifactor().invalidate_remember_browser(ADA).await.unwrap();
}

#[tokio::test]
async fn sessions_and_refresh_tokens_are_listed_changed_and_revoked() {
    let (_tenant, _server, client) = setup().await;
    let users = client.users();
    let metadata = || JsonObject::from_json(r#"{"a":1}"#).unwrap();
    assert_eq!(users.sessions(ADA).list().take(1).items().try_collect().await.unwrap().len(), 3);
    let session = client.sessions().get("s1").await.unwrap();
    assert_eq!(session.device.unwrap().last_ip.as_deref(), Some("::1"));
    let changed = client.sessions().update("s1", SessionUpdate::metadata(metadata())).await.unwrap();
    assert_eq!(changed.session_metadata, Some(metadata()));
    let cleared = client.sessions().update("s1", SessionUpdate::clear_metadata()).await.unwrap();
    assert_eq!(cleared.session_metadata, None);

    let tokens = client.refresh_tokens();
    assert_eq!(users.refresh_tokens(ADA).list().take(3).items().try_collect().await.unwrap().len(), 4);
    assert_eq!(tokens.list(ADA).client_id("app").items().try_collect().await.unwrap().len(), 2);
    assert_eq!(tokens.get("t1").await.unwrap().rotating, Some(true));
    let changed = tokens.update("t1", RefreshTokenUpdate::metadata(metadata())).await.unwrap();
    assert_eq!(changed.refresh_token_metadata, Some(metadata()));
    tokens.delete("t4").await.unwrap();
    assert!(tokens.get("t4").await.unwrap_err().is_not_found());
    tokens.revoke(RefreshTokenRevocation::new().user_id(ADA).client_id("other")).await.unwrap();
    assert!(tokens.get("t3").optional().await.unwrap().is_none());

    client.sessions().revoke("s1").await.unwrap();
    assert!(tokens.get("t1").await.unwrap_err().is_not_found(), "the token belongs to the session");
    client.sessions().delete("s3").await.unwrap();
    users
        .revoke_access(ADA, AccessRevocation::new().session_id("s2").preserve_refresh_tokens(true))
        .await
        .unwrap();
    assert!(users.sessions(ADA).list().await.unwrap().is_empty());
    assert_eq!(users.refresh_tokens(ADA).list().await.unwrap().len(), 1);
    users.refresh_tokens(ADA).delete_all().await.unwrap();
    users.sessions(ADA).delete_all().await.unwrap();
    assert!(users.refresh_tokens(ADA).list().await.unwrap().is_empty());
}

#[tokio::test]
async fn seeded_entries_are_listed_and_can_be_removed() {
    let (_tenant, _server, client) = setup().await;
    let users = client.users();
    assert_eq!(users.organizations(ADA).await.unwrap().items[0].display_name.as_deref(), Some("Acme"));
    assert_eq!(users.groups(ADA).take(1).items().try_collect().await.unwrap().len(), 2);
    let logs = users.logs(ADA).sort("date:-1").items().try_collect().await.unwrap();
    assert_eq!(logs[0].kind.as_deref(), Some("fp"));
    assert_eq!(users.connected_accounts(ADA).await.unwrap().items[0].scopes.as_ref().unwrap(), &["calendar"]);
    let sets = users.federated_token_sets(ADA);
    assert_eq!(sets.list().await.unwrap().len(), 2);
    sets.delete("set_1").await.unwrap();
    sets.delete("set_1").await.unwrap();
    assert_eq!(sets.list().await.unwrap().len(), 1);
    users.clear_risk_assessments(ADA, RiskAssessmentClearance::new("db", ["new-device"])).await.unwrap();

    let blocks = client.user_blocks();
    assert_eq!(blocks.get(ADA).await.unwrap().blocked_for.unwrap().len(), 2);
    assert_eq!(blocks.get_by_identifier("ada").await.unwrap().blocked_for.unwrap().len(), 1);
    blocks.delete_by_identifier("ada").await.unwrap();
    assert_eq!(blocks.get(ADA).await.unwrap().blocked_for.unwrap().len(), 1);
    blocks.delete(ADA).await.unwrap();
    assert!(blocks.get(ADA).await.unwrap().blocked_for.unwrap().is_empty());

    assert_eq!(users.by_email("ada@example.com").fields(["user_id"]).await.unwrap()[0].email, None);
    assert!(users.by_email("Ada@example.com").await.unwrap().is_empty());
    for error in [users.organizations("auth0|x").await.unwrap_err(), users.logs("auth0|x").await.unwrap_err()]
    {
        assert_eq!(error.code(), Some("inexistent_user"));
    }
}

#[tokio::test]
async fn tickets_and_emails_are_created_for_existing_users() {
    let (_tenant, _server, client) = setup().await;
    let ticket = client.tickets().verify_email(EmailVerificationTicket::new(ADA)).await.unwrap();
    assert!(ticket.ticket.unwrap().expose().contains("/u/email-verification?ticket="));
    let ticket = client
        .tickets()
        .change_password(PasswordChangeTicket::email("con_1", "ada@example.com"))
        .await
        .unwrap();
    assert!(ticket.ticket.unwrap().expose().contains("/u/reset-password?ticket="));
    assert!(
        client
            .tickets()
            .change_password(PasswordChangeTicket::user("auth0|x"))
            .await
            .unwrap_err()
            .is_not_found()
    );
    for (user, status) in [(ADA, JobStatus::Completed), ("auth0|2", JobStatus::Failed)] {
        let job = client.jobs().send_verification_email(VerificationEmail::new(user)).await.unwrap();
        assert_eq!(job.status, Some(JobStatus::Pending));
        assert_eq!(client.jobs().get(job.id.unwrap()).await.unwrap().status, Some(status));
    }
    assert!(client.jobs().get("job_nowhere").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn an_import_accepts_valid_rows_and_reports_invalid_ones() {
    let (tenant, _server, client) = setup().await;
    let mut rows: Vec<_> =
        (0..985).map(|n| json!({"email": format!("user{n}@example.com"), "email_verified": true})).collect();
    rows.extend((0..10).map(|n| json!({"email": format!("bad{n}"), "name": "Bad"})));
    rows.extend((0..5).map(|n| json!({"email": format!("USER{n}@example.com")})));
    let connection = "con_TenantDatabase00";
    let job = client.jobs().import_users(connection, &rows).external_id("mine").await.unwrap();
    let id = job.id.unwrap();
    let job = client.jobs().get(&*id).await.unwrap();
    assert_eq!((job.status, job.external_id.as_deref()), (Some(JobStatus::Completed), Some("mine")));
    let summary = job.summary.unwrap();
    assert_eq!((summary.total, summary.inserted, summary.failed), (Some(1000), Some(985), Some(15)));
    let JobErrors::Rows(errors) = client.jobs().errors(&*id).await.unwrap() else {
        panic!("the job did not fail")
    };
    assert_eq!(errors.len(), 15);
    let codes = |wanted: &str| {
        errors.iter().filter(|row| row.errors.as_ref().unwrap()[0].code.as_deref() == Some(wanted)).count()
    };
    assert_eq!((codes("FORMAT"), codes("DUPLICATED_USER")), (10, 5));
    assert_eq!(errors[0].user.as_ref().unwrap().raw("email"), Some(r#""bad0""#));
    assert_eq!(tenant.user_count(), 987);

    let change = [json!({"email": "user1@example.com", "nickname": "one", "app_metadata": {"a": 1}})];
    let refused = client.jobs().import_users(connection, &change).await.unwrap();
    assert!(
        matches!(client.jobs().errors(refused.id.unwrap()).await.unwrap(), JobErrors::Rows(rows) if rows.len() == 1)
    );
    let job = client.jobs().import_users(connection, &change).upsert(true).await.unwrap();
    assert!(
        matches!(client.jobs().errors(job.id.unwrap()).await.unwrap(), JobErrors::Rows(rows) if rows.is_empty())
    );
    let user = client.users().by_email("user1@example.com").await.unwrap().remove(0);
    assert_eq!((user.nickname.as_deref(), user.email_verified.unwrap().is_true()), (Some("one"), false));

    client.connections().delete_user(connection, "user1@example.com").await.unwrap();
    assert!(client.users().by_email("user1@example.com").await.unwrap().is_empty());
    let too_much = vec![json!({"email": "x".repeat(600_000)})];
    let error = client.jobs().import_users(connection, too_much).await.unwrap_err();
    assert!(error.is_invalid_argument() && error.to_string().contains("split them"), "{error}");
}

#[tokio::test]
async fn a_refused_row_is_reported_with_auth0_s_code() {
    let (_tenant, _server, client) = setup().await;
    let hash = json!({"value": "d41d8cd98f00b204e9800998ecf8427e", "encoding": "hex"});
    let cases = [
        (json!({"name": "Nobody"}), "OBJECT_REQUIRED"),
        (json!({"email": 7}), "INVALID_TYPE"),
        (json!({"email": "nowhere"}), "FORMAT"),
        (json!({"email": "a@example.com", "nickname": ""}), "MIN_LENGTH"),
        (json!({"email": "a@example.com", "nickname": "x".repeat(301)}), "MAX_LENGTH"),
        (json!({"email": "a@example.com", "phone_number": "12"}), "PATTERN"),
        (json!({"email": "a@example.com", "blocked": "yes"}), "INVALID_TYPE"),
        (json!({"email": "a@example.com", "shoe_size": 43}), "NOT_PASSED"),
        (json!({"email": "a@example.com", "mfa_factors": []}), "ARRAY_LENGTH_SHORT"),
        (json!({"email": "a@example.com", "mfa_factors": vec![json!({}); 11]}), "ARRAY_LENGTH_LONG"),
        (
            json!({"email": "a@example.com", "custom_password_hash": {"algorithm": "rot13", "hash": hash}}),
            "ENUM_MISMATCH",
        ),
        (json!({"email": "a@example.com", "custom_password_hash": {}}), "OBJECT_REQUIRED"),
        (
            json!({"email": "a@example.com", "password_hash": "x", "custom_password_hash": {"algorithm": "md5", "hash": hash}}),
            "NOT_PASSED",
        ),
    ];
    let rows: Vec<_> = cases.iter().map(|(row, _)| row.clone()).collect();
    let report = client.jobs().import_all("con_TenantDatabase00", rows).await.unwrap();
    assert_eq!(report.summary.failed, Some(13));
    for ((row, code), refused) in cases.iter().zip(&report.refused) {
        let errors = refused.errors.errors.as_ref().unwrap();
        assert_eq!(errors[0].code.as_deref(), Some(*code), "{row}");
    }
}

#[tokio::test]
async fn an_import_of_any_size_is_split_into_files_and_reported_as_one() {
    let (tenant, _server, client) = setup().await;
    let filler = "x".repeat(250);
    let row = move |n: usize| match n {
        // Ten invalid rows and five duplicates, spread over the files.
        n if n % 700 == 13 && n / 700 < 10 => json!({"email": format!("bad{n}"), "name": filler}),
        n if n % 1400 == 999 && n / 1400 < 5 => {
            json!({"email": format!("user{}@example.com", n - 1), "name": "again"})
        }
        n => json!({"email": format!("user{n}@example.com"), "name": filler}),
    };
    let report = client.jobs().import_all("con_TenantDatabase00", (0..7000).map(row)).await.unwrap();
    assert!(report.jobs.len() >= 4, "{} bytes were split into {} files", 7000 * 290, report.jobs.len());
    assert_eq!(
        (report.summary.total, report.summary.inserted, report.summary.failed),
        (Some(7000), Some(6985), Some(15))
    );
    let mut expected: Vec<usize> =
        (0..10).map(|n| n * 700 + 13).chain((0..5).map(|n| n * 1400 + 999)).collect();
    expected.sort_unstable();
    let refused: Vec<usize> = report.refused.iter().filter_map(|refused| refused.row).collect();
    assert_eq!(refused, expected, "each error is matched with its row");
    assert_eq!(tenant.user_count(), 2 + 6985);

    let nothing = client.jobs().import_all("con_TenantDatabase00", Vec::<u8>::new()).await.unwrap();
    assert!(nothing.jobs.is_empty());
    let huge = client
        .jobs()
        .import_all("con_TenantDatabase00", [json!({"email": "x".repeat(600_000)})])
        .await
        .unwrap_err();
    assert!(huge.error().is_invalid_argument() && !huge.may_have_been_applied(), "{huge:?}");
    assert!(huge.error().to_string().contains("row 0 is"), "{huge:?}");
}

#[test]
fn at_most_two_imports_run_at_once() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use users_mock::MockTransport;

    let mock = MockTransport::new();
    let running = std::sync::Arc::new(AtomicUsize::new(0));
    let most = std::sync::Arc::new(AtomicUsize::new(0));
    let (started, seen, ended) = (running.clone(), most.clone(), running.clone());
    let job = |status: &str, id: usize| {
        http::Response::new(format!(r#"{{"id":"job_{id}","status":"{status}"}}"#).into())
    };
    let number = AtomicUsize::new(0);
    mock.expect((http::Method::POST, "/jobs/users-imports")).always().answer(move |_| {
        seen.fetch_max(started.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        job("pending", number.fetch_add(1, Ordering::SeqCst))
    });
    let looked = std::sync::Mutex::new(std::collections::HashMap::<String, u32>::new());
    mock.expect((http::Method::GET, "/jobs/{id}")).always().answer(move |request| {
        let mut looked = looked.lock().unwrap();
        let times = looked.entry(request.path()).or_default();
        *times += 1;
        job(if *times == 5 { "completed" } else { "processing" }, 0)
    });
    mock.expect((http::Method::GET, "/jobs/{id}/errors")).status(204).always().answer(move |_| {
        ended.fetch_sub(1, Ordering::SeqCst);
        http::Response::builder().status(204).body(bytes::Bytes::new()).unwrap()
    });
    let rows = (0..20).map(|n| json!({"email": format!("{n}{}", "x".repeat(300_000))}));
    let jobs = mock.management().jobs();
    let report = mock.clock().block_on(async { jobs.import_all("con_1", rows).await }).unwrap();
    assert_eq!((report.jobs.len(), most.load(Ordering::SeqCst)), (20, 2));
    assert!(mock.clock().elapsed() > std::time::Duration::from_secs(60), "the job is polled at intervals");
}

#[tokio::test]
async fn an_export_is_written_into_a_sink() {
    let (_tenant, _server, client) = setup().await;
    let mut unpacked = flate2::write::GzDecoder::new(Vec::new());
    let export = UsersExport::new().format("json").fields(["email"]);
    client.jobs().export(export).write_to(&mut unpacked).await.unwrap();
    let text = String::from_utf8(unpacked.finish().unwrap()).unwrap();
    assert_eq!(text, "{\"email\":\"ada@example.com\"}\n{\"email\":\"bob@example.com\"}\n");
}

#[tokio::test]
async fn an_export_file_contains_the_requested_fields() {
    let (_tenant, server, client) = setup().await;
    for (export, expected) in [
        (
            UsersExport::new().format("json").fields(["email", "identities[0].connection"]),
            "{\"email\":\"ada@example.com\",\"identities[0].connection\":\"Username-Password-Authentication\"}\n\
             {\"email\":\"bob@example.com\",\"identities[0].connection\":\"Username-Password-Authentication\"}\n",
        ),
        (
            UsersExport::new().limit(1).fields(["email", "email_verified"]),
            "\"email\",\"email_verified\"\n\"'ada@example.com\",\"false\"\n",
        ),
    ] {
        let job = client.jobs().export_users(export).await.unwrap();
        let job = client.jobs().get(job.id.unwrap()).await.unwrap();
        let location = job.location.unwrap();
        let location = location.expose();
        assert!(location.starts_with(&server.url()), "{location}");
        let packed = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .get(location)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn links_have_the_scheme_and_host_of_the_request() {
    let tenant = Tenant::builder().system_clock().build();
    tenant.seed_json(SEED).unwrap();
    let loopback = ([127, 0, 0, 1], 0).into();
    let plain = TenantServer::bind(tenant.clone(), loopback).await.unwrap();
    let secure = TenantServer::bind_tls(tenant.clone(), loopback).await.unwrap();
    let trusting = || HyperTransport::builder().add_root_certificate_pem(secure.ca_pem().unwrap());
    for (url, transport) in [
        (plain.url(), HyperTransport::new().unwrap()),
        (secure.url(), trusting().build().unwrap()),
        (secure.url().replace("127.0.0.1", "localhost"), trusting().build().unwrap()),
    ] {
        let client = ManagementClient::builder(transport.clone())
            .domain(url.as_str())
            .token(tenant.management_token())
            .build()
            .unwrap();
        let export = UsersExport::new().format("json").fields(["email"]);
        let job = client.jobs().export_users(export).await.unwrap();
        let location = client.jobs().get(job.id.unwrap()).await.unwrap().location.unwrap();
        let location = location.expose();
        assert!(location.starts_with(&format!("{url}/exports/")), "{location} of {url}");
        let request = http::Request::get(location).body(bytes::Bytes::new()).unwrap();
        assert_eq!(transport.send(request, None).await.unwrap().status(), 200);
        let ticket =
            client.tickets().verify_email(EmailVerificationTicket::new(ADA)).await.unwrap().ticket.unwrap();
        let link = ticket.expose().to_owned();
        assert!(link.starts_with(&format!("{url}/u/email-verification?ticket=")), "{link} of {url}");
    }
}
