//! A tenant with rate limits, and clients that wait for permits.

use futures_util::future::join_all;
use http::StatusCode;
use std::time::Duration;
use users_core::management::Confirm;
use users_core::{Clock as _, ManagementClient, Retry, Unpaced};
use users_mock::{Bucket, FaultyTransport, Limits, Tenant};

/// A client that neither paces nor retries.
fn unpaced(tenant: &Tenant) -> ManagementClient {
    let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain()).clock(tenant.clock());
    builder.token(tenant.management_token()).pacer(Unpaced::new()).retry(Retry::never()).build().unwrap()
}

#[test]
fn a_request_over_the_limit_is_answered_with_the_time_to_wait() {
    let tenant = Tenant::builder().users(1).limits(Limits::enterprise_development()).build();
    let client = unpaced(&tenant);
    let id = tenant.user_ids().remove(0);
    tenant.clock().block_on(async {
        for left in (0..10).rev() {
            let limits = client.users().get(&id).with_meta().await.unwrap().rate_limit().unwrap();
            assert_eq!((limits.limit, limits.remaining), (Some(10), Some(left)));
        }
        let refused = client.users().get(&id).await.unwrap_err();
        assert!(refused.is_rate_limited() && !refused.may_have_been_applied(), "{refused}");
        assert_eq!(refused.code(), Some("too_many_requests"));
        let limits = refused.rate_limit().unwrap();
        assert_eq!(limits.remaining, Some(0));
        assert_eq!(limits.reset, Some(tenant.clock().unix_now() + Duration::from_secs(1)));
        tenant.clock().sleep(Duration::from_millis(500)).await;
        assert!(client.users().get(&id).await.is_ok(), "the bucket gains two requests each second");
    });
}

#[test]
fn errors_report_no_limits_but_count_against_them() {
    let tenant = Tenant::builder().limits(Limits::none().read(Bucket::per_minute(2, 1))).build();
    let client = unpaced(&tenant);
    tenant.clock().block_on(async {
        for _ in 0..2 {
            let missing = client.users().get("auth0|nobody").await.unwrap_err();
            assert!(missing.is_not_found() && missing.rate_limit().is_none());
        }
        let refused = client.users().get("auth0|nobody").await.unwrap_err();
        assert_eq!(refused.message(), "Global per minute users_read group limit has been reached");
        client.users().delete("auth0|nobody").await.unwrap();
    });
}

#[test]
fn a_hundred_concurrent_calls_all_succeed_on_a_rate_limited_tenant() {
    for limits in [Limits::free(), Limits::essentials(), Limits::enterprise()] {
        let tenant = Tenant::builder().users(100).limits(limits.clone()).build();
        let users = tenant.management().users();
        let ids = tenant.user_ids();
        let answers = tenant.clock().block_on(join_all(ids.iter().map(|id| users.delete(id).into_future())));
        assert!(answers.iter().all(Result::is_ok), "{limits:?}");
        assert_eq!(tenant.user_count(), 0);
        let deleted =
            tenant.requests().iter().filter(|request| request.status == StatusCode::NO_CONTENT).count();
        assert_eq!(deleted, 100, "each user is deleted once: {limits:?}");
    }
}

#[test]
fn delete_all_waits_for_a_tenant_whose_limits_change_meanwhile() {
    let tenant = Tenant::builder().users(60).limits(Limits::enterprise()).build();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let mut all = users.delete_all(Confirm::tenant(tenant.domain()));
        let mut deleted = 0;
        while let Some(outcome) = all.next().await {
            outcome.unwrap().result.unwrap();
            deleted += 1;
            if deleted == 30 {
                tenant.set_limits(Limits::free());
            }
        }
        assert_eq!((deleted, tenant.user_count()), (60, 0));
    });
}

#[test]
fn a_tenant_without_limits_reports_none_and_does_not_slow_clients_down() {
    const CALLERS: u32 = 200;
    let tenant = Tenant::builder().users(1).build();
    let slow = FaultyTransport::new(tenant.clone(), tenant.clock())
        .latency(Duration::from_millis(150)..=Duration::from_millis(150));
    let builder = ManagementClient::builder(slow).domain(tenant.domain()).clock(tenant.clock());
    let users = builder.token(tenant.management_token()).build().unwrap().users();
    let id = tenant.user_ids().remove(0);
    tenant.clock().block_on(async {
        let started = tenant.clock().now();
        let caller = async || {
            for _ in 0..20 {
                users.get(&id).await.unwrap();
            }
        };
        join_all((0..CALLERS).map(|_| caller())).await;
        let taken = tenant.clock().now().saturating_since(started);
        let per_second = f64::from(CALLERS * 20) / taken.as_secs_f64();
        eprintln!("{per_second:.0} per second");
        // Each call takes 300 ms, and before the first response the client assumes the limits of the smallest tier.
        assert!(per_second > 0.9 * f64::from(CALLERS) / 0.3, "{per_second:.0} per second");
        assert_eq!(users.get(&id).with_meta().await.unwrap().rate_limit(), None);
    });
}
