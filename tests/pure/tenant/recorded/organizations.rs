//! Connections and organizations with members, their roles and invitations: §16.

use super::{Exchange, Row, ask, assert_as_recorded};
use serde_json::{Value, json};

const ACME: &str = "/organizations/org_Aaaaaaaaaaaaaaaa";

fn nothing() -> Value {
    json!("")
}

fn at(method: &'static str, path: &str) -> Exchange {
    ask(method, &format!("{ACME}{path}"))
}

#[test]
fn connections_are_as_recorded() {
    let missing = || json!({"statusCode": 404, "error": "Not Found", "errorCode": "inexistent_connection", "message": "The connection does not exist*"});
    let new = |name: &str| {
        ask("POST", "/connections")
            .json(&json!({"name": name, "strategy": "auth0"}))
            .gives(201, json!({"id": "con_################"}))
    };
    assert_as_recorded(vec![
        Row("§16 the items of a list", "GO TestConnectionManager_List", vec![
            new("c"),
            ask("GET", "/connections?name=c").gives(200, json!([{"name": "c", "enabled_clients": [], "realms": ["c"], "is_domain_connection": false}])),
            ask("GET", "/connections?name=c&fields=id").gives(200, json!([{"only": {"id": "con_*", "is_domain_connection": false}}])),
        ]),
        Row("§16 a connection is deleted once and again, §3 an unknown one", "GO TestConnectionManager_Delete", vec![
            new("c"),
            ask("DELETE", "/connections/<0/id>").gives(202, json!({"only": {"deleted_at": "####-##-##T##:##:##.###Z"}})),
            ask("DELETE", "/connections/<0/id>").gives(204, nothing()),
            ask("GET", "/connections/<0/id>").gives(404, missing()),
        ]),
        Row("§16 links to the pages of a list without parameters", "RB", vec![
            ask("GET", "/connections")
                .gives(200, json!([{}]))
                .header("link", "<http*://tenant.example.com/api/v2/connections?page=0&per_page=50>; rel=\"first\", *; rel=\"last\""),
        ]),
    ]);
}

