//! Searches, and the users that they find.

mod builder;
mod built;
mod lucene;
mod naive;
mod random;
mod round_trips;
mod table;

use bytes::Bytes;
use proptest::prelude::*;
use std::time::Duration;
use users_core::model::User;
use users_core::search::Query;
use users_core::{Clock as _, SystemClock};
use users_mock::{Seed, Tenant};

/// The users of the table, whose user names are their letters there.
const USERS: &[&str] = &[
    r#"{"user_id":"auth0|a","username":"a","email":"ada@example.com","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","nickname":"ada",
        "email_verified":true,"logins_count":5,"created_at":"2024-01-10T10:00:00.000Z","updated_at":"2025-12-31T23:00:00.000Z","last_login":"2025-12-31T23:00:00.000Z",
        "identities":[{"provider":"auth0","connection":"db","user_id":"a","isSocial":false}],
        "user_metadata":{"plan":"gold","address":{"city":"London"},"tags":["x","y"],"age":36,"vip":true,"empty":[],"note":"a \"b\" c"},"app_metadata":{"team":"math","level":3}}"#,
    r#"{"user_id":"auth0|b","username":"b","email":"Bob@Example.org","name":"Bob Smith","given_name":"Bob","family_name":"Smith","nickname":"bobby",
        "email_verified":false,"logins_count":100,"created_at":"2024-06-01T00:00:00.000Z","updated_at":"2024-06-01T00:00:00.000Z","blocked":true,"last_ip":"10.0.0.1",
        "identities":[{"provider":"auth0","connection":"db","user_id":"b","isSocial":false}],"user_metadata":{"plan":"silver"},"app_metadata":{"team":"ops"}}"#,
    r#"{"user_id":"google-oauth2|c","username":"c","email":"carol@example.com","name":"Carol","email_verified":true,"logins_count":0,
        "created_at":"2025-01-01T00:00:00.000Z","updated_at":"2025-12-01T00:00:00.000Z","last_login":"2025-12-01T00:00:00.000Z",
        "identities":[{"provider":"google-oauth2","connection":"google-oauth2","user_id":"c","isSocial":true},{"provider":"auth0","connection":"db","user_id":"c2","isSocial":false}],
        "app_metadata":{"team":"math","level":10}}"#,
    r#"{"user_id":"sms|d","username":"d","phone_number":"+441632960044","phone_verified":true,"name":"+441632960044","created_at":"2023-05-05T05:05:05.555Z",
        "identities":[{"provider":"sms","connection":"sms","user_id":"d","isSocial":false}],"user_metadata":{"plan":"Gold"}}"#,
    r#"{"user_id":"github|e","username":"e","email":"o'neil+dev@sub.example.com","name":"Jürgen O'Neil","nickname":"jo*hn","created_at":"2026-01-01T00:00:00.000Z",
        "identities":[{"provider":"github","connection":"github","user_id":7,"isSocial":true}],"logins_count":7}"#,
    // Unusual shapes: a string for a boolean, an id with two bars, metadata of every type.
    r#"{"user_id":"samlp|staff|f","username":"f","email":"Nan@Corp.example","name":"Nan","family_name":"Young","email_verified":"true",
        "created_at":"2022-07-15T12:30:00.000Z","updated_at":"2022-07-15T12:30:00.000Z",
        "identities":[{"provider":"samlp","connection":"staff","user_id":"staff|f","isSocial":false}],
        "user_metadata":{"score":1.5,"nested":[[{"key":"one"}],{"key":"two"}],"off":false,"country":"IN","folder":"C:\\temp","nothing":null,"void":{},"holes":[null,{}]},
        "app_metadata":{"level":-2,"ratio":0.25,"roles":[{"name":"admin","rank":1},{"name":"ops","rank":20}],"until":"2026-03-01T00:00:00.000Z","text":"two words","flag":true}}"#,
    // A linked account of the same provider, an object for a date, a user name with special characters.
    r#"{"user_id":"auth0|g","username":"g","name":"Zoë (admin) [x]","nickname":"z`o^e!","created_at":{},"updated_at":"2021-01-01T00:00:00.000Z","blocked":"false","phone_verified":false,
        "identities":[{"provider":"auth0","connection":"db","user_id":"g","isSocial":false},{"provider":"auth0","connection":"legacy","user_id":"99","isSocial":false}],
        "user_metadata":{},"app_metadata":{"a b":{"c:d":"e"},"level":"7"}}"#,
];

fn tenant() -> Tenant {
    let seed = USERS.iter().try_fold(Seed::new(), |seed, user| seed.user(user)).unwrap();
    Tenant::builder().seed(seed).build()
}

fn find(tenant: &Tenant, query: impl Into<Query>) -> Result<String, users_core::Error> {
    let users = tenant.management().users();
    let page = tenant.clock().block_on(users.get_all().q(query).per_page(100).send())?;
    Ok(page.iter().map(|user: &User| user.username.as_deref().unwrap()).collect())
}

/// The status and body of the response to a search. A query that is too long for a URI counts as refused.
fn search(tenant: &Tenant, query: &str) -> (u16, String) {
    search_with(tenant, query, "fields=user_id")
}

