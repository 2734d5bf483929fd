//! Runs the program that generates documentation from the catalogue of operations and checks the catalogue. It is separate from xtask, so
//! that xtask is not rebuilt when users-core changes.

use crate::run::{command, status};

pub fn run(arguments: &[&str]) -> Result<(), String> {
    status(command("cargo").args(["run", "--quiet", "-p", "users-catalogue", "--"]).args(arguments))
}
