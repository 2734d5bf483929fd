//! The program that generates from the catalogue of operations and checks against it. It is apart from xtask, which is not built anew
//! when users-core changes.

use crate::run::{command, status};

pub fn run(arguments: &[&str]) -> Result<(), String> {
    status(command("cargo").args(["run", "--quiet", "-p", "users-catalogue", "--"]).args(arguments))
}
