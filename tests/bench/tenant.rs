//! `users-tenant` as a process: its start and its memory; and what tenants, snapshots and resets cost.

use crate::calls::build;
use serde::Serialize;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use users_bench::Outcome;
use users_mock::Tenant;

/// The number of starts, of which the median counts.
const STARTS: usize = 21;

/// The number of repetitions of what takes little time.
const REPETITIONS: u32 = 20;

/// The greatest median time from the start of the process to its first answer, in milliseconds.
const MOST_START: f64 = 50.0;

/// The greatest resident set of a process with an empty tenant, in MiB.
const MOST_MEMORY: f64 = 16.0;

/// The start of a process.
#[derive(Serialize)]
pub struct Start {
    /// The time from the start of the process to its first answer: the median and the greatest.
    pub median_ms: f64,
    pub greatest_ms: f64,
    /// The resident set after the first answer.
    pub resident_mib: f64,
}

impl Start {
    /// Which targets are missed.
    pub fn misses(&self) -> Option<String> {
        let Self { median_ms, resident_mib, .. } = self;
        (*median_ms > MOST_START || *resident_mib > MOST_MEMORY).then(|| {
            format!("the targets are {MOST_START} ms and {MOST_MEMORY} MiB, measured are {median_ms:.1} ms and {resident_mib:.1} MiB")
        })
    }
}

/// The times of operations on a tenant of one size, in microseconds.
#[derive(Serialize)]
pub struct Row {
    pub users: u32,
    /// Making a tenant from its template.
    pub make: f64,
    pub snapshot: f64,
    /// Restoring a snapshot when nothing was changed, and when something was.
    pub restore: f64,
    pub restore_changed: f64,
    /// Returning a tenant that was changed to its template.
    pub reset: f64,
    /// The first change after one of these, which copies the indexes, and any other.
    pub first_change: f64,
    pub change: f64,
}

/// Measures starts of the program.
#[allow(clippy::disallowed_methods)] // Wall-clock time is what is measured.
pub fn start() -> Outcome<Start> {
    let program = build::built(&["-p", "users-tenant"], "users-tenant")?;
    let (mut times, mut resident) = (Vec::new(), 0.0_f64);
    for _ in 0..STARTS {
        let started = Instant::now();
        let process = Command::new(&program)
            .args(["--listen", "127.0.0.1:0", "--json"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut process = Killed(process);
        let mut line = String::new();
        let stdout = process.0.stdout.take().ok_or("the program has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let facts: serde_json::Value = serde_json::from_str(&line)?;
        let address =
            facts["listening"].as_str().ok_or("the program prints no address")?.replace("http://", "");
        let token = facts["token"].as_str().ok_or("the program prints no token")?;
        let mut stream = TcpStream::connect(&address)?;
        write!(
            stream,
            "GET /api/v2/users HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("the program answered {answer}").into());
        }
        resident = resident.max(resident_mib(process.0.id()));
    }
    times.sort_by(f64::total_cmp);
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    Ok(Start { median_ms: at(STARTS / 2), greatest_ms: at(STARTS - 1), resident_mib: resident })
}

/// Measures operations on tenants of this size.
pub fn operations(users: u32) -> Row {
    let template = Tenant::builder().users(users).template();
    let tenant = template.tenant();
    let mut snapshot = tenant.snapshot();
    let change = |tenant: &Tenant| drop(tenant.add_generated_user());
    Row {
        users,
        make: micros(|| (), |()| drop(template.tenant_named("a"))),
        snapshot: micros(|| (), |()| snapshot = tenant.snapshot()),
        restore: micros(|| (), |()| tenant.restore(&snapshot)),
        restore_changed: micros(|| change(&tenant), |()| tenant.restore(&snapshot)),
        reset: micros(|| change(&tenant), |()| tenant.reset(&template)),
        first_change: micros(|| tenant.restore(&snapshot), |()| change(&tenant)),
        change: micros(|| (), |()| change(&tenant)),
    }
}

/// The mean time of an operation, without that of its preparation.
#[allow(clippy::disallowed_methods)] // Wall-clock time is what is measured.
fn micros<T>(mut prepare: impl FnMut() -> T, mut operation: impl FnMut(T)) -> f64 {
    let mut total = Duration::ZERO;
    for _ in 0..REPETITIONS {
        let prepared = prepare();
        let started = Instant::now();
        operation(prepared);
        total += started.elapsed();
    }
    total.as_secs_f64() * 1e6 / f64::from(REPETITIONS)
}

#[allow(clippy::cast_precision_loss)]
fn resident_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) as f64 / 1024.0
}

/// A process that is killed on drop.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
