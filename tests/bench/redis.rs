//! What a permit costs that many processes share through Redis: commands, time of the server, and the wait of the request.
//!
//! The tenant is a bucket in this process, four times as fast as the requests, so that no request waits for the tenant. Each pacer
//! has a connection and a thread of its own, as a process has.

// It measures real time.
#![allow(clippy::disallowed_methods)]

use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use users_bench::Outcome;
use users_core::{CATALOGUE, PaceRequest, Pacer as _};
use users_redis::redis::{self, Commands as _, Connection};
use users_redis::{RedisPacer, RedisStore};
use users_tests_redis::RedisServer;

/// How long a request takes.
const ANSWERED_AFTER: Duration = Duration::from_millis(20);
/// The time before the measurement, in which the pacers learn.
const LEARNING: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Row {
    pub per_second: u32,
    pub pacers: u32,
    /// Other processes that are known to Redis, and ask for nothing.
    pub others: u32,
    pub permits: usize,
    pub commands_per_permit: f64,
    /// The time of the server for one command.
    pub server_micros: f64,
    pub p50_micros: f64,
    pub p99_micros: f64,
    pub answered_429: u64,
}

/// Measures these rates for some seconds each.
pub async fn run(seconds: u64) -> Outcome<Vec<Row>> {
    let server = RedisServer::start().ok_or("redis-server is not installed")?;
    let mut rows = Vec::new();
    for (per_second, pacers, others) in
        [(10, 1, 0), (1000, 1, 0), (1000, 8, 0), (10_000, 1, 0), (10_000, 8, 0), (1000, 8, 10_000)]
    {
        rows.push(measure(&server, per_second, pacers, others, seconds).await?);
    }
    Ok(rows)
}

pub fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| permits per second | processes | others | commands per permit | server, per command | wait, p50 | p99 |\n\
         |---:|---:|---:|---:|---:|---:|---:|",
    );
    for row in rows {
        table += &format!(
            "\n| {} | {} | {} | {:.3} | {:.0} µs | {:.1} µs | {:.0} µs |",
            row.per_second,
            row.pacers,
            row.others,
            row.commands_per_permit,
            row.server_micros,
            row.p50_micros,
            row.p99_micros
        );
    }
    table
}

/// The tenant's bucket.
struct Bucket {
    size: f64,
    per_second: f64,
    level: f64,
    at: Instant,
    refused: u64,
}

impl Bucket {
    fn answer(&mut self) -> (StatusCode, HeaderMap) {
        let now = Instant::now();
        let added = now.duration_since(self.at).as_secs_f64() * self.per_second;
        self.level = (self.level + added).min(self.size);
        self.at = now;
        let is_accepted = self.level >= 1.0;
        let status = if is_accepted { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
        self.level -= if is_accepted { 1.0 } else { 0.0 };
        self.refused += u64::from(!is_accepted);
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-limit", HeaderValue::from(self.size as u64));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(self.level as u64));
        (status, headers)
    }
}

async fn measure(
    server: &RedisServer,
    per_second: u32,
    pacers: u32,
    others: u32,
    seconds: u64,
) -> Outcome<Row> {
    let mut connection = server.connection();
    redis::cmd("FLUSHALL").query::<()>(&mut connection)?;
    let size = f64::from(per_second.max(25)) * 4.0;
    let bucket = Bucket { size, per_second: size, level: size, at: Instant::now(), refused: 0 };
    let bucket = Arc::new(Mutex::new(bucket));
    let waits: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let started = Instant::now();
    let end = started + LEARNING + Duration::from_secs(seconds);
    let mut clients = Vec::new();
    for _ in 0..pacers {
        let store = RedisStore::open(&server.address())?;
        let pacer = RedisPacer::new(&store, "tenant");
        clients.push(tokio::spawn(send(
            pacer,
            f64::from(per_second) / f64::from(pacers),
            end,
            bucket.clone(),
            waits.clone(),
        )));
    }
    tokio::time::sleep(LEARNING).await;
    add_others(&mut connection, others)?;
    redis::cmd("CONFIG").arg("RESETSTAT").query::<()>(&mut connection)?;
    waits.lock().expect("no request panics").clear();
    for client in clients {
        client.await?;
    }
    let (commands, server_micros) = evaluated(&mut connection)?;
    let mut waits = std::mem::take(&mut *waits.lock().expect("no request panics"));
    waits.sort();
    let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    let answered_429 = bucket.lock().expect("no request panics").refused;
    Ok(Row {
        per_second,
        pacers,
        others,
        permits: waits.len(),
        commands_per_permit: commands / waits.len() as f64,
        server_micros,
        p50_micros: at(0.5),
        p99_micros: at(0.99),
        answered_429,
    })
}

/// Sends requests at a constant rate, however long each waits.
async fn send(
    pacer: RedisPacer,
    per_second: f64,
    end: Instant,
    bucket: Arc<Mutex<Bucket>>,
    waits: Arc<Mutex<Vec<Duration>>>,
) {
    let descriptor =
        CATALOGUE.iter().find(|descriptor| descriptor.name == "users.get").expect("an operation");
    let started = Instant::now();
    let mut sent = 0_u64;
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    let mut requests = tokio::task::JoinSet::new();
    while Instant::now() < end {
        ticks.tick().await;
        while (sent as f64) < started.elapsed().as_secs_f64() * per_second {
            sent += 1;
            let (pacer, bucket, waits) = (pacer.clone(), bucket.clone(), waits.clone());
            requests.spawn(async move {
                let asked = Instant::now();
                let mut permit = pacer.acquire(&PaceRequest::new(descriptor)).await.expect("a permit");
                waits.lock().expect("no request panics").push(asked.elapsed());
                permit.used();
                tokio::time::sleep(ANSWERED_AFTER).await;
                let (status, headers) = bucket.lock().expect("no request panics").answer();
                pacer.observe(&permit, status, &headers);
            });
        }
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
    pacer.close().await;
}

/// Adds processes to those that Redis counts, as if they waited.
fn add_others(connection: &mut Connection, others: u32) -> Outcome<()> {
    let (seconds, _): (f64, f64) = redis::cmd("TIME").query(connection)?;
    for other in 0..others {
        let name = format!("other-{other}");
        let () = connection.zadd("users:{tenant}:reads:1", &name, seconds * 1000.0 + 100_000.0)?;
        let () = connection.hset("users:{tenant}:credits:1", format!("read{name}"), "0 0")?;
    }
    Ok(())
}

/// The number of scripts that were evaluated, and the time of each in microseconds.
fn evaluated(connection: &mut Connection) -> Outcome<(f64, f64)> {
    let info: String = redis::cmd("INFO").arg("commandstats").query(connection)?;
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:")).ok_or("no script ran")?;
    let number = |name: &str| -> Outcome<f64> {
        let field = line.split(',').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        Ok(field.ok_or("a missing figure")?.parse()?)
    };
    Ok((number("calls")?, number("usec_per_call")?))
}
