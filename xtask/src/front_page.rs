//! Checks of the front page of a library: its first sentence, how to add the crate, and its table of features.

use serde_json::Value;
use std::collections::BTreeMap;

/// What differs between a library's front page, its README and its manifest.
pub fn problems(name: &str, manifest: &Value, library: &str, readme: &str) -> Vec<String> {
    let page = text(library);
    let mut problems = Vec::new();
    let sentence = words(page.split("\n\n").next().unwrap_or_default());
    if manifest["description"].as_str().is_none_or(|description| description != sentence.replace('`', "")) {
        problems.push(format!(
            "the front page begins with \"{sentence}\", and the manifest's description differs"
        ));
    }
    if !words(readme).contains(&sentence) {
        problems.push(format!("the front page begins with \"{sentence}\", which is not in the README"));
    }
    for (file, text) in [("front page", page.as_str()), ("README", readme)] {
        let adds = |line: &str| line.starts_with("$ cargo add ") && line.split(' ').any(|word| word == name);
        if !text.lines().any(adds) {
            problems.push(format!("the {file} does not show `cargo add {name}`"));
        }
    }
    let (stated, documented) = (features(manifest), rows(&page));
    for (feature, is_default) in &stated {
        match documented.get(feature) {
            None => problems.push(format!("the table of features does not list {feature}")),
            Some(documented) if documented != is_default => {
                problems
                    .push(format!("the table of features is wrong on whether {feature} is on by default"));
            }
            Some(_) => {}
        }
    }
    for feature in documented.keys().filter(|feature| !stated.contains_key(*feature)) {
        problems.push(format!("the table of features lists {feature}, which the manifest does not have"));
    }
    problems
}

/// The features of a manifest, and whether each is on by default.
fn features(manifest: &Value) -> BTreeMap<String, bool> {
    let defaults = manifest["features"]["default"].as_array().cloned().unwrap_or_default();
    let names = manifest["features"].as_object().into_iter().flat_map(|features| features.keys());
    names
        .filter(|name| *name != "default")
        .map(|name| (name.clone(), defaults.contains(&Value::from(name.as_str()))))
        .collect()
}

/// The rows of the table below the heading "Features", and whether each says "yes" in its second column.
fn rows(page: &str) -> BTreeMap<String, bool> {
    let section = page.lines().skip_while(|line| *line != "# Features").skip(1);
    section
        .take_while(|line| !line.starts_with("# "))
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("| `")?.split_once("` |")?;
            Some((name.to_owned(), rest.split('|').next()?.trim() == "yes"))
        })
        .collect()
}

/// The documentation at the beginning of a file, without comment marks.
fn text(library: &str) -> String {
    let lines = library.lines().filter_map(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIBRARY: &str = "//! A `client`,\n//! for users.\n//!\n//! $ cargo add a\n//!\n//! # Features\n//!\n\
        //! | feature | default | adds |\n//! |---|---|---|\n//! | `ring` | yes | TLS |\n//! | `gzip` | | less |\n//!\n//! # Types\n//!\n//! | `x` | |\n";
    const README: &str = "# a\n\nA `client`, for\nusers.\n\n$ cargo add a\n";

    fn manifest() -> Value {
        json!({"description": "A client, for users.", "features": {"default": ["ring"], "ring": [], "gzip": []}})
    }

    #[test]
    fn a_front_page_that_agrees_has_no_problems() {
        assert_eq!(problems("a", &manifest(), LIBRARY, README), [""; 0]);
    }

    #[test]
    fn the_first_sentence_is_also_in_the_readme_and_the_manifest() {
        let mut other = manifest();
        other["description"] = json!("Another.");
        let found = problems("a", &other, LIBRARY, "$ cargo add a b");
        assert_eq!(
            found,
            [
                "the front page begins with \"A `client`, for users.\", and the manifest's description differs",
                "the front page begins with \"A `client`, for users.\", which is not in the README",
            ]
        );
    }

    #[test]
    fn both_show_how_to_add_the_crate() {
        let found = problems("b", &manifest(), LIBRARY, README);
        assert_eq!(
            found,
            ["the front page does not show `cargo add b`", "the README does not show `cargo add b`"]
        );
    }

    #[test]
    fn the_table_has_each_feature_and_whether_it_is_on_by_default() {
        let mut other = manifest();
        other["features"] = json!({"default": ["gzip"], "gzip": [], "tower": []});
        let found = problems("a", &other, LIBRARY, README);
        assert_eq!(
            found,
            [
                "the table of features is wrong on whether gzip is on by default",
                "the table of features does not list tower",
                "the table of features lists ring, which the manifest does not have",
            ]
        );
    }
}
