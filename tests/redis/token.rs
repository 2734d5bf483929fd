//! One token for all processes.

use futures_util::future::join_all;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use users_core::{AccessToken, Error, ErrorKind, ManagementClient, TokenSource};
use users_mock::Tenant;
use users_redis::{RedisStore, RedisTokenSource, TokenKey, WhenUnavailable};
use users_tests_redis::{Issuer, RedisServer};

const SCRIPT: &str = include_str!("../../crates/users-redis/src/token/token.lua");
const NAME: &str = "tenant.eu.auth0.com/client-id";

fn key() -> TokenKey {
    TokenKey::from_bytes([7; 32])
}

/// A source with a connection of its own, as another process has.
fn process(redis: &RedisServer, source: impl TokenSource) -> RedisTokenSource {
    RedisTokenSource::new(&store(redis), NAME, source, &key())
}

/// A store that is patient, so that the stories do not depend on the load of the machine.
fn store(redis: &RedisServer) -> RedisStore {
    RedisStore::open(&redis.address()).unwrap().timeout(Duration::from_secs(3))
}

fn processes(redis: &RedisServer, issuer: &Issuer, count: usize) -> Vec<RedisTokenSource> {
    (0..count).map(|_| process(redis, issuer.clone())).collect()
}

fn secret(token: &AccessToken) -> String {
    token.secret().expose().to_owned()
}

async fn token(source: &RedisTokenSource) -> String {
    secret(&source.token().await.unwrap())
}

/// The tokens of all, which ask at once.
async fn tokens(sources: &[RedisTokenSource]) -> Vec<String> {
    join_all(sources.iter().map(token)).await
}

fn entry(redis: &RedisServer) -> String {
    let keys: Vec<String> = redis::cmd("KEYS").arg("users:*:token:*").query(&mut redis.connection()).unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys[0].clone()
}

/// Runs the script as a process does.
fn request(redis: &RedisServer, entry: &str, arguments: &[&str]) -> Vec<String> {
    let script = redis::Script::new(SCRIPT);
    script.key(entry).arg(arguments).invoke(&mut redis.connection()).unwrap()
}

#[allow(clippy::disallowed_methods)] // real servers are measured in real time
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn processes_that_start_at_once_fetch_one_token() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let sources = processes(&redis, &issuer, 20);
    assert_eq!(tokens(&sources).await, vec!["confidential-token-1"; 20]);
    assert_eq!(issuer.requested(), 1);
    let late = process(&redis, issuer.clone()).token().await.unwrap();
    assert_eq!(secret(&late), "confidential-token-1");
    let left = late.lifetime().unwrap();
    assert!(left < Duration::from_secs(86_400) && left > Duration::from_secs(86_380), "{left:?}");
    assert_eq!(issuer.requested(), 1);
}

#[tokio::test]
async fn a_401_renews_the_token_once_for_all() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let sources = processes(&redis, &issuer, 20);
    let old = join_all(sources.iter().map(TokenSource::token)).await;
    let renewed = join_all(sources.iter().zip(&old).map(async |(source, old)| {
        source.rejected(old.as_ref().unwrap()).await;
        token(source).await
    }));
    assert_eq!(renewed.await, vec!["confidential-token-2"; 20]);
    assert_eq!(issuer.requested(), 2);

    // A report that comes late does not drop the new token.
    let late = process(&redis, issuer.clone());
    let new = late.token().await.unwrap();
    late.rejected(old[0].as_ref().unwrap()).await;
    assert_eq!(late.token().await.unwrap(), new);
    assert_eq!(issuer.requested(), 2);
}

#[tokio::test]
async fn a_source_with_a_cache_forgets_a_rejected_token() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let cached = Arc::new(issuer.cached());
    let (one, two) = (process(&redis, Arc::clone(&cached)), process(&redis, issuer.cached()));
    let first = one.token().await.unwrap();
    assert_eq!(token(&two).await, "confidential-token-1");
    two.rejected(&first).await;
    assert_eq!(token(&two).await, "confidential-token-2");
    one.rejected(&first).await;
    assert_eq!(token(&one).await, "confidential-token-2", "taken from Redis");
    assert_eq!(issuer.requested(), 2);
    assert_eq!(
        secret(&cached.token().await.unwrap()),
        "confidential-token-3",
        "the first one was in its cache"
    );
}

