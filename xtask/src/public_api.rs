//! Snapshots of each published crate's public API, in `crates/NAME/public-api.txt`.

use crate::published;
use crate::run::{command, program, read, root, skipped, status, target, write};
use std::path::Path;
use std::process::{Command, ExitCode};

/// The version of rustdoc's JSON format that the library `public-api` reads and rustdoc 1.95 writes.
const FORMAT: u64 = 57;
/// The environment variable that makes this program run as rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";

/// Compares the snapshots with the sources, or rewrites them.
///
/// Returns a message if this toolchain writes another format; in continuous integration that is an error.
pub fn run(bless: bool) -> Result<Option<String>, String> {
    let mut crates = published::all()?;
    crates.retain(published::Published::has_library);
    let mut doc = command("cargo");
    // The same selection as in the step `documentation`, so that dependencies are checked once.
    doc.args(["doc", "--quiet", "--workspace", "--all-features", "--no-deps"]);
    status(unstable_rustdoc(&mut doc, "-Z unstable-options --output-format json"))?;
    let mut changed = Vec::new();
    for published in &crates {
        let name = &published.name;
        let json = target().join("doc").join(format!("{}.json", name.replace('-', "_")));
        let text = read(&json)?;
        let format = serde_json::from_str::<serde_json::Value>(&text).map_err(|error| error.to_string())?["format_version"].as_u64();
        if format != Some(FORMAT) {
            let message = format!(
                "rustdoc writes format {}, and snapshots are made from {FORMAT}",
                format.unwrap_or_default()
            );
            return skipped(&message);
        }
        let file = root().join("crates").join(name).join("public-api.txt");
        let listing = list(&json).map_err(|error| format!("{}: {error}", json.display()))?;
        let kept = read(&file).unwrap_or_default();
        if kept != listing {
            print_difference(name, &kept, &listing);
            changed.push(name.as_str());
            if bless {
                write(&file, &listing)?;
            }
        }
    }
    if changed.is_empty() || bless {
        return Ok(None);
    }
    Err(format!(
        "the public API of {} differs from its snapshot; `cargo xtask public-api --bless` accepts the change",
        changed.join(", ")
    ))
}

/// Lets a command of cargo run rustdoc with these flags, unstable ones included.
///
/// Only rustdoc gets RUSTC_BOOTSTRAP=1; for cargo itself it would rerun build scripts and recompile everything.
pub fn unstable_rustdoc<'a>(cargo: &'a mut Command, flags: &str) -> &'a mut Command {
    // Not `current_exe`: an earlier step may have rebuilt this program in place.
    let this = program(&target().join("debug"), "xtask");
    cargo.env("RUSTDOC", this).env(AS_RUSTDOC, "1").env("RUSTDOCFLAGS", flags)
}

/// Runs rustdoc with unstable options if this program was started as rustdoc.
pub fn as_rustdoc() -> Option<ExitCode> {
    std::env::var_os(AS_RUSTDOC)?;
    let outcome = command("rustdoc")
        .current_dir(std::env::current_dir().ok()?)
        .args(std::env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    Some(if outcome.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line for each public item. Blanket implementations and auto traits are omitted.
fn list(json: &Path) -> Result<String, public_api::Error> {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()?;
    Ok(api.to_string())
}

fn print_difference(name: &str, kept: &str, listing: &str) {
    let (kept, listing): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), listing.lines().collect());
    println!("{name}");
    for line in kept.iter().filter(|line| !listing.contains(line)) {
        println!("  - {line}");
    }
    for line in listing.iter().filter(|line| !kept.contains(line)) {
        println!("  + {line}");
    }
}
