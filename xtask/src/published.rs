//! The published crates, as `cargo metadata` describes them.

use crate::run::metadata;
use serde_json::Value;
use std::path::PathBuf;

/// One published crate.
pub struct Published {
    /// Its manifest, as `cargo metadata` prints it.
    pub manifest: Value,
    /// Its name.
    pub name: String,
}

/// All published crates of the workspace, by name.
pub fn all() -> Result<Vec<Published>, String> {
    let mut all: Vec<Published> = metadata(&["--no-deps"])?["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|package| is_published(package))
        .map(|package| Published {
            name: package["name"].as_str().unwrap_or_default().to_owned(),
            manifest: package.clone(),
        })
        .collect();
    all.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(all)
}

/// Arguments that select these crates: `-p users-model -p users-core`.
pub fn select(crates: &[Published]) -> Vec<String> {
    crates.iter().flat_map(|published| ["-p".to_owned(), published.name.clone()]).collect()
}

/// Whether a package is published.
pub fn is_published(package: &Value) -> bool {
    package["publish"].as_array().is_none_or(|registries| !registries.is_empty())
}

impl Published {
    /// The oldest compiler that the crate supports.
    pub fn rust_version(&self) -> &str {
        self.manifest["rust_version"].as_str().unwrap_or_default()
    }

    /// Whether the crate has a library.
    pub fn has_library(&self) -> bool {
        self.root_module().is_some()
    }

    /// The file of the library's root module.
    pub fn root_module(&self) -> Option<PathBuf> {
        let is_library =
            |target: &&Value| target["kind"].as_array().into_iter().flatten().any(|kind| kind == "lib");
        let target = self.manifest["targets"].as_array()?.iter().find(is_library)?;
        target["src_path"].as_str().map(PathBuf::from)
    }
}
