//! The connection to Redis: one for all pacers and token sources of a store, on a thread of its own.

use crate::background::Background;
use crate::script::Script;
use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisFuture, Value};
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A Redis or Valkey server, or a cluster of them, through which processes share their pace and their tokens.
///
/// A store connects when it is first used, and again after a failure. Its connection is driven by a thread of its own, so pacers
/// and token sources may be used from any runtime, and from several. Clones share the connection.
///
/// ```
/// use users_redis::RedisStore;
///
/// let store = RedisStore::open("redis://:password@127.0.0.1:6379")?.prefix("staging");
/// # let _ = store;
/// # Ok::<(), users_redis::redis::RedisError>(())
/// ```
///
/// With ACLs, these permissions suffice, for the default [prefix](Self::prefix):
/// `ACL SETUSER app on >password ~users:* +evalsha +script|load +time +get +set +hget +hgetall +hset +hdel +zadd +zrem +zcard
/// +zrangebyscore +pttl +pexpire`. A cluster needs `+cluster|slots` as well.
#[derive(Clone)]
pub struct RedisStore {
    server: Arc<Server>,
    background: Arc<Background>,
    prefix: Arc<str>,
    timeout: Duration,
}

struct Server {
    address: Arc<Address>,
    connection: Mutex<Option<Attempt>>,
}

/// A connection that is made, or was made, in the background.
#[derive(Clone)]
struct Attempt {
    outcome: Shared<BoxFuture<'static, Result<Connection, Unavailable>>>,
}

enum Address {
    Server(Box<redis::Client>),
    #[cfg(feature = "cluster")]
    Cluster(Box<redis::cluster::ClusterClient>),
}

/// How long an exchange may take before the store counts as unavailable.
const TIMEOUT: Duration = Duration::from_millis(250);
/// How long a connection may take, which goes on in the background when the exchange that began it has ended.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl RedisStore {
    /// Uses the server at this address, as in `redis://user:password@host:6379/0`, or `rediss://` for TLS.
    ///
    /// # Errors
    ///
    /// An error of the crate `redis` if the address is not valid. The server is not contacted yet.
    pub fn open(address: &str) -> Result<Self, redis::RedisError> {
        redis::Client::open(address).map(Self::new)
    }

    /// Uses the server of this client, for settings that an address does not have, such as certificates.
    pub fn new(client: redis::Client) -> Self {
        Self::of(Address::Server(Box::new(client)))
    }

    /// Uses the cluster of this client. Let the client repeat no more than the redirections that a cluster may need, since the
    /// store has a time limit of its own.
    #[cfg(feature = "cluster")]
    pub fn cluster(client: redis::cluster::ClusterClient) -> Self {
        Self::of(Address::Cluster(Box::new(client)))
    }

    fn of(address: Address) -> Self {
        #[cfg(feature = "tls")]
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // The crate redis uses the provider of the process. One that was installed meanwhile is as well.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let server = Server { address: Arc::new(address), connection: Mutex::new(None) };
        Self {
            server: Arc::new(server),
            background: Arc::default(),
            prefix: Arc::from("users"),
            timeout: TIMEOUT,
        }
    }

    /// Sets what the names of all keys begin with, before a colon: `users` by default.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = Arc::from(prefix);
        self
    }

    /// Sets how long one exchange with the server may take: 250 ms by default. After that the server counts as unavailable. A
    /// connection may take 5 s, in the background; until it is made, the server counts as unavailable too. Where the server is
    /// farther away than a round trip of 50 ms, set at least five of them.
    ///
    /// A call that has less time waits for its permit for a third of that time, 20 ms at least, and goes on as if the server were
    /// unavailable; other calls do not. A call that needs a new token waits for the whole of this timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The name of a key. All keys of one subject have the same hash tag, so that a cluster keeps them on one server.
    pub(crate) fn key(&self, subject: &str, name: &str) -> String {
        // A brace would begin or end another hash tag, and an empty one is none.
        let plain = |text: &str| text.replace(['{', '}'], "_");
        let subject = if subject.is_empty() { "_".to_owned() } else { plain(subject) };
        format!("{}:{{{subject}}}:{name}", plain(&self.prefix))
    }

    pub(crate) fn background(&self) -> &Background {
        &self.background
    }
}

