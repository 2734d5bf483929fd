//! Positions of walks that are stored and resumed.

use super::servers::drain;
use super::{START, seeded};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use users_core::management::EveryonePosition;
use users_core::{Body, ManagementClient, transport_fn};
use users_mock::Tenant;

#[test]
fn a_position_of_another_tenant_is_refused() {
    let old = seeded(
        Tenant::builder().domain("old.eu.auth0.com"),
        (0..300).map(|n| (format!("auth0|old{n}"), START + 1_000_000 + n)),
    );
    let new = seeded(
        Tenant::builder().domain("new.eu.auth0.com"),
        (0..300).map(|n| (format!("auth0|new{n}"), START + n)),
    );
    let position: EveryonePosition = old.clock().block_on(async {
        let mut everyone = old.management().users().get_all().everyone();
        for _ in 0..250 {
            everyone.try_next().await.unwrap().unwrap();
        }
        everyone.position().to_string().parse().unwrap()
    });
    new.clock().block_on(async {
        let mut everyone = new.management().users().get_all().everyone().resume(position);
        let (ids, error) = drain(&mut everyone).await;
        assert!(error.is_some(), "no error, {} of 300 users, {:?}", ids.len(), everyone.report());
    });
}

#[test]
fn a_resumed_walk_has_no_more_requests_in_flight_than_it_was_given_ranges() {
    let tenant = seeded(Tenant::builder(), (0..20_000).map(|n| (format!("auth0|{n}"), START + n * 1000)));
    let position: EveryonePosition = tenant.clock().block_on(async {
        let mut everyone = tenant.management().users().get_all().everyone().parallel(16);
        for _ in 0..4_000 {
            everyone.try_next().await.unwrap().unwrap();
        }
        everyone.position().to_string().parse().unwrap()
    });
    let (flying, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = tenant.clone();
    let clock = tenant.clock();
    let (flies, highest) = (flying.clone(), most.clone());
    let transport = transport_fn(move |request, _| {
        let answer = server.handle(request).map(Body::from);
        let (clock, flies, highest) = (clock.clone(), flies.clone(), highest.clone());
        async move {
            highest.fetch_max(flies.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            users_core::Clock::sleep(&clock, Duration::from_millis(50)).await;
            flies.fetch_sub(1, Ordering::SeqCst);
            Ok(answer)
        }
    });
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).build().unwrap();
    tenant.clock().block_on(async {
        let mut everyone = client.users().get_all().everyone().resume(position).parallel(1);
        drain(&mut everyone).await;
    });
    assert_eq!(most.load(Ordering::SeqCst), 1, "requests in flight");
}

/// A position can be edited or come from elsewhere.
#[test]
fn a_position_with_odd_values_is_refused_or_harmless() {
    let tenant = seeded(Tenant::builder(), (0..50).map(|n| (format!("auth0|{n:04}"), START + n)));
    let lane = |from: &str, to: &str| format!(r#"{{"from":{from},"to":{to},"is_closed":true,"seen":{{}}}}"#);
    let good = tenant.management().users().get_all().everyone().position().to_string();
    let query = serde_json::from_str::<Value>(&good).unwrap()["walk"].clone();
    for lanes in [
        lane("9223372036854775807", "9223372036854775807"),
        lane("-9223372036854775808", "9223372036854775807"),
        lane("null", "-9223372036854775808"),
        lane("9223372036854775807", "null"),
        vec![lane("null", "null"); 2].join(","),
        String::new(),
    ] {
        let text = format!(r#"{{"version":1,"walk":{query},"users":5,"requests":5,"lanes":[{lanes}]}}"#);
        let Ok(position) = text.parse::<EveryonePosition>() else { continue };
        tenant.clock().block_on(async {
            let mut everyone = tenant.management().users().get_all().everyone().resume(position);
            let (ids, error) = drain(&mut everyone).await;
            let distinct: HashSet<_> = ids.iter().collect();
            assert_eq!(distinct.len(), ids.len(), "users came twice: {lanes}");
            eprintln!("{lanes}: {} users, {:?}", ids.len(), error.map(|error| error.to_string()));
        });
    }
}

#[test]
fn a_position_with_large_counts_does_not_panic() {
    let tenant = seeded(Tenant::builder(), (0..50).map(|n| (format!("auth0|{n:04}"), START + n)));
    let text = tenant.management().users().get_all().everyone().position().to_string();
    let mut json: Value = serde_json::from_str(&text).unwrap();
    json["users"] = u64::MAX.into();
    json["requests"] = u64::MAX.into();
    let position: EveryonePosition = json.to_string().parse().unwrap();
    tenant.clock().block_on(async {
        let mut everyone = tenant.management().users().get_all().everyone().resume(position);
        drain(&mut everyone).await;
    });
}
