//! A process that deletes users of a tenant as fast as its pace allows, for the tests of processes that share a pace.
//!
//! `paced-process TENANT TOKEN REDIS NAME CALLERS [SECONDS]`; a Redis address of `-` means no sharing. It prints `ready`, begins
//! when it reads a line, and ends after the seconds or when its input ends. Then it prints one line: the number of calls, of
//! failed calls, the latencies p50, p99 and max in milliseconds, and the first error.
#![allow(clippy::print_stdout)] // its purpose

use std::cell::RefCell;
use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet};
use users_hyper::{Clock as _, ManagementClient, SystemClock};
use users_redis::{RedisPacer, RedisStore};

#[derive(Default)]
struct Outcomes {
    latencies: Vec<Duration>,
    failed: usize,
    first_error: Option<String>,
}

thread_local! {
    static OUTCOMES: RefCell<Outcomes> = RefCell::default();
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |name: &str| arguments.next().ok_or_else(|| format!("{name} is missing"));
    let (tenant, token, redis) = (argument("TENANT")?, argument("TOKEN")?, argument("REDIS")?);
    let (name, callers) = (argument("NAME")?, argument("CALLERS")?.parse::<usize>()?);
    let life =
        argument("SECONDS").ok().map(|seconds| seconds.parse()).transpose()?.map(Duration::from_secs_f64);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut builder = users_hyper::management(&tenant).token(token);
        let mut pacer = None;
        if redis != "-" {
            let shared = RedisPacer::new(&RedisStore::open(&redis)?, &tenant);
            builder = builder.pacer(shared.clone());
            pacer = Some(shared);
        }
        let client = builder.build()?;
        println!("ready");
        io::stdout().flush()?;
        io::stdin().read_line(&mut String::new())?;
        LocalSet::new().run_until(delete_until_the_end(&client, &name, callers, life)).await;
        drop(client);
        if let Some(pacer) = pacer {
            pacer.close().await;
        }
        let outcomes = OUTCOMES.take();
        println!("{outcomes}");
        Ok(())
    })
}

/// Calls that have not ended by then are cancelled.
async fn delete_until_the_end(client: &ManagementClient, name: &str, callers: usize, life: Option<Duration>) {
    let (ended, end) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // What is read does not matter.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        drop(ended);
    });
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let (users, name) = (client.users(), name.to_owned());
        running.spawn_local(async move {
            for number in 0_u64.. {
                let started = SystemClock::new().now();
                let outcome = users.delete(format!("auth0|{name}-{caller}-{number}")).await;
                let latency = SystemClock::new().now().saturating_since(started);
                OUTCOMES.with_borrow_mut(|outcomes| outcomes.add(latency, outcome.err()));
            }
        });
    }
    match life {
        Some(life) => drop(tokio::time::timeout(life, end).await),
        None => drop(end.await),
    }
}

impl Outcomes {
    fn add(&mut self, latency: Duration, error: Option<users_hyper::Error>) {
        self.latencies.push(latency);
        if let Some(error) = error {
            self.failed += 1;
            self.first_error.get_or_insert_with(|| error.to_string());
        }
    }
}

impl std::fmt::Display for Outcomes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut latencies = self.latencies.clone();
        latencies.sort();
        let at = |percent: usize| {
            let place = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
            latencies.get(place).map_or(0, Duration::as_millis)
        };
        write!(f, "{} {} {} {} {} ", latencies.len(), self.failed, at(50), at(99), at(100))?;
        f.write_str(self.first_error.as_deref().unwrap_or_default())
    }
}
