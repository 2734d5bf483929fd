//! Clients that pace themselves to a tenant's rate limits: the allowance is used, and few requests are rate limited.

use futures_util::future::{join, join_all};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{HeaderMap, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::management::{DeleteUser, GetUser, UpdateUser};
use users_core::{
    Access, AdaptivePacer, Body, Clock as _, Descriptor, ErrorKind, ManagementClient, PaceRequest,
    Pacer as _, Permit, Retry, transport_fn,
};
use users_mock::{Bucket, FaultyTransport, Limits, MockTransport, Tenant, VirtualClock};

/// Starts this number of calls at once; returns how many succeed.
async fn at_once(client: &ManagementClient, tenant: &Tenant, calls: usize) -> usize {
    let id = &tenant.user_ids()[0];
    let users = client.users();
    let answers = join_all((0..calls).map(|_| users.get(id).into_future())).await;
    answers.iter().filter(|answer| answer.is_ok()).count()
}

#[test]
fn a_burst_is_sent_at_once_if_the_tenant_allows_it() {
    let tenant = Tenant::builder().users(1).limits(Limits::enterprise()).build();
    let client = tenant.management();
    tenant.clock().block_on(async {
        assert_eq!(at_once(&client, &tenant, 30).await, 30);
        assert!(tenant.clock().elapsed() < Duration::from_secs(1), "{:?}", tenant.clock().elapsed());
    });
}

#[test]
fn calls_to_a_tenant_without_limits_are_not_delayed() {
    let tenant = Tenant::builder().users(1).build();
    let client = tenant.management();
    tenant.clock().block_on(async {
        assert_eq!(at_once(&client, &tenant, 1000).await, 1000);
        assert!(tenant.clock().elapsed() < Duration::from_millis(10), "{:?}", tenant.clock().elapsed());
    });
}

#[test]
fn the_estimates_of_the_limits_can_be_read() {
    for (limits, buckets) in [
        (Limits::enterprise(), vec![(vec![Access::Read, Access::Write, Access::Delete], 50, 16.0)]),
        (
            Limits::essentials(),
            vec![
                (vec![Access::Read], 40, 500.0 / 60.0),
                (vec![Access::Write], 20, 200.0 / 60.0),
                (vec![Access::Delete], 20, 200.0 / 60.0),
            ],
        ),
    ] {
        let tenant = Tenant::builder().users(1).limits(limits).build();
        let client = tenant.management();
        assert!(client.rate_limit().is_empty());
        let users = client.users();
        let id = &tenant.user_ids()[0];
        tenant.clock().block_on(async {
            let reads = join_all((0..300).map(|_| users.get(id).into_future()));
            let writes =
                join_all((0..100).map(|_| {
                    users.update_user_metadata(id, serde_json::json!({"plan": "gold"})).into_future()
                }));
            // More deletes than updates, so that the two buckets do not look like one.
            let deletes = join_all((0..140).map(|call| users.delete(format!("auth0|{call}")).into_future()));
            join(reads, join(writes, deletes)).await;
        });
        let known = client.rate_limit();
        assert_eq!(known.len(), buckets.len(), "{known:?}");
        for (known, (groups, limit, per_second)) in known.iter().zip(buckets) {
            assert_eq!((&known.groups, known.limit, known.paused), (&groups, limit, None));
            assert!((known.per_second / per_second - 1.0).abs() < 0.2, "{known:?}: {per_second}");
            assert!(known.remaining <= limit);
        }
    }
}

/// The headers of a response.
fn reported(limit: u32, remaining: u32) -> HeaderMap {
    let headers = [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining)];
    headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.into())).collect()
}

async fn acquire(pacer: &AdaptivePacer, descriptor: &Descriptor) -> Permit {
    pacer.acquire(&PaceRequest::new(descriptor)).await.unwrap()
}

/// Acquires a permit, uses it and reports this response.
async fn exchange(pacer: &AdaptivePacer, status: StatusCode, headers: &HeaderMap) {
    let mut permit = acquire(pacer, GetUser::DESCRIPTOR).await;
    permit.used();
    pacer.observe(&permit, status, headers);
}

