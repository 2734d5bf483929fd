//! Clients whose operator limits their rate, below what the tenant allows.

use futures_util::future::{join, join_all, poll_immediate, select};
use std::future::{Future, IntoFuture as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::{
    AdaptivePacer, Clock as _, ErrorKind, HttpTransport as _, ManagementClient, SystemClock, transport_fn,
};
use users_mock::{Bucket, Limits, Tenant};

/// A tenant with one user, and a client that sends at most this many requests per second.
fn paced(limits: Limits, per_second: f64) -> (Tenant, ManagementClient) {
    let tenant = Tenant::builder().users(1).limits(limits).build();
    let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).max_rate(per_second).build().unwrap();
    (tenant, client)
}

/// Sends one read after another until this moment.
async fn read_until(client: &ManagementClient, tenant: &Tenant, end: Duration) {
    while tenant.clock().elapsed() < end {
        client.users().get(&tenant.user_ids()[0]).await.unwrap();
    }
}

async fn read(client: &ManagementClient, tenant: &Tenant, calls: usize) {
    let id = &tenant.user_ids()[0];
    let reads = (0..calls).map(|_| client.users().get(id).into_future());
    join_all(reads).await.into_iter().for_each(|read| drop(read.unwrap()));
}

async fn delete(client: &ManagementClient, calls: usize) {
    let deletions = (0..calls).map(|_| client.users().delete("auth0|nobody").into_future());
    join_all(deletions).await.into_iter().for_each(|deletion| deletion.unwrap());
}

#[test]
fn a_client_sends_at_its_highest_rate_and_not_above_it() {
    for (per_second, burst) in [(0.5, 1), (1.0, 1), (2.5, 2), (5.0, 5), (40.0, 40)] {
        let tenant = Tenant::builder().users(1).build();
        let times = Arc::new(Mutex::new(Vec::new()));
        let (inner, log, clock) = (tenant.clone(), Arc::clone(&times), tenant.clock());
        let transport = transport_fn(move |request, timeout| {
            log.lock().unwrap().push(clock.elapsed().as_secs_f64());
            let inner = inner.clone();
            async move { inner.send(request, timeout).await }
        });
        let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
        let client = builder.token(tenant.management_token()).max_rate(per_second).build().unwrap();
        let minute = Duration::from_secs(60);
        tenant.clock().block_on(join_all((0..50).map(|_| read_until(&client, &tenant, minute))));
        let times = times.lock().unwrap();
        let sent = times.iter().filter(|time| **time < 60.0).count() as f64;
        assert!(sent >= 0.97 * 60.0 * per_second, "{per_second}: {sent}");
        assert!(sent <= 60.0 * per_second + f64::from(burst), "{per_second}: {sent}");
        for (from, start) in times.iter().enumerate() {
            for (until, end) in times.iter().enumerate().skip(from) {
                let most = (end - start) * per_second + f64::from(burst);
                assert!((until - from + 1) as f64 <= most + 1e-6, "{per_second}: {start} to {end}");
            }
        }
    }
}

#[test]
fn clones_of_a_client_and_of_a_pacer_share_the_rate() {
    let (tenant, client) = paced(Limits::none(), 5.0);
    let clone = client.clone();
    tenant.clock().block_on(join(read(&client, &tenant, 50), read(&clone, &tenant, 55)));
    assert_eq!(tenant.clock().elapsed(), Duration::from_secs(20), "5 at once, then 100 at 5 per second");

    let tenant = Tenant::builder().users(1).build();
    let pacer = AdaptivePacer::new(tenant.clock()).max_rate(5.0).unwrap();
    let client = || {
        let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain()).clock(tenant.clock());
        builder.token(tenant.management_token()).pacer(pacer.clone()).build().unwrap()
    };
    let (one, other) = (client(), client());
    tenant.clock().block_on(join(read(&one, &tenant, 50), read(&other, &tenant, 55)));
    assert_eq!(tenant.clock().elapsed(), Duration::from_secs(20));
}

