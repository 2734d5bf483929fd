//! The connection to Redis: one for all pacers and token sources of a store, on a thread of its own.

use crate::background::Background;
use crate::script::Script;
use async_trait::async_trait;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisFuture, Value};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

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
    address: Address,
    connection: Mutex<Option<Connection>>,
}

enum Address {
    Server(Box<redis::Client>),
    #[cfg(feature = "cluster")]
    Cluster(Box<redis::cluster::ClusterClient>),
}

/// How long an exchange may take before the store counts as unavailable.
const TIMEOUT: Duration = Duration::from_millis(250);

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
        let server = Server { address, connection: Mutex::new(None) };
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

    /// Sets how long one exchange with the server may take, the connection included: 250 ms by default. After that the server
    /// counts as unavailable.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The name of a key. All keys of one subject have the same hash tag, so that a cluster keeps them on one server.
    pub(crate) fn key(&self, subject: &str, name: &str) -> String {
        // A brace in the subject would end the hash tag.
        let subject = subject.replace(['{', '}'], "_");
        format!("{}:{{{subject}}}:{name}", self.prefix)
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
        let exchange = async {
            let mut connection = self.server.connect().await?;
            script.run(&mut connection, keys, arguments).await
        };
        let outcome = match tokio::time::timeout(self.timeout, exchange).await {
            Ok(outcome) => outcome.map_err(|error| Unavailable(Arc::new(error))),
            Err(_) => Err(Unavailable::timed_out(self.timeout)),
        };
        if outcome.is_err() {
            // The next exchange begins with a new connection: the server may be another one by then.
            self.server.disconnect();
        }
        outcome
    }
}

impl Server {
    async fn connect(&self) -> Result<Connection, redis::RedisError> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let connected = match &self.address {
            Address::Server(client) => {
                // The store has one time limit for all of it.
                let config =
                    AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
                Connection::Server(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            #[cfg(feature = "cluster")]
            Address::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
        };
        Ok(connection.insert(connected).clone())
    }

    fn disconnect(&self) {
        // Where another exchange is connecting, it does so anew already.
        if let Ok(mut connection) = self.connection.try_lock() {
            *connection = None;
        }
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

    fn timed_out(timeout: Duration) -> Self {
        let message = format!("Redis did not answer within {} ms", timeout.as_millis());
        Self::new(std::io::Error::new(std::io::ErrorKind::TimedOut, message))
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis is unavailable: {}", self.0)
    }
}

impl StdError for Unavailable {}
