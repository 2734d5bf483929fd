//! A walk of all users of a tenant over a real socket, in constant memory, beside one that decodes nothing.
//!
//! The server, the walk and the floor are processes of their own, so that only the client's memory is measured.

// The time of a walk is wall-clock time.
#![allow(clippy::disallowed_methods)]

use crate::calls::build;
use crate::served::Served;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::process::Command;
use std::time::Instant;
use tokio::net::TcpStream;
use users_bench::Outcome;
use users_mock::Tenant;

/// The results of a walk.
#[derive(Debug, Deserialize, Serialize)]
pub struct Row {
    pub users: u64,
    pub seen: u64,
    pub requests: u64,
    pub seconds: f64,
    /// The time of the same requests, whose responses are read and not decoded.
    pub floor_seconds: f64,
    /// The largest resident set of the client.
    pub peak_rss_mib: f64,
    /// The sum of hashes of the ids that were returned: that of the tenant's, if each was returned once.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub ids: u64,
}

/// The most memory that a walk of any size may need, and the most requests for 100 users.
const MOST_MIB: f64 = 64.0;
const MOST_REQUESTS: f64 = 1.3;

impl Row {
    /// What is not as it should be.
    #[allow(clippy::cast_precision_loss)]
    pub fn misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        if self.seen != self.users {
            misses.push(format!("{} of {} users were returned", self.seen, self.users));
        }
        if self.peak_rss_mib >= MOST_MIB {
            misses.push(format!("{:.1} MiB, and not less than {MOST_MIB}", self.peak_rss_mib));
        }
        let most = MOST_REQUESTS * self.users as f64 / 100.0 + 2.0;
        if self.requests as f64 > most {
            misses.push(format!("{} requests, and not {most:.0} at most", self.requests));
        }
        misses
    }
}

// The signature is that of serde's attribute.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The hash of an id.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Starts a tenant of this size, and walks it.
pub fn run(users: u32) -> Outcome<Row> {
    let tenant = build::built(&["-p", "users-tenant"], "users-tenant")?;
    let mut command = Command::new(tenant);
    let served = Served::start(
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
    )?;
    let child = |part: &str| -> Outcome<Row> {
        let output =
            Command::new(std::env::current_exe()?).args(["walker", part, &served.address]).output()?;
        if !output.status.success() {
            return Err(format!("the {part} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let walk = child("walk")?;
    let floor = child("floor")?;
    drop(served);
    // The same users as those of the server, since they are generated.
    let ids = Tenant::builder().users(users).build().user_ids();
    let expected = ids.iter().fold(0_u64, |sum, id| sum.wrapping_add(hash(id)));
    if walk.ids != expected {
        return Err("the users who were returned are not those of the tenant, each once".into());
    }
    Ok(Row { users: users.into(), floor_seconds: floor.seconds, ids: 0, ..walk })
}

/// One of the processes: the walk or its floor.
pub async fn walker(part: &str, address: &str) -> Outcome<()> {
    let started = Instant::now();
    let (seen, requests, ids) = if part == "walk" { walk(address).await? } else { floor(address).await? };
    let row = Row {
        users: 0,
        seen,
        requests,
        seconds: started.elapsed().as_secs_f64(),
        floor_seconds: 0.0,
        peak_rss_mib: peak_rss_mib(),
        ids,
    };
    println!("{}", serde_json::to_string(&row)?);
    Ok(())
}

async fn walk(address: &str) -> Outcome<(u64, u64, u64)> {
    let client = users_hyper::management(format!("http://{address}")).token("bench").build()?;
    let mut everyone = client.users().get_all().everyone();
    let mut ids = 0_u64;
    while let Some(user) = everyone.try_next().await? {
        let id = user.user_id.as_ref().map(users_hyper::model::UserId::as_str);
        ids = ids.wrapping_add(hash(id.unwrap_or_default()));
    }
    let report = everyone.report();
    Ok((report.users, report.requests, ids))
}

/// The same walk by hyper alone, in which nothing is decoded but the last date.
async fn floor(address: &str) -> Outcome<(u64, u64, u64)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (mut from, mut requests) = ("*".to_owned(), 0);
    loop {
        let target = format!(
            "/api/v2/users?page=0&per_page=100&include_totals=true&sort=created_at%3A1&q=created_at%3A%5B{}%20TO%20%2A%5D",
            from.replace(':', "%3A").replace('*', "%2A")
        );
        let request =
            http::Request::get(target).header("host", address).header("authorization", "Bearer bench");
        sender.ready().await?;
        let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        let body = response.into_body().collect().await?.to_bytes();
        requests += 1;
        let text = std::str::from_utf8(&body)?;
        let last = after(text, "\"created_at\":\"").and_then(|rest| rest.get(..24));
        let total = after(text, "\"total\":").map(|rest| rest.trim_end_matches('}'));
        let is_last = total.and_then(|total| total.parse::<u32>().ok()).is_some_and(|total| total <= 100);
        match last {
            Some(last) if !is_last && last != from => last.clone_into(&mut from),
            _ => return Ok((0, requests, 0)),
        }
    }
}

/// What follows the last occurrence of a text.
fn after<'a>(text: &'a str, part: &str) -> Option<&'a str> {
    text.rsplit_once(part).map(|(_, rest)| rest)
}

/// The largest resident set of this process so far.
#[allow(clippy::cast_precision_loss)]
fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) as f64 / 1024.0
}
