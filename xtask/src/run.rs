//! Runs other programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's folder.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    // A relative path is resolved from the workspace, where every command runs.
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Whether this runs in continuous integration, where no step may be skipped.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// What a step returns that cannot run here: in continuous integration an error.
pub fn skipped(why: &str) -> Result<Option<String>, String> {
    if is_ci() { Err(format!("{why}; CI=true requires it")) } else { Ok(Some(format!("skipped: {why}"))) }
}

/// A command in the workspace's folder.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs cargo.
pub fn cargo(arguments: &[&str]) -> Result<(), String> {
    status(command("cargo").args(arguments))
}

/// Runs a command; an exit status other than 0 is an error that names the command.
pub fn status(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

/// The standard output of a command.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{command:?}: {error}"))
}

/// Whether a program is installed and runs.
pub fn is_there(program: &str, arguments: &[&str]) -> bool {
    let quiet = command(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// The workspace's manifests as `cargo metadata` prints them.
pub fn metadata(arguments: &[&str]) -> Result<serde_json::Value, String> {
    let text = output(command("cargo").args(["metadata", "--format-version", "1"]).args(arguments))?;
    serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))
}

/// Builds every target, including tests, with the features that are tested, and returns the folder of the programs.
///
/// Building one program alone would select other features of its dependencies and recompile them.
pub fn programs() -> Result<PathBuf, String> {
    cargo(&["build", "--quiet", "--workspace", "--all-features", "--all-targets"])?;
    Ok(target().join("debug"))
}

/// The file of a program in the folder that [`programs`] returns.
pub fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Reads a file; an error names it.
pub fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Writes a file; an error names it.
pub fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

/// Creates an empty folder; removes an existing one.
pub fn empty(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}
