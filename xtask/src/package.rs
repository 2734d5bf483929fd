//! Checks that the packages of the published crates are complete.

use crate::published::{self, Published};
use crate::run::{command, output, status, target};
use std::path::PathBuf;

/// The files that every package must contain.
const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// The fields that every manifest must state.
const FIELDS: [&str; 6] = ["description", "documentation", "homepage", "repository", "license", "readme"];

/// Packages every published crate, and checks its files and its manifest.
///
/// The packages are not compiled here; the step `minimal versions` compiles them.
pub fn check() -> Result<(), String> {
    let mut problems = Vec::new();
    for (published, file) in all()? {
        let name = &published.name;
        let listed = output(command("tar").arg("-tzf").arg(&file))?;
        let is_listed = |wanted: &str| {
            listed.lines().any(|line| line.split_once('/').is_some_and(|(_, file)| file == wanted))
        };
        problems.extend(
            FILES
                .iter()
                .filter(|file| !is_listed(file))
                .map(|file| format!("{name}: {file} is not in the package")),
        );
        let manifest = &published.manifest;
        let is_empty = |field: &&&str| manifest[**field].as_str().is_none_or(str::is_empty);
        problems.extend(
            FIELDS.iter().filter(is_empty).map(|field| format!("{name}: the manifest states no {field}")),
        );
        for field in ["keywords", "categories"] {
            if manifest[field].as_array().is_none_or(Vec::is_empty) {
                problems.push(format!("{name}: the manifest states no {field}"));
            }
        }
        println!("{name}: {} files", listed.lines().count());
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Packages every published crate; returns each crate with its archive.
pub fn all() -> Result<Vec<(Published, PathBuf)>, String> {
    let crates = published::all()?;
    let mut package = command("cargo");
    package.args(["package", "--quiet", "--no-verify", "--allow-dirty"]);
    status(package.args(published::select(&crates)))?;
    let archive = |published: Published| {
        let version = published.manifest["version"].as_str().unwrap_or_default();
        let file = target().join("package").join(format!("{}-{version}.crate", published.name));
        (published, file)
    };
    Ok(crates.into_iter().map(archive).collect())
}