#[test]
fn reads_writes_and_deletes_are_counted_together_and_sent_in_order() {
    for reads_first in [true, false] {
        let (tenant, client) = paced(Limits::none(), 10.0);
        let (users, id, clock) = (client.users(), tenant.user_ids().remove(0), tenant.clock());
        clock.block_on(async {
            // Until then 2 per second are assumed for each group.
            let metadata = || users.update_user_metadata(&id, serde_json::json!({"plan": "gold"}));
            metadata().await.unwrap();
            join(read(&client, &tenant, 1), delete(&client, 1)).await;
            clock.sleep(Duration::from_secs(1)).await;
            let before = clock.elapsed();
            let between = async {
                // It is polled before the others whenever a second permit is due.
                let ticks = pin!(async {
                    loop {
                        clock.sleep(Duration::from_millis(200)).await;
                    }
                });
                select(pin!(metadata().into_future()), ticks).await;
                clock.elapsed() - before
            };
            let first = async {
                if reads_first { read(&client, &tenant, 100).await } else { delete(&client, 100).await }
            };
            let last = async {
                if reads_first { delete(&client, 50).await } else { read(&client, &tenant, 50).await }
            };
            let mut first = pin!(first);
            assert!(poll_immediate(&mut first).await.is_none());
            let (updated, _) = join(between, join(first, last)).await;
            assert_eq!(updated, Duration::from_millis(9_100), "10 at once, then 90 and this one");
            assert_eq!(clock.elapsed() - before, Duration::from_millis(14_100));
        });
    }
}

#[test]
fn the_rate_is_never_raised_above_what_the_tenant_allows() {
    for limits in [Limits::free(), Limits::essentials(), Limits::enterprise()] {
        let elapsed = |client: ManagementClient, tenant: &Tenant| {
            tenant.clock().block_on(read(&client, tenant, 300));
            assert!(tenant.requests().iter().all(|request| request.status == 200));
            tenant.clock().elapsed()
        };
        let (tenant, capped) = paced(limits.clone(), 1000.0);
        let with = elapsed(capped, &tenant);
        let tenant = Tenant::builder().users(1).limits(limits).build();
        assert_eq!(with, elapsed(tenant.management(), &tenant));
    }
}

#[test]
fn a_call_whose_time_does_not_suffice_fails_at_once_with_the_wait() {
    let (tenant, client) = paced(Limits::none(), 5.0);
    let (users, id, clock) = (client.users(), tenant.user_ids().remove(0), tenant.clock());
    clock.block_on(async {
        read(&client, &tenant, 5).await;
        let error = users.get(&id).timeout(Duration::from_millis(150)).await.unwrap_err();
        assert!(error.is_rate_limited() && error.attempts() == 0, "{error}");
        assert_eq!(error.retry_after(), Some(Duration::from_millis(200)));
        assert_eq!(clock.elapsed(), Duration::ZERO);

        let answers = join_all((0..100).map(|_| {
            let (call, clock) = (users.get(&id).timeout(Duration::from_millis(10_100)), clock.clone());
            async move { (call.await, clock.elapsed()) }
        }));
        let answers = answers.await;
        let (succeeded, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(answer, _)| answer.is_ok());
        assert_eq!(succeeded.len(), 50);
        assert!(refused.iter().all(|(_, after)| after.is_zero()));
        let wait = refused[0].0.as_ref().unwrap_err().retry_after().unwrap();
        assert_eq!(wait, Duration::from_millis(10_200));
        assert_eq!(tenant.requests().len(), 55);
    });
}

