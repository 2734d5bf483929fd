//! Servers that sort, count or state the time otherwise than Auth0 does.

use super::{START, seeded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use users_core::management::Everyone;
use users_core::model::Timestamp;
use users_core::{Body, ErrorKind, ManagementClient, transport_fn};
use users_mock::Tenant;

/// The ids, in order of their return, and the error.
pub(super) async fn drain(everyone: &mut Everyone) -> (Vec<String>, Option<users_core::Error>) {
    let mut ids = Vec::new();
    loop {
        match everyone.try_next().await {
            Ok(Some(user)) => ids.push(user.user_id.unwrap().to_string()),
            Ok(None) => return (ids, None),
            Err(error) => return (ids, Some(error)),
        }
    }
}

/// `Date` is a whole second. Users of the current second are in the index, and the client's clock is behind.
#[test]
fn users_of_the_second_in_which_the_walk_begins_are_returned() {
    let now = Timestamp::from(users_core::Clock::unix_now(&Tenant::new().clock())).unix_millis();
    assert_eq!(now % 1000, 0);
    // The server's clock is 900 ms ahead: its header `Date` states the whole second that has begun, which is this client's `now`.
    let tenant = seeded(Tenant::builder(), (0..250).map(|n| (format!("auth0|{n:04}"), now + 3 * n)));
    let server = tenant.clone();
    let transport = transport_fn(move |request, _| {
        let mut answer = server.handle(request).map(Body::from);
        answer.headers_mut().insert("date", "Thu, 01 Jan 2026 00:00:00 GMT".parse().unwrap());
        async { Ok(answer) }
    });
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).build().unwrap();
    tenant.clock().block_on(async {
        let mut everyone = client.users().get_all().everyone();
        let (ids, error) = drain(&mut everyone).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!((ids.len(), everyone.report().is_complete), (250, true));
    });
}

/// No header `Date`, and the client's clock is five minutes behind.
#[test]
fn a_clock_that_is_behind_drops_nobody_where_the_server_states_no_date() {
    let now = Timestamp::from(users_core::Clock::unix_now(&Tenant::new().clock())).unix_millis();
    let tenant = seeded(Tenant::builder(), (0..250).map(|n| (format!("auth0|{n:04}"), now + 1_000 * n)));
    let server = tenant.clone();
    let transport = transport_fn(move |request, _| {
        let mut answer = server.handle(request).map(Body::from);
        answer.headers_mut().remove("date");
        async { Ok(answer) }
    });
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).build().unwrap();
    tenant.clock().block_on(async {
        let mut everyone = client.users().get_all().everyone();
        let (ids, error) = drain(&mut everyone).await;
        assert!(error.is_some() || ids.len() == 250, "{} of 250, {:?}", ids.len(), everyone.report());
    });
}

/// `total` is the number of users of the page, as some emulators state it.
#[test]
fn a_full_page_with_a_total_that_is_its_length_does_not_end_the_walk() {
    let tenant = seeded(Tenant::builder(), (0..500).map(|n| (format!("auth0|{n:04}"), START + n)));
    let server = tenant.clone();
    let transport = transport_fn(move |request, _| {
        let answer = server.handle(request);
        let (mut parts, body) = answer.into_parts();
        let mut json: Value = serde_json::from_slice(&body).unwrap();
        if json.get("total").is_some() {
            json["total"] = json["users"].as_array().unwrap().len().into();
        }
        parts.headers.remove("content-length");
        async move { Ok(http::Response::from_parts(parts, Body::from(bytes::Bytes::from(json.to_string())))) }
    });
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).build().unwrap();
    tenant.clock().block_on(async {
        let mut everyone = client.users().get_all().everyone();
        let (ids, error) = drain(&mut everyone).await;
        assert!(error.is_some() || ids.len() == 500, "{} of 500, {:?}", ids.len(), everyone.report());
    });
}

type Order = fn(&str, &str) -> std::cmp::Ordering;

