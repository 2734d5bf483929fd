//! Checks of the published crates with each feature alone, and with no features.

use crate::published;
use crate::run::{cargo, command, status};

/// Checks every published crate with no features, and with each feature alone.
pub fn each_alone() -> Result<(), String> {
    for published in published::all()? {
        let features = published.manifest["features"].as_object();
        let features = features.into_iter().flat_map(|features| features.keys().map(String::as_str));
        for feature in std::iter::once("").chain(features.filter(|feature| *feature != "default")) {
            println!("{} {}", published.name, if feature.is_empty() { "(none)" } else { feature });
            let name = published.name.as_str();
            cargo(&["check", "--quiet", "-p", name, "--no-default-features", "--features", feature])?;
        }
    }
    Ok(())
}

/// Lints the published crates with no features. The test crates are excluded, because they would enable the features.
pub fn lints_without() -> Result<(), String> {
    let mut clippy = command("cargo");
    clippy.arg("clippy").args(published::select(&published::all()?));
    status(clippy.args(["--no-default-features", "--", "-D", "warnings"]))
}

/// Runs the unit tests of the published crates with no features.
///
/// Those of users-hyper are excluded: without cryptography it builds no client, and its dev-dependencies enable features of the other
/// crates. Those of users-redis simulate minutes of work, which no feature changes.
pub fn tests_without() -> Result<(), String> {
    let mut crates = published::all()?;
    let excluded = ["users-hyper", "users-redis"];
    crates.retain(|published| published.has_library() && !excluded.contains(&published.name.as_str()));
    let mut test = command("cargo");
    status(
        test.args(["test", "--lib", "--no-default-features", "--no-fail-fast"])
            .args(published::select(&crates)),
    )
}
