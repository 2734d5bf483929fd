//! Runs the measurements of the crate `users-bench`.

use crate::run::{command, status};

pub fn run(arguments: &[String]) -> Result<(), String> {
    // The walk is a part of the program itself, which other measurements start as programs of their own.
    let profile = if arguments.first().is_some_and(|name| name == "walk") { "release" } else { "dev" };
    let cargo = ["run", "--quiet", "--profile", profile, "-p", "users-bench", "--"];
    status(command("cargo").args(cargo).args(arguments))
}
