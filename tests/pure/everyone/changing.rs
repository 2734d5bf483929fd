//! Walks of tenants in which users are created and deleted meanwhile, whose index lags, and whose requests fail.

use super::servers::drain;
use super::{START, seeded, tenant_of};
use proptest::prelude::*;
use serde_json::json;
use std::collections::HashSet;
use std::time::{Duration, SystemTime};
use users_core::management::EveryonePosition;
use users_core::model::{NewUser, Timestamp};
use users_core::{Body, Clock as _, ManagementClient, transport_fn};
use users_mock::{FaultyTransport, Seed, Tenant};

/// A client whose requests fail now and then: one of ten.
fn faulty(tenant: &Tenant) -> ManagementClient {
    let transport = FaultyTransport::new(tenant.clone(), tenant.clock());
    for fault in
        ["503@users.get_all", "reset-after@users.get_all", "truncated@users.get_all", "429@users.get_all"]
    {
        transport.inject_spec(&format!("{fault},chance=0.025").parse().unwrap());
    }
    let (id, secret) = tenant.client();
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    builder.client_credentials(id, secret).build().unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Walk(u16),
    Create,
    /// Deletes the user at this share of the list of users.
    Delete(u16),
    Wait(u16),
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u16..200).prop_map(Step::Walk),
        2 => Just(Step::Create),
        2 => any::<u16>().prop_map(Step::Delete),
        1 => (0_u16..4_000).prop_map(Step::Wait),
        1 => Just(Step::Resume),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn each_user_who_was_there_and_stays_is_returned_once(
        bursts in prop::collection::vec((0_i64..2_000_000, 1_usize..160), 1..10),
        steps in prop::collection::vec(step(), 0..40),
        lag in 0_u64..5_000,
        parallel in 1_usize..4,
    ) {
        let times = bursts.iter().flat_map(|(time, count)| std::iter::repeat_n(*time, *count));
        let lag = Duration::from_millis(lag / 2)..=Duration::from_millis(lag);
        let tenant = tenant_of(Tenant::builder().index_lag_between(lag), times);
        let there: HashSet<String> = tenant.user_ids().into_iter().collect();
        let mut deleted = HashSet::new();
        let mut returned = HashSet::new();
        let client = faulty(&tenant);
        // Some users are created just before the walk, and are not in the index yet.
        let mut number = 0..;
        let mut create = || create(&tenant, number.next().unwrap());
        (0..3).for_each(|_| create());
        tenant.clock().block_on(async {
            let walk = || client.users().get_all().per_page(50).everyone().parallel(parallel);
            let mut everyone = walk();
            let mut steps = steps.into_iter();
            loop {
                match steps.next().unwrap_or(Step::Walk(u16::MAX)) {
                    Step::Walk(count) => {
                        for _ in 0..count {
                            match everyone.try_next().await.unwrap() {
                                Some(user) => {
                                    let id = user.user_id.unwrap().to_string();
                                    assert!(returned.insert(id.clone()), "{id} was returned twice");
                                }
                                None => return,
                            }
                        }
                    }
                    Step::Create => create(),
                    Step::Delete(share) => {
                        let ids = tenant.user_ids();
                        if let Some(id) = ids.get(usize::from(share) * ids.len() / 65_536) {
                            client.users().delete(id).await.unwrap();
                            deleted.insert(id.clone());
                        }
                    }
                    Step::Wait(time) => tenant.clock().advance(Duration::from_millis(time.into())),
                    Step::Resume => {
                        let position: EveryonePosition = everyone.position().to_string().parse().unwrap();
                        everyone = walk().resume(position);
                    }
                }
            }
        });
        for id in there.difference(&deleted) {
            prop_assert!(returned.contains(id), "{} was not returned", id);
        }
    }
}

fn create(tenant: &Tenant, number: u32) {
    let users = tenant.management().users();
    let email = format!("new{number}@example.com");
    let user = NewUser::new("Username-Password-Authentication").email(email).password("Correct horse 1");
    tenant.clock().block_on(async { users.create(user).await }).unwrap();
}

/// A client of a tenant whose responses state a date that is ahead of the client's clock.
fn ahead(tenant: &Tenant, by: Duration) -> ManagementClient {
    let server = tenant.clone();
    let transport = transport_fn(move |request, _| {
        let mut answer = server.handle(request).map(Body::from);
        let date = httpdate(server.clock().unix_now() + by);
        answer.headers_mut().insert("date", date.parse().unwrap());
        async { Ok(answer) }
    });
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    builder.token(tenant.management_token()).build().unwrap()
}

/// A date of HTTP: that of the virtual clock, which begins with the first of January 2026, a Thursday.
fn httpdate(time: SystemTime) -> String {
    let text = Timestamp::from(time).to_string();
    assert!(text.starts_with("2026-01-01T"));
    format!("Thu, 01 Jan 2026 {} GMT", &text[11..19])
}