#[tokio::test]
async fn a_server_that_rejects_every_token_does_not_cause_a_renewal_each_time() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::new(Some(Duration::from_secs(3600)), Duration::ZERO);
    // Each process has a limit of its own, of one renewal in ten seconds.
    for source in processes(&redis, &issuer, 30) {
        let rejected = source.token().await.unwrap();
        source.rejected(&rejected).await;
        source.token().await.unwrap();
    }
    assert!((10..=12).contains(&issuer.requested()), "{} renewals", issuer.requested());
}

#[tokio::test]
async fn no_call_fails_while_redis_is_down_and_it_is_used_when_it_is_back() {
    let Some(mut redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let before = process(&redis, issuer.clone());
    assert_eq!(token(&before).await, "confidential-token-1");
    redis.kill();
    assert_eq!(token(&before).await, "confidential-token-1", "from its cache");
    let alone = process(&redis, issuer.clone());
    let started = now();
    assert_eq!(token(&alone).await, "confidential-token-2");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(alone.unavailable().unwrap().contains("unavailable"), "{:?}", alone.unavailable());
    before.rejected(&before.token().await.unwrap()).await;
    assert_eq!(token(&before).await, "confidential-token-3");
    redis.restart();
    let sources = processes(&redis, &issuer, 5);
    assert_eq!(tokens(&sources).await, vec!["confidential-token-4"; 5]);
    // What this process fetched alone is dropped for it alone.
    tokio::time::sleep(Duration::from_millis(2600)).await; // the longest pause
    alone.rejected(&alone.token().await.unwrap()).await;
    assert_eq!(token(&alone).await, "confidential-token-4");
    assert_eq!(alone.unavailable(), None);
}

#[tokio::test]
async fn redis_that_restarts_in_the_middle_fails_no_call() {
    let Some(mut redis) = RedisServer::start() else { return };
    let issuer = Issuer::new(Some(Duration::from_millis(400)), Duration::from_millis(20));
    let sources: Arc<Vec<_>> = Arc::new(processes(&redis, &issuer, 8));
    let calls = tokio::spawn({
        let sources = Arc::clone(&sources);
        async move {
            let mut failed = Vec::new();
            for _ in 0..60 {
                let outcomes = join_all(sources.iter().map(TokenSource::token)).await;
                failed.extend(outcomes.into_iter().filter_map(Result::err));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            failed
        }
    });
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        redis.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        redis.restart();
    }
    let failed = calls.await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
}

#[tokio::test]
async fn a_paused_server_delays_a_call_by_its_timeout_only() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    redis::cmd("CLIENT").arg("PAUSE").arg(2000).exec(&mut redis.connection()).unwrap();
    let store = RedisStore::open(&redis.address()).unwrap();
    let source = RedisTokenSource::new(&store, NAME, issuer.clone(), &key());
    let started = now();
    assert_eq!(token(&source).await, "confidential-token-1");
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn with_the_policy_fail_the_error_says_why_and_the_first_call_after_the_outage_works() {
    let Some(mut redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let source = process(&redis, issuer.clone()).when_unavailable(WhenUnavailable::Fail);
    redis.kill();
    for _ in 0..20 {
        let error = source.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Token);
        let chain: Vec<String> = users_core::error_chain(&error).map(ToString::to_string).collect();
        let chain = chain.join(": ");
        assert!(chain.contains("Redis is unavailable"), "{chain}");
    }
    redis.restart();
    tokio::time::sleep(Duration::from_millis(2600)).await; // the longest pause
    assert_eq!(token(&source).await, "confidential-token-1");
    assert_eq!(issuer.requested(), 1);
}

#[tokio::test]
async fn a_flushed_server_costs_one_token() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let old = processes(&redis, &issuer, 3);
    tokens(&old).await;
    redis::cmd("SCRIPT").arg("FLUSH").exec(&mut redis.connection()).unwrap();
    assert_eq!(tokens(&processes(&redis, &issuer, 3)).await, vec!["confidential-token-1"; 3]);
    redis::cmd("FLUSHALL").exec(&mut redis.connection()).unwrap();
    assert_eq!(tokens(&old).await, vec!["confidential-token-1"; 3]);
    assert_eq!(tokens(&processes(&redis, &issuer, 3)).await, vec!["confidential-token-2"; 3]);
    assert_eq!(issuer.requested(), 2);
}