fn is_free(pacer: &AdaptivePacer) -> bool {
    acquire(pacer, GetUser::DESCRIPTOR).now_or_never().is_some()
}

#[test]
fn two_requests_are_sent_at_once_before_the_first_response() {
    let clock = VirtualClock::new();
    let pacer = AdaptivePacer::new(clock.clone());
    let mut permits: Vec<Permit> = Vec::new();
    clock.block_on(async {
        for _ in 0..2 {
            permits.push(acquire(&pacer, GetUser::DESCRIPTOR).await);
        }
        permits.iter_mut().for_each(Permit::used);
        assert_eq!(clock.elapsed(), Duration::ZERO);
        let before = clock.elapsed();
        acquire(&pacer, UpdateUser::DESCRIPTOR).await.used();
        assert!(clock.elapsed() - before > Duration::from_millis(400), "{:?}", clock.elapsed());
    });
}

#[test]
fn an_error_without_headers_does_not_mean_that_there_is_no_limit() {
    let clock = VirtualClock::new();
    clock.block_on(async {
        let pacer = AdaptivePacer::new(clock.clone());
        exchange(&pacer, StatusCode::NOT_FOUND, &HeaderMap::new()).await;
        let acquired = (0..10).take_while(|_| {
            acquire(&pacer, GetUser::DESCRIPTOR).now_or_never().map(|mut p| p.used()).is_some()
        });
        assert!(acquired.count() < 3);

        let pacer = AdaptivePacer::new(clock.clone());
        exchange(&pacer, StatusCode::OK, &HeaderMap::new()).await;
        assert!(
            (0..10).all(|_| is_free(&pacer)),
            "a success without limit headers means that there is no limit"
        );
    });
}

#[test]
fn no_call_waits_forever_whatever_limits_a_server_reports() {
    for (status, limit, remaining, reset) in [
        (200, "0", "0", "0"),
        (200, "1", "0", "99999999999999999999"),
        (200, "50", "4000", "-1"),
        (200, "18446744073709551615", "18446744073709551615", "18446744073709551615"),
        (200, "18446744073709551615", "0", "1"),
        (200, "-5", "x", ""),
        (429, "0", "0", "18446744073709551615"),
        (429, "50", "50", "0"),
        (429, "1", "1", "9223372036854775807"),
    ] {
        let clock = VirtualClock::new();
        let pacer = AdaptivePacer::new(clock.clone());
        let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
        let headers = names.into_iter().zip([limit, remaining, reset]);
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        clock.block_on(async {
            for _ in 0..20 {
                exchange(&pacer, StatusCode::from_u16(status).unwrap(), &headers).await;
            }
        });
        // After a 429 no call waits longer than an hour.
        let most = Duration::from_secs(if status == 429 { 20 * 3700 } else { 20 * 70 });
        assert!(clock.elapsed() < most, "{status} {limit} {remaining} {reset}: {:?}", clock.elapsed());
        assert!(pacer.limits().iter().all(|known| known.per_second.is_finite()));
    }
}

#[test]
fn a_server_that_reports_ever_new_limits_leaves_a_bounded_number_of_estimates() {
    let clock = VirtualClock::new();
    let pacer = AdaptivePacer::new(clock.clone());
    clock.block_on(async {
        for limit in 1..500 {
            exchange(&pacer, StatusCode::OK, &reported(limit, limit)).await;
        }
    });
    assert!(pacer.limits().len() <= 8, "{}", pacer.limits().len());
}

#[test]
fn calls_may_be_awaited_in_the_loop_over_a_buffered_stream() {
    for write_in_the_loop in [false, true] {
        let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
        let (users, id) = (tenant.management().users(), tenant.user_ids().remove(0));
        tenant.clock().block_on(async {
            // While the loop awaits its own call, the calls of the stream are not polled.
            let calls = (0..20).map(|_| users.get(&id).into_future());
            let mut reads = futures_util::stream::iter(calls).buffered(8);
            while let Some(user) = reads.next().await {
                user.unwrap();
                if write_in_the_loop {
                    users.delete("auth0|nobody").await.unwrap();
                } else {
                    users.get(&id).await.unwrap();
                }
            }
        });
        let elapsed = tenant.clock().elapsed();
        assert!(elapsed < Duration::from_secs(40), "40 requests at 2 per second: {elapsed:?}");
    }
}

