//! What the tenant answers where Auth0's behaviour is not known, by default and as a test sets it.

use super::{DATABASE, as_admin, ask};
use serde_json::{Value, json};
use std::time::Duration;
use users_mock::{AssumedError, Assumptions, ErrorHeader, Limits, Seed, Tenant};

/// Ada has a linked account; Bob and a member of staff have one account each.
fn tenant(assumptions: Assumptions) -> Tenant {
    let seed = json!({
        "users": [
            {"user_id": "auth0|ada", "email": "ada@example.com", "username": "ada", "identities": [
                {"provider": "auth0", "user_id": "ada", "connection": DATABASE, "isSocial": false},
                {"provider": "github", "user_id": "7", "connection": "github", "isSocial": true},
            ]},
            {"user_id": "auth0|bob", "email": "bob@example.com"},
            {"user_id": "samlp|corp|1", "email": "e@example.com", "identities": [
                {"provider": "samlp", "user_id": "corp|1", "connection": "corp", "isSocial": false},
            ]},
        ],
        "roles": [{"id": "rol_0000000000000001", "name": "editor"}],
        "organizations": [{"id": "org_0000000000000001", "name": "acme"}],
    });
    let tenant = Tenant::builder().assumptions(assumptions).build();
    tenant.seed(Seed::from_json(&seed.to_string()).unwrap());
    tenant
}

/// The data of a tenant as JSON.
fn data(tenant: &Tenant) -> Vec<Value> {
    let records: Vec<Value> = serde_json::from_str(&tenant.snapshot().to_json().unwrap()).unwrap();
    records.into_iter().filter(|record| record.get("random").is_none()).collect()
}

/// Sets an assumption.
type Change = fn(&mut Assumptions, AssumedError);

