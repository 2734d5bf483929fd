//! The embedded tenant under load: many connections, reads and writes, on tenants of several sizes.

// Latency and throughput are wall-clock time.
#![allow(clippy::disallowed_methods)]

use crate::calls::build;
use crate::served::Served;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use users_bench::Outcome;

/// What a connection does.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Get,
    Search,
    Update,
    Create,
}

/// Half of the requests get a user, a fifth each searches and updates, and a tenth creates.
const MIX: &[Kind] = &[
    Kind::Get,
    Kind::Get,
    Kind::Get,
    Kind::Get,
    Kind::Get,
    Kind::Search,
    Kind::Search,
    Kind::Update,
    Kind::Update,
    Kind::Create,
];

/// The results of a run.
#[derive(Debug, Serialize)]
pub struct Row {
    server: String,
    connections: usize,
    seconds: u64,
    requests: usize,
    per_second: u64,
    /// In microseconds.
    p50: u32,
    p99: u32,
    slowest: u32,
    failed: usize,
    resident_mib: u64,
}

/// The rows as a table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| server | requests per second | p50 | p99 | slowest | failed | memory |\n|---|---:|---:|---:|---:|---:|---:|",
    );
    let millis = |micros: u32| f64::from(micros) / 1000.0;
    for row in rows {
        let Row { server, per_second, p50, p99, slowest, failed, resident_mib, .. } = row;
        let (p50, p99, slowest) = (millis(*p50), millis(*p99), millis(*slowest));
        let _ = write!(
            table,
            "\n| {server} | {per_second} | {p50:.1} ms | {p99:.1} ms | {slowest:.1} ms | {failed} | {resident_mib} MiB |"
        );
    }
    table
}

/// Runs the load on the server with fixed responses, and on a tenant of each size.
pub async fn run(sizes: &[u32], connections: usize, seconds: u64) -> Outcome<Vec<Row>> {
    let canned = build::server()?;
    let tenant = build::built(&["-p", "users-tenant"], "users-tenant")?;
    let mut rows = Vec::new();
    let served = Served::start(Command::new(canned).arg("1000"), "http")?;
    rows.push(measure("fixed responses, GET only", &served, connections, seconds, &[Kind::Get], 0).await?);
    for size in sizes {
        let served = start(&tenant, *size)?;
        let name = |what: &str| format!("{size} users, {what}");
        rows.push(measure(&name("GET only"), &served, connections, seconds, &[Kind::Get], *size).await?);
        rows.push(measure(&name("mixed"), &served, connections, seconds, MIX, *size).await?);
    }
    Ok(rows)
}

fn start(program: &PathBuf, users: u32) -> Outcome<Served> {
    let mut command = Command::new(program);
    Served::start(
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--token",
            "bench",
            "--users",
            &users.to_string(),
        ]),
        "listening",
    )
}

async fn measure(
    name: &str,
    served: &Served,
    connections: usize,
    seconds: u64,
    mix: &'static [Kind],
    users: u32,
) -> Outcome<Row> {
    let ids = if users == 0 { vec!["auth0%7C1".to_owned()] } else { ids(&served.address).await? };
    let ids: std::sync::Arc<[String]> = ids.into();
    let end = Instant::now() + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let (address, ids) = (served.address.clone(), std::sync::Arc::clone(&ids));
            tokio::spawn(async move { connection(&address, &ids, mix, number, end).await })
        })
        .collect();
    let (mut times, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let (own, own_failed) = task.await??;
        times.extend(own);
        failed += own_failed;
    }
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0);
    Ok(Row {
        server: name.to_owned(),
        connections,
        seconds,
        requests: times.len(),
        per_second: u64::try_from(times.len())? / seconds.max(1),
        p50: at(50),
        p99: at(99),
        slowest: at(100),
        failed,
        resident_mib: served.resident_mib(),
    })
}

/// The ids of some users, in the form that a path has.
async fn ids(address: &str) -> Outcome<Vec<String>> {
    let mut stream = Stream::open(address).await?;
    let mut ids = Vec::new();
    for page in 0..10 {
        let target = format!("/api/v2/users?per_page=100&page={page}&fields=user_id");
        let (status, body) = stream.request("GET", &target, "").await?;
        if status != 200 {
            return Err(format!("the users cannot be listed: {status}").into());
        }
        let users: Vec<serde_json::Value> = serde_json::from_slice(&body)?;
        ids.extend(users.iter().filter_map(|user| Some(user["user_id"].as_str()?.replace('|', "%7C"))));
    }
    Ok(ids)
}

/// Sends requests one after the other on one connection. Returns their times in microseconds, and how many failed.
async fn connection(
    address: &str,
    ids: &[String],
    mix: &[Kind],
    number: usize,
    end: Instant,
) -> Outcome<(Vec<u32>, usize)> {
    let mut stream = Stream::open(address).await?;
    let (mut times, mut failed) = (Vec::new(), 0);
    let mut turn = number;
    while Instant::now() < end {
        turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let id = ids.get(turn / 7 % ids.len().max(1)).map_or("", String::as_str);
        let kind = mix.get(turn / 131 % mix.len().max(1)).copied().unwrap_or(Kind::Get);
        let day = turn / 17 % 28 + 1;
        let (method, target, body) = match kind {
            Kind::Get => ("GET", format!("/api/v2/users/{id}"), String::new()),
            Kind::Search => (
                "GET",
                format!(
                    "/api/v2/users?q=created_at:%5B2024-03-{day:02}%20TO%20*%5D&sort=created_at:1&per_page=100"
                ),
                String::new(),
            ),
            Kind::Update => {
                ("PATCH", format!("/api/v2/users/{id}"), format!(r#"{{"app_metadata":{{"turn":{turn}}}}}"#))
            }
            Kind::Create => (
                "POST",
                "/api/v2/users".to_owned(),
                format!(
                    r#"{{"connection":"Username-Password-Authentication","email":"l{number}-{turn}@example.com","password":"Correct horse 1"}}"#
                ),
            ),
        };
        let start = Instant::now();
        let (status, _) = stream.request(method, &target, &body).await?;
        times.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
        failed += usize::from(status >= 400);
    }
    Ok((times, failed))
}

/// A connection with requests written by hand, so that the client takes little of the machine.
struct Stream {
    stream: tokio::io::BufReader<TcpStream>,
    address: String,
}

impl Stream {
    async fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: tokio::io::BufReader::new(stream), address: address.to_owned() })
    }

    async fn request(&mut self, method: &str, target: &str, body: &str) -> Outcome<(u16, Vec<u8>)> {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let status =
            line.split_whitespace().nth(1).and_then(|status| status.parse().ok()).ok_or("no status")?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((status, body))
    }
}
