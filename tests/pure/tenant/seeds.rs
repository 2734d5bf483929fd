//! The initial content of a tenant: generated users and seed documents.

use super::{as_admin, create};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;
use users_core::{Clock as _, SystemClock};
use users_mock::Tenant;

fn generated(count: u32, seed: u64) -> Tenant {
    Tenant::builder().users(count).rng_seed(seed).build()
}

fn shown(tenant: &Tenant, id: &str) -> Value {
    let (status, user) =
        as_admin(tenant, "GET", &format!("/api/v2/users/{}", id.replace('|', "%7C")), &Value::Null);
    assert_eq!(status, 200, "{id}");
    user
}

#[test]
fn generated_ids_have_the_form_of_auth0_s_and_never_collide() {
    let mut seen = HashSet::new();
    for seed in 0..20 {
        let ids = generated(500, seed).user_ids();
        assert_eq!(ids, generated(500, seed).user_ids());
        for id in ids {
            let bare = id.strip_prefix("auth0|").unwrap();
            assert!(
                bare.len() == 24 && bare.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
                "{id}"
            );
            assert!(!bare.contains("0000000"), "{id}");
            assert!(seen.insert(id));
        }
    }
    assert_eq!(generated(3, 0).user_ids(), generated(5, 0).user_ids()[..3]);
}

#[test]
fn a_generated_user_that_is_added_later_has_a_new_id() {
    let tenant = generated(3, 0);
    let ids = tenant.user_ids();
    let path = format!("/api/v2/users/{}", ids[0].replace('|', "%7C"));
    assert_eq!(as_admin(&tenant, "DELETE", &path, &Value::Null).0, 204);
    let added = tenant.add_generated_user();
    assert!(!ids.contains(&added), "{added}");
    assert_eq!(tenant.user_ids().len(), 3);
}

#[test]
fn generated_users_differ_in_metadata_logins_dates_and_shape() {
    let tenant = generated(200, 0);
    let users: Vec<Value> = tenant.user_ids().iter().map(|id| shown(&tenant, id)).collect();
    let distinct = |path: &str| {
        users
            .iter()
            .filter_map(|user| user.pointer(path))
            .map(Value::to_string)
            .collect::<BTreeSet<_>>()
            .len()
    };
    for (path, least) in [
        ("/user_metadata", 20),
        ("/app_metadata", 20),
        ("/logins_count", 20),
        ("/last_login", 100),
        ("/last_ip", 100),
        ("/created_at", 200),
        ("/updated_at", 150),
        ("/email", 150),
        ("/name", 50),
    ] {
        assert!(distinct(path) >= least, "{path}: {}", distinct(path));
    }
    type Test = fn(&Value) -> bool;
    let shapes: [(&str, Test); 9] = [
        ("a boolean as a string", |user| user["email_verified"].is_string()),
        ("a numeric id of an identity", |user| user["identities"][1]["user_id"].is_number()),
        ("a linked account", |user| user["identities"].as_array().unwrap().len() == 2),
        ("no given name", |user| user.get("given_name").is_none()),
        ("no address", |user| user.get("email").is_none()),
        ("a name outside ASCII", |user| !user["name"].as_str().unwrap().is_ascii()),
        ("no login", |user| user.get("last_login").is_none() && user.get("logins_count").is_none()),
        ("no metadata", |user| user.get("user_metadata").is_none() && user.get("app_metadata").is_none()),
        ("blocked", |user| user["blocked"] == json!(true)),
    ];
    for (what, test) in shapes {
        let count = users.iter().filter(|user| test(user)).count();
        assert!((2..=60).contains(&count), "{what}: {count}");
    }
    assert!(
        users[0]["email"].is_string() && users[0]["email_verified"].is_boolean(),
        "the first user has the usual types"
    );
    for user in &users {
        if let (Some(last), Some(created)) = (user["last_login"].as_str(), user["created_at"].as_str()) {
            assert!(created < last && user["updated_at"] == last, "{user}");
        }
    }
    assert_ne!(users[5], shown(&generated(6, 1), &generated(6, 1).user_ids()[5]));
    let client = tenant.management();
    let read = tenant.clock().block_on(client.users().get_all().items().try_collect()).unwrap();
    assert_eq!(read.len(), 200);
}

