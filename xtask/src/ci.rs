//! The checks that every change must pass.

use crate::steps::{ALL, Step, run_all};

/// Runs every step, or only the steps with these names.
pub fn run(only: &[String]) -> Result<(), String> {
    if let Some(unknown) = only.iter().find(|name| ALL.iter().all(|step| step.name != **name)) {
        return Err(format!("there is no step \"{unknown}\"; `cargo xtask ci --list` prints the steps"));
    }
    let is_selected = |step: &&Step| only.is_empty() || only.iter().any(|name| *name == step.name);
    run_all(ALL.iter().filter(is_selected))
}

/// Prints the names of the steps in order.
pub fn list() {
    for step in ALL {
        println!("{}", step.name);
    }
}
