//! Everything that must hold before a change lands.

use crate::run::{cargo, command, is_there, root, status};
use crate::{bench, contract, features, layers, peers, purity, reference};
use std::time::{Duration, Instant};

/// What came of a step: done, or left out and why.
type Outcome = Result<Option<String>, String>;
type Step = (&'static str, fn() -> Outcome);

/// Runs every step, even after one has failed, and ends with a line for each.
// The steps are timed by the wall clock.
#[allow(clippy::disallowed_methods)]
pub fn run() -> Result<(), String> {
    let steps: &[Step] = &[
        ("format", || cargo(&["fmt", "--all", "--check"]).map(done)),
        ("layers", || layers::check().map(done)),
        ("lints", || {
            cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])
                .map(done)
        }),
        ("lints, no features", || {
            cargo(&["clippy", "--workspace", "--no-default-features", "--", "-D", "warnings"]).map(done)
        }),
        ("tests, all features", || {
            cargo(&["test", "--workspace", "--all-features", "--all-targets", "--no-fail-fast"])?;
            let recordings = root().join("../shared/recordings").exists();
            Ok((!recordings).then(|| {
                "ok, without the recordings of a real tenant, which are not beside this checkout".into()
            }))
        }),
        ("tests, no features", || {
            cargo(&["test", "--workspace", "--no-default-features", "--no-fail-fast"]).map(done)
        }),
        ("doc tests", || {
            cargo(&["test", "--workspace", "--all-features", "--doc", "--no-fail-fast"]).map(done)
        }),
        ("documentation", || {
            status(
                command("cargo")
                    .args(["doc", "--workspace", "--all-features", "--no-deps"])
                    .env("RUSTDOCFLAGS", "-D warnings"),
            )
            .map(done)
        }),
        ("each feature alone", || features::each_alone().map(done)),
        ("purity", || purity::check().map(done)),
        ("reference table", || reference::run(true).map(done)),
        ("contract", || contract::run(None, false).map(done)),
        ("licences and bans", licences),
        ("short soak", || bench::run(&["soak", "--seconds", "3"].map(String::from)).map(done)),
        ("tour", || cargo(&["run", "--quiet", "-p", "users-hyper", "--example", "tour"]).map(done)),
        ("peers", || {
            if is_there("node", &["--version"]) && is_there("npm", &["--version"]) {
                peers::run().map(Some)
            } else {
                Ok(Some("left out: node and npm are not installed".to_owned()))
            }
        }),
    ];

    let mut lines = Vec::new();
    let mut failed = 0;
    for (name, step) in steps {
        println!("\n=== {name}");
        let started = Instant::now();
        let outcome = step();
        if let Err(problem) = &outcome {
            eprintln!("{problem}");
            failed += 1;
        }
        lines.push(line(name, started.elapsed(), &outcome));
    }
    println!("\n{}", lines.join("\n"));
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} steps failed", steps.len())) }
}

fn done((): ()) -> Option<String> {
    None
}

fn line(name: &str, took: Duration, outcome: &Outcome) -> String {
    let told = match outcome {
        Ok(None) => "ok".to_owned(),
        Ok(Some(told)) => told.clone(),
        Err(_) => "FAILED".to_owned(),
    };
    format!("{name:<20} {:>7.1} s  {told}", took.as_secs_f64())
}

/// Licences, bans and sources. On a continuous-integration machine the tool must be there; elsewhere it may be missing.
fn licences() -> Outcome {
    if is_there("cargo", &["deny", "--version"]) {
        return cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]).map(done);
    }
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        return Err("cargo-deny is not installed, and with CI=true that is a failure".to_owned());
    }
    Ok(Some("left out: cargo-deny is not installed (cargo install cargo-deny --locked)".to_owned()))
}
