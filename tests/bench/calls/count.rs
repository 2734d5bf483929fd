//! Instructions, as callgrind counts them: user space, this process only, the same on any day.

use super::build::folder;
use super::driver::{Driver, Run, Scenario};
use super::server::Server;
use std::process::{Command, Stdio};
use users_bench::Outcome;

/// The number of operations of the shorter and of the longer run.
///
/// The difference of their counts, divided by the difference of their sizes, contains neither the start nor the first calls.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub short: usize,
    pub long: usize,
}

/// Whether callgrind is installed.
pub fn is_available() -> bool {
    let version =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// The instructions of one operation.
pub fn per_operation(driver: &Driver, server: &Server, scenario: Scenario, pair: Pair) -> Outcome<f64> {
    let count = |n| whole(driver, server, Run { scenario, tls: false, n, concurrency: 1 });
    let (short, long) = (count(pair.short)?, count(pair.long)?);
    Ok((long - short) / (pair.long - pair.short) as f64)
}

/// The instructions of a process from its start to its exit.
pub fn whole(driver: &Driver, server: &Server, run: Run) -> Outcome<f64> {
    let file = folder().join("callgrind.out");
    let callgrind = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", file.display()),
    ];
    server.reset()?;
    let output = driver.command(server, run, &callgrind).output()?;
    driver.checked(server, run, &output)?;
    let report = std::fs::read_to_string(&file)?;
    let total =
        report.lines().find_map(|line| line.strip_prefix("summary:").or(line.strip_prefix("totals:")));
    let total = total.and_then(|total| total.trim().parse().ok());
    total.ok_or_else(|| format!("{}: no total", file.display()).into())
}
