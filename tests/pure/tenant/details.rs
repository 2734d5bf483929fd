//! Details in which the tenant follows recorded responses and not the documentation.

use super::{PASSWORD, as_admin, ask, create};
use http::Request;
use serde_json::{Value, json};
use users_mock::{Limits, Seed, Tenant};

const SEED: &str = r#"{
    "users": [{"user_id": "auth0|1", "email": "ada@example.com"}],
    "roles": [{"id": "rol_1", "name": "viewer"}, {"id": "rol_2", "name": "admin"}, {"id": "rol_3", "name": "editor"}],
    "resource_servers": [
        {"id": "1", "identifier": "https://b/", "name": "B", "scopes": [{"value": "write"}, {"value": "delete"}]},
        {"id": "2", "identifier": "https://a/", "name": "A", "scopes": [{"value": "read"}]}
    ],
    "belongings": {"auth0|1": {"organizations": [{"id": "org_1", "name": "acme"}]}}
}"#;

fn seeded() -> Tenant {
    let tenant = Tenant::new();
    tenant.seed_json(SEED).unwrap();
    tenant
}

fn get(tenant: &Tenant, target: &str) -> Value {
    let (status, body) = as_admin(tenant, "GET", target, &Value::Null);
    assert_eq!(status, 200, "{target}: {body}");
    body
}

#[test]
fn roles_and_permissions_of_a_user_are_sorted_by_name_over_all_pages() {
    let tenant = seeded();
    let user = "/api/v2/users/auth0%7C1";
    as_admin(&tenant, "POST", &format!("{user}/roles"), &json!({"roles": ["rol_1", "rol_2", "rol_3"]}));
    let permission =
        |server: &str, name: &str| json!({"resource_server_identifier": server, "permission_name": name});
    let given = [
        permission("https://b/", "write"),
        permission("https://a/", "read"),
        permission("https://b/", "delete"),
    ];
    as_admin(&tenant, "POST", &format!("{user}/permissions"), &json!({"permissions": given}));
    for (list, key, names) in [
        ("roles", "name", ["admin", "editor", "viewer"]),
        ("permissions", "permission_name", ["delete", "read", "write"]),
    ] {
        for (page, name) in names.iter().enumerate() {
            let shown = get(&tenant, &format!("{user}/{list}?per_page=1&page={page}"));
            assert_eq!(shown[0][key], *name, "page {page} of {list}");
        }
    }
}

#[test]
fn the_length_of_user_names_is_an_option_of_the_connection() {
    let long = "a-name-of-22-characters";
    let tenant = Tenant::new();
    let (status, body) = create(&tenant, json!({"username": long}));
    assert_eq!((status, &body["errorCode"]), (400, &json!("invalid_body")), "{body}");

    tenant
        .seed_json(
            r#"{"connections": [{"id": "con_TenantDatabase00", "name": "Username-Password-Authentication", "strategy": "auth0",
                "options": {"validation": {"username": {"min": 3, "max": 30}}}}]}"#,
        )
        .unwrap();
    let (status, user) = create(&tenant, json!({"username": long}));
    assert_eq!((status, &user["username"]), (201, &json!(long)), "{user}");
    let (status, body) = create(&tenant, json!({"username": "ab", "email": "b@example.com"}));
    assert_eq!(status, 400, "{body}");
    let path = format!("/api/v2/users/{}", user["user_id"].as_str().unwrap().replace('|', "%7C"));
    assert_eq!(as_admin(&tenant, "PATCH", &path, &json!({"username": "ab"})).0, 400);
    assert_eq!(as_admin(&tenant, "PATCH", &path, &json!({"username": "abc"})).0, 200);
    let shown = get(&tenant, "/api/v2/connections?name=Username-Password-Authentication");
    assert_eq!(shown[0]["options"]["validation"]["username"], json!({"min": 3, "max": 30}));

    let error = Seed::from_json(
        r#"{"connections": [{"id": "con_1", "name": "db", "strategy": "auth0", "options": {"validation": {"username": {"min": 9, "max": 3}}}}]}"#,
    );
    assert!(error.unwrap_err().to_string().starts_with("connections: "));
}

