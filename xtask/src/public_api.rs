//! Snapshots of each published crate's public API, in `crates/NAME/public-api.txt`.

use crate::published;
use crate::run::{command, is_ci, program, read, root, status, target, write};
use std::path::Path;
use std::process::ExitCode;

/// The format of rustdoc's JSON that the library `public-api` reads; rustdoc 1.95 writes it.
const FORMAT: u64 = 57;
/// Set for the copies of this program that stand in for rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";

/// Compares the snapshots with the sources, or rewrites them.
///
/// Gives a message if this toolchain writes another format; on a continuous-integration machine that is an error.
pub fn run(bless: bool) -> Result<Option<String>, String> {
    let mut crates = published::all()?;
    crates.retain(published::Published::has_library);
    // Not `current_exe`: an earlier step may have built this program anew, in its place.
    let this = program(&target().join("debug"), "xtask");
    let mut doc = command("cargo");
    // The selection of the step `documentation`, so that dependencies are checked once. RUSTC_BOOTSTRAP=1 for cargo itself would
    // rerun build scripts and compile everything again; so only rustdoc gets it.
    doc.args(["doc", "--quiet", "--workspace", "--all-features", "--no-deps"]);
    doc.env("RUSTDOC", this)
        .env(AS_RUSTDOC, "1")
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    status(&mut doc)?;
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
            return if is_ci() { Err(message) } else { Ok(Some(format!("left out: {message}"))) };
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
        "the public API of {} differs from its snapshot; `cargo xtask public-api --bless` accepts that",
        changed.join(", ")
    ))
}

/// Runs rustdoc with its unstable options if this program is started in its place.
pub fn as_rustdoc() -> Option<ExitCode> {
    std::env::var_os(AS_RUSTDOC)?;
    let outcome = command("rustdoc")
        .current_dir(std::env::current_dir().ok()?)
        .args(std::env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    Some(if outcome.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line for each public item. Implementations for all types and of auto traits are left out.
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
