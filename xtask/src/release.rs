//! Checks a release before its crates are published by hand; publishes nothing.

use crate::published;
use crate::run::{read, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One crate of a release.
#[derive(Debug, PartialEq, Eq)]
struct Crate {
    version: String,
    /// The other published crates that it depends on, each with the version that it requires.
    requires: Vec<(String, String)>,
}

/// The published crates by name.
type Crates = BTreeMap<String, Crate>;

/// Checks that the crates can be published as this version, and prints the order in which to publish them.
pub fn check(version: &str) -> Result<(), String> {
    let manifests: Vec<Value> = published::all()?.into_iter().map(|published| published.manifest).collect();
    let crates = crates(&manifests);
    let order = order(&crates)?;
    let mut problems = versions(&crates, version);
    problems.extend(section(&read(&root().join("CHANGELOG.md"))?, version));
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    println!("{version} can be published, in this order:");
    for name in order {
        println!("cargo publish -p {name}");
    }
    Ok(())
}

/// Reads the crates from their manifests, as `cargo metadata` prints them.
fn crates(manifests: &[Value]) -> Crates {
    let names: BTreeSet<&str> = manifests.iter().filter_map(|manifest| manifest["name"].as_str()).collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let read = |manifest: &Value| {
        let dependencies = manifest["dependencies"].as_array().into_iter().flatten();
        // A dev-dependency without a version is left out of the package, so it needs no order.
        let requires = dependencies
            .filter(|dependency| dependency["name"].as_str().is_some_and(|name| names.contains(name)))
            .filter(|dependency| dependency["kind"] != "dev" || dependency["req"] != "*")
            .map(|dependency| (text(&dependency["name"]), text(&dependency["req"])))
            .collect();
        (text(&manifest["name"]), Crate { version: text(&manifest["version"]), requires })
    };
    manifests.iter().map(read).collect()
}

/// The names of the crates, each behind those that it depends on.
fn order(crates: &Crates) -> Result<Vec<&str>, String> {
    let mut order: Vec<&str> = Vec::new();
    while order.len() < crates.len() {
        let next = crates.iter().find(|(name, this)| {
            let is_ready = this.requires.iter().all(|(name, _)| order.contains(&name.as_str()));
            is_ready && !order.contains(&name.as_str())
        });
        let Some((name, _)) = next else {
            let rest: Vec<&str> =
                crates.keys().map(String::as_str).filter(|name| !order.contains(name)).collect();
            return Err(format!(
                "these crates depend on each other or on one of a cycle: {}",
                rest.join(", ")
            ));
        };
        order.push(name);
    }
    Ok(order)
}

/// The crates and the requirements that do not agree with the version of the release.
fn versions(crates: &Crates, version: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let wanted = format!("^{version}");
    for (name, this) in crates {
        if this.version != version {
            problems.push(format!("{name} has the version {}, not {version}", this.version));
        }
        for (dependency, requirement) in this.requires.iter().filter(|(_, stated)| *stated != wanted) {
            problems.push(format!("{name} requires {dependency} {requirement}, not {wanted}"));
        }
    }
    problems
}

/// Why the changelog does not describe the version.
fn section(changelog: &str, version: &str) -> Option<String> {
    let heading = format!("## [{version}]");
    let mut lines = changelog.lines().skip_while(|line| !line.starts_with(&heading));
    let Some(found) = lines.next() else {
        return Some(format!("CHANGELOG.md has no section \"{heading} - YYYY-MM-DD\""));
    };
    if !found.strip_prefix(&heading).and_then(|rest| rest.strip_prefix(" - ")).is_some_and(is_date) {
        return Some(format!("CHANGELOG.md: \"{found}\" is not \"{heading} - YYYY-MM-DD\""));
    }
    let is_empty = !lines.take_while(|line| !line.starts_with("## ")).any(|line| line.starts_with("- "));
    is_empty.then(|| format!("CHANGELOG.md: the section \"{found}\" lists no change"))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.iter().map(|part| part.len()).eq([4, 2, 2]) && parts.iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Crates with the version 0.2.0, each with the names that it depends on.
    fn release(all: &[(&str, &[&str])]) -> Crates {
        let read = |(name, requires): &(&str, &[&str])| {
            let requires = requires.iter().map(|name| ((*name).to_owned(), "^0.2.0".to_owned())).collect();
            ((*name).to_owned(), Crate { version: "0.2.0".to_owned(), requires })
        };
        all.iter().map(read).collect()
    }

    #[test]
    fn a_crate_is_published_behind_those_that_it_depends_on() {
        let crates = release(&[
            ("core", &["model"]),
            ("hyper", &["core", "tenant"]),
            ("model", &[]),
            ("tenant", &["core", "mock"]),
            ("mock", &["core"]),
        ]);
        assert_eq!(order(&crates).unwrap(), ["model", "core", "mock", "tenant", "hyper"]);
    }

    #[test]
    fn crates_of_a_cycle_are_named() {
        let crates = release(&[("model", &[]), ("core", &["mock", "model"]), ("mock", &["core"])]);
        let problem = order(&crates).unwrap_err();
        assert_eq!(problem, "these crates depend on each other or on one of a cycle: core, mock");
    }

    #[test]
    fn versions_of_crates_and_of_requirements_must_be_that_of_the_release() {
        let mut crates = release(&[("core", &["model"]), ("model", &[])]);
        assert_eq!(versions(&crates, "0.2.0"), [""; 0]);
        crates.get_mut("model").unwrap().version = "0.1.0".to_owned();
        crates.get_mut("core").unwrap().requires[0].1 = "^0.1.0".to_owned();
        let problems = ["core requires model ^0.1.0, not ^0.2.0", "model has the version 0.1.0, not 0.2.0"];
        assert_eq!(versions(&crates, "0.2.0"), problems);
    }

    #[test]
    fn requirements_of_other_crates_and_of_tests_without_a_version_are_ignored() {
        let manifests = [
            json!({"name": "model", "version": "0.2.0", "dependencies": [{"name": "serde", "req": "^1", "kind": null}]}),
            json!({"name": "core", "version": "0.2.0", "dependencies": [
                {"name": "model", "req": "^0.2.0", "kind": null},
                {"name": "core", "req": "*", "kind": "dev"},
                {"name": "model", "req": "^0.1.0", "kind": "dev"},
            ]}),
        ];
        let requires = [("model".to_owned(), "^0.2.0".to_owned()), ("model".to_owned(), "^0.1.0".to_owned())];
        assert_eq!(crates(&manifests)["core"].requires, requires);
        assert_eq!(crates(&manifests)["model"].requires, []);
    }

    #[test]
    fn the_changelog_needs_a_dated_section_that_lists_changes() {
        let problem = |changelog: &str| section(changelog, "0.2.0");
        let rest = "\n### Added\n\n- A change.\n";
        assert_eq!(problem(&format!("## [Unreleased]\n\n## [0.2.0] - 2026-11-29\n{rest}")), None);
        let missing = Some("CHANGELOG.md has no section \"## [0.2.0] - YYYY-MM-DD\"".to_owned());
        assert_eq!(
            problem(&format!("## [Unreleased]\n{rest}\n## [0.2.0-rc.1] - 2026-11-29\n{rest}")),
            missing
        );
        let undated = problem(&format!("## [0.2.0] - soon\n{rest}")).unwrap();
        assert_eq!(undated, "CHANGELOG.md: \"## [0.2.0] - soon\" is not \"## [0.2.0] - YYYY-MM-DD\"");
        let empty = problem(&format!("## [0.2.0] - 2026-11-29\n\n## [0.1.0] - 2026-01-01\n{rest}")).unwrap();
        assert_eq!(empty, "CHANGELOG.md: the section \"## [0.2.0] - 2026-11-29\" lists no change");
    }
}