#[test]
fn calls_that_are_no_longer_polled_do_not_block_others() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let client = tenant.management();
    let (users, id) = (client.users(), tenant.user_ids().remove(0));
    tenant.clock().block_on(async {
        at_once(&client, &tenant, 6).await;
        let mut parked: Vec<_> = (0..3).map(|_| users.get(&id).into_future()).collect();
        for call in &mut parked {
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(
                    std::pin::Pin::new(&mut *call).poll(context).is_pending()
                ))
                .await
            );
        }
        let mut polls = 0;
        let mut delete = Box::pin(users.delete("auth0|nobody").into_future());
        let counted = std::future::poll_fn(|context| {
            polls += 1;
            delete.as_mut().poll(context)
        });
        counted.await.unwrap();
        assert!(polls < 20, "{polls} polls");
        users.get(&id).await.unwrap();
        join_all(parked).await.into_iter().for_each(|call| drop(call.unwrap()));
    });
}

#[test]
fn calls_without_a_deadline_wait_as_long_as_necessary() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let (client, neighbour) = (tenant.management(), tenant.management());
    let clock = tenant.clock();
    clock.block_on(async {
        let busy = async {
            for _ in 0..20 {
                at_once(&neighbour, &tenant, 100).await;
                clock.sleep(Duration::from_secs(3)).await;
            }
        };
        let slow_caller = async {
            loop {
                at_once(&client, &tenant, 1).await;
                clock.sleep(Duration::from_secs(5)).await;
            }
        };
        futures_util::future::select(Box::pin(busy), Box::pin(slow_caller)).await;
        clock.sleep(Duration::from_secs(30)).await;
        let before = clock.elapsed();
        let one = client.users().get(&tenant.user_ids()[0]).timeout(Duration::from_secs(10)).await;
        assert!(one.is_ok(), "the other client is idle and the bucket is full again: {one:?}");
        assert!(clock.elapsed() - before < Duration::from_secs(2));
        assert_eq!(at_once(&client, &tenant, 1000).await, 1000);
    });
}

#[test]
fn calls_that_fit_into_their_deadline_are_not_refused() {
    let tenant = Tenant::builder().users(1).limits(Limits::private_cloud()).build();
    let (users, id, clock) = (tenant.management().users(), tenant.user_ids().remove(0), tenant.clock());
    clock.block_on(async {
        for _ in 0..20 {
            users.get(&id).await.unwrap();
            clock.sleep(Duration::from_secs(1)).await;
        }
        // The 450 calls beyond the burst take 9 s.
        let calls = (0..500).map(|_| users.get(&id).timeout(Duration::from_millis(13_500)).into_future());
        let succeeded = join_all(calls).await.iter().filter(|call| call.is_ok()).count();
        assert_eq!(succeeded, 500);
    });
}

#[test]
fn a_larger_bucket_is_used_within_seconds() {
    for before in [Limits::free(), Limits::enterprise_development(), Limits::essentials()] {
        let tenant = Tenant::builder().users(1).limits(before.clone()).build();
        let client = tenant.management();
        let clock = tenant.clock();
        let users = client.users();
        let work = async {
            join_all((0..64).map(|_| async {
                while clock.elapsed() < Duration::from_secs(130) {
                    users.delete("auth0|nobody").await.unwrap();
                }
            }))
            .await;
        };
        let change = async {
            clock.sleep(Duration::from_secs(100)).await;
            tenant.set_limits(Limits::enterprise());
            clock.sleep(Duration::from_secs(10)).await;
            let sent = tenant.requests().len();
            clock.sleep(Duration::from_secs(20)).await;
            tenant.requests().len() - sent
        };
        let ((), in_twenty_seconds) = clock.block_on(join(work, change));
        assert!((290..=350).contains(&in_twenty_seconds), "{before:?}: {in_twenty_seconds} of 320");
    }
}

