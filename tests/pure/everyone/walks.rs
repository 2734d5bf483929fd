//! Walks of tenants that do not change.

use super::{START, all_ids, list, most, tenant_of, walk};
use proptest::prelude::*;
use serde_json::json;
use std::collections::HashSet;
use users_core::ErrorKind;
use users_core::management::EveryonePosition;
use users_core::model::Timestamp;
use users_mock::{Seed, Tenant};

#[test]
fn a_tenant_of_any_size_is_listed_in_few_requests() {
    for size in [0_i64, 1, 99, 100, 101, 999, 1000, 1001, 12_345] {
        let spread = |step: i64| (0..size).map(move |number| number * step);
        // Uniform, and in bursts of twenty in one millisecond.
        let bursts = (0..size).map(|number| number / 20 * 777);
        for tenant in [tenant_of(Tenant::builder(), spread(1_000)), tenant_of(Tenant::builder(), bursts)] {
            let (ids, requests) = walk(&tenant, list(&tenant).everyone()).unwrap();
            assert_eq!(ids, all_ids(&tenant), "{size} users");
            assert!(requests <= most(1.3, ids.len()), "{requests} requests for {size} users");
        }
    }
}

#[test]
fn generated_users_of_every_shape_are_listed() {
    let tenant = Tenant::builder().users(5_000).build();
    let (ids, requests) = walk(&tenant, list(&tenant).everyone()).unwrap();
    assert_eq!(ids, all_ids(&tenant));
    assert!(requests <= most(1.3, ids.len()), "{requests} requests");
}

#[test]
fn five_thousand_users_of_one_millisecond_are_listed_by_id() {
    let times = || (0..500).chain(std::iter::repeat_n(600, 5_000)).chain(700..1_200);
    let tenant = tenant_of(Tenant::builder(), times());
    let (ids, requests) = walk(&tenant, list(&tenant).everyone()).unwrap();
    assert_eq!(ids, all_ids(&tenant));
    assert!(requests <= most(6.0, ids.len()), "{requests} requests for 6000 users with ranges");

    let tenant = tenant_of(Tenant::builder().search_user_id_ranges(false), times());
    let (ids, requests) = walk(&tenant, list(&tenant).everyone()).unwrap();
    assert_eq!(ids, all_ids(&tenant));
    assert!(requests <= most(9.0, ids.len()), "{requests} requests for 6000 users with prefixes");
}

#[test]
fn ids_of_every_kind_are_listed_within_one_millisecond() {
    let kinds = [
        "auth0|{}",
        "samlp|corp|first last{}@x",
        "waad|a]b{}",
        "oidc|\"q\"{}",
        r"ad|c\{}",
        "google-oauth2|{}",
        "sms|+{}",
        "x|é{}",
    ];
    let users: Vec<_> = (0..1_600)
        .map(|number| {
            let id = kinds[number % kinds.len()].replace("{}", &number.to_string());
            json!({"user_id": id, "created_at": Timestamp::from_unix_millis(START)})
        })
        .collect();
    let seed = || Seed::from_json(&json!({"users": users}).to_string()).unwrap();
    for builder in [Tenant::builder(), Tenant::builder().search_user_id_ranges(false)] {
        let tenant = builder.seed(seed()).build();
        let (ids, requests) = walk(&tenant, list(&tenant).everyone()).unwrap();
        assert_eq!(ids, all_ids(&tenant));
        assert!(requests <= 110, "{requests} requests");
    }
}

#[test]
fn an_offset_pager_repeats_and_loses_users_where_ties_are_shuffled() {
    let tenant = tenant_of(Tenant::builder(), (0..900).map(|number| number / 300));
    let paged = tenant.clock().block_on(list(&tenant).sort("created_at:1").items().try_collect()).unwrap();
    let distinct: HashSet<String> =
        paged.iter().map(|user| user.user_id.clone().unwrap().to_string()).collect();
    assert_eq!(paged.len(), 900);
    assert!(distinct.len() < 900, "the pager is expected to lose users, and found {}", distinct.len());
    assert_eq!(walk(&tenant, list(&tenant).everyone()).unwrap().0, all_ids(&tenant));
}

#[test]
fn a_query_and_fields_are_respected_and_what_was_not_asked_for_is_not_returned() {
    let tenant = tenant_of(Tenant::builder(), (0..600).map(|number| number / 30));
    tenant.clock().block_on(async {
        let query = "nickname:n1 OR nickname:n2";
        let mut everyone = list(&tenant).q(query).fields(["email", "nickname"]).everyone();
        let mut emails = HashSet::new();
        while let Some(user) = everyone.try_next().await.unwrap() {
            assert!(user.user_id.is_none() && user.created_at.is_none() && user.name.is_none());
            assert_ne!(user.nickname.as_deref(), Some("n0"));
            emails.insert(user.email.unwrap());
        }
        assert_eq!(emails.len(), 400);
        let mut everyone = list(&tenant).exclude_fields(["user_id", "email", "created_at"]).everyone();
        let user = everyone.try_next().await.unwrap().unwrap();
        assert!(
            user.user_id.is_none()
                && user.email.is_none()
                && user.created_at.is_none()
                && user.nickname.is_some()
        );
        let mut everyone = list(&tenant).exclude_fields(["email"]).per_page(7).everyone();
        let user = everyone.try_next().await.unwrap().unwrap();
        assert!(user.user_id.is_some() && user.email.is_none() && user.created_at.is_some());
    });
    let first = tenant.requests().into_iter().find(|request| request.target.contains("nickname")).unwrap();
    assert!(
        first.target.contains("q=%28nickname%3An1%20OR%20nickname%3An2%29%20AND%20created_at"),
        "{}",
        first.target
    );
}

