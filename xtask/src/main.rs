//! The workspace's chores.

mod bench;
mod ci;
mod contract;
mod features;
mod layers;
mod long;
mod peers;
mod purity;
mod reference;
mod run;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "The workspace's chores", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that must hold before a change lands: format, lints, tests, documentation, features, purity, licences.
    Ci,
    /// Compares Auth0's contract with the catalogue and the models.
    Contract {
        /// A fresh OpenAPI document of Auth0's, to check this project's own statement of it against.
        #[arg(long, value_name = "FILE")]
        oas: Option<std::path::PathBuf>,
        /// Takes the document's facts over as the project's own statement.
        #[arg(long, requires = "oas")]
        write: bool,
    },
    /// Prints which modules each module depends on, and fails if some form a cycle.
    Layers,
    /// Writes the table of operations in the documentation of users-core.
    Reference,
    /// Runs Auth0's own Node SDKs, the documented one and the newest, against the embedded tenant.
    Peers,
    /// Measures: `pacing` on a virtual clock, `soak` over real sockets; `bench --help` tells more.
    #[command(disable_help_flag = true)]
    Bench {
        /// Which measurement, and its options.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs every fuzz target, which takes long and needs cargo-fuzz and a nightly toolchain.
    Long {
        /// How many executions each target has; 10 million divided by the number of targets unless given.
        #[arg(long, value_name = "N")]
        executions: Option<u64>,
    },
    /// Checks the dependencies against the advisory database, which needs the network.
    Advisories,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Ci => ci::run(),
        Chore::Contract { oas, write } => contract::run(oas.as_deref(), write),
        Chore::Layers => layers::print().and_then(|()| layers::check()),
        Chore::Reference => reference::run(false),
        Chore::Peers => peers::run().map(|told| println!("{told}")),
        Chore::Bench { arguments } => bench::run(&arguments),
        Chore::Long { executions } => long::run(executions),
        Chore::Advisories => run::cargo(&["deny", "check", "advisories"]),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\n{problem}");
            ExitCode::FAILURE
        }
    }
}