fn search_with(tenant: &Tenant, query: &str, more: &str) -> (u16, String) {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded: String = query.bytes().map(encode).collect();
    if encoded.len() > 60_000 {
        return (414, String::new());
    }
    let request = http::Request::get(format!("https://tenant.example.com/api/v2/users?q={encoded}&{more}"))
        .header("authorization", format!("Bearer {}", tenant.management_token().expose()));
    let answer = tenant.handle(request.body(Bytes::new()).unwrap());
    (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
}

#[test]
fn a_query_nested_by_any_operator_is_answered() {
    let tenant = tenant();
    for operator in [
        "!",
        "! ",
        "-",
        "- ",
        "+",
        "NOT ",
        "NOT\u{a0}",
        "NOT -",
        "-NOT ",
        "(",
        "(!",
        "(NOT ",
        "!(",
        "NOT (",
        "name:(",
        "name:(NOT ",
        "name : (",
        "NOT name : ( NOT ",
        "&& ",
        "a AND (",
        "a OR !",
        "[",
        "{",
        "/\"/ (",
        "'\"' (",
        "IN ['\"' ] (",
        "IN [\"]\" \"x\"] (",
        "\\\"(",
        ">'(",
        "(\")\" ",
        "[' TO a] (",
        "a^2 !",
        "a~2 !",
    ] {
        for times in [10_000, 2_000, 500, 60] {
            let close = if operator.contains('(') { ")" } else { "" };
            for query in [
                format!("{}username:a", operator.repeat(times)),
                format!("{}username:a{}", operator.repeat(times), close.repeat(times)),
            ] {
                let (status, body) = search(&tenant, &query);
                assert!(matches!(status, 200 | 400 | 414), "{operator:?} {times} times: {status} {body}");
            }
        }
    }
}

#[test]
fn a_query_of_many_groups_ids_and_quoted_brackets_is_answered() {
    let tenant = tenant();
    let groups = (0..80).map(|_| "(username:a AND NOT username:b)").collect::<Vec<_>>().join(" OR ");
    let ids = (0..100).map(|id| format!("\"auth0|{id:024x}\"")).collect::<Vec<_>>().join(" OR ");
    let negations = (0..80).map(|id| format!("NOT username:u{id}")).collect::<Vec<_>>().join(" AND ");
    let brackets = "(".repeat(200);
    for (query, expected) in [
        (groups.as_str(), "a"),
        (&format!("user_id:({ids} OR \"auth0|a\")"), "a"),
        (&format!("{negations} AND username:a"), "a"),
        (&format!("name:\"{brackets}\" OR username:b"), "b"),
        (&format!("{}username:a{}", "(".repeat(30), ")".repeat(30)), "a"),
        ("name:*o'neil", "e"),
        ("username:a&&email_verified:true", "a"),
        ("username:a &&email_verified:true", "a"),
        ("username:/a OR username:b", "b"),
    ] {
        assert_eq!(find(&tenant, query).unwrap(), expected, "{query}");
    }
}

#[test]
fn a_query_of_any_length_and_shape_is_answered_in_time() {
    let tenant = Tenant::builder().users(20_000).build();
    let clock = SystemClock::new();
    // The first search prepares the users.
    search(&tenant, "nobody");
    let long = format!("*{}*", "a".repeat(3_000));
    for query in [
        "a ".repeat(4_000),
        (0..1_500).map(|number| format!("{number:x} ")).collect(),
        "*aaa* ".repeat(1_300),
        (0..900).map(|number| format!("x{number:x} ")).collect(),
        (0..900).map(|number| format!("*a{number:x}?* ")).collect(),
        "-a ".repeat(2_600),
        "username:a OR ".repeat(500) + "username:b",
        "NOT (".repeat(1_500),
        "user_metadata.a".to_owned() + &".a".repeat(3_900) + ":1",
        long,
        "!".repeat(8_000),
        "a:".repeat(25_000),
        "*:*".repeat(15_000),
        "IN".repeat(25_000),
        "a&&".repeat(15_000),
        "a".repeat(60_000),
    ] {
        let started = clock.now();
        let (status, _) = search(&tenant, &query);
        let taken = clock.now().saturating_since(started);
        let shown: String = query.chars().take(30).collect();
        assert!(matches!(status, 200 | 400 | 414), "{shown}: {status}");
        assert!(taken < Duration::from_secs(20), "{shown}: {taken:?}");
    }
}

proptest! {
    #[test]
    fn every_query_is_answered_or_refused(query in "\\PC{0,60}", lucene in r#"[a-z_:"()\[\]{}*?TOANDR +!&|\\-]{0,60}"#) {
        let tenant = tenant();
        for query in [query, lucene] {
            if let Err(error) = find(&tenant, &query) {
                prop_assert_eq!(error.code(), Some("invalid_query_string"));
            }
        }
    }
}

#[test]
fn a_query_of_thousands_of_negations_is_refused() {
    let tenant = tenant();
    for (times, status) in [(8_000, 400), (10_000, 414)] {
        let target = format!("https://tenant.example.com/api/v2/users?q={}a", "!".repeat(times));
        let request = http::Request::get(target)
            .header("authorization", format!("Bearer {}", tenant.management_token().expose()));
        assert_eq!(tenant.handle(request.body(bytes::Bytes::new()).unwrap()).status(), status, "{times}");
    }
}

#[test]
fn many_wildcards_on_long_names_exceed_the_work_limit_and_are_refused() {
    let long = "x".repeat(300);
    let seed = users_mock::Seed::new();
    let seed = (0..300).fold(seed, |seed, user| {
        let user = serde_json::json!({"user_id": format!("auth0|{user}"), "name": long, "nickname": long});
        seed.user(&user.to_string()).unwrap()
    });
    let tenant = Tenant::builder().seed(seed).build();
    let query: Vec<String> = (0..600).map(|number| format!("a{number:x}*")).collect();
    let users = tenant.management().users();
    let refused = tenant.clock().block_on(users.get_all().q(query.join(" ")).send()).unwrap_err();
    assert_eq!(refused.status(), Some(http::StatusCode::BAD_REQUEST), "{refused}");
}
