//! Walks of tenants in which users are created and deleted meanwhile, whose index lags, and whose requests fail.

use super::tenant_of;
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