#[test]
fn a_gateway_that_sends_only_retry_after_is_respected() {
    /// Fifty requests in each five seconds.
    #[derive(Default)]
    struct Gateway {
        window: u64,
        taken: u32,
        refused: u32,
    }
    let (clock, gateway) = (VirtualClock::new(), Arc::new(Mutex::new(Gateway::default())));
    let (time, at_work) = (clock.clone(), Arc::clone(&gateway));
    let transport = transport_fn(move |_, _| {
        let (clock, gateway) = (time.clone(), Arc::clone(&at_work));
        async move {
            clock.sleep(Duration::from_millis(50)).await;
            let mut gateway = gateway.lock().unwrap();
            let window = clock.elapsed().as_secs() / 5;
            if gateway.window != window {
                (gateway.window, gateway.taken) = (window, 0);
            }
            gateway.taken += 1;
            let answer = http::Response::builder();
            if gateway.taken > 50 {
                gateway.refused += 1;
                return Ok(answer.status(429).header("retry-after", "5").body(Body::default()).unwrap());
            }
            Ok(answer.body(Body::from("{}")).unwrap())
        }
    });
    let builder = ManagementClient::builder(transport).domain("tenant.example.com").clock(clock.clone());
    let users = builder.token("token").build().unwrap().users();
    let callers = (0..64).map(|_| async {
        for _ in 0..20 {
            users.get("auth0|1").await.unwrap();
        }
    });
    clock.block_on(join_all(callers));
    let refused = gateway.lock().unwrap().refused;
    assert!(refused < 130, "{refused} of 1280 calls were rate limited");
}

#[test]
fn a_429_without_a_limit_pauses_the_whole_group() {
    let clock = VirtualClock::new();
    let pacer = AdaptivePacer::new(clock.clone());
    let half_a_minute = [("retry-after".parse().unwrap(), "30".parse().unwrap())].into_iter().collect();
    clock.block_on(async {
        exchange(&pacer, StatusCode::OK, &HeaderMap::new()).await;
        exchange(&pacer, StatusCode::TOO_MANY_REQUESTS, &half_a_minute).await;
        let before = clock.elapsed();
        acquire(&pacer, GetUser::DESCRIPTOR).await.used();
        assert_eq!(clock.elapsed() - before, Duration::from_secs(30));
    });
}

#[test]
fn a_permit_that_is_dropped_unused_delays_no_later_call() {
    let waited = |drops: u32| {
        let clock = VirtualClock::new();
        let pacer = AdaptivePacer::new(clock.clone());
        clock.block_on(async {
            exchange(&pacer, StatusCode::OK, &reported(50, 5)).await;
            clock.sleep(Duration::from_secs(2)).await;
            for _ in 0..drops {
                drop(acquire(&pacer, GetUser::DESCRIPTOR).await);
            }
            let before = clock.elapsed();
            acquire(&pacer, GetUser::DESCRIPTOR).await.used();
            clock.elapsed() - before
        })
    };
    assert_eq!(waited(1), waited(0));
}

#[test]
fn a_bucket_that_is_always_full_has_a_finite_rate() {
    let clock = VirtualClock::new();
    let pacer = AdaptivePacer::new(clock.clone());
    clock.block_on(async {
        for _ in 0..30 {
            exchange(&pacer, StatusCode::OK, &reported(50, 50)).await;
        }
    });
    assert!(pacer.limits()[0].per_second.is_finite(), "{:?}", pacer.limits());
}

#[test]
fn a_permit_that_is_dropped_unused_is_returned() {
    let clock = VirtualClock::new();
    let pacer = AdaptivePacer::new(clock.clone());
    clock.block_on(async {
        exchange(&pacer, StatusCode::OK, &reported(2, 1)).await;
        clock.sleep(Duration::from_secs(60)).await;
        let left = || pacer.limits()[0].remaining;
        assert_eq!(left(), 2);
        let permit = acquire(&pacer, GetUser::DESCRIPTOR).await;
        assert_eq!(left(), 1);
        drop(permit);
        assert_eq!(left(), 2);
        let mut permit = acquire(&pacer, GetUser::DESCRIPTOR).await;
        permit.used();
        drop(permit);
        assert_eq!(left(), 1, "the permit of a request that was sent is not returned");
    });
}