#[tokio::test]
async fn processes_with_different_keys_share_nothing() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let store = store(&redis);
    for _ in 0..2 {
        for (byte, expected) in [(1, "confidential-token-1"), (2, "confidential-token-2")] {
            let key = TokenKey::from_bytes([byte; 32]);
            let source = RedisTokenSource::new(&store, NAME, issuer.clone(), &key);
            assert_eq!(token(&source).await, expected);
        }
    }
    let other = RedisTokenSource::new(&store, "another", issuer.clone(), &TokenKey::from_bytes([1; 32]));
    assert_eq!(token(&other).await, "confidential-token-3");
}

#[tokio::test]
async fn a_value_that_was_changed_counts_as_absent() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let mut connection = redis.connection();
    token(&process(&redis, issuer.clone())).await;
    let entry = entry(&redis);
    let first: Vec<u8> = redis::cmd("HGET").arg(&entry).arg("sealed").query(&mut connection).unwrap();

    redis::cmd("HSET").arg(&entry).arg("sealed").arg("confidential").exec(&mut connection).unwrap();
    assert_eq!(tokens(&processes(&redis, &issuer, 5)).await, vec!["confidential-token-2"; 5]);
    // The first token, put back in the place of the second one.
    redis::cmd("HSET").arg(&entry).arg("sealed").arg(&first).exec(&mut connection).unwrap();
    assert_eq!(tokens(&processes(&redis, &issuer, 5)).await, vec!["confidential-token-3"; 5]);
    // Another type of value is an error of the server.
    redis::cmd("SET").arg(&entry).arg("text").exec(&mut connection).unwrap();
    assert_eq!(token(&process(&redis, issuer.clone())).await, "confidential-token-4");
}

#[tokio::test]
async fn another_process_takes_over_when_the_one_that_fetches_dies() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    process(&redis, issuer.clone()).token().await.unwrap();
    let entry = entry(&redis);
    redis::cmd("FLUSHALL").exec(&mut redis.connection()).unwrap();
    let locked = request(&redis, &entry, &["get", "dead", "0"]);
    assert_eq!(locked[0], "fetch");
    let started = now();
    assert_eq!(tokens(&processes(&redis, &issuer, 10)).await, vec!["confidential-token-2"; 10]);
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert_eq!(issuer.requested(), 2);
}

