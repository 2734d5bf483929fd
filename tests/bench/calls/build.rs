//! Builds the programs that are compared.

use std::path::{Path, PathBuf};
use std::process::Command;
use users_bench::Outcome;

/// The profile of the workspace's manifest that all drivers are built with.
const PROFILE: &str = "drivers";

/// The drivers.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The floor and the typed client, by the first argument.
    pub peer: PathBuf,
    pub ours: PathBuf,
}

/// Builds the drivers.
///
/// Each package is built by itself, because Cargo would enable the features of one for the dependencies of the others.
pub fn drivers() -> Outcome<Programs> {
    Ok(Programs {
        peer: built(&["-p", "users-bench-peers", "--bin", "bench-peer"], "bench-peer")?,
        ours: built(&["-p", "users-bench-ours"], "bench-ours")?,
    })
}

/// Builds the server.
pub fn server() -> Outcome<PathBuf> {
    built(&["-p", "users-bench-server"], "bench-server")
}

/// Builds one package, and returns the file of its program.
pub fn built(arguments: &[&str], name: &str) -> Outcome<PathBuf> {
    let status = Command::new("cargo")
        .current_dir(root())
        .args(["build", "--quiet", "--locked", "--profile", PROFILE, "--target-dir"])
        .arg(folder())
        .args(arguments)
        .status()?;
    if !status.success() {
        return Err(format!("cargo build {}: {status}", arguments.join(" ")).into());
    }
    Ok(folder().join(PROFILE).join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// The target folder of the drivers, apart from the workspace's, so that building them does not lock it. Other files of a run are kept
/// there too.
pub fn folder() -> PathBuf {
    target().join("bench")
}

/// Cargo's target folder.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}