#[test]
fn profile_data_reports_the_email_as_not_verified() {
    let tenant = Tenant::new();
    let id = |user: Value| user["user_id"].as_str().unwrap().to_owned();
    let one = id(create(&tenant, json!({})).1);
    let other = id(create(&tenant, json!({"email": "b@example.com", "password": PASSWORD})).1);
    let path = format!("/api/v2/users/{}/identities", one.replace('|', "%7C"));
    let (status, linked) = as_admin(&tenant, "POST", &path, &json!({"provider": "auth0", "user_id": other}));
    assert_eq!(status, 201, "{linked}");
    for (identity, email) in [(0, "ada@example.com"), (1, "b@example.com")] {
        assert_eq!(linked[identity]["profileData"], json!({"email": email, "email_verified": false}));
    }
}

#[test]
fn error_responses_have_the_headers_of_every_response() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let token = format!("Bearer {}", tenant.management_token().expose());
    for (method, target, token, status) in [
        ("GET", "/api/v2/users/auth0%7Cnobody", token.as_str(), 404),
        ("GET", "/api/v2/users", "", 401),
        ("GET", "/api/v2/users", token.as_str(), 429),
        ("GET", "/api/v2/nothing", token.as_str(), 404),
    ] {
        let response = ask(&tenant, method, target, token, &Value::Null);
        assert_eq!(response.status(), status);
        for (name, value) in [
            ("cache-control", "no-cache"),
            ("vary", "origin,accept-encoding"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            let given = response.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(given, Some(value), "{name} of {target}, {status}");
        }
    }
}

#[test]
fn userinfo_without_a_valid_token_answers_with_its_own_headers() {
    let tenant = Tenant::new();
    let request = Request::get("https://tenant.example.com/userinfo").header("authorization", "Bearer a.b.c");
    let response = tenant.handle(request.body(bytes::Bytes::new()).unwrap());
    assert_eq!((response.status().as_u16(), &response.body()[..]), (401, &b"Unauthorized"[..]));
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), None);
    let cache = "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform";
    assert_eq!(header("cache-control"), Some(cache));
    assert_eq!(header("strict-transport-security"), Some("max-age=31536000"));
    assert!(header("vary").is_some());
    assert_eq!((header("x-ratelimit-limit"), header("x-ratelimit-remaining")), (Some("1000"), Some("999")));
    assert!(
        header("www-authenticate").unwrap().starts_with(r#"Bearer realm="Users", error="invalid_token""#)
    );
}

#[test]
fn a_verification_email_with_an_invalid_client_id_is_refused() {
    let tenant = seeded();
    let send = |client_id: Value| {
        let body = json!({"user_id": "auth0|1", "client_id": client_id});
        as_admin(&tenant, "POST", "/api/v2/jobs/verification-email", &body)
    };
    let (status, body) = send(json!("#<Random:0x00007f>"));
    assert_eq!((status, &body["errorCode"]), (400, &json!("invalid_body")));
    assert_eq!(
        body["message"],
        "Payload validation error: 'Object didn't pass validation for format client-id: #<Random:0x00007f>' on property client_id \
         (client_id of the client (application). If no value provided, the global Client ID will be used)."
    );
    assert_eq!(send(json!("")).0, 400);
    assert_eq!(send(json!(5)).0, 400);
    assert_eq!(send(json!("aB3-_9")).0, 201);
}

#[test]
fn an_offset_page_beyond_the_end_has_no_total() {
    let tenant = seeded();
    let page = |page: u32| {
        get(
            &tenant,
            &format!("/api/v2/users/auth0%7C1/organizations?include_totals=true&per_page=1&page={page}"),
        )
    };
    assert_eq!(page(0)["total"], 1);
    assert_eq!((&page(1)["total"], &page(1)["organizations"]), (&json!(0), &json!([])));
}