#[tokio::test]
async fn a_source_that_is_dropped_while_it_fetches_gives_the_lock_back() {
    let Some(redis) = RedisServer::start() else { return };
    let (store, issuer) = (store(&redis), Issuer::daily());
    let never = Issuer::new(None, Duration::from_secs(3600));
    let hangs = RedisTokenSource::new(&store, NAME, never.clone(), &key());
    tokio::select! {
        outcome = hangs.token() => panic!("{outcome:?}"),
        () = async { while never.requested() == 0 { tokio::task::yield_now().await } } => {}
    }
    let started = now();
    let (source, other) = (process(&redis, issuer.clone()), process(&redis, issuer.clone()));
    drop(hangs);
    assert_eq!(tokens(&[source, other]).await, vec!["confidential-token-1"; 2]);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_process_that_is_late_does_not_replace_a_newer_token() {
    let Some(redis) = RedisServer::start() else { return };
    let (entry, mut connection) = ("entry", redis.connection());
    let late = request(&redis, entry, &["get", "late", "0"]);
    assert_eq!(request(&redis, entry, &["get", "other", "0"])[0], "wait");
    redis::cmd("HSET").arg(entry).arg("locked").arg(1).exec(&mut connection).unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await; // versions are times, at least
    let other = request(&redis, entry, &["get", "other", "0"]);
    assert!(other[1].parse::<u64>().unwrap() > late[1].parse().unwrap(), "{late:?} {other:?}");
    assert_eq!(request(&redis, entry, &["release", "late", "no"])[0], "not locked");
    assert_eq!(
        request(&redis, entry, &["put", "other", &other[1], &other[2], "60000", "newer"])[0],
        "stored"
    );
    assert_eq!(
        request(&redis, entry, &["put", "late", &late[1], &late[2], "60000", "older"])[0],
        "not stored"
    );
    let stored = request(&redis, entry, &["get", "third", &late[1]]);
    assert_eq!((&stored[1], stored[3].as_str()), (&other[1], "newer"));
    assert_eq!(request(&redis, entry, &["get", "third", &other[1]])[0], "fetch");
}

#[tokio::test]
async fn a_source_that_fails_is_asked_rarely_and_all_processes_learn_why() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    issuer.fail(Some("401 access_denied: Unauthorized"));
    let sources = processes(&redis, &issuer, 20);
    let outcomes = join_all(sources.iter().map(TokenSource::token)).await;
    let errors: Vec<Error> = outcomes.into_iter().map(Result::unwrap_err).collect();
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::Token);
        assert!(error.to_string().contains("401 access_denied: Unauthorized"), "{error}");
    }
    let quoted = errors.iter().filter(|error| error.to_string().contains("another process")).count();
    assert!(quoted >= 17, "{quoted} processes learned it from others");
    assert!(issuer.requested() <= 3, "{} requests", issuer.requested());
    issuer.fail(None);
    tokio::time::sleep(Duration::from_millis(1100)).await; // the pause after a failure
    assert_eq!(tokens(&processes(&redis, &issuer, 10)).await, vec!["confidential-token-1"; 10]);
}

#[tokio::test]
async fn one_misconfigured_process_does_not_fail_the_others() {
    let Some(redis) = RedisServer::start() else { return };
    let (issuer, failing) = (Issuer::daily(), Issuer::new(None, Duration::from_millis(300)));
    failing.fail(Some("no such application"));
    let misconfigured = process(&redis, failing.clone());
    let sources = processes(&redis, &issuer, 5);
    let others = async {
        while failing.requested() == 0 {
            tokio::task::yield_now().await;
        }
        tokens(&sources).await
    };
    let (failed, tokens) = futures_util::future::join(misconfigured.token(), others).await;
    assert!(failed.unwrap_err().to_string().contains("no such application"));
    assert_eq!(tokens, vec!["confidential-token-1"; 5]);
    assert_eq!((failing.requested(), issuer.requested()), (1, 1));
}

#[tokio::test]
async fn a_failed_early_renewal_keeps_the_token() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::new(Some(Duration::from_secs(3)), Duration::ZERO);
    token(&process(&redis, issuer.clone())).await;
    issuer.fail(Some("maintenance"));
    tokio::time::sleep(Duration::from_millis(1600)).await; // half of the lifetime
    // A new process, which has no token yet.
    assert_eq!(tokens(&processes(&redis, &issuer, 5)).await, vec!["confidential-token-1"; 5]);
    assert_eq!(issuer.requested(), 2);
}