/// Runs scripts, in Redis or in a simulation.
#[async_trait]
pub(crate) trait Evaluate: fmt::Debug + Send + Sync + 'static {
    /// Runs a script once, within the time limit of the store.
    async fn evaluate(
        &self,
        script: &Script,
        keys: &[String],
        arguments: &[&[u8]],
    ) -> Result<Value, Unavailable>;
}

#[async_trait]
impl Evaluate for RedisStore {
    async fn evaluate(
        &self,
        script: &Script,
        keys: &[String],
        arguments: &[&[u8]],
    ) -> Result<Value, Unavailable> {
        let attempt = self.server.attempt();
        let exchange = async {
            let mut connection = attempt.outcome.clone().await?;
            script.run(&mut connection, keys, arguments).await.map_err(Unavailable::new)
        };
        let is_connected = || attempt.outcome.peek().is_some();
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(Ok(reply)) => return Ok(reply),
            Err(_) if !is_connected() => return Err(Unavailable::timed_out("connect", self.timeout)),
            failed => {
                // The next exchange begins with a new connection: the server may be another one by then.
                self.server.disconnect(&attempt);
                failed.unwrap_or_else(|_| Err(Unavailable::timed_out("answer", self.timeout)))
            }
        }
    }
}

impl Server {
    /// The current connection, which may not be made yet. Begins to connect if there is none.
    fn attempt(&self) -> Attempt {
        let mut current = self.connection();
        if let Some(attempt) = &*current {
            return attempt.clone();
        }
        let connecting = tokio::spawn(connect(Arc::clone(&self.address)));
        let outcome = connecting.map(|outcome| outcome.unwrap_or_else(|error| Err(Unavailable::new(error))));
        current.insert(Attempt { outcome: outcome.boxed().shared() }).clone()
    }

    /// Forgets a connection that has failed.
    fn disconnect(&self, failed: &Attempt) {
        let mut current = self.connection();
        current.take_if(|attempt| attempt.outcome.ptr_eq(&failed.outcome));
    }

    fn connection(&self) -> MutexGuard<'_, Option<Attempt>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(address: Arc<Address>) -> Result<Connection, Unavailable> {
    let connecting = async {
        Ok(match &*address {
            Address::Server(client) => {
                // The store has time limits of its own.
                let config =
                    AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
                Connection::Server(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            #[cfg(feature = "cluster")]
            Address::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
        })
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(outcome) => outcome.map_err(|error: redis::RedisError| Unavailable::new(error)),
        Err(_) => Err(Unavailable::timed_out("connect", CONNECT_TIMEOUT)),
    }
}

#[derive(Clone)]
enum Connection {
    Server(MultiplexedConnection),
    #[cfg(feature = "cluster")]
    Cluster(redis::cluster_async::ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(command),
            #[cfg(feature = "cluster")]
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(connection) => connection.req_packed_commands(commands, offset, count),
            #[cfg(feature = "cluster")]
            Self::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(connection) => connection.get_db(),
            #[cfg(feature = "cluster")]
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may contain a password.
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Why Redis could not be used.
#[derive(Clone, Debug)]
pub(crate) struct Unavailable(Arc<dyn StdError + Send + Sync>);

impl Unavailable {
    pub(crate) fn new(error: impl StdError + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }

    pub(crate) fn timed_out(what: &str, timeout: Duration) -> Self {
        let message = format!("it did not {what} within {} ms", timeout.as_millis());
        Self::new(std::io::Error::new(std::io::ErrorKind::TimedOut, message))
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis is unavailable: {}", self.0)
    }
}

impl StdError for Unavailable {}
