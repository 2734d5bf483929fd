//! The table of operations in the documentation of `users-core`, generated from the catalogue.

use crate::root;
use std::fmt::Write as _;
use users_core::{Api, CATALOGUE, Descriptor, Safety};

/// Writes the table, or checks that it is up to date.
pub fn run(check: bool) -> Result<(), String> {
    let file = root().join("crates").join("users-core").join("OPERATIONS.md");
    let table = table();
    if !check {
        return std::fs::write(&file, table).map_err(|error| format!("{}: {error}", file.display()));
    }
    match std::fs::read_to_string(&file) {
        Ok(kept) if kept == table => Ok(()),
        Ok(_) => Err(format!(
            "{} is not up to date with the catalogue; run `cargo xtask reference`",
            file.display()
        )),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

fn table() -> String {
    let mut text = String::from(
        "Every operation, made from the catalogue by `cargo xtask reference`.\n\n\
         | operation | endpoint | scopes | safe to repeat | in Auth0's Node SDK |\n|---|---|---|---|---|\n",
    );
    let mut all: Vec<&&Descriptor> = CATALOGUE.iter().collect();
    all.sort_by_key(|descriptor| (descriptor.api != Api::Management, descriptor.name));
    for descriptor in all {
        let set = |all: &&[&str]| -> String {
            all.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(" and ")
        };
        let scopes: Vec<String> = descriptor.scopes.iter().map(set).collect();
        let safety = match descriptor.safety {
            Safety::Safe => "yes, it reads",
            Safety::Idempotent => "yes",
            _ => "with `idempotent(true)`",
        };
        let node = descriptor.node.map_or_else(String::new, |node| format!("`{node}`"));
        let _ = writeln!(
            text,
            "| `{}` | `{descriptor}` | {} | {safety} | {node} |",
            descriptor.name,
            scopes.join(", or "),
        );
    }
    text
}
