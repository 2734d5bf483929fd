//! The drivers and the scenarios, and one run of a driver.

use super::build::Programs;
use super::server::{Counts, Server};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;
use users_bench::Outcome;

/// What a run of a driver measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    GetSeq,
    GetConc64,
    ListAll,
    CreateConc64,
    Cold,
}

impl Scenario {
    /// The name in a driver's command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetSeq => "get_seq",
            Self::GetConc64 => "get_conc64",
            Self::ListAll => "list_all",
            Self::CreateConc64 => "create_conc64",
            Self::Cold => "cold",
        }
    }

    /// What a table calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::GetSeq => "GET, sequential",
            Self::GetConc64 => "GET, 64 in flight",
            Self::ListAll => "a user, pages of 100",
            Self::CreateConc64 => "create, 64 in flight",
            Self::Cold => "start to exit with one user",
        }
    }

    pub fn concurrency(self) -> usize {
        if matches!(self, Self::GetConc64 | Self::CreateConc64) { 64 } else { 1 }
    }

    /// The number of operations of a timed run: long enough to be timed, short enough that the machine's speed changes little.
    pub fn timed_size(self) -> usize {
        match self {
            Self::GetSeq => 6_000,
            Self::GetConc64 | Self::CreateConc64 => 10_000,
            Self::ListAll => 20_000,
            Self::Cold => 1,
        }
    }
}

/// A client that is compared.
#[derive(Clone, Debug)]
pub struct Driver {
    pub name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// The names of the drivers.
pub const FLOOR: &str = "floor";
pub const TYPED: &str = "typed";
pub const CONTROL: &str = "typed again";
pub const OURS: &str = "ours";

impl Driver {
    /// The floor, the typed client twice, and ours. What the two runs of the typed client differ by is noise.
    pub fn all(programs: &Programs) -> [Self; 4] {
        let peer = |name, kind| Self { name, program: programs.peer.clone(), arguments: kind };
        [
            peer(FLOOR, &["floor"]),
            peer(TYPED, &["typed"]),
            peer(CONTROL, &["typed"]),
            Self { name: OURS, program: programs.ours.clone(), arguments: &[] },
        ]
    }

    /// The command of a run, optionally under another program.
    pub fn command(&self, server: &Server, run: Run, under: &[String]) -> Command {
        let mut words = under.iter().map(String::as_str).map(Path::new).chain([self.program.as_path()]);
        let mut command = Command::new(words.next().unwrap_or(&self.program));
        command.args(words).args(self.arguments);
        command.args(["--base", server.url(run.tls), "--scenario", run.scenario.name()]);
        command.args(["--n", &run.n.to_string(), "--concurrency", &run.concurrency.to_string()]);
        // One file of trust roots for every client; a proxy would be measured as well.
        command.env("SSL_CERT_FILE", &server.bundle).env_remove("SSL_CERT_DIR");
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        command
    }

    /// Makes a run and checks it against what the server received.
    // The time of the process is wall-clock time.
    #[allow(clippy::disallowed_methods)]
    pub fn run(&self, server: &Server, run: Run) -> Outcome<Row> {
        server.reset()?;
        let started = Instant::now();
        let output = self.command(server, run, &[]).output()?;
        let process_s = started.elapsed().as_secs_f64();
        let line = self.checked(server, run, &output)?;
        Ok(Row { process_s, ..line })
    }

    /// The line that a driver printed, if the server received as much.
    pub fn checked(&self, server: &Server, run: Run, output: &Output) -> Outcome<Row> {
        let problem = |problem: String| format!("{} {}: {problem}", self.name, run.scenario.name());
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().rev().find(|line| line.starts_with('{')).filter(|_| output.status.success());
        let Some(line) = line else {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(problem(format!("{}: {}", output.status, stderr.trim())).into());
        };
        let row: Row = serde_json::from_str(line)?;
        match miscount(run, &row, &server.counts()?, server.users() as u64) {
            None => Ok(row),
            Some(miscount) => Err(problem(miscount).into()),
        }
    }
}

/// The arguments of a run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub scenario: Scenario,
    pub tls: bool,
    pub n: usize,
    pub concurrency: usize,
}

/// What a driver reports of a run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Row {
    /// The number of operations that were made.
    pub n: u64,
    pub wall_s: f64,
    pub cpu_s: f64,
    pub peak_rss_kb: u64,
    pub errors: u64,
    /// The time of the whole process.
    #[serde(default)]
    pub process_s: f64,
}

/// What the driver reports and the server did not see, or the reverse.
fn miscount(run: Run, row: &Row, seen: &Counts, users: u64) -> Option<String> {
    if row.errors > 0 || seen.refused > 0 || seen.token == 0 {
        return Some(format!("{} errors; the server received {seen:?}", row.errors));
    }
    // Every run but a cold one makes one call before the clock starts.
    let (is_complete, wanted) = match run.scenario {
        Scenario::GetSeq | Scenario::GetConc64 => (seen.get == row.n + 1, run.n as u64),
        Scenario::ListAll => (seen.listed == row.n, (run.n as u64).div_ceil(users) * users),
        Scenario::CreateConc64 => (seen.create == row.n && seen.get == 1, run.n as u64),
        Scenario::Cold => (seen.get == row.n, 1),
    };
    (!is_complete || row.n != wanted)
        .then(|| format!("reported {} operations of {wanted}; the server received {seen:?}", row.n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(scenario: Scenario, n: usize, reported: u64, seen: Counts) -> bool {
        let row = Row { n: reported, wall_s: 1.0, cpu_s: 1.0, peak_rss_kb: 1, errors: 0, process_s: 1.0 };
        miscount(Run { scenario, tls: false, n, concurrency: 1 }, &row, &seen, 2000).is_some()
    }

    #[test]
    fn a_driver_that_reports_more_than_it_did_is_found() {
        let seen = || Counts { token: 1, get: 1, ..Counts::default() };
        for (scenario, honest, lying) in [
            (Scenario::GetSeq, Counts { get: 11, ..seen() }, Counts { get: 10, ..seen() }),
            (Scenario::CreateConc64, Counts { create: 10, ..seen() }, Counts { create: 9, ..seen() }),
        ] {
            assert!(!found(scenario, 10, 10, honest), "{scenario:?}");
            assert!(found(scenario, 10, 10, lying), "{scenario:?}");
        }
        assert!(!found(Scenario::ListAll, 3000, 4000, Counts { listed: 4000, ..seen() }));
        assert!(found(Scenario::ListAll, 3000, 4000, Counts { listed: 3900, ..seen() }));
        assert!(found(Scenario::ListAll, 3000, 2000, Counts { listed: 2000, ..seen() }));
    }

    #[test]
    fn a_run_with_errors_or_without_a_token_is_found() {
        assert!(found(Scenario::Cold, 1, 1, Counts { get: 1, ..Counts::default() }));
        assert!(found(Scenario::Cold, 1, 1, Counts { get: 1, token: 1, refused: 1, ..Counts::default() }));
        assert!(!found(Scenario::Cold, 1, 1, Counts { get: 1, token: 1, ..Counts::default() }));
    }
}