#[test]
fn a_requested_delay_applies_to_all_calls_of_its_bucket() {
    let mock = MockTransport::new();
    let headers = |mock: &MockTransport| {
        mock.expect(GetUser::DESCRIPTOR)
            .status(429)
            .header("retry-after", "30")
            .header("x-ratelimit-limit", "40")
            .header("x-ratelimit-remaining", "0");
        mock.expect(DeleteUser::DESCRIPTOR)
            .status(204)
            .header("x-ratelimit-limit", "20")
            .header("x-ratelimit-remaining", "19")
            .always();
        mock.expect(GetUser::DESCRIPTOR)
            .json("{}")
            .header("x-ratelimit-limit", "40")
            .header("x-ratelimit-remaining", "9")
            .always();
    };
    headers(&mock);
    let client = mock.management();
    let users = client.users();
    mock.clock().block_on(async {
        users.delete("auth0|1").await.unwrap();
        let before = mock.clock().elapsed();
        let first = users.get("auth0|1").timeout(Duration::from_secs(5)).await.unwrap_err();
        assert!(first.is_rate_limited());

        let second = users.get("auth0|2").timeout(Duration::from_secs(5)).await.unwrap_err();
        assert_eq!((second.kind(), second.attempts()), (ErrorKind::RateLimited, 0));
        assert_eq!(second.retry_after(), Some(Duration::from_secs(30)));
        assert_eq!(
            second.to_string(),
            "GET /users/{id}: the rate limit requires a wait of 30.0 s, longer than the call may take; call again after that, \
             or raise its timeout or max_server_delay (retry after 30 s)"
        );
        assert!(mock.clock().elapsed() - before < Duration::from_millis(100), "it fails at once");
        let paused = client.rate_limit().into_iter().find(|known| known.limit == 40).unwrap();
        assert_eq!(paused.paused, Some(Duration::from_secs(30)));

        users.delete("auth0|3").await.unwrap();
        assert!(mock.clock().elapsed() < Duration::from_secs(1), "deletes have a separate bucket");
        users.get("auth0|4").await.unwrap();
        assert!(mock.clock().elapsed() >= Duration::from_secs(30));
    });
}

#[test]
fn clients_with_the_same_pacer_share_its_limits() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let pacer = AdaptivePacer::new(tenant.clock());
    let client = || {
        let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain()).clock(tenant.clock());
        builder.token(tenant.management_token()).pacer(pacer.clone()).build().unwrap()
    };
    let (one, other) = (client(), client());
    tenant.clock().block_on(join(at_once(&one, &tenant, 50), at_once(&other, &tenant, 50)));
    assert!(tenant.requests().iter().all(|request| request.status == StatusCode::OK));
    assert_eq!(one.rate_limit(), other.rate_limit());
}

#[test]
fn calls_are_sent_in_order_and_dropped_calls_are_skipped() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let calls = (0..40).map(|call| {
            let call_itself = users.delete(format!("auth0|{call:02}")).into_future();
            let short_timeout = tenant.clock().sleep(Duration::from_millis(1));
            async move {
                if call % 4 == 3 {
                    futures_util::future::select(call_itself, short_timeout).await;
                } else {
                    call_itself.await.unwrap();
                }
            }
        });
        join_all(calls).await;
    });
    let sent = tenant.requests().into_iter().map(|request| request.target);
    let sent: Vec<String> = sent.filter(|target| target.contains("/users/")).collect();
    assert_eq!(sent.len(), 30, "{sent:?}");
    assert!(sent.is_sorted(), "{sent:?}");
}

