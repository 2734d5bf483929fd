//! Checks dependencies: what the lower layers must not depend on, and what needs a newer compiler than a crate states.

use crate::published::is_published;
use crate::run::{command, metadata, output};
use serde_json::Value;
use std::collections::HashMap;

/// Crates, the kinds of dependencies that count, and the packages that must not be among them.
const PURE: &[(&str, &str, &[&str])] = &[
    ("users-model", "normal", &["hyper", "tokio", "rustls"]),
    ("users-core", "normal", &["hyper", "tokio", "rustls"]),
    // So that the tests build quickly.
    ("users-tests-pure", "normal,dev", &["hyper", "reqwest", "rustls", "ureq"]),
];

/// Packages of these families that are types of keys and certificates alone, without TLS.
const DATA: &[&str] = &["rustls-pki-types"];

/// Fails if a pure crate depends on an HTTP stack under any feature, or a published crate on a package that needs a newer compiler.
pub fn check() -> Result<(), String> {
    for (pure, edges, impure) in PURE {
        let tree = output(command("cargo").args([
            "tree",
            "-e",
            edges,
            "--all-features",
            "--prefix",
            "none",
            "-p",
            pure,
        ]))?;
        for line in tree.lines() {
            let name = line.split(' ').next().unwrap_or_default();
            let is_impure =
                impure.iter().any(|impure| name == *impure || name.starts_with(&format!("{impure}-")));
            if is_impure && !DATA.contains(&name) {
                return Err(format!(
                    "{pure} depends on {line}; `cargo tree -p {pure} --all-features -i {name}` shows why"
                ));
            }
        }
        println!("{pure} does not depend on {}", impure.join(", "));
    }
    oldest_compiler()
}

/// Checks that every dependency of a published crate, under every feature, supports the stated compiler.
fn oldest_compiler() -> Result<(), String> {
    let metadata = metadata(&["--all-features"])?;
    let packages: HashMap<&str, &Value> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    for published in packages.values().filter(|package| package["source"].is_null() && is_published(package))
    {
        let name = published["name"].as_str().unwrap_or_default();
        let stated =
            version(&published["rust_version"]).ok_or_else(|| format!("{name} states no rust-version"))?;
        let tree = output(command("cargo").args([
            "tree",
            "-e",
            "normal",
            "--all-features",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "-p",
            name,
        ]))?;
        for line in tree.lines() {
            let mut words = line.split(' ');
            let (dependency, number) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let needs = packages
                .values()
                .find(|package| {
                    package["name"] == dependency
                        && number.trim_start_matches('v') == package["version"].as_str().unwrap_or_default()
                })
                .and_then(|package| version(&package["rust_version"]));
            if needs.is_some_and(|needs| needs > stated) {
                return Err(format!(
                    "{name} states an older compiler than its dependency {dependency} {number} needs"
                ));
            }
        }
        println!("{name} and all its dependencies support Rust {}.{}", stated.0, stated.1);
    }
    Ok(())
}

fn version(text: &Value) -> Option<(u32, u32)> {
    let mut parts = text.as_str()?.split('.').map(|part| part.parse().unwrap_or(0));
    Some((parts.next()?, parts.next().unwrap_or(0)))
}