#[test]
fn each_assumption_about_an_error_has_a_default_and_can_be_changed() {
    let link = |user: &str| json!({"provider": "auth0", "user_id": user});
    let metadata = |key: &str| json!({"app_metadata": {key: 1}, "user_metadata": {}});
    let rows: &[(&str, &str, &str, Value, u16, Change)] = &[
        (
            "link_conflict",
            "POST",
            "/users/auth0%7Cada/identities",
            json!({"provider": "github", "user_id": "7"}),
            409,
            |to, error| to.link_conflict = error,
        ),
        (
            "ticket_of_unknown_connection",
            "POST",
            "/tickets/password-change",
            json!({"connection_id": "con_nothing", "email": "bob@example.com"}),
            201,
            |to, error| to.ticket_of_unknown_connection = Some(error),
        ),
        ("link_to_itself", "POST", "/users/auth0%7Cbob/identities", link("bob"), 409, |to, error| {
            to.link_to_itself = error;
        }),
        (
            "link_to_unknown_user",
            "POST",
            "/users/auth0%7Cbob/identities",
            link("nobody"),
            400,
            |to, error| {
                to.link_to_unknown_user = error;
            },
        ),
        ("link_of_linked_user", "POST", "/users/auth0%7Cbob/identities", link("ada"), 201, |to, error| {
            to.link_of_linked_user = Some(error);
        }),
        (
            "unlink_primary",
            "DELETE",
            "/users/auth0%7Cada/identities/auth0/ada",
            Value::Null,
            200,
            |to, error| to.unlink_primary = Some(error),
        ),
        (
            "update_together",
            "PATCH",
            "/users/auth0%7Cada",
            json!({"password": "Correct horse 2", "email": "a@example.com"}),
            400,
            |to, error| to.update_together = error,
        ),
        (
            "update_username_and_email",
            "PATCH",
            "/users/auth0%7Cada",
            json!({"username": "lovelace", "email": "a@example.com"}),
            200,
            |to, error| to.update_username_and_email = Some(error),
        ),
        ("set_username", "PATCH", "/users/auth0%7Cbob", json!({"username": "bob"}), 400, |to, error| {
            to.set_username = error;
        }),
        (
            "update_of_other_connection",
            "PATCH",
            "/users/auth0%7Cada",
            json!({"connection": "elsewhere", "email": "a@example.com"}),
            400,
            |to, error| to.update_of_other_connection = error,
        ),
        (
            "long_password",
            "POST",
            "/users",
            json!({"connection": DATABASE, "email": "c@example.com", "password": format!("Aa1-{}", "é".repeat(35))}),
            400,
            |to, error| to.long_password = Some(error),
        ),
        (
            "long_password",
            "PATCH",
            "/users/auth0%7Cada",
            json!({"password": format!("Aa1-{}", "x".repeat(69))}),
            400,
            |to, error| to.long_password = Some(error),
        ),
        (
            "update_enterprise_email",
            "PATCH",
            "/users/samlp%7Ccorp%7C1",
            json!({"email": "a@example.com"}),
            400,
            |to, error| to.update_enterprise_email = error,
        ),
        ("metadata_key", "PATCH", "/users/auth0%7Cbob", metadata("a.b"), 400, |to, error| {
            to.metadata_key = Some(error);
        }),
        ("metadata_key", "PATCH", "/users/auth0%7Cbob", metadata("$a"), 400, |to, error| {
            to.metadata_key = Some(error);
        }),
        (
            "metadata_key",
            "POST",
            "/users",
            json!({"connection": DATABASE, "email": "c@example.com", "password": "Correct horse 1",
                   "user_metadata": {"c.d": 1}}),
            400,
            |to, error| to.metadata_key = Some(error),
        ),
        ("app_metadata_key", "PATCH", "/users/auth0%7Cbob", metadata("loginsCount"), 400, |to, error| {
            to.app_metadata_key = Some(error);
        }),
        ("sort", "GET", "/users?sort=app_metadata:1", Value::Null, 400, |to, error| to.sort = error),
        ("query", "GET", "/users?q=email:(", Value::Null, 400, |to, error| to.query = error),
        ("query", "GET", "/logs?q=type:(", Value::Null, 400, |to, error| to.query = error),
        ("page_across_window", "GET", "/users?page=33&per_page=30", Value::Null, 200, |to, error| {
            to.page_across_window = Some(error);
        }),
        (
            "delete_of_unknown_user",
            "DELETE",
            "/users/auth0%7Cnobody/roles",
            json!({"roles": ["rol_0000000000000001"]}),
            404,
            |to, error| to.delete_of_unknown_user = Some(error),
        ),
        (
            "delete_of_unknown_user",
            "DELETE",
            "/users/auth0%7Cnobody/multifactor/duo",
            Value::Null,
            404,
            |to, error| to.delete_of_unknown_user = Some(error),
        ),
        ("role_conflict", "POST", "/roles", json!({"name": "editor"}), 409, |to, error| {
            to.role_conflict = error;
        }),
        (
            "unknown_member",
            "POST",
            "/organizations/org_0000000000000001/members",
            json!({"members": ["auth0|nobody"]}),
            404,
            |to, error| to.unknown_member = error,
        ),
    ];
    for (name, method, path, body, default, change) in rows {
        let path = format!("/api/v2{path}");
        let (status, answer) = as_admin(&tenant(Assumptions::default()), method, &path, body);
        assert_eq!(status, *default, "{name}: {answer}");

        let mut assumptions = Assumptions::default();
        change(&mut assumptions, AssumedError::new(418, "As observed").code("observed"));
        let changed = tenant(assumptions);
        let before = data(&changed);
        let (status, answer) = as_admin(&changed, method, &path, body);
        assert_eq!(
            (status, &answer["errorCode"], &answer["message"]),
            (418, &json!("observed"), &json!("As observed")),
            "{name}"
        );
        assert_eq!(data(&changed), before, "{name}: an error changes nothing");
    }
}

#[test]
fn an_error_that_is_not_assumed_leaves_the_request_to_succeed() {
    let document = r#"{"metadata_key": null, "app_metadata_key": null, "delete_of_unknown_user": null, "long_password": null}"#;
    let tenant = tenant(serde_json::from_str(document).unwrap());
    let long = json!({"password": format!("Aa1-{}", "x".repeat(69))});
    assert_eq!(as_admin(&tenant, "PATCH", "/api/v2/users/auth0%7Cada", &long).0, 200);
    let metadata = json!({"app_metadata": {"a.b": 1, "email": "x"}});
    let (status, answer) = as_admin(&tenant, "PATCH", "/api/v2/users/auth0%7Cbob", &metadata);
    assert_eq!(status, 200, "{answer}");
    let (status, answer) =
        as_admin(&tenant, "DELETE", "/api/v2/users/auth0%7Cnobody/authentication-methods", &Value::Null);
    assert_eq!((status, answer), (204, Value::Null));
}

