//! The steps of `ci` and `check`, each with its name.

use crate::run::{cargo, command, is_ci, is_there, output, program, programs, status};
use crate::{catalogue, features, layers, minimal, msrv, package, peers, public_api, purity, words};
use std::time::{Duration, Instant};

/// What a step ends with: done, or left out and why.
pub type Outcome = Result<Option<String>, String>;

/// One thing that must hold.
pub struct Step {
    /// By which `--only` selects it.
    pub name: &'static str,
    /// Fails with the reason.
    pub run: fn() -> Outcome,
}

/// Every step of `ci`, cheap ones first.
pub const ALL: &[Step] = &[
    Step { name: "format", run: || cargo(&["fmt", "--all", "--check"]).map(done) },
    Step { name: "words", run: || words::check().map(done) },
    Step { name: "layers", run: || layers::check().map(done) },
    Step { name: "purity", run: || purity::check().map(done) },
    Step { name: "package", run: || package::check().map(done) },
    Step { name: "fuzz lock file", run: || fuzz_lock_file().map(done) },
    Step { name: "reference table", run: || catalogue::run(&["reference", "--check"]).map(done) },
    Step { name: "contract", run: || catalogue::run(&["contract"]).map(done) },
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
    Step { name: "tour", run: || run(&["examples/tour"]) },
    Step { name: "peers", run: node_sdks },
    Step { name: "documentation", run: documentation },
    Step { name: "public api", run: || public_api::run(false) },
    Step { name: "each feature alone", run: || features::each_alone().map(done) },
    Step { name: "minimal versions", run: || minimal::check().map(done) },
    Step { name: "oldest compiler", run: msrv::check },
];

/// Runs these steps, every one even after one has failed, and ends with a line for each.
// The steps are timed by the wall clock.
#[allow(clippy::disallowed_methods)]
pub fn run_all<'a>(steps: impl Iterator<Item = &'a Step>) -> Result<(), String> {
    let begun = Instant::now();
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
    println!("\n{}\n{:<20} {:>7.1} s", lines.join("\n"), "in all", begun.elapsed().as_secs_f64());
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

/// All tests with all features, and a message if there are no recordings of a real tenant.
fn tests() -> Outcome {
    let tenant = program(&programs()?, "users-tenant");
    let mut test = command("cargo");
    test.args(["test", "--workspace", "--all-features", "--all-targets", "--no-fail-fast"]);
    status(test.env("USERS_TENANT", tenant))?;
    let has_recordings = std::env::var_os("USERS_RECORDINGS").is_some();
    Ok((!has_recordings)
        .then(|| "ok, without recordings of a real tenant (USERS_RECORDINGS names no folder)".to_owned()))
}

/// Runs a program, as it was built for the tests.
fn run(arguments: &[&str]) -> Outcome {
    let [name, rest @ ..] = arguments else { return Err("no program is named".to_owned()) };
    status(command(program(&programs()?, name)).args(rest)).map(done)
}

/// The fuzz targets are outside the workspace, so their lock file does not follow it.
fn fuzz_lock_file() -> Result<(), String> {
    let arguments =
        ["metadata", "--format-version", "1", "--locked", "--manifest-path", "tests/fuzz/Cargo.toml"];
    output(command("cargo").args(arguments)).map(drop)
}

fn documentation() -> Outcome {
    let mut doc = command("cargo");
    doc.args(["doc", "--workspace", "--all-features", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    status(&mut doc).map(done)
}

/// Auth0's own SDKs for Node against the embedded tenant.
fn node_sdks() -> Outcome {
    if is_there("node", &["--version"]) && is_there("npm", &["--version"]) {
        return peers::run().map(Some);
    }
    Ok(Some("left out: node and npm are not installed".to_owned()))
}

/// Licences, bans and sources. On a continuous-integration machine the tool must be there; elsewhere it may be missing.
fn licences() -> Outcome {
    if is_there("cargo", &["deny", "--version"]) {
        return cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]).map(done);
    }
    if is_ci() {
        return Err("cargo-deny is not installed, and with CI=true that is a failure".to_owned());
    }
    Ok(Some("left out: cargo-deny is not installed (cargo install cargo-deny --locked)".to_owned()))
}
