//! Walks that cannot be proved complete end with an error that says where.

use super::{START, list, tenant_of};
use serde_json::{Value, json};
use std::collections::HashSet;
use users_core::management::EveryonePosition;
use users_core::model::Timestamp;
use users_core::{Body, Error, ErrorKind, ManagementClient, transport_fn};
use users_mock::{Seed, Tenant};

#[test]
fn an_instant_that_cannot_be_divided_ends_the_walk_and_is_named() {
    let builder = || Tenant::builder().search_user_id_ranges(false).search_user_id_wildcards(false);
    let times = |count: usize| (0..50).chain(std::iter::repeat_n(100, count)).chain(200..250);
    let tenant = tenant_of(builder(), times(5_000));
    let (count, error, position) = tenant.clock().block_on(async {
        let mut everyone = list(&tenant).everyone();
        let mut count = 0_u64;
        loop {
            match everyone.try_next().await {
                Ok(user) => {
                    assert!(user.is_some(), "the walk cannot be complete");
                    count += 1;
                }
                Err(error) => {
                    assert!(everyone.try_next().await.unwrap().is_none() && !everyone.report().is_complete);
                    assert_eq!(everyone.report().users, count);
                    return (count, error, everyone.position());
                }
            }
        }
    });
    assert_eq!(error.kind(), ErrorKind::IncompleteList);
    for part in ["GET /users: ", "created_at:2023-11-14T22:13:20.100Z", &format!("{count} users"), "export("]
    {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!((50..5_050).contains(&count), "those before are returned: {count}");
    // It goes on elsewhere: with another server, or when the option is there.
    let position: EveryonePosition = position.to_string().parse().unwrap();
    let other = tenant_of(Tenant::builder(), times(5_000));
    let rest = other.clock().block_on(async {
        let mut everyone = list(&other).everyone().resume(position);
        while everyone.try_next().await.unwrap().is_some() {}
        everyone.report().users
    });
    assert_eq!(rest, 5_100);

    // Fewer than 1000 can be listed by offset.
    let tenant = tenant_of(builder(), times(999));
    assert_eq!(super::walk(&tenant, list(&tenant).everyone()).unwrap().0.len(), 1_099);
}

#[test]
fn users_without_a_date_are_not_passed_over_in_silence() {
    let users = json!([
        {"user_id": "auth0|1", "created_at": Timestamp::from_unix_millis(START)},
        {"user_id": "auth0|2", "created_at": {}},
    ]);
    let tenant =
        Tenant::builder().seed(Seed::from_json(&json!({"users": users}).to_string()).unwrap()).build();
    let error = tenant.clock().block_on(async {
        let mut everyone = list(&tenant).everyone();
        assert!(everyone.try_next().await.unwrap().is_some());
        everyone.try_next().await.unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::IncompleteList);
    assert!(error.to_string().contains("NOT _exists_:created_at"), "{error}");
}

#[test]
fn what_would_change_the_walk_is_refused_before_anything_is_sent() {
    let tenant = Tenant::builder().users(3).build();
    for call in [
        list(&tenant).q("blocked:true) OR (name:*"),
        list(&tenant).q("name:\"open"),
        list(&tenant).q("(a"),
        list(&tenant).q(" "),
        list(&tenant).sort("email:1"),
        list(&tenant).page(2),
        list(&tenant).per_page(101),
    ] {
        let error = tenant.clock().block_on(async { call.everyone().try_next().await }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    assert_eq!(tenant.requests().iter().filter(|request| request.target.starts_with("/api")).count(), 0);
}

/// Walks a server that answers each search with what a function makes of it: the query, the page, and the number of the request.
fn walk_of(answer: impl Fn(&str, u32) -> Value + Send + Sync + 'static) -> (usize, Result<(), Error>) {
    walk_of_query(None, answer)
}

fn walk_of_query(
    query: Option<&str>,
    answer: impl Fn(&str, u32) -> Value + Send + Sync + 'static,
) -> (usize, Result<(), Error>) {
    let tenant = Tenant::new();
    let number = std::sync::atomic::AtomicU32::new(0);
    let transport = transport_fn(move |request, _| {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let body = answer(&query, number).to_string();
        async { Ok(http::Response::new(Body::from(bytes::Bytes::from(body)))) }
    });
    let builder = ManagementClient::builder(transport).domain("tenant.example.com").clock(tenant.clock());
    let client = builder.token("token").build().unwrap();
    tenant.clock().block_on(async {
        let list = client.users().get_all().per_page(2);
        let mut everyone = query.map_or_else(|| list.clone(), |query| list.clone().q(query)).everyone();
        let mut ids = HashSet::new();
        let outcome = loop {
            match everyone.try_next().await {
                Ok(Some(user)) => assert!(ids.insert(user.user_id.unwrap().to_string())),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            assert!(everyone.report().requests < 10_000, "the walk does not end");
        };
        (ids.len(), outcome)
    })
}

fn user(id: u32, time: i64) -> Value {
    json!({"user_id": format!("auth0|{id}"), "created_at": Timestamp::from_unix_millis(START + time)})
}

fn page(users: &[Value], total: u64) -> Value {
    json!({"start": 0, "limit": 2, "length": users.len(), "users": users, "total": total})
}

#[test]
fn a_server_that_does_not_do_as_asked_ends_the_walk_with_an_error() {
    use ErrorKind::IncompleteList;
    type Answer = Box<dyn Fn(&str, u32) -> Value + Send + Sync>;
    let cases: Vec<(&str, ErrorKind, Answer)> = vec![
        ("no totals, and a user without a date", IncompleteList, Box::new(|_, _| json!([user(1, 0)]))),
        ("not sorted", IncompleteList, Box::new(|_, _| page(&[user(1, 5), user(2, 0)], 2))),
        (
            "the same page again and again",
            IncompleteList,
            Box::new(|_, _| page(&[user(1, 0), user(2, 5)], 9)),
        ),
        (
            "other pages again and again",
            IncompleteList,
            Box::new(|_, n| page(&[user(n, 0), user(n + 1_000_000, 0)], 999)),
        ),
        ("totals without users", IncompleteList, Box::new(|_, _| page(&[], 7))),
        (
            "no id",
            IncompleteList,
            Box::new(|_, _| page(&[json!({"created_at": Timestamp::from_unix_millis(START)})], 1)),
        ),
        ("no date", IncompleteList, Box::new(|_, _| page(&[json!({"user_id": "auth0|1"})], 1))),
        (
            "a date that is none",
            IncompleteList,
            Box::new(|_, _| page(&[json!({"user_id": "auth0|1", "created_at": "soon"})], 1)),
        ),
        (
            "users of another time",
            IncompleteList,
            Box::new(|_, n| {
                if n == 0 { page(&[user(1, 0), user(2, 5)], 9) } else { page(&[user(3, 1), user(4, 2)], 9) }
            }),
        ),
    ];
    for (name, kind, answer) in cases {
        let (_, outcome) = walk_of(answer);
        let error = outcome.expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
}

#[test]
fn a_failed_request_ends_the_walk_and_the_position_goes_on() {
    let tenant = tenant_of(Tenant::builder(), 0..500);
    let faulty = users_mock::FaultyTransport::new(tenant.clone(), tenant.clock());
    faulty.inject_spec(&"403@users.get_all,after=2".parse().unwrap());
    let builder = ManagementClient::builder(faulty).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).build().unwrap();
    tenant.clock().block_on(async {
        let mut everyone = client.users().get_all().everyone();
        let error = loop {
            if let Err(error) = everyone.try_next().await {
                break error;
            }
        };
        assert_eq!(error.status().unwrap().as_u16(), 403);
        assert_eq!(everyone.report().users, 199);
        let mut rest = client.users().get_all().everyone().resume(everyone.position());
        while rest.try_next().await.unwrap().is_some() {}
        assert_eq!(rest.report().users, 500);
    });
}

#[test]
fn a_negation_that_the_server_reads_otherwise_in_parentheses_is_not_a_walk_of_nobody() {
    // As plain Lucene does: a group of negations finds nothing.
    let (_, outcome) = walk_of(|query, _| {
        let is_alone = !query.contains("created_at");
        if is_alone { page(&[user(1, 0)], 2) } else { page(&[], 0) }
    });
    outcome.unwrap();
    let answer = |query: &str, _| {
        let is_alone = !query.contains("created_at");
        if is_alone { page(&[user(1, 0)], 2) } else { page(&[], 0) }
    };
    let (_, outcome) = walk_of_query(Some("NOT blocked:true"), answer);
    let error = outcome.unwrap_err();
    assert!(
        error.kind() == ErrorKind::IncompleteList && error.to_string().contains("_exists_:user_id AND NOT"),
        "{error}"
    );
    let nobody = |_: &str, _| page(&[], 0);
    walk_of_query(Some("NOT blocked:true"), nobody).1.unwrap();

    // The tenant reads both alike, at the price of one request.
    let tenant = tenant_of(Tenant::builder(), 0..150);
    let (ids, requests) = super::walk(&tenant, list(&tenant).q("NOT nickname:n1").everyone()).unwrap();
    assert_eq!((ids.len(), requests), (100, 4));
}
