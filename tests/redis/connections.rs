//! TLS, users with few permissions, and a cluster.

use crate::support::{client, response};
use http::StatusCode;
use std::collections::BTreeSet;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use users_core::{CATALOGUE, PaceRequest, Pacer as _, TokenSource as _, transport_fn};
use users_redis::redis::TlsCertificates;
use users_redis::redis::cluster::ClusterClient;
use users_redis::{RedisPacer, RedisStore, RedisTokenSource, TokenKey, redis};
use users_tests_redis::{Identity, Issuer, RedisCluster, RedisServer};

const TENANT: &str = "tenant.eu.auth0.com";

/// What the documentation of `RedisStore` states, and the scripts.
const STORE: &str = include_str!("../../crates/users-redis/src/store.rs");
const SCRIPTS: [&str; 2] = [
    include_str!("../../crates/users-redis/src/pacing/pace.lua"),
    include_str!("../../crates/users-redis/src/token/token.lua"),
];

/// Both users of a store.
struct Both {
    pacer: RedisPacer,
    store: RedisStore,
    issuer: Issuer,
}

impl Both {
    fn new(store: RedisStore) -> Self {
        // The stories do not depend on the load of the machine.
        let store = store.timeout(Duration::from_secs(2));
        Self { pacer: RedisPacer::new(&store, TENANT), store, issuer: Issuer::daily() }
    }

    fn tokens(&self) -> RedisTokenSource {
        RedisTokenSource::new(&self.store, TENANT, self.issuer.clone(), &TokenKey::from_bytes([7; 32]))
    }

    async fn pace(&self) {
        // The permit is returned at once.
        drop(self.pacer.acquire(&PaceRequest::new(CATALOGUE[0])).await.unwrap());
    }

    /// A permit, and a token that several processes share.
    async fn are_shared(&self) {
        self.pace().await;
        assert_eq!(self.pacer.unavailable(), None);
        for _ in 0..3 {
            let tokens = self.tokens();
            assert_eq!(tokens.token().await.unwrap().secret().expose(), "confidential-token-1");
            assert_eq!(tokens.unavailable(), None);
        }
        assert_eq!(self.issuer.requested(), 1);
    }

    /// Neither fails without Redis. Returns why it is not used.
    async fn are_alone(&self) -> [String; 2] {
        self.pace().await;
        let tokens = self.tokens();
        tokens.token().await.unwrap();
        [self.pacer.unavailable().unwrap(), tokens.unavailable().unwrap()]
    }
}

/// Repeats something until it holds, for at most this long.
async fn until<F: Future<Output = bool>>(longest: Duration, mut holds: impl FnMut() -> F) {
    #[allow(clippy::disallowed_methods)] // real servers are measured in real time
    let now = Instant::now;
    let started = now();
    while !holds().await {
        assert!(started.elapsed() < longest, "not within {longest:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_store_is_used_with_tls_and_a_certificate_of_its_own() {
    let identity = Identity::new();
    let Some(redis) = RedisServer::with_tls(&identity) else { return };
    let client = |root: &str| {
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(root.as_bytes().to_vec()) };
        redis::Client::build_with_tls(redis.tls_address(), certificates).unwrap()
    };
    Both::new(RedisStore::new(client(&identity.authority))).are_shared().await;

    let another = Both::new(RedisStore::new(client(&Identity::new().authority)));
    for why in another.are_alone().await {
        assert!(why.to_lowercase().contains("certificate"), "{why}");
    }
    // The authority is none of the platform's.
    let untrusted = Both::new(RedisStore::open(&redis.tls_address()).unwrap());
    untrusted.are_alone().await;
}

/// The rules of an ACL user as the documentation states them.
fn documented_rules() -> Vec<&'static str> {
    let (_, rest) = STORE.split_once("`ACL SETUSER ").expect("the rules");
    let (rules, _) = rest.split_once('`').expect("the end of the rules");
    // The name of the user comes first, and lines begin with slashes.
    rules.split_whitespace().filter(|word| *word != "///").skip(1).collect()
}

#[test]
fn the_documented_permissions_are_those_that_the_scripts_need() {
    let mut needed: BTreeSet<String> = SCRIPTS
        .iter()
        .flat_map(|script| script.split("redis.call('").skip(1))
        .map(|call| format!("+{}", call.split('\'').next().unwrap().to_lowercase()))
        .collect();
    needed.extend(["+evalsha".to_owned(), "+script|load".to_owned()]);
    let documented = documented_rules().into_iter().filter(|rule| rule.starts_with('+'));
    assert_eq!(documented.map(ToOwned::to_owned).collect::<BTreeSet<_>>(), needed);
}