#[test]
fn seeded_users_are_completed_like_created_ones() {
    let tenant = Tenant::new();
    let (_, created) = create(&tenant, json!({}));
    tenant
        .seed_json(
            r#"{
                "connections": [{"id": "con_Staff00000000000", "name": "staff", "strategy": "samlp"}],
                "users": [
                    {"user_id": "auth0|1", "email": "ada@example.com"},
                    {"user_id": "github|7", "nickname": "seven"},
                    {"user_id": "samlp|staff|ada@example.com", "name": null, "created_at": "2020-01-01T00:00:00.000Z"},
                    {"user_id": "sms|8", "phone_number": "+441632960044"}
                ]
            }"#,
        )
        .unwrap();
    let mut seeded = shown(&tenant, "auth0|1");
    assert_eq!(seeded["identities"][0]["user_id"], "1");
    for key in ["user_id", "identities"] {
        seeded[key] = created[key].clone();
    }
    assert_eq!(seeded, created);

    let github = shown(&tenant, "github|7");
    let identity = json!([{"connection": "github", "user_id": "7", "provider": "github", "isSocial": true}]);
    assert_eq!((&github["identities"], &github["nickname"]), (&identity, &json!("seven")));
    let staff = shown(&tenant, "samlp|staff|ada@example.com");
    assert_eq!(staff["identities"][0]["connection"], "staff");
    assert_eq!(
        (&staff["identities"][0]["user_id"], &staff["identities"][0]["isSocial"]),
        (&json!("staff|ada@example.com"), &json!(false))
    );
    assert_eq!((&staff["name"], &staff["updated_at"]), (&Value::Null, &json!("2020-01-01T00:00:00.000Z")));
    let sms = shown(&tenant, "sms|8");
    assert_eq!((&sms["name"], sms.get("email_verified")), (&json!("+441632960044"), None));
}

#[test]
fn a_seed_of_20_000_users_is_read_in_linear_time() {
    let users: Vec<Value> = (0..20_000).map(|id| json!({"user_id": format!("auth0|{id}")})).collect();
    let belongings: Value =
        (0..20_000).map(|id| (format!("auth0|{id}"), json!({"groups": [{"id": "grp_1"}]}))).collect();
    let seed = json!({"users": users, "belongings": belongings}).to_string();
    let tenant = Tenant::new();
    let clock = SystemClock::new();
    for _ in 0..2 {
        let started = clock.now();
        tenant.seed_json(&seed).unwrap();
        let taken = clock.now().saturating_since(started);
        eprintln!("{taken:?}");
        assert!(taken < Duration::from_secs(8), "{taken:?}");
    }
    assert_eq!(tenant.user_count(), 20_000);
}

#[test]
fn a_page_of_20_000_users_takes_little_longer_than_one_of_200() {
    let clock = SystemClock::new();
    let time = |tenant: &Tenant, query: &str| {
        let target = format!("/api/v2/users?include_totals=true&{query}");
        let page = || assert_eq!(as_admin(tenant, "GET", &target, &Value::Null).0, 200);
        // The first search may build an index.
        page();
        let started = clock.now();
        (0..3).for_each(|_| page());
        clock.now().saturating_since(started) / 3
    };
    let (small, large) = (generated(200, 0), generated(20_000, 0));
    for (query, most) in [
        ("page=1", 4),
        ("sort=created_at:-1", 100),
        ("q=logins_count:%5B1%20TO%209%5D", 100),
        ("q=nobody", 100),
    ] {
        let (few, many) = (time(&small, query), time(&large, query));
        eprintln!("{query}: {few:?} of 200, {many:?} of 20,000");
        if most < 10 {
            assert!(many < few * most, "{query}: {few:?} of 200, {many:?} of 20,000");
        }
    }
}
