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
use std::process::Command;
use std::time::Instant;
use tokio::net::TcpStream;
use users_bench::Outcome;

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
    Ok(Row { users: users.into(), floor_seconds: floor.seconds, ..walk })
}

/// One of the processes: the walk or its floor.
pub async fn walker(part: &str, address: &str) -> Outcome<()> {
    let started = Instant::now();
    let (seen, requests) = if part == "walk" { walk(address).await? } else { floor(address).await? };
    let row = Row {
        users: 0,
        seen,
        requests,
        seconds: started.elapsed().as_secs_f64(),
        floor_seconds: 0.0,
        peak_rss_mib: peak_rss_mib(),
    };
    println!("{}", serde_json::to_string(&row)?);
    Ok(())
}

async fn walk(address: &str) -> Outcome<(u64, u64)> {
    let client = users_hyper::management(format!("http://{address}")).token("bench").build()?;
    let mut everyone = client.users().get_all().everyone();
    while everyone.try_next().await?.is_some() {}
    let report = everyone.report();
    Ok((report.users, report.requests))
}

/// The same walk by hyper alone, in which nothing is decoded but the last date.
async fn floor(address: &str) -> Outcome<(u64, u64)> {
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
            _ => return Ok((0, requests)),
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