/// A small search server of one instant: ranges of `user_id` are of bytes, `total` is capped at 1000, and users are sorted by a function.
fn walk_sorted_by(ids: &[String], order: Order) -> (HashSet<String>, bool, Option<users_core::Error>) {
    let tenant = Tenant::new();
    let all: Vec<String> = ids.to_vec();
    let transport = transport_fn(move |request, _| {
        let url = request.uri().query().unwrap_or_default().to_owned();
        let pairs: BTreeMap<String, String> = url
            .split('&')
            .filter_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                Some((key.to_owned(), decode(value)))
            })
            .collect();
        let q = pairs.get("q").cloned().unwrap_or_default();
        let mut found: Vec<&String> = all.iter().collect();
        // Nobody was created in the milliseconds after the instant.
        if q.contains("NOT _exists_") || q.contains("created_at:[2023-11-14T22:13:20.001Z") {
            found.clear();
        }
        if let Some((_, after)) = q.split_once("user_id:{\"") {
            let after = after.split('"').next().unwrap().to_owned();
            found.retain(|id| **id > after);
        }
        found.sort_by(|one, other| order(one, other));
        let total = found.len().min(1000);
        let users: Vec<Value> = found
            .iter()
            .take(100)
            .map(|id| json!({"user_id": id, "created_at": Timestamp::from_unix_millis(START)}))
            .collect();
        let body = json!({"start": 0, "limit": 100, "length": users.len(), "users": users, "total": total})
            .to_string();
        let status = if q.contains('*') && q.contains("user_id:auth0") { 400 } else { 200 };
        async move {
            let answer = http::Response::builder().status(status).body(Body::from(bytes::Bytes::from(body)));
            Ok(answer.unwrap())
        }
    });
    let builder = ManagementClient::builder(transport).domain("tenant.example.com").clock(tenant.clock());
    let client = builder.token("token").build().unwrap();
    tenant.clock().block_on(async {
        let mut everyone = client.users().get_all().everyone();
        let (ids, error) = drain(&mut everyone).await;
        let count = ids.len();
        let ids: HashSet<_> = ids.into_iter().collect();
        assert_eq!(ids.len(), count);
        (ids, everyone.report().is_complete, error)
    })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (rest.next().unwrap(), rest.next().unwrap());
            bytes.push(u8::from_str_radix(std::str::from_utf8(&[high, low]).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Upper and lower case mixed: `sort` without regard to case, ranges with.
#[test]
fn an_instant_that_is_sorted_otherwise_than_its_ranges_drops_nobody_in_silence() {
    let ids: Vec<String> = (0..5_000_u32)
        .map(|n| {
            let letter = char::from(b'a' + u8::try_from(n / 2 % 26).unwrap());
            let letter = if n % 2 == 0 { letter.to_ascii_uppercase() } else { letter };
            format!("auth0|{letter}{n:05}")
        })
        .collect();
    let order: Order = |one, other| one.to_lowercase().cmp(&other.to_lowercase());
    let (found, complete, error) = walk_sorted_by(&ids, order);
    assert!(
        error.is_some() || found.len() == ids.len(),
        "complete: {complete}, and {} of {} users were returned",
        found.len(),
        ids.len()
    );
}

/// A user whose date cannot be read is a part that cannot be walked, like one without a date.
#[test]
fn a_created_at_that_is_no_date_ends_the_walk_with_the_typed_error() {
    for (spelling, is_read) in [
        (json!("2024-01-01T00:00:00Z"), true),
        (json!("2024-01-01T02:00:00+02:00"), true),
        (json!("2024-01-01T00:00:00.123456Z"), true),
        (json!("2024-01-01"), true),
        (json!(1_704_067_200_000_u64), true),
    ] {
        let answer = spelling.clone();
        let tenant = Tenant::new();
        let transport = transport_fn(move |request, _| {
            let q = request.uri().query().unwrap_or_default().to_owned();
            let none = q.contains("NOT%20_exists_") || q.contains("NOT+_exists_");
            let users = if none { json!([]) } else { json!([{"user_id": "auth0|1", "created_at": answer}]) };
            let total = users.as_array().unwrap().len();
            let body = json!({"start": 0, "limit": 100, "length": total, "users": users, "total": total})
                .to_string();
            async { Ok(http::Response::new(Body::from(bytes::Bytes::from(body)))) }
        });
        let builder = ManagementClient::builder(transport).domain("tenant.example.com").clock(tenant.clock());
        let client = builder.token("token").build().unwrap();
        tenant.clock().block_on(async {
            let mut everyone = client.users().get_all().everyone();
            let (ids, error) = drain(&mut everyone).await;
            if let Some(error) = error {
                assert_eq!(error.kind(), ErrorKind::IncompleteList, "{spelling}: {error}");
            } else {
                assert_eq!((ids.len(), is_read), (1, true));
            }
        });
    }
}