#[test]
fn organizations_are_as_recorded() {
    let gone = || json!({"only": {"statusCode": 404, "error": "Not Found", "message": "No organization found by that id or name"}});
    let new = |more: Value| {
        let mut body = json!({"name": "test", "display_name": "Test"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask("POST", "/organizations")
            .json(&body)
            .gives(201, json!({"id": "org_################", "name": "test", "display_name": "Test"}))
    };
    assert_as_recorded(vec![
        Row("§16 an organization is created, changed and deleted", "GO TestOrganizationManager", vec![
            new(json!({})),
            ask("GET", "/organizations/<0/id>").gives(200, json!({"name": "test"})),
            ask("PATCH", "/organizations/<0/id>").json(&json!({"display_name": "T"})).gives(200, json!({"name": "test", "display_name": "T"})),
            ask("DELETE", "/organizations/<0/id>").gives(204, nothing()),
            ask("DELETE", "/organizations/<0/id>").gives(404, gone()),
            ask("GET", "/organizations/<0/id>").gives(404, gone()),
        ]),
        Row("§16 what was not set is absent", "TF", vec![
            new(json!({})),
            ask("GET", "/organizations/<0/id>").gives(
                200,
                json!({"branding": "absent", "metadata": "absent", "token_quota": "absent", "enabled_connections": "absent"}),
            ),
        ]),
        Row("§16 enabled connections are in the response to the creation only", "TF", vec![
            ask("GET", "/connections").gives(200, json!([{}])),
            ask("POST", "/organizations")
                .json(&json!({"name": "test", "enabled_connections": [{"connection_id": "<0/0/id>", "assign_membership_on_login": true}]}))
                .gives(
                    201,
                    json!({"enabled_connections": [{"connection_id": "con_*", "assign_membership_on_login": true, "show_as_button": true,
                        "connection": {"only": {"name": "Username-Password-Authentication", "strategy": "auth0"}}}]}),
                ),
            ask("GET", "/organizations/<1/id>").gives(200, json!({"enabled_connections": "absent"})),
        ]),
        Row("§16 an update replaces metadata as a whole", "TF", vec![
            new(json!({"metadata": {"a": "1", "b": "2"}, "branding": {"logo_url": "https://example.com/l"}})),
            ask("PATCH", "/organizations/<0/id>").json(&json!({"metadata": {"a": "3"}})).gives(
                200,
                json!({"metadata": {"only": {"a": "3"}}, "branding": {"logo_url": "https://example.com/l"}}),
            ),
            ask("PATCH", "/organizations/<0/id>").json(&json!({"metadata": {}})).gives(200, json!({})),
            ask("GET", "/organizations/<0/id>").gives(200, json!({"metadata": "absent"})),
        ]),
        Row("§16 null removes a quota", "TF", vec![
            new(json!({"token_quota": {"client_credentials": {"per_day": 10}}})),
            ask("PATCH", "/organizations/<0/id>").json(&json!({"token_quota": null})).gives(200, json!({"token_quota": "absent"})),
        ]),
        Row("§16 organizations by creation, with a cursor only where more follows", "GO TestOrganizationManager_ListCheckpointPagination", vec![
            new(json!({})),
            ask("GET", "/organizations?take=1").gives(200, json!({"organizations": [{"name": "acme"}], "next": "*"})),
            ask("GET", "/organizations?take=1&from=<1/next>").gives(200, json!({"organizations": [{"name": "test"}]})),
            ask("GET", "/organizations?take=5").gives(200, json!({"only": {"organizations": [{}, {}]}})),
        ]),
    ]);
}

#[test]
fn members_and_their_roles_are_as_recorded() {
    let join = || at("POST", "/members").json(&json!({"members": ["auth0|1"]})).gives(204, nothing());
    let roles = |method: &'static str, ids: &[&str]| {
        at(method, "/members/auth0%7C1/roles").json(&json!({"roles": ids})).gives(204, nothing())
    };
    assert_as_recorded(vec![
        Row("§16 members are added, listed and removed", "GO TestOrganizationManager_Members", vec![
            join(),
            at("GET", "/members?include_totals=true").gives(
                200,
                json!({"only": {"members": [{"only": {"user_id": "auth0|1", "email": "ada@example.com", "picture": "*", "name": "Ada"}}], "start": 0, "limit": 50, "total": 1}}),
            ),
            at("DELETE", "/members").json(&json!({"members": ["auth0|1"]})).gives(204, nothing()),
            at("GET", "/members").gives(200, json!([])),
        ]),
        Row("§16 who is no member is removed", "TF, 3 requests", vec![
            at("DELETE", "/members").json(&json!({"members": ["auth0|2"]})).gives(204, nothing()),
        ]),
        Row("§16 a role before the membership, and named fields", "GO TestOrganizationManager_Members", vec![
            roles("POST", &["rol_1"]),
            join(),
            at("GET", "/members?fields=user_id%2Croles&include_fields=true&include_totals=true").gives(
                200,
                json!({"members": [{"only": {"user_id": "auth0|1", "roles": [{"only": {"id": "rol_1", "name": "viewer"}}]}}]}),
            ),
        ]),
        Row("§16 the roles of a member, by name", "TF, 28 of 28", vec![
            join(),
            roles("POST", &["rol_1", "rol_2", "rol_3"]),
            at("GET", "/members/auth0%7C1/roles").gives(
                200,
                json!([{"only": {"id": "rol_2", "name": "admin", "description": ""}}, {"name": "editor"}, {"name": "viewer", "description": "Views"}]),
            ),
            roles("DELETE", &["rol_2"]),
            roles("DELETE", &["rol_2"]),
            at("GET", "/members/auth0%7C1/roles").gives(200, json!([{"name": "editor"}, {"name": "viewer"}])),
        ]),
        Row("§16 take alone chooses the page of members", "GO, 101 of 101", vec![
            join(),
            at("GET", "/members?take=1&per_page=50&include_totals=true").gives(200, json!({"members": [{}], "start": "absent", "limit": "absent", "total": "absent"})),
        ]),
        Row("§16 a short page of members is the last one", "TF August 2026, 2 of 2", vec![
            join(),
            at("POST", "/members").json(&json!({"members": ["auth0|2"]})).gives(204, nothing()),
            at("GET", "/members?take=1").gives(200, json!({"members": [{}], "next": "*"})),
            at("GET", "/members?take=1&from=<2/next>").gives(200, json!({"members": [{}]})),
            at("GET", "/members?take=5").gives(200, json!({"only": {"members": [{}, {}]}})),
        ]),
    ]);
}

#[test]
fn invitations_are_as_recorded() {
    let invite = || {
        at("POST", "/invitations")
            .json(&json!({"inviter": {"name": "Test Inviter"}, "invitee": {"email": "test@example.com"}, "client_id": "app"}))
            .gives(
                201,
                json!({"only": {"id": "uinv_################", "client_id": "app", "inviter": {"name": "Test Inviter"}, "invitee": {"email": "test@example.com"},
                    "invitation_url": format!("https://app.example.com/login?invitation={}&organization=org_Aaaaaaaaaaaaaaaa&organization_name=acme", "#".repeat(32)),
                    "ticket_id": "#".repeat(32), "created_at": "*", "expires_at": "*", "organization_id": "org_Aaaaaaaaaaaaaaaa"}}),
            )
    };
    let gone = || json!({"statusCode": 404, "error": "Not Found", "errorCode": "inexistent_invitation", "message": "The invitation does not exist."});
    assert_as_recorded(vec![
        Row(
            "§16 an invitation is created, read and deleted",
            "GO TestOrganizationManager_Invitations, 4 of 4",
            vec![
                invite(),
                at("GET", "/invitations/<0/id>").gives(200, json!({"ticket_id": "#".repeat(32)})),
                at("DELETE", "/invitations/<0/id>").gives(204, nothing()),
                at("GET", "/invitations/<0/id>").gives(404, gone()),
            ],
        ),
        Row(
            "§16 invitations have no total, and a limit of their own",
            "GO TestOrganizationManager_Invitations",
            vec![
                invite(),
                at("GET", "/invitations?include_totals=true&per_page=50")
                    .gives(200, json!({"only": {"invitations": [{}], "start": 0, "limit": 1}})),
            ],
        ),
    ]);
}