#[test]
fn a_user_who_was_created_before_the_end_by_a_clock_that_is_ahead_is_returned() {
    // The server's clock is a minute ahead of this machine's.
    let now = Timestamp::from(Tenant::new().clock().unix_now()).unix_millis();
    let users: Vec<_> = (0..250)
        .map(|number| json!({"user_id": format!("auth0|{number}"), "created_at": Timestamp::from_unix_millis(now + number * 240)}))
        .collect();
    let seed = Seed::from_json(&json!({"users": users}).to_string()).unwrap();
    let tenant = Tenant::builder().seed(seed).build();
    let client = ahead(&tenant, Duration::from_secs(60));
    let all = tenant.clock().block_on(async {
        let mut everyone = client.users().get_all().everyone();
        let mut count = 0;
        while everyone.try_next().await.unwrap().is_some() {
            count += 1;
        }
        count
    });
    assert_eq!(all, 250);
}

/// A user is deleted while an instant of fewer than 1000 users is listed by offset.
#[test]
fn a_deletion_while_an_instant_is_listed_by_offset_drops_nobody_else() {
    let mut lost = Vec::new();
    for (point, victim) in (0..60).map(|case| (100 + case * 6, case % 7)) {
        let builder = Tenant::builder().search_user_id_ranges(false).search_user_id_wildcards(false);
        let tenant = seeded(builder, (0..500).map(|n| (format!("auth0|{n:04}"), START)));
        let (ids, complete, error, deleted) = tenant.clock().block_on(async {
            let users = tenant.management().users();
            let mut everyone = users.get_all().everyone();
            let mut ids = HashSet::new();
            for _ in 0..point {
                ids.insert(everyone.try_next().await.unwrap().unwrap().user_id.unwrap().to_string());
            }
            let mut sorted: Vec<_> = ids.iter().cloned().collect();
            sorted.sort();
            let deleted = sorted[victim].clone();
            users.delete(&deleted).await.unwrap();
            let (rest, error) = drain(&mut everyone).await;
            ids.extend(rest);
            (ids, everyone.report().is_complete, error, deleted)
        });
        let missing: Vec<_> =
            tenant.user_ids().into_iter().filter(|id| *id != deleted && !ids.contains(id)).collect();
        if complete && error.is_none() && !missing.is_empty() {
            lost.push((point, deleted, missing));
        }
    }
    assert!(lost.is_empty(), "{} of 60 walks lost users in silence: {:?}", lost.len(), lost.first());
}

/// Users are deleted at random while large instants are walked, with each way of listing them.
#[test]
fn deletions_while_large_instants_are_walked_drop_nobody_else() {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut problems = Vec::new();
    for round in 0..60 {
        let (ranges, wildcards) = [(true, true), (false, true), (false, false)][round % 3];
        let size = if ranges || wildcards { rng.i64(101..2_500) } else { rng.i64(101..990) };
        let builder = Tenant::builder().search_user_id_ranges(ranges).search_user_id_wildcards(wildcards);
        let before = rng.i64(0..200);
        let users = (0..before).map(|n| (format!("auth0|b{n:04}"), START - 10_000 + n / 3));
        let users = users.chain((0..size).map(|n| (format!("auth0|{:06x}", n * 0x9e37 % 0xff_ffff), START)));
        let tenant = seeded(builder, users);
        let there: HashSet<String> = tenant.user_ids().into_iter().collect();
        let parallel = rng.usize(1..4);
        let chance = [0.0, 0.002, 0.02, 0.1][rng.usize(0..4)];
        let (ids, deleted, error) = tenant.clock().block_on(async {
            let users = tenant.management().users();
            let mut everyone = users.get_all().everyone().parallel(parallel);
            let (mut ids, mut deleted) = (HashSet::new(), HashSet::new());
            let error = loop {
                match everyone.try_next().await {
                    Ok(Some(user)) => {
                        let id = user.user_id.unwrap().to_string();
                        assert!(ids.insert(id.clone()), "{id} came twice");
                    }
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
                if rng.f64() < chance {
                    let left = tenant.user_ids();
                    if !left.is_empty() {
                        let id = left[rng.usize(0..left.len())].clone();
                        users.delete(&id).await.unwrap();
                        deleted.insert(id);
                    }
                }
            };
            (ids, deleted, error)
        });
        let missing = there.iter().filter(|id| !deleted.contains(*id) && !ids.contains(*id)).count();
        if missing > 0 || error.is_some() && (ranges || wildcards) {
            problems.push((
                ranges,
                wildcards,
                size,
                chance,
                deleted.len(),
                missing,
                error.map(|error| error.kind()),
            ));
        }
    }
    assert!(problems.is_empty(), "ranges, wildcards, users, chance, deleted, missing, error: {problems:#?}");
}