#[tokio::test]
async fn one_process_renews_early_and_no_call_waits_for_an_expired_token() {
    let Some(redis) = RedisServer::start() else { return };
    for has_cache in [false, true] {
        redis::cmd("FLUSHALL").exec(&mut redis.connection()).unwrap();
        let issuer = Issuer::new(Some(Duration::from_secs(2)), Duration::from_millis(50));
        let sources: Vec<_> =
            (0..6)
                .map(|_| {
                    if has_cache { process(&redis, issuer.cached()) } else { process(&redis, issuer.clone()) }
                })
                .collect();
        let started = now();
        let mut issued_at = vec![];
        while started.elapsed() < Duration::from_millis(5500) {
            for token in tokens(&sources).await {
                let number: usize = token.trim_start_matches("confidential-token-").parse().unwrap();
                issued_at.resize_with(number.max(issued_at.len()), now);
                let age = issued_at[number - 1].elapsed();
                assert!(
                    age < Duration::from_secs(2),
                    "token {number} is used {age:?} after it was seen first"
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // One per second, since half of the lifetime is used.
        assert!((4..=8).contains(&issuer.issued()), "{} tokens (cache: {has_cache})", issuer.issued());
    }
}

#[tokio::test]
async fn while_one_process_renews_early_the_others_use_the_old_token() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::new(Some(Duration::from_secs(86_400)), Duration::from_secs(1));
    token(&process(&redis, issuer.clone())).await;
    let mut connection = redis.connection();
    let entry = entry(&redis);
    let time = |connection: &mut redis::Connection, field| -> u64 {
        redis::cmd("HGET").arg(&entry).arg(field).query(connection).unwrap()
    };
    let early = time(&mut connection, "expires") - time(&mut connection, "renews");
    assert_eq!(early, 300_000);
    redis::cmd("HSET").arg(&entry).arg("renews").arg(1).exec(&mut connection).unwrap();

    let sources = processes(&redis, &issuer, 10);
    let timed = join_all(sources.iter().map(async |source| {
        let started = now();
        (token(source).await, started.elapsed() < Duration::from_millis(900))
    }));
    let timed = timed.await;
    let old = timed.iter().filter(|one| **one == ("confidential-token-1".to_owned(), true)).count();
    let new = timed.iter().filter(|one| **one == ("confidential-token-2".to_owned(), false)).count();
    assert_eq!((old, new), (9, 1), "{timed:?}");
    assert_eq!(token(&process(&redis, issuer.clone())).await, "confidential-token-2");
    assert_eq!(issuer.requested(), 2);
}

/// A source whose cache is not due yet.
#[derive(Debug)]
struct Cache(AccessToken);

#[users_core::async_trait]
impl TokenSource for Cache {
    async fn token(&self) -> Result<AccessToken, Error> {
        Ok(self.0.clone())
    }

    async fn rejected(&self, _token: &AccessToken) {}
}

#[tokio::test]
async fn a_token_that_a_source_had_in_its_cache_is_not_stored_as_a_new_one() {
    let Some(redis) = RedisServer::start() else { return };
    let lifetime = Duration::from_secs(4);
    let source = process(&redis, Cache(AccessToken::new("confidential-token-0").expires_in(lifetime)));
    assert_eq!(token(&source).await, "confidential-token-0");
    let entry = entry(&redis);
    let live =
        || -> u64 { redis::cmd("HGET").arg(&entry).arg("live").query(&mut redis.connection()).unwrap() };
    let first = live();
    tokio::time::sleep(lifetime / 2 + Duration::from_millis(100)).await; // until it is due
    let again = source.token().await.unwrap();
    assert_eq!((secret(&again).as_str(), live()), ("confidential-token-0", first));
    assert!(again.lifetime().unwrap() <= lifetime / 2, "{again:?}");
    // It can be renewed by another process.
    assert_eq!(token(&process(&redis, Issuer::daily())).await, "confidential-token-1");
    assert!(live() > first);
}

#[tokio::test]
async fn times_of_a_clock_that_was_ahead_delay_nothing() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::new(Some(Duration::from_secs(100)), Duration::ZERO);
    token(&process(&redis, issuer.clone())).await;
    let mut connection = redis.connection();
    let entry = entry(&redis);
    let ahead: u64 = 4_000_000_000_000;
    let mut set = |field: &str, value: &str| {
        redis::cmd("HSET").arg(&entry).arg(field).arg(value).exec(&mut connection).unwrap();
    };
    for field in ["expires", "renews", "locked", "paused", "drops", "failed"] {
        set(field, &ahead.to_string());
    }
    set("lock", "another");
    // The lifetime is the longest that can be left.
    let source = process(&redis, issuer.clone());
    let old = source.token().await.unwrap();
    assert_eq!(old.lifetime(), Some(Duration::from_secs(100)));
    source.rejected(&old).await;
    let started = now();
    assert_eq!(token(&source).await, "confidential-token-2");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    // Versions rise nevertheless.
    let versions = |redis: &RedisServer| -> (u64, u64) {
        redis::cmd("HMGET").arg(&entry).arg("version").arg("live").query(&mut redis.connection()).unwrap()
    };
    redis::cmd("HSET").arg(&entry).arg("version").arg(ahead).exec(&mut redis.connection()).unwrap();
    redis::cmd("HDEL").arg(&entry).arg("sealed").exec(&mut redis.connection()).unwrap();
    assert_eq!(tokens(&processes(&redis, &issuer, 2)).await, vec!["confidential-token-3"; 2]);
    assert_eq!(versions(&redis), (ahead + 1, ahead + 1));
}

#[tokio::test]
async fn a_token_without_a_lifetime_is_not_shared() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::new(None, Duration::ZERO);
    let sources = processes(&redis, &issuer, 2);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.extend([token(&sources[0]).await, token(&sources[1]).await]);
    }
    seen.dedup();
    assert_eq!((seen.len(), issuer.requested()), (6, 6));
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut redis.connection()).unwrap();
    assert!(keys.is_empty(), "{keys:?}");
}