#[tokio::test]
async fn the_documented_permissions_of_a_user_suffice() {
    let Some(redis) = RedisServer::start() else { return };
    let mut connection = redis.connection();
    redis::cmd("ACL").arg("SETUSER").arg("app").arg(documented_rules()).exec(&mut connection).unwrap();
    let address = |password| format!("redis://app:{password}@127.0.0.1:{}", redis.port());
    let both = Both::new(RedisStore::open(&address("password")).unwrap());
    both.are_shared().await;
    both.pacer.clone().close().await;

    let elsewhere = Both::new(RedisStore::open(&address("password")).unwrap().prefix("others"));
    for why in elsewhere.are_alone().await {
        assert!(why.contains("NOPERM") || why.to_lowercase().contains("permission"), "{why}");
    }
    for why in Both::new(RedisStore::open(&address("misspelt")).unwrap()).are_alone().await {
        assert!(why.to_lowercase().contains("auth") && !why.contains("misspelt"), "{why}");
    }
    redis::cmd("ACL").arg("SETUSER").arg("app").arg("-hset").exec(&mut connection).unwrap();
    redis::cmd("FLUSHALL").exec(&mut connection).unwrap();
    Both::new(RedisStore::open(&address("password")).unwrap()).are_alone().await;
}

#[tokio::test]
async fn a_server_without_memory_is_unavailable() {
    let Some(redis) = RedisServer::with(&["--maxmemory", "100kb", "--maxmemory-policy", "noeviction"]) else {
        return;
    };
    let both = Both::new(RedisStore::open(&redis.address()).unwrap());
    for why in both.are_alone().await {
        assert!(why.contains("OOM") || why.contains("memory"), "{why}");
    }
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("0").exec(&mut redis.connection()).unwrap();
    until(Duration::from_secs(10), async || {
        both.pace().await;
        both.pacer.unavailable().is_none()
    })
    .await;
}

#[tokio::test]
async fn a_cluster_is_used_and_a_master_that_ends_is_left_alone_until_it_is_back() {
    let Some(mut cluster) = RedisCluster::start() else { return };
    let client = ClusterClient::builder(cluster.addresses()).retries(2).build().unwrap();
    let both = Both::new(RedisStore::cluster(client));
    both.are_shared().await;
    let keys: usize = cluster
        .masters()
        .iter()
        .map(|master| redis::cmd("DBSIZE").query::<usize>(&mut master.connection()).unwrap())
        .sum();
    assert!(keys >= 2, "{keys} keys");

    // A user with few permissions.
    for master in cluster.masters() {
        let mut rules = documented_rules();
        rules.push("+cluster|slots");
        redis::cmd("ACL").arg("SETUSER").arg("app").arg(rules).exec(&mut master.connection()).unwrap();
    }
    let client = ClusterClient::builder(cluster.addresses()).username("app").password("password").build();
    Both::new(RedisStore::cluster(client.unwrap()).prefix("users:app")).are_shared().await;

    // The hash tag decides which master has the keys.
    let owner = cluster.owner(&format!("{{{TENANT}}}"));
    owner.kill();
    until(Duration::from_secs(10), async || {
        both.pace().await;
        both.pacer.unavailable().is_some()
    })
    .await;
    let alone = both.tokens();
    assert_eq!(alone.token().await.unwrap().secret().expose(), "confidential-token-2");
    owner.restart();
    cluster.wait_until_joined();
    until(Duration::from_secs(10), async || {
        both.pace().await;
        both.pacer.unavailable().is_none()
    })
    .await;
    for _ in 0..2 {
        assert_eq!(both.tokens().token().await.unwrap().secret().expose(), "confidential-token-3");
    }
}

/// Passes bytes on, each after this time.
async fn delay(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, time: Duration) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(time).await;
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_distant_server_is_used_although_connecting_takes_longer_than_an_exchange_may() {
    let Some(server) = RedisServer::start() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let redis = server.port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", redis)).await.unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let each_way = Duration::from_millis(60);
            tokio::spawn(delay(from_client, to_server, each_way));
            tokio::spawn(delay(from_server, to_client, each_way));
        }
    });
    let store = RedisStore::open(&format!("redis://127.0.0.1:{port}")).unwrap();
    let pacer = RedisPacer::new(&store, "tenant");
    let headers = [("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "49")];
    let transport = transport_fn(move |_, _| async move { Ok(response(StatusCode::OK, &headers, "{}")) });
    let users = client(transport, pacer.clone()).users();
    let is_used = async {
        while pacer.unavailable().is_some() || pacer.limits().is_empty() {
            users.get("auth0|1").await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(10), is_used).await;
    assert!(outcome.is_ok(), "{:?}", pacer.unavailable());
    assert!(server.evaluated() > 0);
}
