//! Each crate with each of its features alone, and with none.

use crate::run::{cargo, metadata};
use serde_json::Value;

/// Checks every library with no feature, and with each feature by itself.
pub fn each_alone() -> Result<(), String> {
    let metadata = metadata(&["--no-deps"])?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let features = package["features"].as_object().into_iter().flat_map(|features| features.keys());
        for feature in std::iter::once("").chain(features.map(String::as_str)) {
            if feature == "default" || !publishes(package) {
                continue;
            }
            println!("{name} {}", if feature.is_empty() { "(none)" } else { feature });
            let alone = ["check", "--quiet", "-p", name, "--no-default-features", "--features", feature];
            cargo(&alone)?;
        }
    }
    Ok(())
}

/// Whether a package is meant for others.
pub fn publishes(package: &Value) -> bool {
    package["publish"].as_array().is_none_or(|registries| !registries.is_empty())
}
