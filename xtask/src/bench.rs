//! Runs the measurements of the crate `users-bench`.

use crate::run::{command, status};

pub fn run(arguments: &[String]) -> Result<(), String> {
    // These are a part of the program itself, which other measurements start as programs of their own.
    let is_own = arguments.first().is_some_and(|name| ["redis", "tenant", "walk"].contains(&name.as_str()));
    let profile = if is_own { "release" } else { "dev" };
    let cargo = ["run", "--quiet", "--profile", profile, "-p", "users-bench", "--"];
    status(command("cargo").args(cargo).args(arguments))
}
