//! Compiles the packages of the published crates with the lowest versions of their dependencies.

use crate::package;
use crate::run::{command, empty, status, target, write};
use std::fmt::Write as _;

/// Unpacks every package into a separate workspace, and compiles it with the lowest versions that the manifests allow.
///
/// This finds lower bounds that are too low, and files that are missing from a package.
pub fn check() -> Result<(), String> {
    let folder = target().join("minimal-versions").join("workspace");
    empty(&folder)?;
    let mut members = String::new();
    let mut patches = String::new();
    let mut features = Vec::new();
    for (published, file) in package::all()? {
        let name = &published.name;
        // The files of a package are dated 2006, so with their dates Cargo would take an earlier build for that of these files.
        status(command("tar").arg("-xmzf").arg(&file).arg("-C").arg(&folder))?;
        let own = published.manifest["features"].as_object().into_iter().flat_map(|features| features.keys());
        // aws-lc-rs only enables a feature of rustls, so it has no lower bound to check, and its C code takes the longest to compile.
        features
            .extend(own.filter(|feature| *feature != "aws-lc-rs").map(|feature| format!("{name}/{feature}")));
        let unpacked = file.file_stem().unwrap_or_default().to_string_lossy();
        let _ = write!(members, "{unpacked:?}, ");
        let _ = writeln!(patches, "{name} = {{ path = {unpacked:?} }}");
    }
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}");
    write(&folder.join("Cargo.toml"), &manifest)?;
    // The packages' own lock file would state the newest versions.
    let mut update = command("cargo");
    update.current_dir(&folder).env("RUSTC_BOOTSTRAP", "1");
    status(update.args(["update", "--quiet", "-Z", "direct-minimal-versions"]))?;
    let mut check = command("cargo");
    check.current_dir(&folder).env("CARGO_TARGET_DIR", target().join("minimal-versions").join("target"));
    check.args(["check", "--quiet", "--workspace", "--lib", "--bins", "--no-default-features", "--features"]);
    status(check.arg(features.join(",")))
}