#[test]
fn a_document_that_names_an_unknown_assumption_is_an_error() {
    for document in
        [r#"{"link_conflicts": null}"#, r#"{"link_conflict": null}"#, r#"{"sort": {"statusCode": 400}}"#]
    {
        assert!(serde_json::from_str::<Assumptions>(document).is_err(), "{document}");
    }
    let parsed: Assumptions =
        serde_json::from_str(r#"{"sort": {"statusCode": 422, "message": "Not by {field}"}}"#).unwrap();
    let (status, error) = as_admin(&tenant(parsed), "GET", "/api/v2/users?sort=picture:1", &Value::Null);
    assert_eq!((status, &error["message"], error.get("errorCode")), (422, &json!("Not by picture"), None));
}

#[test]
fn the_headers_of_errors_can_be_set() {
    let mut assumptions = Assumptions::default();
    assumptions.error_headers = vec![ErrorHeader::new(429, "retry-after", "7")];
    assumptions.rate_limit_headers = false;
    let tenant = Tenant::builder().limits(Limits::free()).assumptions(assumptions).build();
    let token = format!("Bearer {}", tenant.management_token().expose());
    let answers: Vec<_> =
        (0..3).map(|_| ask(&tenant, "GET", "/api/v2/users", &token, &Value::Null)).collect();
    assert_eq!(answers[2].status(), 429);
    assert_eq!(answers[2].headers()["retry-after"], "7");
    assert!(!answers[2].headers().contains_key("x-ratelimit-limit"));
    assert!(
        answers[0].headers().contains_key("x-ratelimit-limit")
            && !answers[0].headers().contains_key("retry-after")
    );
}

#[test]
fn the_address_of_an_impersonation_can_be_set() {
    let mut assumptions = Assumptions::default();
    assumptions.impersonation_url = "{origin}/impersonation/{ticket}".to_owned();
    let tenant = tenant(assumptions);
    let token = format!("Bearer {}", tenant.global_token().expose());
    let body = json!({"protocol": "oauth2", "impersonator_id": "auth0|ada", "client_id": "c"});
    let answer = ask(&tenant, "POST", "/users/auth0%7Cbob/impersonate", &token, &body);
    let text = std::str::from_utf8(answer.body()).unwrap();
    assert!(text.starts_with("https://tenant.example.com/impersonation/") && text.len() > 60, "{text}");
}

#[test]
fn a_self_service_token_allows_calls_for_its_own_user_only() {
    const SCOPES: &[&str] = &["read:current_user", "update:current_user_metadata", "delete:current_user"];
    let tenant = tenant(Assumptions::default());
    let token = tenant.self_service_token("auth0|ada", SCOPES).unwrap();
    let token = format!("Bearer {}", token.expose());
    let metadata = json!({"user_metadata": {"theme": "dark"}});
    let other = "User to be acted on does not match subject in bearer token.";
    for (method, path, body, status, message) in [
        ("GET", "/users/auth0%7Cada", Value::Null, 200, None),
        ("PATCH", "/users/auth0%7Cada", metadata.clone(), 200, None),
        ("GET", "/users/auth0%7Cbob", Value::Null, 403, Some(other)),
        ("PATCH", "/users/auth0%7Cbob", metadata, 403, Some(other)),
        ("DELETE", "/users/auth0%7Cbob", Value::Null, 403, Some(other)),
        (
            "PATCH",
            "/users/auth0%7Cada",
            json!({"blocked": false}),
            403,
            Some("Insufficient scope, expected any of: update:users,update:users_app_metadata"),
        ),
        ("GET", "/users", Value::Null, 403, Some("Insufficient scope, expected any of: read:users")),
        ("DELETE", "/users/auth0%7Cada", Value::Null, 204, None),
    ] {
        let answer = ask(&tenant, method, &format!("/api/v2{path}"), &token, &body);
        let text: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        assert_eq!(
            (answer.status().as_u16(), text["message"].as_str().filter(|_| status >= 400)),
            (status, message),
            "{method} {path}"
        );
    }
    assert!(tenant.self_service_token("auth0|nobody", SCOPES).is_none());
}

#[test]
fn a_job_runs_for_its_duration_and_of_imports_two_at_a_time() {
    let tenant = Tenant::builder().job_duration(Duration::from_secs(10)).build();
    let connection = "con_TenantDatabase00";
    let import = || {
        let body = format!(
            "--b\r\ncontent-disposition: form-data; name=\"users\"; filename=\"u.json\"\r\n\r\n[]\r\n--b\r\n\
             content-disposition: form-data; name=\"connection_id\"\r\n\r\n{connection}\r\n--b--\r\n"
        );
        let request = http::Request::post("https://tenant.example.com/api/v2/jobs/users-imports")
            .header("authorization", format!("Bearer {}", tenant.management_token().expose()))
            .header("content-type", "multipart/form-data; boundary=b");
        let answer = tenant.handle(request.body(body.into()).unwrap());
        (answer.status().as_u16(), serde_json::from_slice::<Value>(answer.body()).unwrap())
    };
    let (status, job) = import();
    assert_eq!(status, 202);
    assert_eq!(import().0, 202);
    let (status, error) = import();
    assert_eq!(status, 429);
    assert_eq!(
        error["message"],
        "There are 2 active import users jobs, please wait until some of them are finished and try again"
    );
    assert!(error.get("errorCode").is_none());

    let path = format!("/api/v2/jobs/{}", job["id"].as_str().unwrap());
    tenant.clock().advance(Duration::from_secs(4));
    let running = as_admin(&tenant, "GET", &path, &Value::Null).1;
    assert_eq!(
        (
            &running["status"],
            &running["percentage_done"],
            &running["time_left_seconds"],
            running.get("summary")
        ),
        (&json!("pending"), &json!(40), &json!(6), None)
    );
    tenant.clock().advance(Duration::from_secs(6));
    let done = as_admin(&tenant, "GET", &path, &Value::Null).1;
    assert_eq!((&done["status"], &done["summary"]["total"]), (&json!("completed"), &json!(0)));
    assert_eq!(import().0, 202);
}

#[test]
fn the_link_to_an_exported_file_works_for_a_minute_and_each_request_for_the_job_gives_another() {
    let tenant = Tenant::builder().users(2).build();
    let (_, job) = as_admin(&tenant, "POST", "/api/v2/jobs/users-exports", &json!({"format": "json"}));
    let path = format!("/api/v2/jobs/{}", job["id"].as_str().unwrap());
    let location = || {
        let job = as_admin(&tenant, "GET", &path, &Value::Null).1;
        job["location"].as_str().unwrap().strip_prefix("https://tenant.example.com").unwrap().to_owned()
    };
    let download = |location: &str| ask(&tenant, "GET", location, "", &Value::Null).status().as_u16();
    let first = location();
    assert_eq!(download(&first), 200);
    tenant.clock().advance(Duration::from_secs(60));
    assert_eq!(download(&first), 403);
    assert_eq!(download(&location()), 200);
    assert_eq!(download(first.split('?').next().unwrap()), 403);
}

#[test]
fn changes_are_seen_by_searches_in_their_order_each_after_a_time_of_the_range() {
    let lag = Duration::from_millis(200)..=Duration::from_millis(900);
    let tenant = Tenant::builder().index_lag_between(lag.clone()).build();
    let count = |tenant: &Tenant| {
        as_admin(tenant, "GET", "/api/v2/users?per_page=100", &Value::Null).1.as_array().unwrap().len()
    };
    let mut seen = Vec::new();
    for _ in 0..20 {
        tenant.add_generated_user();
    }
    for _ in 0..=10 {
        seen.push(count(&tenant));
        tenant.clock().advance(Duration::from_millis(100));
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!((seen[1], seen[9]), (0, 20), "{seen:?}");
    assert!(seen[2..9].iter().any(|seen| (1..20).contains(seen)), "{seen:?}");
}
