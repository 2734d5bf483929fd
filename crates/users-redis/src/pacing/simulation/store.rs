//! A connection to a Redis server whose time is that of a virtual clock.

use super::scenario::Scenario;
use crate::pacing::SCRIPT;
use crate::script::Script;
use crate::store::{Evaluate, Unavailable};
use async_trait::async_trait;
use redis::Value;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::Clock as _;
use users_mock::VirtualClock;

/// When the simulation begins, as a time of Redis: a real one has more digits than JSON keeps.
const START: f64 = 1_795_951_073_741.746;

#[derive(Clone)]
pub(super) struct SimulatedStore {
    connection: Arc<Mutex<redis::Connection>>,
    script: redis::Script,
    clock: VirtualClock,
    latency: Duration,
    outages: Vec<Range<Duration>>,
    exchanges: Arc<AtomicUsize>,
}

impl SimulatedStore {
    pub(super) fn new(connection: redis::Connection, clock: VirtualClock, scenario: &Scenario) -> Self {
        Self {
            connection: Arc::new(Mutex::new(connection)),
            script: redis::Script::new(&timed_script()),
            clock,
            latency: scenario.redis_latency,
            outages: scenario.outages.clone(),
            exchanges: Arc::default(),
        }
    }

    /// The number of exchanges of all processes.
    pub(super) fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::Relaxed)
    }

    /// Loses all data and scripts.
    pub(super) fn flush(&self) {
        let connection = &mut *self.connection.lock().unwrap();
        redis::cmd("FLUSHALL").query::<()>(connection).unwrap();
        redis::cmd("SCRIPT").arg("FLUSH").query::<()>(connection).unwrap();
    }
}

/// The script with another argument for the time.
pub(super) fn timed_script() -> String {
    let source = SCRIPT.replace("local time = redis.call('TIME')\n", "");
    let source = source.replace("time[1] * 1000 + time[2] / 1000", "tonumber(ARGV[2])");
    assert!(!source.contains("time["), "the script reads the time elsewhere");
    source
}

#[async_trait]
impl Evaluate for SimulatedStore {
    async fn evaluate(
        &self,
        _script: &Script,
        keys: &[String],
        arguments: &[&[u8]],
    ) -> Result<Value, Unavailable> {
        self.clock.sleep(self.latency).await;
        let now = self.clock.elapsed();
        if self.outages.iter().any(|outage| outage.contains(&now)) {
            return Err(Unavailable::new(io::Error::other("an outage of the simulation")));
        }
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        let mut invocation = self.script.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        invocation.arg(arguments[0]).arg(START + now.as_secs_f64() * 1000.0);
        let reply = invocation.invoke(&mut *self.connection.lock().unwrap());
        self.clock.sleep(self.latency).await;
        // An error of the script is one of the test.
        Ok(reply.unwrap_or_else(|error: redis::RedisError| panic!("{error}")))
    }
}

impl fmt::Debug for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedStore").finish_non_exhaustive()
    }
}