#[test]
fn parallel_ranges_return_the_same_users() {
    for times in [
        (0..6_000).map(|number| number * 500).collect::<Vec<i64>>(),
        // All but one at the end, so that the halves of the time are not halves of the users.
        std::iter::once(0).chain((0..6_000).map(|number| 1_000_000_000 + number)).collect(),
        (0..3_000).map(|number| number / 1_000 * 60_000).collect(),
    ] {
        for parallel in [2, 5, 16] {
            let tenant = tenant_of(Tenant::builder(), times.iter().copied());
            let (ids, requests) = walk(&tenant, list(&tenant).everyone().parallel(parallel)).unwrap();
            assert_eq!(ids, all_ids(&tenant));
            assert!(requests <= most(6.0, ids.len()), "{requests} requests");
        }
    }
}

#[test]
fn a_walk_that_is_stopped_anywhere_goes_on_where_it_stood() {
    for (times, parallel) in [
        ((0..700).map(|number| number / 7 * 1_000).collect::<Vec<i64>>(), 1),
        (std::iter::repeat_n(5, 350).chain(6..300).collect(), 1),
        ((0..1_500).map(|number| number / 3 * 1_000).collect(), 4),
    ] {
        let tenant = tenant_of(Tenant::builder(), times);
        let mut ids = HashSet::new();
        let mut position: Option<EveryonePosition> = None;
        let mut rng = fastrand::Rng::with_seed(7);
        tenant.clock().block_on(async {
            loop {
                let mut everyone = list(&tenant).everyone().parallel(parallel);
                if let Some(position) = position.take() {
                    everyone = everyone.resume(position);
                }
                let mut left = rng.usize(0..150);
                let stopped = loop {
                    if left == 0 {
                        break true;
                    }
                    left -= 1;
                    match everyone.try_next().await.unwrap() {
                        Some(user) => assert!(ids.insert(user.user_id.unwrap().to_string())),
                        None => break false,
                    }
                };
                assert_eq!(everyone.report().users, ids.len() as u64);
                if !stopped {
                    assert!(everyone.report().is_complete);
                    break;
                }
                position = Some(everyone.position().to_string().parse().unwrap());
            }
        });
        assert_eq!(ids, all_ids(&tenant));
    }
}

#[test]
fn a_position_is_refused_that_is_of_another_walk_or_cannot_be_read() {
    let tenant = tenant_of(Tenant::builder(), 0..10);
    let position = list(&tenant).q("nickname:n1").everyone().position();
    let refused = |everyone: users_core::management::Everyone| {
        tenant.clock().block_on(async move { { everyone }.try_next().await.unwrap_err() })
    };
    assert_eq!(refused(list(&tenant).everyone().resume(position)).kind(), ErrorKind::InvalidArgument);
    for text in ["", "{}", "[1]", r#"{"version":9,"walk":0,"users":0,"requests":0,"lanes":[]}"#] {
        let error = match text.parse::<EveryonePosition>() {
            Ok(position) => refused(list(&tenant).everyone().resume(position)),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
    }
    assert_eq!(tenant.requests().len(), 0);
}

#[test]
fn memory_does_not_grow_with_the_number_of_users() {
    let tenant = tenant_of(Tenant::builder(), (0..3_000).map(|number| number * 10));
    tenant.clock().block_on(async {
        let mut everyone = list(&tenant).everyone();
        let mut longest = 0;
        while everyone.try_next().await.unwrap().is_some() {
            longest = longest.max(everyone.position().to_string().len());
        }
        assert!(longest < 8_000, "a position of {longest} bytes");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn every_user_of_any_tenant_is_returned_once(
        bursts in prop::collection::vec((0_i64..50_000, 1_usize..300), 0..12),
        per_page in 1_u32..40,
        parallel in 1_usize..5,
        (ranges, wildcards) in (any::<bool>(), any::<bool>()),
    ) {
        let times = bursts.iter().flat_map(|(time, count)| std::iter::repeat_n(*time, *count));
        let builder = Tenant::builder().search_user_id_ranges(ranges).search_user_id_wildcards(wildcards);
        let tenant = tenant_of(builder, times);
        // An instant of fewer than 1000 users can be listed by offset.
        let (ids, _) = walk(&tenant, list(&tenant).per_page(per_page).everyone().parallel(parallel)).unwrap();
        prop_assert_eq!(ids, all_ids(&tenant));
    }
}

#[test]
fn a_server_without_totals_is_walked_to_the_end() {
    let tenant = tenant_of(Tenant::builder(), (0..730).map(|number| number / 9 * 50));
    let server = tenant.clone();
    // It returns bare arrays, of 40 users at most.
    let transport = users_core::transport_fn(move |request, _| {
        let target = request
            .uri()
            .to_string()
            .replace("include_totals=true", "")
            .replace("per_page=100", "per_page=40");
        let (mut parts, body) = request.into_parts();
        parts.uri = target.parse().unwrap();
        let answer = server.handle(http::Request::from_parts(parts, body)).map(users_core::Body::from);
        async { Ok(answer) }
    });
    let builder =
        users_core::ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).build().unwrap();
    let (ids, _) = walk(&tenant, client.users().get_all().everyone()).unwrap();
    assert_eq!(ids, all_ids(&tenant));
}
