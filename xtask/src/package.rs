//! Checks that the packages of the published crates are complete, and that their front pages agree with them.

use crate::front_page;
use crate::published::{self, Published};
use crate::run::{command, output, read, root, status, target};
use std::path::PathBuf;

/// The files that every package must contain.
const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// The fields that every manifest must state.
const FIELDS: [&str; 6] = ["description", "documentation", "homepage", "repository", "license", "readme"];
/// The most keywords, and the most categories, that crates.io accepts.
const MOST: usize = 5;
/// What a manifest states for docs.rs.
const DOCS_RS: &str = r#"all-features = true and rustdoc-args = ["--cfg", "docsrs"]"#;
/// With this line, the documentation on docs.rs names the feature that an item requires.
const DOC_CFG: &str = "#![cfg_attr(docsrs, feature(doc_cfg))]";

/// Packages every published crate, and checks its files, its manifest and its front page.
///
/// The packages are not compiled here; the step `minimal versions` compiles them outside the workspace, and `each feature alone` each
/// crate with its own features.
pub fn check() -> Result<(), String> {
    let mut found = Vec::new();
    for (published, file) in all()? {
        let listed = output(command("tar").arg("-tzf").arg(&file))?;
        let files: Vec<&str> = listed.lines().filter_map(|line| Some(line.split_once('/')?.1)).collect();
        let library = published.root_module().map(|module| read(&module)).transpose()?;
        let mut problems = problems(&published, &files, library.as_deref());
        if let Some(library) = &library {
            let readme = read(&root().join("crates").join(&published.name).join("README.md"))?;
            let Published { manifest, name } = &published;
            problems.extend(front_page::problems(name, manifest, library, &readme));
        }
        found.extend(problems.into_iter().map(|problem| format!("{}: {problem}", published.name)));
        println!("{}: {} files", published.name, files.len());
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// What a registry or docs.rs would miss in a crate with these files and this source of its library.
fn problems(published: &Published, files: &[&str], library: Option<&str>) -> Vec<String> {
    let Published { manifest, name } = published;
    let mut problems = Vec::new();
    for file in FILES.iter().filter(|file| !files.contains(file)) {
        problems.push(format!("{file} is not in the package"));
    }
    for field in FIELDS.iter().filter(|field| manifest[**field].as_str().is_none_or(str::is_empty)) {
        problems.push(format!("the manifest states no {field}"));
    }
    for field in ["keywords", "categories"] {
        match manifest[field].as_array().map_or(0, Vec::len) {
            0 => problems.push(format!("the manifest states no {field}")),
            1..=MOST => {}
            number => problems.push(format!("{number} {field}; crates.io accepts {MOST}")),
        }
    }
    let documentation = format!("https://docs.rs/{name}");
    if manifest["documentation"].as_str().is_some_and(|stated| stated != documentation) {
        problems.push(format!("the manifest's documentation is not {documentation}"));
    }
    let docs_rs = &manifest["metadata"]["docs"]["rs"];
    if docs_rs["all-features"] != true || docs_rs["rustdoc-args"] != serde_json::json!(["--cfg", "docsrs"]) {
        problems.push(format!("[package.metadata.docs.rs] must state {DOCS_RS}"));
    }
    let has_features = manifest["features"].as_object().is_some_and(|features| !features.is_empty());
    if has_features && library.is_some_and(|source| !source.lines().any(|line| line == DOC_CFG)) {
        problems.push(format!("the library has features, but not the line {DOC_CFG}"));
    }
    problems
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn complete() -> Published {
        let manifest = json!({
            "description": "d", "homepage": "h", "repository": "r", "license": "MIT", "readme": "README.md",
            "documentation": "https://docs.rs/users-core",
            "keywords": ["auth0"], "categories": ["authentication"], "features": {"tower": []},
            "metadata": {"docs": {"rs": {"all-features": true, "rustdoc-args": ["--cfg", "docsrs"]}}},
        });
        Published { manifest, name: "users-core".to_owned() }
    }

    fn changed(field: &str, value: serde_json::Value) -> Vec<String> {
        let mut published = complete();
        published.manifest[field] = value;
        problems(&published, &FILES, Some(DOC_CFG))
    }

    #[test]
    fn a_complete_package_has_no_problems() {
        assert_eq!(problems(&complete(), &FILES, Some(&format!("//! Text\n{DOC_CFG}\n"))), [""; 0]);
    }

    #[test]
    fn each_file_and_each_field_is_required() {
        for file in FILES {
            let others: Vec<&str> = FILES.into_iter().filter(|other| *other != file).collect();
            let found = problems(&complete(), &others, Some(DOC_CFG));
            assert_eq!(found, [format!("{file} is not in the package")]);
        }
        for field in FIELDS.into_iter().chain(["keywords", "categories"]) {
            assert_eq!(changed(field, json!(null)), [format!("the manifest states no {field}")]);
        }
    }

    #[test]
    fn what_crates_io_refuses_and_what_docs_rs_needs_is_named() {
        let six = json!(["a", "b", "c", "d", "e", "f"]);
        assert_eq!(changed("keywords", six), ["6 keywords; crates.io accepts 5"]);
        let elsewhere = changed("documentation", json!("https://docs.rs/users-model"));
        assert_eq!(elsewhere, ["the manifest's documentation is not https://docs.rs/users-core"]);
        let without_cfg = changed("metadata", json!({"docs": {"rs": {"all-features": true}}}));
        assert_eq!(without_cfg, [format!("[package.metadata.docs.rs] must state {DOCS_RS}")]);
    }

    #[test]
    fn only_a_library_with_features_needs_doc_cfg() {
        let missing = problems(&complete(), &FILES, Some("//! #![cfg_attr(docsrs, feature(doc_cfg))]"));
        assert_eq!(missing, [format!("the library has features, but not the line {DOC_CFG}")]);
        assert_eq!(problems(&complete(), &FILES, None), [""; 0]);
        let mut featureless = complete();
        featureless.manifest["features"] = json!({});
        assert_eq!(problems(&featureless, &FILES, Some("")), [""; 0]);
    }
}