#[test]
fn a_call_whose_permit_would_come_too_late_fails_at_once() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let client = tenant.management();
    let (users, id, clock) = (client.users(), tenant.user_ids().remove(0), tenant.clock());
    clock.block_on(async {
        at_once(&client, &tenant, 40).await;
        let started = clock.elapsed();
        let answers = join_all((0..500).map(|_| {
            let (call, clock) = (users.get(&id).timeout(Duration::from_secs(20)), clock.clone());
            async move { (call.await, clock.elapsed() - started) }
        }))
        .await;
        let (succeeded, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(answer, _)| answer.is_ok());
        assert!((35..50).contains(&succeeded.len()), "{}", succeeded.len());
        let at_once = refused.iter().filter(|(_, after)| after.is_zero()).collect::<Vec<_>>();
        assert!(at_once.len() > 400, "{}", at_once.len());
        let error = at_once.last().unwrap().0.as_ref().unwrap_err();
        assert!(error.is_rate_limited() && error.attempts() == 0, "{error}");
        assert!(error.retry_after().unwrap() > Duration::from_secs(20));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_waiting_call_is_lost_on_many_threads() {
    let limits = Limits::none().global(Bucket::per_second(500, 500));
    let tenant = Tenant::builder().system_clock().users(1).limits(limits).build();
    let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain());
    let client = builder.token(tenant.management_token()).build().unwrap();
    let id = tenant.user_ids().remove(0);
    let tasks = (0..200).map(|task| {
        let (users, id) = (client.users(), id.clone());
        tokio::spawn(async move {
            let mut done = 0;
            for call in 0..8 {
                if (task + call) % 3 == 0 {
                    // The call is dropped before it ends.
                    let timeout = Duration::from_micros(137 * (task % 50));
                    let _ = tokio::time::timeout(timeout, users.delete("auth0|nobody").into_future()).await;
                }
                done += u32::from(if call % 2 == 0 {
                    users.get(&id).await.is_ok()
                } else {
                    users.delete("auth0|nobody").await.is_ok()
                });
            }
            done
        })
    });
    let all =
        tokio::time::timeout(Duration::from_secs(60), join_all(tasks)).await.expect("no call waits forever");
    let done: u32 = all.into_iter().map(|task| task.unwrap()).sum();
    assert_eq!(done, 1600);
}

#[test]
fn a_waiting_group_does_not_delay_another() {
    let limits = Limits::none().delete(Bucket::per_minute(1, 1)).read(Bucket::per_second(50, 50));
    let tenant = Tenant::builder().users(1).limits(limits).build();
    let client = tenant.management();
    let users = client.users();
    tenant.clock().block_on(async {
        users.delete("auth0|1").await.unwrap();
        let (_, read) = join(users.delete("auth0|2").into_future(), async {
            assert_eq!(at_once(&client, &tenant, 20).await, 20);
            tenant.clock().elapsed()
        })
        .await;
        assert!(read < Duration::from_secs(2), "{read:?}");
        assert!(tenant.clock().elapsed() > Duration::from_secs(50));
    });
}

#[test]
fn the_attempt_timeout_starts_after_the_permit_is_acquired() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let (inner, clock) = (tenant.clone(), tenant.clock());
    let slow = transport_fn(move |request, deadline| {
        let (inner, clock) = (inner.clone(), clock.clone());
        async move {
            clock.sleep(Duration::from_millis(800)).await;
            users_core::HttpTransport::send(&inner, request, deadline).await
        }
    });
    let builder = ManagementClient::builder(slow).domain(tenant.domain()).clock(tenant.clock());
    let client =
        builder.token(tenant.management_token()).attempt_timeout(Duration::from_secs(1)).build().unwrap();
    tenant.clock().block_on(async {
        assert_eq!(
            at_once(&client, &tenant, 20).await,
            20,
            "each call waited for seconds before it was sent"
        );
    });
}