#[test]
fn two_runtimes_share_a_source_and_so_does_an_executor_without_timers() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let source = Arc::new(process(&redis, issuer.clone()));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let rejected = first.block_on(source.token()).unwrap();
    drop(first);
    futures_executor::block_on(source.rejected(&rejected));
    assert_eq!(runtime().block_on(token(&source)), "confidential-token-2");
    let other = process(&redis, issuer.clone());
    assert_eq!(futures_executor::block_on(token(&other)), "confidential-token-2");
    assert_eq!(issuer.requested(), 2);
}

#[tokio::test]
async fn redis_has_no_readable_token_and_every_key_expires() {
    let Some(redis) = RedisServer::start() else { return };
    let issuer = Issuer::daily();
    let mut connection = redis.connection();
    let check = |connection: &mut redis::Connection| {
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(connection).unwrap();
        assert!(!keys.is_empty());
        for key in keys {
            let left: i64 = redis::cmd("TTL").arg(&key).query(connection).unwrap();
            assert!((50..=86_400).contains(&left), "{left} s");
            let values: Vec<Vec<u8>> = redis::cmd("HGETALL").arg(&key).query(connection).unwrap();
            for text in values.iter().chain([&key]) {
                assert!(!String::from_utf8_lossy(text).contains("confidential"), "{text:?}");
            }
        }
    };
    let source = process(&redis, issuer.clone());
    let token = source.token().await.unwrap();
    check(&mut connection);
    source.rejected(&token).await;
    issuer.fail(Some("maintenance"));
    source.token().await.unwrap_err();
    check(&mut connection);
    let shown = format!("{source:?} {:?}", key());
    assert!(!shown.contains("confidential") && shown.contains(NAME), "{shown}");
}

#[tokio::test]
async fn clients_of_a_tenant_share_the_token_of_their_credentials() {
    let Some(redis) = RedisServer::start() else { return };
    let tenant = Tenant::new();
    let client = || {
        let store = store(&redis);
        let (id, secret) = tenant.client();
        ManagementClient::builder(tenant.clone())
            .domain(tenant.domain())
            .client_credentials(id, secret)
            .wrap_token_source(move |source| RedisTokenSource::new(&store, NAME, source, &key()))
            .build()
            .unwrap()
    };
    let clients: Vec<_> = (0..8).map(|_| client()).collect();
    for times in 1..=3 {
        for outcome in join_all(clients.iter().map(|client| client.users().get_all().send())).await {
            outcome.unwrap();
        }
        assert_eq!(tenant.tokens_fetched(), times);
        tenant.forget_tokens();
    }
}

#[test]
fn separate_processes_that_start_at_once_fetch_one_token() {
    let _alone = crate::support::alone();
    let Some(redis) = RedisServer::start() else { return };
    let count = std::env::var("USERS_PROCESSES").map_or(50, |count| count.parse().unwrap());
    let spawn = |_| {
        Command::new(env!("CARGO_BIN_EXE_token-process"))
            .arg(redis.address())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let started = now();
    let processes: Vec<_> = (0..count).map(spawn).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "confidential-token-1");
    }
    let fetched: usize = redis::cmd("GET").arg("fetched").query(&mut redis.connection()).unwrap();
    assert_eq!(fetched, 1);
    eprintln!("{count} processes in {:?}", started.elapsed());
}
