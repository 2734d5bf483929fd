//! The exchanges of a pacer with Redis, one at a time.

use crate::pacing::shared::Shared;
use crate::pacing::state::Step;
use crate::pacing::wire::{Reply, Report};
use crate::script::Script;
use crate::store::{Evaluate, Unavailable};
use futures_util::future::select;
use redis::FromRedisValue as _;
use std::pin::pin;
use std::sync::Arc;

/// Carries out the exchanges of a pacer until it is dropped.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Arc<dyn Evaluate>,
    pub(crate) script: Script,
    pub(crate) keys: Vec<String>,
}

impl Worker {
    pub(crate) async fn run(self) {
        let clock = Arc::clone(&self.shared.clock);
        loop {
            let now = clock.now();
            let step = self.shared.state().step(now);
            match step {
                Step::Exchange(report) => self.exchange(&report).await,
                Step::Idle => self.shared.changed.notified().await,
                Step::SleepUntil(until) => {
                    let changed = pin!(self.shared.changed.notified());
                    select(clock.sleep(until.saturating_since(now)), changed).await;
                }
                Step::End(last) => {
                    if let Some(report) = last {
                        // The process is forgotten soon where it cannot say so.
                        let _ = self.evaluate(&report).await;
                    }
                    return;
                }
            }
        }
    }

    async fn exchange(&self, report: &Report) {
        match self.evaluate(report).await {
            Ok(reply) => {
                let mut state = self.shared.state();
                state.exchanged(reply, self.shared.clock.now());
                self.shared.enter(state.mode());
            }
            Err(cause) => self.shared.fail(cause),
        }
    }

    async fn evaluate(&self, report: &Report) -> Result<Reply, Unavailable> {
        let report = serde_json::to_vec(report).map_err(Unavailable::new)?;
        let reply = self.store.evaluate(&self.script, &self.keys, &[&report]).await?;
        let reply = Vec::<u8>::from_redis_value(reply).map_err(Unavailable::new)?;
        serde_json::from_slice(&reply).map_err(Unavailable::new)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // However it ends, no request waits for it any more.
        self.shared.end();
    }
}
