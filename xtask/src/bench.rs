//! Runs the measurements of the crate `users-bench`.

use crate::run::{command, status};

pub fn run(arguments: &[String]) -> Result<(), String> {
    status(command("cargo").args(["run", "--quiet", "-p", "users-bench", "--"]).args(arguments))
}
