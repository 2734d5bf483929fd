//! Runtimes that share one pacer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use users_core::{ManagementClient, SystemClock};
use users_mock::{Bucket, Limits, Tenant};
use users_redis::{RedisPacer, RedisStore};
use users_tests_redis::RedisServer;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn client(tenant: &Tenant, pacer: &RedisPacer) -> ManagementClient {
    ManagementClient::builder(tenant.clone())
        .domain(tenant.domain())
        .clock(SystemClock::new())
        .token(tenant.management_token())
        .pacer(pacer.clone())
        .build()
        .unwrap()
}

/// Deletes until `most` calls have been made.
async fn delete(client: &ManagementClient, name: &str, count: &AtomicUsize, most: usize) {
    let users = client.users();
    while count.fetch_add(1, Ordering::SeqCst) < most {
        users.delete(format!("auth0|{name}")).await.unwrap();
    }
}

/// Eight callers.
async fn delete_together(client: &ManagementClient, name: &str, count: &AtomicUsize, most: usize) {
    futures_util::future::join_all((0..8).map(|_| delete(client, name, count, most))).await;
}

#[test]
fn a_pacer_serves_other_runtimes_when_one_of_them_is_dropped() {
    let Some(redis) = RedisServer::start() else { return };
    let tenant = Tenant::builder()
        .users(2)
        .limits(Limits::none().global(Bucket::per_second(20, 40)))
        .system_clock()
        .build();
    let pacer = RedisPacer::new(&RedisStore::open(&redis.address()).unwrap(), "tenant");
    let client = client(&tenant, &pacer);
    let (first, second) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));

    let doomed = runtime();
    let (of_first, counted) = (client.clone(), Arc::clone(&first));
    let calls = async move { delete_together(&of_first, "first", &counted, usize::MAX).await };
    let outlived = std::thread::spawn({
        let (client, second) = (client.clone(), Arc::clone(&second));
        move || runtime().block_on(within(10, delete_together(&client, "second", &second, 100)))
    });
    // The runtime is dropped while its calls wait for permits and for responses.
    let given_up = doomed.block_on(async { tokio::time::timeout(Duration::from_millis(700), calls).await });
    assert!(given_up.is_err());
    drop(doomed);
    let before = first.load(Ordering::SeqCst);
    assert!(before > 8, "the first runtime made {before} calls");

    outlived.join().unwrap();
    futures_executor::block_on(delete(&client, "third", &AtomicUsize::new(0), 3));
    assert_eq!(pacer.unavailable(), None);
    assert_eq!(client.rate_limit().first().map(|state| state.limit), Some(20));
    drop(client);
    runtime().block_on(within(2, pacer.close()));
}

/// The output of a future that takes at most this many seconds.
async fn within<T>(seconds: u64, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(seconds), future).await.expect("it ends in time")
}