#[test]
fn calls_of_another_group_count_in_a_deadline_only_as_far_as_they_come_first() {
    // One deletion per minute, while reads have no limit.
    let (tenant, client) = paced(Limits::none().delete(Bucket::per_minute(1, 1)), 5.0);
    let (users, id, clock) = (client.users(), tenant.user_ids().remove(0), tenant.clock());
    clock.block_on(async {
        read(&client, &tenant, 1).await;
        delete(&client, 1).await;
        clock.sleep(Duration::from_secs(2)).await;
        let before = clock.elapsed();
        let deletions = delete(&client, 5);
        let reads = async {
            // The deletions wait for a minute each.
            users.get(&id).timeout(Duration::from_millis(10)).await.unwrap();
            assert_eq!(clock.elapsed(), before);
            let hundred = read(&client, &tenant, 100);
            let deletion = async {
                let answer = users.delete("auth0|nobody").timeout(Duration::from_secs(10)).await;
                assert!(answer.unwrap_err().is_rate_limited());
                assert_eq!(clock.elapsed(), before, "it fails at once");
            };
            let update = async {
                let metadata = serde_json::json!({"plan": "gold"});
                let late = users.update_user_metadata(&id, metadata.clone()).timeout(Duration::from_secs(10));
                assert!(late.await.unwrap_err().is_rate_limited(), "a hundred reads come first");
                assert_eq!(clock.elapsed(), before, "it fails at once");
                let fits = users.update_user_metadata(&id, metadata).timeout(Duration::from_secs(25));
                fits.await.unwrap();
            };
            join(hundred, join(deletion, update)).await;
            assert!(clock.elapsed() - before < Duration::from_secs(21), "{:?}", clock.elapsed() - before);
        };
        join(deletions, reads).await;
    });
}

#[test]
fn a_call_that_is_cancelled_takes_nothing_from_the_rate() {
    let (tenant, client) = paced(Limits::none(), 1.0);
    let (users, id, clock) = (client.users(), tenant.user_ids().remove(0), tenant.clock());
    clock.block_on(async {
        read(&client, &tenant, 1).await;
        for _ in 0..20 {
            let call = users.get(&id).into_future();
            select(call, clock.sleep(Duration::from_millis(10))).await;
        }
        read(&client, &tenant, 1).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(1));
    });
}

#[test]
fn a_rate_that_is_raised_applies_to_calls_that_wait_already() {
    let (tenant, clock) = {
        let tenant = Tenant::builder().users(1).build();
        let clock = tenant.clock();
        (tenant, clock)
    };
    let pacer = AdaptivePacer::new(clock.clone()).max_rate(0.001).unwrap();
    let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain()).clock(clock.clone());
    let client = builder.token(tenant.management_token()).pacer(pacer.clone()).build().unwrap();
    clock.block_on(join(read(&client, &tenant, 11), async {
        clock.sleep(Duration::from_secs(1)).await;
        pacer.max_rate(10.0).unwrap();
    }));
    assert_eq!(clock.elapsed(), Duration::from_secs(1));
}

#[test]
fn a_queue_wakes_its_head_and_not_everyone() {
    let (tenant, client) = paced(Limits::none(), 5.0);
    let (users, id) = (client.users(), tenant.user_ids().remove(0));
    let polls = AtomicUsize::new(0);
    let calls = (0..1000).map(|_| async {
        let mut call = pin!(users.get(&id).into_future());
        poll_fn(|context| {
            polls.fetch_add(1, Ordering::Relaxed);
            call.as_mut().poll(context)
        })
        .await
        .unwrap();
    });
    tenant.clock().block_on(join_all(calls));
    let polls = polls.into_inner();
    assert!(polls < 30_000, "{polls} polls of 1000 calls");
}

#[test]
fn a_rate_that_is_not_positive_and_finite_is_refused() {
    for wrong in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let pacer = AdaptivePacer::new(SystemClock::new()).max_rate(wrong);
        let tenant = Tenant::builder().build();
        let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain());
        let built = builder.token(tenant.management_token()).max_rate(wrong).build();
        for error in [pacer.unwrap_err(), built.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(&wrong.to_string()), "{error}");
        }
    }
    let tenant = Tenant::builder().build();
    let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain());
    let both = builder.token("token").pacer(AdaptivePacer::new(tenant.clock())).max_rate(5.0).build();
    assert!(both.unwrap_err().to_string().contains("max_rate"), "which one applies is not guessed");
}

#[test]
fn extreme_rates_neither_overflow_nor_send_faster() {
    let (tenant, client) = paced(Limits::none(), f64::MAX);
    tenant.clock().block_on(read(&client, &tenant, 1000));
    let (tenant, client) = paced(Limits::none(), f64::MIN_POSITIVE);
    tenant.clock().block_on(async {
        read(&client, &tenant, 1).await;
        let call = client.users().get(&tenant.user_ids()[0]).timeout(Duration::from_secs(1_000_000));
        assert!(call.await.unwrap_err().is_rate_limited());
    });
}
