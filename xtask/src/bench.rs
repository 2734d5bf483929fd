//! Measurements. They are programs of the crate `users-tests`, for they need all crates together.

use crate::run::{command, status};

pub fn run(arguments: &[String]) -> Result<(), String> {
    status(
        command("cargo")
            .args(["run", "--quiet", "-p", "users-tests", "--bin", "bench", "--"])
            .args(arguments),
    )
}