#[test]
fn a_delay_beyond_the_limit_is_reported_at_once_to_every_call() {
    let limits = [("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "0")];
    for (retry, headers) in [
        (Retry::default().max_server_delay(Duration::from_secs(5)), limits.as_slice()),
        (Retry::default().max_server_delay(Duration::from_secs(5)), &[]),
        (Retry::never(), limits.as_slice()),
        (Retry::never(), &[]),
    ] {
        let mock = MockTransport::new();
        let expected = mock.expect(GetUser::DESCRIPTOR).status(429).header("retry-after", "3000");
        headers.iter().fold(expected, |expected, (name, value)| expected.header(name, value));
        mock.expect(GetUser::DESCRIPTOR).json("{}").always();
        let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").token("token");
        let users = builder.retry(retry).clock(mock.clock()).build().unwrap().users();
        mock.clock().block_on(async {
            for call in 0..3 {
                let error = users.get("auth0|1").await.unwrap_err();
                assert!(error.is_rate_limited() && error.is_retryable(), "call {call}: {error:?}");
                assert_eq!(error.retry_after(), Some(Duration::from_secs(3000)), "call {call}");
                assert_eq!(mock.clock().elapsed(), Duration::ZERO, "call {call}");
            }
            assert_eq!(mock.requests().len(), 1);
            // A call waits once the rest of the delay fits its limit, or is over.
            mock.clock().sleep(Duration::from_secs(3000)).await;
            users.get("auth0|1").await.unwrap();
        });
    }
}

#[test]
fn a_429_that_requests_no_delay_does_not_end_calls_that_never_retry() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).status(429);
    mock.expect(GetUser::DESCRIPTOR).json("{}").always();
    let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").token("token");
    let users = builder.retry(Retry::never()).clock(mock.clock()).build().unwrap().users();
    mock.clock().block_on(async {
        assert!(users.get("auth0|1").await.unwrap_err().is_rate_limited());
        users.get("auth0|1").await.unwrap();
    });
}

#[test]
fn calls_with_a_short_deadline_fail_at_once_with_the_wait() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let (users, id, clock) = (tenant.management().users(), tenant.user_ids().remove(0), tenant.clock());
    clock.block_on(async {
        for _ in 0..2 {
            users.get(&id).await.unwrap();
        }
        let started = clock.elapsed();
        let calls = (0..6).map(|_| users.get(&id).timeout(Duration::from_millis(400)).into_future());
        for error in join_all(calls).await.into_iter().map(Result::unwrap_err) {
            assert!(error.is_rate_limited() && error.attempts() == 0, "{error:?}");
            let wait =
                error.retry_after().expect("the wait, which a service can return as its own Retry-After");
            assert!((Duration::from_millis(400)..Duration::from_secs(10)).contains(&wait), "{wait:?}");
        }
        assert_eq!(clock.elapsed(), started);
    });
}

#[test]
fn calls_whose_deadline_passes_in_the_queue_are_rate_limited() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let latency = Duration::from_secs(1)..=Duration::from_secs(1);
    let slow = FaultyTransport::new(tenant.clone(), tenant.clock()).latency(latency);
    let builder = ManagementClient::builder(slow).domain(tenant.domain()).clock(tenant.clock());
    let users = builder.token(tenant.management_token()).build().unwrap().users();
    let id = tenant.user_ids().remove(0);
    tenant.clock().block_on(async {
        // There is no estimate of the limits yet, so the calls wait for the first responses.
        let calls = (0..6).map(|_| users.get(&id).timeout(Duration::from_millis(1100)).into_future());
        let errors: Vec<_> = join_all(calls).await.into_iter().filter_map(Result::err).collect();
        let limited: Vec<_> = errors.iter().filter(|error| error.is_rate_limited()).collect();
        assert!(limited.len() >= 2, "{errors:?}");
        assert!(limited.iter().all(|error| error.retry_after().is_some()), "{errors:?}");
    });
}

#[test]
fn a_delay_of_hours_or_days_applies_to_all_calls() {
    for (seconds, limit, waits) in [(100_000, 5, false), (7200, 3600 * 3, true)] {
        let mock = MockTransport::new();
        mock.expect(GetUser::DESCRIPTOR).status(429).header("retry-after", &seconds.to_string());
        mock.expect(GetUser::DESCRIPTOR).json("{}").always();
        let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").token("token");
        let retry = Retry::default().max_server_delay(Duration::from_secs(limit));
        let users = builder.retry(retry).clock(mock.clock()).build().unwrap().users();
        mock.clock().block_on(async {
            let first = users.get("auth0|1").timeout(Duration::from_secs(1)).await.unwrap_err();
            assert!(first.is_rate_limited(), "{first}");
            let second = users.get("auth0|1").await;
            assert_eq!(second.is_ok(), waits, "{second:?}");
            let elapsed = if waits { Duration::from_secs(seconds) } else { Duration::ZERO };
            assert_eq!(mock.clock().elapsed(), elapsed);
        });
    }
}
