//! The steps of `ci` and `check`, with their names.

use crate::run::{cargo, command, is_there, output, program, programs, skipped, status};
use crate::{
    book, catalogue, documentation, features, languages, layers, minimal, msrv, package, peers, public_api,
    purity, schemas, words,
};
use std::time::{Duration, Instant};

/// The outcome of a step: done, with an optional message, or failed with the reason.
pub type Outcome = Result<Option<String>, String>;

/// One check.
pub struct Step {
    /// The name that `--only` selects.
    pub name: &'static str,
    /// Runs the check; fails with the reason.
    pub run: fn() -> Outcome,
}

/// Every step of `ci`, quick ones first.
pub const ALL: &[Step] = &[
    Step { name: "format", run: || cargo(&["fmt", "--all", "--check"]).map(done) },
    Step { name: "words", run: || words::check().map(done) },
    Step { name: "layers", run: || layers::check().map(done) },
    Step { name: "purity", run: || purity::check().map(done) },
    Step { name: "package", run: || package::check().map(done) },
    Step { name: "fuzz lock file", run: || fuzz_lock_file().map(done) },
    Step { name: "reference table", run: || catalogue::run(&["reference", "--check"]).map(done) },
    Step {
        name: "contract",
        run: || catalogue::run(&["contract"]).and_then(|()| schemas::check()).map(done),
    },
    Step { name: "licences and bans", run: licences },
    Step { name: "lints", run: lints },
    Step { name: "lints, no features", run: || features::lints_without().map(done) },
    Step { name: "tests", run: tests },
    Step { name: "tests, no features", run: || features::tests_without().map(done) },
    Step {
        name: "doc tests",
        run: || cargo(&["test", "--workspace", "--all-features", "--doc", "--no-fail-fast"]).map(done),
    },
    Step { name: "short soak", run: || run(&["bench", "soak", "--seconds", "3"]) },
    Step { name: "instructions", run: instructions },
    Step { name: "tour", run: || run(&["examples/tour"]) },
    Step { name: "department", run: || run(&["examples/department"]) },
    Step {
        name: "many users",
        run: || {
            let examples = ["examples/export_users", "examples/block_users", "examples/empty_tenant"];
            examples.iter().try_for_each(|example| run(&[example]).map(|_| ())).map(done)
        },
    },
    Step { name: "peers", run: other_sdks },
    Step { name: "languages", run: languages::run },
    Step { name: "documentation", run: documentation },
    Step { name: "public api", run: || public_api::run(false) },
    Step { name: "each feature alone", run: || features::each_alone().map(done) },
    Step { name: "minimal versions", run: || minimal::check().map(done) },
    Step { name: "oldest compiler", run: msrv::check },
];

/// Runs all of these steps, even after one has failed, and prints a summary line for each.
// The duration of the steps is wall-clock time.
#[allow(clippy::disallowed_methods)]
pub fn run_all<'a>(steps: impl Iterator<Item = &'a Step>) -> Result<(), String> {
    let run_started = Instant::now();
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for step in steps {
        println!("\n=== {}", step.name);
        let started = Instant::now();
        let outcome = (step.run)();
        if let Err(problem) = &outcome {
            eprintln!("{problem}");
            failed.push(step.name);
        }
        lines.push(line(step.name, started.elapsed(), &outcome));
    }
    println!("\n{}\n{:<20} {:>7.1} s", lines.join("\n"), "total", run_started.elapsed().as_secs_f64());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join("; "))) }
}

/// Lints of every target with all features.
pub fn lints() -> Outcome {
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]).map(done)
}

pub fn done((): ()) -> Option<String> {
    None
}

fn line(name: &str, took: Duration, outcome: &Outcome) -> String {
    let result = match outcome {
        Ok(None) => "ok",
        Ok(Some(message)) => message,
        Err(_) => "FAILED",
    };
    format!("{name:<20} {:>7.1} s  {result}", took.as_secs_f64())
}

/// Runs all tests with all features; returns a message if there are no recordings of a real tenant.
fn tests() -> Outcome {
    let tenant = program(&programs()?, "users-tenant");
    let mut test = command("cargo");
    test.args(["test", "--workspace", "--all-features", "--all-targets", "--no-fail-fast"]);
    test.env("USERS_TENANT", tenant);
    if has_interpreters() {
        test.env("USERS_LOGIN_PEERS", peers::login_applications()?);
    }
    status(&mut test)?;
    let has_recordings = std::env::var_os("USERS_RECORDINGS").is_some();
    Ok((!has_recordings)
        .then(|| "ok, without recordings of a real tenant (USERS_RECORDINGS names no folder)".to_owned()))
}

/// Runs a program that was built for the tests.
fn run(arguments: &[&str]) -> Outcome {
    let [name, rest @ ..] = arguments else { return Err("no program was given".to_owned()) };
    status(command(program(&programs()?, name)).args(rest)).map(done)
}

/// The fuzz targets are outside the workspace, so their lock file does not follow it.
fn fuzz_lock_file() -> Result<(), String> {
    let arguments =
        ["metadata", "--format-version", "1", "--locked", "--manifest-path", "tests/fuzz/Cargo.toml"];
    output(command("cargo").args(arguments)).map(drop)
}

fn documentation() -> Outcome {
    documentation::check().and_then(|()| book::check()).map(done)
}

/// Whether programs in other languages can be run here.
fn has_interpreters() -> bool {
    ["node", "npm", "python3"].iter().all(|program| is_there(program, &["--version"]))
}

/// Runs Auth0's SDKs of other languages against the embedded tenant.
fn other_sdks() -> Outcome {
    if has_interpreters() {
        peers::run().map(Some)
    } else {
        skipped("node, npm and python3 are not all installed")
    }
}

/// Counts the instructions of a call, relative to those of a client written by hand.
fn instructions() -> Outcome {
    if is_there("valgrind", &["--version"]) {
        let folder = programs()?;
        let server = program(&folder, "bench-server");
        return status(command(program(&folder, "bench")).args(["ratios", "--server"]).arg(server)).map(done);
    }
    skipped("valgrind is not installed")
}

/// Checks licences, bans and sources.
fn licences() -> Outcome {
    if is_there("cargo", &["deny", "--version"]) {
        return cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]).map(done);
    }
    skipped("cargo-deny is not installed (cargo install cargo-deny --locked)")
}
