//! A cluster of Redis servers.

use crate::server::{RedisServer, free_port};
use std::time::{Duration, Instant};

/// The number of slots that keys are hashed to.
const SLOTS: usize = 16384;
const MASTERS: usize = 3;

/// Three masters without replicas. Dropping it ends them.
#[derive(Debug)]
pub struct RedisCluster {
    masters: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts the servers and joins them. `None` where [`RedisServer::start`] returns it.
    pub fn start() -> Option<Self> {
        let masters: Vec<RedisServer> = (0..MASTERS).map(|_| master()).collect::<Option<_>>()?;
        for (index, master) in masters.iter().enumerate() {
            let (first, end) = (index * SLOTS / MASTERS, (index + 1) * SLOTS / MASTERS);
            cluster(&["ADDSLOTSRANGE", &first.to_string(), &(end - 1).to_string()])
                .exec(&mut master.connection())
                .expect("slots");
        }
        let (one, others) = masters.split_first().expect("masters");
        for other in others {
            let options = other.options();
            let bus = options.iter().skip_while(|option| *option != "--cluster-port").nth(1).expect("a port");
            cluster(&["MEET", "127.0.0.1", &other.port().to_string(), bus])
                .exec(&mut one.connection())
                .expect("a cluster");
        }
        let this = Self { masters };
        this.wait_until_joined();
        Some(this)
    }

    /// The addresses of all.
    pub fn addresses(&self) -> Vec<String> {
        self.masters.iter().map(RedisServer::address).collect()
    }

    /// The master that has a key.
    pub fn owner(&mut self, key: &str) -> &mut RedisServer {
        let slot: usize = cluster(&["KEYSLOT", key])
            .query(&mut self.masters.first().expect("masters").connection())
            .expect("a slot");
        let owner = (0..MASTERS).find(|index| slot < (index + 1) * SLOTS / MASTERS).expect("a slot");
        self.masters.get_mut(owner).expect("masters")
    }

    /// The masters.
    pub fn masters(&self) -> &[RedisServer] {
        &self.masters
    }

    /// Waits until each knows all of them.
    #[allow(clippy::disallowed_methods)] // it waits for processes
    pub fn wait_until_joined(&self) {
        let started = Instant::now();
        let is_joined = |master: &RedisServer| {
            let info: String = cluster(&["INFO"]).query(&mut master.connection()).expect("a cluster");
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        while !self.masters.iter().all(is_joined) {
            assert!(started.elapsed() < Duration::from_secs(20), "the cluster does not form");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn master() -> Option<RedisServer> {
    // By default it is far from the port, and may be none.
    let bus = free_port().to_string();
    RedisServer::with(&[
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        "1000",
        "--cluster-require-full-coverage",
        "no",
    ])
}

fn cluster(arguments: &[&str]) -> redis::Cmd {
    let mut command = redis::cmd("CLUSTER");
    command.arg(arguments);
    command
}
