//! One pacer for several processes, each of which is a store of its own here.

use crate::support::{client, redis, response};
use futures_util::future::join_all;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use users_core::management::UsersManager;
use users_core::{ErrorKind, Pacer as _, Retry, transport_fn};
use users_redis::{RedisPacer, RedisStore, WhenUnavailable};
use users_tests_redis::RedisServer;

const TENANT: &str = "tenant.eu.auth0.com";

fn pacer(server: &RedisServer) -> RedisPacer {
    RedisPacer::new(&RedisStore::open(&server.address()).unwrap(), TENANT)
}

/// Answers with a bucket of this size that is never empty.
fn answering(limit: &'static str, remaining: &'static str) -> impl users_core::HttpTransport {
    let headers = [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining)];
    transport_fn(move |_, _| async move { Ok(response(StatusCode::OK, &headers, "{}")) })
}

#[tokio::test]
async fn what_one_process_learns_from_a_response_the_others_know() {
    let Some(server) = RedisServer::start() else { return };
    let (first, second) = (pacer(&server), pacer(&server));
    client(answering("50", "49"), first.clone()).users().get("auth0|1").await.unwrap();
    // The response is reported with the next exchange, at once where a request waits.
    client(answering("50", "48"), first.clone()).users().get("auth0|1").await.unwrap();
    client(answering("50", "47"), second.clone()).users().get("auth0|1").await.unwrap();
    let limits = second.limits();
    assert_eq!(limits.iter().map(|limit| limit.limit).collect::<Vec<_>>(), [50], "{limits:?}");
    assert!((45..=50).contains(&limits[0].remaining), "{limits:?}");
}

