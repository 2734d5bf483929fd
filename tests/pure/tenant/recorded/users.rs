//! Users, searches, links, jobs and tickets: §5 to §10 and §12.

use super::{Row, ask, assert_as_recorded, send};
use serde_json::{Value, json};
use users_core::model::JsonObject;
use users_mock::{Seed, Tenant};

const DATABASE: &str = "Username-Password-Authentication";
const TIME: &str = "####-##-##T##:##:##.###Z";

/// A user to create, with more or other members.
fn new(more: &Value) -> Value {
    let mut user = json!({"connection": DATABASE, "email": "chuck@example.com", "password": "Passwords hide their chuck"});
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

#[test]
fn users_are_created_and_updated_as_recorded() {
    let gravatar = |initials: &str| {
        format!(
            "https://s.gravatar.com/avatar/{}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2F{initials}.png",
            "#".repeat(32)
        )
    };
    let metadata = |user: &str, app: &str| json!({"user_metadata": {"baz": user, "foo": "bar"}, "app_metadata": {"baz": app, "foo": "bar"}});
    assert_as_recorded(vec![
        Row("§5 the response to a creation, §6 a password with spaces", "GO TestUserManager_Create", vec![
            ask("POST", "/users").json(&new(&json!({"username": "chuck"}))).gives(
                201,
                json!({"only": {
                    "created_at": TIME, "email": "chuck@example.com", "email_verified": false, "name": "chuck@example.com", "nickname": "chuck",
                    "identities": [{"only": {"connection": DATABASE, "user_id": "########################", "provider": "auth0", "isSocial": false}}],
                    "picture": gravatar("ch"), "updated_at": TIME, "user_id": "auth0|########################", "username": "chuck"}}),
            ),
        ]),
        Row("§5 the nickname follows the address and the picture the name", "RB _create_user", vec![
            ask("POST", "/users")
                .json(&new(&json!({"email": "rubytest-210908byron_schaden@example.com", "name": "byron.schaden"})))
                .gives(201, json!({"name": "byron.schaden", "nickname": "rubytest-210908byron_schaden", "picture": gravatar("by")})),
        ]),
        Row("§5 what was not set is absent, and secrets are not repeated", "GO TestUserManager_Create", vec![
            ask("POST", "/users").json(&new(&json!({"blocked": false, "verify_email": false}))).gives(
                201,
                json!({"blocked": false, "connection": "absent", "password": "absent", "verify_email": "absent", "user_metadata": "absent",
                    "app_metadata": "absent", "given_name": "absent", "family_name": "absent", "username": "absent", "phone_number": "absent",
                    "phone_verified": "absent", "last_login": "absent", "last_ip": "absent", "logins_count": "absent", "last_password_reset": "absent",
                    "multifactor": "absent"}),
            ),
        ]),
        Row("§5 an id of the caller's choice", "TF TestAccUser", vec![
            ask("POST", "/users")
                .json(&new(&json!({"user_id": "testaccuser"})))
                .gives(201, json!({"user_id": "auth0|testaccuser", "identities": [{"user_id": "testaccuser"}]})),
        ]),
        Row("§6 the length of user names belongs to the connection", "TF, six creates", vec![
            ask("POST", "/connections")
                .json(&json!({"name": "long", "strategy": "auth0", "options": {"requires_username": true, "validation": {"username": {"min": 1, "max": 40}}}}))
                .gives(201, json!({})),
            ask("POST", "/users")
                .json(&new(&json!({"connection": "long", "username": "a-name-of-22-characters"})))
                .gives(201, json!({"username": "a-name-of-22-characters"})),
        ]),
        Row("§7 metadata is merged, null deletes, and {} empties", "TF TestAccUser", vec![
            ask("POST", "/users").json(&new(&metadata("qux", "qux"))).gives(201, json!({})),
            ask("PATCH", "/users/<0/user_id>")
                .json(&json!({"user_metadata": {"baz": null, "foo": "bars"}, "app_metadata": {"baz": null, "foo": "bars"}}))
                .gives(200, json!({"user_metadata": {"only": {"foo": "bars"}}, "app_metadata": {"only": {"foo": "bars"}}})),
            ask("PATCH", "/users/<0/user_id>")
                .json(&json!({"user_metadata": {}, "app_metadata": {}}))
                .gives(200, json!({"user_metadata": {"only": {}}, "app_metadata": "absent"})),
            ask("GET", "/users/<0/user_id>").gives(200, json!({"user_metadata": {"only": {}}, "app_metadata": "absent"})),
        ]),
        Row("§7 a password with its connection and metadata", "GO TestUserManager_Update", vec![
            ask("POST", "/users").json(&new(&json!({"app_metadata": {"facts": ["a"]}}))).gives(201, json!({})),
            ask("PATCH", "/users/<0/user_id>")
                .json(&json!({"connection": DATABASE, "password": "I don't need one", "app_metadata": {"foo": "bar"}}))
                .gives(200, json!({"app_metadata": {"only": {"facts": ["a"], "foo": "bar"}}, "last_password_reset": TIME})),
        ]),
        Row("§7 a user name alone", "TF TestAccUserChangeUsername", vec![
            ask("POST", "/users").json(&new(&json!({"username": "user_terra"}))).gives(201, json!({})),
            ask("PATCH", "/users/<0/user_id>")
                .json(&json!({"username": "user_x_terra"}))
                .gives(200, json!({"username": "user_x_terra", "name": "chuck@example.com", "nickname": "chuck"})),
        ]),
    ]);
}

#[test]
fn users_are_listed_deleted_and_linked_as_recorded() {
    let email = |email: &str| json!({"only": {"email": email}});
    let profile = |email: &str| json!({"only": {"email": email, "email_verified": false}});
    let two = || {
        vec![
            ask("POST", "/users").json(&new(&json!({}))).gives(201, json!({})),
            ask("POST", "/users").json(&new(&json!({"email": "alt@example.com"}))).gives(201, json!({})),
        ]
    };
    let linked = |target: &str| {
        let mut exchanges = two();
        exchanges.push(
            ask("POST", "/users/<0/user_id>/identities").json(&json!({"provider": "auth0", "user_id": target})).gives(
                201,
                json!([
                    {"only": {"profileData": profile("chuck@example.com"), "connection": DATABASE, "user_id": "########################", "provider": "auth0", "isSocial": false}},
                    {"only": {"profileData": profile("alt@example.com"), "connection": DATABASE, "user_id": "########################", "provider": "auth0", "isSocial": false}}
                ]),
            ),
        );
        exchanges
    };
    let after_link =
        |target: &str, more: Vec<super::Exchange>| linked(target).into_iter().chain(more).collect();
    assert_as_recorded(vec![
        Row("§8 a page has 50 users", "RB _users/should_have_at_least_one_user", vec![
            ask("GET", "/users").gives(200, Value::from(vec![json!({"user_id": "*"}); 50])),
        ]),
        Row("§8 totals", "GO TestUserManager_List", vec![
            ask("GET", "/users?include_totals=true&q=email:ada@example.com")
                .gives(200, json!({"only": {"start": 0, "limit": 50, "length": 1, "users": [{"user_id": "auth0|1"}], "total": 1}})),
            ask("GET", "/users?include_totals=true&per_page=2&page=3&fields=user_id")
                .gives(200, json!({"start": 6, "limit": 2, "length": 2, "users": [{}, {}], "total": 63})),
        ]),
        Row("§8 fields, without any that is not named", "RB _filters", vec![
            ask("GET", "/users?fields=email&q=email:ada@example.com").gives(200, json!([email("ada@example.com")])),
            ask("GET", "/users?fields=email&include_fields=false&q=email:ada@example.com").gives(200, json!([{"email": "absent", "user_id": "auth0|1"}])),
            ask("GET", "/users/auth0%7C1?fields=email").gives(200, email("ada@example.com")),
        ]),
        Row("§8 the second search engine", "RB", vec![
            ask("GET", "/users?search_engine=v2&q=email:ada@example.com").gives(200, json!([{}])),
            ask("GET", "/users?search_engine=v3&q=email:ada@example.com").gives(200, json!([{}])),
        ]),
        Row("§8 by address", "GO TestUserManager_ListByEmail", vec![
            ask("GET", "/users-by-email?email=ada%40example.com").gives(200, json!([{"user_id": "auth0|1"}])),
            ask("GET", "/users-by-email?email=Ada%40example.com").gives(200, json!([])),
            ask("GET", "/users-by-email?email=nobody%40example.com").gives(200, json!([])),
        ]),
        Row("§8 an address without quotes", "TF TestAccDataSourceUser", vec![
            ask("GET", "/users?q=email:bob@example.com").gives(200, json!([{"user_id": "auth0|2"}])),
        ]),
        Row("§8 a range of dates", "RB", vec![
            ask("GET", "/users?q=updated_at%3A%5B2016-01-01%20TO%20%2A%5D&per_page=1").gives(200, json!([{}])),
        ]),
        Row("§9 a user is deleted once and again", "GO TestUserManager_Delete", vec![
            ask("DELETE", "/users/auth0%7C1").gives(204, json!("")),
            ask("GET", "/users/auth0%7C1").gives(404, json!({"errorCode": "inexistent_user"})),
            ask("DELETE", "/users/auth0%7C1").gives(204, json!("")),
        ]),
        Row("§10 accounts are linked by the full id", "GO TestUserManager_Link, RB _link_user_account", linked("<1/user_id>")),
        Row("§10 and by the bare id", "OAS", linked("<1/identities/0/user_id>")),
        Row("§5 a list shows no profile of the first identity", "RB users list", after_link("<1/user_id>", vec![
            ask("GET", "/users/<0/user_id>").gives(200, json!({"identities": [{"profileData": "absent"}, {"profileData": {}}]})),
            ask("GET", "/users?q=email:chuck@example.com").gives(200, json!([{"identities": [{"profileData": "absent"}, {"profileData": {}}]}])),
        ])),
        Row("§10 accounts are separated, and the second is a user again", "GO TestUserManager_Unlink", after_link("<1/user_id>", vec![
            ask("DELETE", "/users/<0/user_id>/identities/auth0/<1/identities/0/user_id>").gives(200, json!([{"user_id": "########################"}])),
            ask("GET", "/users/<1/user_id>").gives(200, json!({"email": "alt@example.com"})),
            ask("DELETE", "/users/<1/user_id>").gives(204, json!("")),
        ])),
        Row("§10 a full id separates nothing", "RB _unlink_user_account", after_link("<1/user_id>", vec![
            ask("DELETE", "/users/<0/user_id>/identities/auth0/<1/user_id>").gives(200, json!([{}, {}])),
        ])),
    ]);
}

#[test]
fn jobs_and_tickets_are_as_recorded() {
    let form = "multipart/form-data; boundary=b";
    let import = |users: &str| {
        let field = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let file = format!(
            "--b\r\nContent-Disposition: form-data; name=\"users\"; filename=\"users.json\"\r\nContent-Type: application/json\r\n\r\n{users}\r\n"
        );
        let fields = [
            field("connection_id", "<0/0/id>"),
            field("upsert", "false"),
            field("external_id", ""),
            field("send_completion_email", "false"),
        ];
        format!("{}{file}--b--\r\n", fields.concat())
    };
    let started = || json!({"only": {"type": "users_import", "status": "pending", "connection_id": "con_*", "connection": DATABASE, "created_at": TIME, "id": "job_################"}});
    let connection =
        || ask("GET", "/connections?name=Username-Password-Authentication").gives(200, json!([{}]));
    let verify = |user: &str| {
        ask("POST", "/jobs/verification-email")
            .json(&json!({"user_id": user}))
            .gives(201, json!({"only": {"type": "verification_email", "status": "pending", "created_at": TIME, "id": "job_################"}}))
    };
    assert_as_recorded(vec![
        Row("§12 an import, §5 the picture of an imported user", "GO TestJobManager_ImportUsers", vec![
            connection(),
            ask("POST", "/jobs/users-imports").body(form, &import(r#"[{"email":"auzironian@example.com","email_verified":true}]"#)).gives(202, started()),
            ask("GET", "/jobs/<1/id>").gives(
                200,
                json!({"only": {"type": "users_import", "status": "completed", "connection_id": "con_*", "connection": DATABASE, "created_at": TIME,
                    "id": "job_################", "summary": {"only": {"failed": 0, "updated": 0, "inserted": 1, "total": 1}}}}),
            ),
            ask("GET", "/users-by-email?email=auzironian%40example.com").gives(200, json!([{"picture": "https://secure.gravatar.com/avatar/*"}])),
        ]),
        Row("§12 the errors of an import", "GO TestJobManager_ReadErrors", vec![
            connection(),
            ask("POST", "/jobs/users-imports").body(form, &import(r#"[{"email":"ada@example.com"}]"#)).gives(202, started()),
            ask("GET", "/jobs/<1/id>/errors")
                .gives(
                    200,
                    json!([{"user": {"email": "ada@example.com"},
                        "errors": [{"code": "DUPLICATED_USER", "message": "The user already exist and upsert parameter is false"}]}]),
                )
                .header("content-type", "application/json"),
        ]),
        Row("§12 an export is CSV unless the format is stated", "RB", vec![
            connection(),
            ask("POST", "/jobs/users-exports").json(&json!({"connection_id": "<0/0/id>"})).gives(
                200,
                json!({"type": "users_export", "status": "pending", "connection": DATABASE, "connection_id": "con_*", "format": "csv", "created_at": TIME, "id": "job_################"}),
            ),
        ]),
        Row("§12 a verification e-mail", "GO TestJobManager_VerifyEmail", vec![
            verify("auth0|1"),
            ask("GET", "/jobs/<0/id>").gives(200, json!({"type": "verification_email", "status": "completed"})),
        ]),
        Row("§12 a verification e-mail for a verified user", "RB Jobs", vec![
            verify("auth0|2"),
            ask("GET", "/jobs/<0/id>").gives(200, json!({"status": "failed"})),
        ]),
        Row("§12 tickets", "GO TestTicketManager_VerifyEmail, TestTicketManager_ChangePassword", vec![
            ask("POST", "/tickets/email-verification")
                .json(&json!({"user_id": "auth0|1"}))
                .gives(201, json!({"only": {"ticket": format!("https://tenant.example.com/u/email-verification?ticket={}*", "#".repeat(32))}})),
            ask("POST", "/tickets/password-change")
                .json(&json!({"user_id": "auth0|1"}))
                .gives(201, json!({"only": {"ticket": format!("https://tenant.example.com/u/reset-password?ticket={}*", "#".repeat(32))}})),
        ]),
    ]);
}

/// §5, GO TestUserManager_Create and others.
#[test]
fn the_members_of_a_new_user_are_in_the_recorded_order() {
    let tenant = Tenant::new();
    let body = new(&json!({"username": "chuck", "app_metadata": {"a": 1}}));
    let response = send(&tenant, &ask("POST", "/users").json(&body), &[]);
    let user = JsonObject::from_json(std::str::from_utf8(response.body()).unwrap()).unwrap();
    let keys: Vec<&str> = user.iter().map(|(key, _)| key).collect();
    let recorded = [
        "created_at",
        "email",
        "email_verified",
        "identities",
        "name",
        "nickname",
        "picture",
        "updated_at",
        "user_id",
        "username",
        "app_metadata",
    ];
    assert_eq!(keys, recorded);
}

/// §5, RB users list.
#[test]
fn a_user_who_logged_in_was_updated_then() {
    let login = "2024-05-01T10:00:00.000Z";
    let user = json!({"user_id": "auth0|3", "created_at": "2024-01-01T00:00:00.000Z", "last_login": login});
    let tenant = Tenant::builder().seed(Seed::new().user(&user.to_string()).unwrap()).build();
    let response = send(&tenant, &ask("GET", "/users/auth0%7C3"), &[]);
    let shown: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!((&shown["updated_at"], &shown["last_login"]), (&json!(login), &json!(login)));
}
