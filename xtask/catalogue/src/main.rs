//! Generates documentation from the catalogue of operations, and checks the catalogue against Auth0's contract.

mod calls;
mod contract;
mod reference;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "The catalogue of operations", bin_name = "catalogue")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compares Auth0's contract with the catalogue and the models.
    Contract {
        /// A new OpenAPI document of Auth0, to compare with this project's own statement of it.
        #[arg(long, value_name = "FILE")]
        oas: Option<PathBuf>,
        /// Writes the document's facts as the project's own statement.
        #[arg(long, requires = "oas")]
        write: bool,
    },
    /// Writes the table of operations in the documentation of users-core and users-hyper.
    Reference {
        /// Compares the tables and writes nothing.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Contract { oas, write } => contract::run(oas.as_deref(), write),
        Task::Reference { check } => reference::run(check),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