#[tokio::test]
async fn a_429_of_one_process_holds_the_others_back() {
    let Some(server) = RedisServer::start() else { return };
    let headers = [("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "0"), ("retry-after", "30")];
    let limited = transport_fn(move |_, _| async move {
        Ok(response(
            StatusCode::TOO_MANY_REQUESTS,
            &headers,
            r#"{"message":"Global limit has been reached"}"#,
        ))
    });
    let first = pacer(&server);
    let error =
        client(limited, first.clone()).users().get("auth0|1").retry(Retry::never()).await.unwrap_err();
    assert!(error.is_rate_limited());
    first.close().await; // reports what is not reported yet

    let requests = Arc::new(AtomicUsize::new(0));
    let counting = counted(&requests);
    let second = client(counting, pacer(&server));
    let started = Instant::now();
    let error = second.users().get("auth0|1").timeout(Duration::from_secs(5)).await.unwrap_err();
    assert!(error.is_rate_limited(), "{error}");
    let wait = error.retry_after().unwrap();
    assert!((25..=31).contains(&wait.as_secs()), "{wait:?}");
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "it fails as soon as it is known that the wait is too long"
    );
    let error = second.users().get("auth0|1").retry(Retry::never()).await.unwrap_err();
    assert!(error.is_rate_limited(), "a call that accepts no delay fails at once: {error}");
    assert_eq!(requests.load(Ordering::Relaxed), 0);
}

fn counted(requests: &Arc<AtomicUsize>) -> impl users_core::HttpTransport {
    let requests = Arc::clone(requests);
    transport_fn(move |_, _| {
        requests.fetch_add(1, Ordering::Relaxed);
        async { Ok(response(StatusCode::OK, &[], "{}")) }
    })
}

#[tokio::test]
async fn a_tenant_without_limits_needs_few_exchanges() {
    let Some(server) = RedisServer::start() else { return };
    let requests = Arc::new(AtomicUsize::new(0));
    let client = client(counted(&requests), pacer(&server));
    for _ in 0..3 {
        let calls = (0..1000).map(|_| client.users().get("auth0|1").into_future());
        assert!(join_all(calls).await.iter().all(Result::is_ok));
    }
    assert_eq!(requests.load(Ordering::Relaxed), 3000);
    let evaluated = server.evaluated();
    assert!(evaluated < 100, "{evaluated} exchanges for 3000 requests");
}

#[tokio::test]
async fn without_redis_calls_go_on_unless_they_are_to_fail() {
    let Some(mut server) = RedisServer::start() else { return };
    server.kill();
    let alone = pacer(&server);
    let users = client(answering("50", "49"), alone.clone()).users();
    let started = Instant::now();
    users.get("auth0|1").await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    let reason = alone.unavailable().unwrap();
    assert!(reason.starts_with("Redis is unavailable: "), "{reason}");

    let strict = pacer(&server).when_unavailable(WhenUnavailable::Fail);
    let error = client(answering("50", "49"), strict).users().get("auth0|1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pacing, "{error}");
    assert!(!error.may_have_been_applied());

    server.restart();
    for _ in 0..200 {
        users.get("auth0|1").await.unwrap();
        if alone.unavailable().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Redis is not used again: {:?}", alone.unavailable());
}

#[tokio::test]
async fn a_call_with_less_time_than_an_exchange_may_take_does_not_fail_when_redis_hangs() {
    let Some(server) = RedisServer::start() else { return };
    let pacer = pacer(&server);
    let users = client(answering("50", "49"), pacer.clone()).users();
    users.get("auth0|1").await.unwrap();
    server.stop();
    for _ in 0..20 {
        // The time limit of the store is 250 ms.
        users.get("auth0|1").timeout(Duration::from_millis(150)).await.unwrap();
    }
    let reason = pacer.unavailable().unwrap();
    assert!(reason.starts_with("Redis is unavailable: it did not answer within"), "{reason}");
    server.go_on();
    for _ in 0..200 {
        users.get("auth0|1").timeout(Duration::from_millis(150)).await.unwrap();
        if pacer.unavailable().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Redis is not used again: {:?}", pacer.unavailable());
}

#[tokio::test]
async fn a_server_without_memory_counts_as_unavailable() {
    let Some(server) = RedisServer::with(&["--maxmemory", "100kb", "--maxmemory-policy", "noeviction"])
    else {
        return;
    };
    let pacer = pacer(&server);
    client(answering("50", "49"), pacer.clone()).users().get("auth0|1").await.unwrap();
    let reason = pacer.unavailable().unwrap();
    assert!(reason.contains("OOM"), "{reason}");
}

#[tokio::test]
async fn the_permits_of_cancelled_calls_are_used_by_others() {
    let Some(server) = RedisServer::start() else { return };
    let pacer = pacer(&server);
    let users = client(answering("50", "20"), pacer).users();
    users.get("auth0|1").await.unwrap();
    // Many calls that nobody waits for, each cancelled at another moment.
    for round in 0..200_u64 {
        let calls = join_all((0..20).map(|_| users.get("auth0|1").into_future()));
        let _ = tokio::time::timeout(Duration::from_micros(37 * round), calls).await;
    }
    let last = tokio::time::timeout(Duration::from_secs(10), users.get("auth0|1").into_future()).await;
    last.expect("no permit is lost").unwrap();
}

#[tokio::test]
async fn every_key_has_the_prefix_one_hash_tag_and_a_time_to_live() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::open(&server.address()).unwrap().prefix("{staging}");
    let pacer = RedisPacer::new(&store, "{odd}.tenant");
    let users = client(answering("50", "49"), pacer).users();
    users.get("auth0|1").await.unwrap();
    let mut connection = server.connection();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert!(keys.len() >= 3, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("_staging_:{_odd_.tenant}:"), "{key}");
        let millis: i64 = redis::cmd("PTTL").arg(&key).query(&mut connection).unwrap();
        assert!((1..=600_000).contains(&millis), "{key}: {millis}");
    }
}

#[tokio::test]
async fn a_pacer_that_is_closed_leaves_no_process_behind() {
    let Some(server) = RedisServer::start() else { return };
    let pacer = pacer(&server);
    client(answering("50", "49"), pacer.clone()).users().get("auth0|1").await.unwrap();
    let mut connection = server.connection();
    let flows = |connection: &mut redis::Connection| -> usize {
        redis::cmd("ZCARD").arg("users:{tenant.eu.auth0.com}:reads:1").query(connection).unwrap()
    };
    assert_eq!(flows(&mut connection), 1);
    pacer.close().await;
    assert_eq!(flows(&mut connection), 0);
}

#[tokio::test]
async fn requests_at_a_high_rate_need_few_exchanges() {
    let Some(server) = RedisServer::start() else { return };
    let pacer = pacer(&server);
    let users = client(answering("4000", "3990"), pacer.clone()).users();
    let mut calls = tokio::task::JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    for number in 0..3000 {
        ticks.tick().await;
        let users = users.clone();
        calls.spawn(async move { users.get("auth0|1").await });
        if number == 999 {
            server.reset_statistics();
        }
    }
    while let Some(outcome) = calls.join_next().await {
        outcome.unwrap().unwrap();
    }
    let evaluated = server.evaluated();
    assert!(evaluated < 200, "{evaluated} exchanges for 2000 requests");
    // Those that were granted in advance and not used are returned.
    pacer.close().await;
    assert_eq!(granted(&server), 3000);
}

/// The permits for reads that Redis has granted, less those that were returned.
fn granted(server: &RedisServer) -> u64 {
    let script = "return cmsgpack.unpack(redis.call('GET', KEYS[1])).granted.read";
    let key = format!("users:{{{TENANT}}}:pace:1");
    redis::cmd("EVAL").arg(script).arg(1).arg(key).query(&mut server.connection()).unwrap()
}

/// What a future returns, which must not take long.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(5), future).await.expect("it takes no longer")
}

#[tokio::test]
async fn calls_go_on_when_another_clone_of_the_pacer_was_closed() {
    let Some(server) = RedisServer::start() else { return };
    let pacer = pacer(&server);
    let users = client(answering("2", "0"), pacer.clone()).users();
    soon(users.get("auth0|1").into_future()).await.unwrap();
    let waiting: Vec<_> = (0..4).map(|_| tokio::spawn(users.get("auth0|1").into_future())).collect();
    tokio::task::yield_now().await; // they wait for a permit
    soon(pacer.clone().close()).await;
    soon(pacer.clone().close()).await;
    for call in waiting {
        soon(call).await.unwrap().unwrap();
    }
    soon(users.get("auth0|1").into_future()).await.unwrap();
    let strict = pacer.clone().when_unavailable(WhenUnavailable::Fail);
    let error =
        soon(client(answering("2", "0"), strict).users().get("auth0|1").into_future()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pacing, "{error}");
}

#[tokio::test]
async fn a_limit_beyond_all_measure_does_not_make_redis_unavailable() {
    let Some(server) = RedisServer::start() else { return };
    let pacer = pacer(&server);
    let users = client(answering("18446744073709551615", "18446744073709551614"), pacer.clone()).users();
    for _ in 0..4 {
        users.get("auth0|1").await.unwrap();
        assert_eq!(pacer.unavailable(), None);
    }
}

/// Answers with a 429 that requests a delay, and then with successes; counts the requests.
fn limited_once(requests: &Arc<AtomicUsize>, delay: &'static str) -> impl users_core::HttpTransport {
    let requests = Arc::clone(requests);
    transport_fn(move |_, _| {
        let is_first = requests.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            let named = [("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "0")];
            Ok(if is_first {
                let headers = [named[0], named[1], ("retry-after", delay)];
                response(StatusCode::TOO_MANY_REQUESTS, &headers, "{}")
            } else {
                response(StatusCode::OK, &named, "{}")
            })
        }
    })
}

/// Makes calls that accept no delay of a minute, so that they fail and send nothing, until this holds.
async fn calls_fail_until(users: &UsersManager, is_over: impl Fn() -> bool) {
    for _ in 0..500 {
        let error = users.get("auth0|1").timeout(Duration::from_secs(5)).await.unwrap_err();
        assert!(error.is_rate_limited(), "{error}");
        if is_over() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it takes too long");
}

#[tokio::test]
async fn a_delay_that_the_server_requested_outlasts_failures_of_redis() {
    let Some(mut server) = RedisServer::start() else { return };
    let pacer = pacer(&server);
    let requests = Arc::new(AtomicUsize::new(0));
    let users = client(limited_once(&requests, "60"), pacer.clone()).users();
    users.get("auth0|1").retry(Retry::never()).await.unwrap_err();
    server.kill();
    calls_fail_until(&users, || pacer.unavailable().is_some()).await;
    // It knows nothing of the delay.
    server.restart();
    calls_fail_until(&users, || pacer.unavailable().is_none()).await;
    assert_eq!(requests.load(Ordering::Relaxed), 1);
    // The others are informed by this process.
    let other = self::pacer(&server);
    let others = client(counted(&requests), other).users();
    let error = others.get("auth0|1").timeout(Duration::from_secs(5)).await.unwrap_err();
    assert!(error.is_rate_limited(), "{error}");
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn redis_is_tried_again_while_calls_wait_alone() {
    let Some(mut server) = RedisServer::start() else { return };
    server.kill();
    let pacer = pacer(&server);
    let requests = Arc::new(AtomicUsize::new(0));
    // The second call waits for the delay that the first one was given.
    let users = client(limited_once(&requests, "60"), pacer.clone()).users();
    users.get("auth0|1").retry(Retry::never()).await.unwrap_err();
    let waiting = tokio::spawn(users.get("auth0|1").into_future());
    // Some attempts fail.
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.restart();
    for _ in 0..200 {
        if pacer.unavailable().is_none() {
            waiting.abort();
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Redis is not used again: {:?}", pacer.unavailable());
}
