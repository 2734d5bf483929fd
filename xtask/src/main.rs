//! Tasks of the workspace.

mod bench;
mod book;
mod catalogue;
mod check;
mod ci;
mod documentation;
mod features;
mod front_page;
mod languages;
mod layers;
mod long;
mod minimal;
mod msrv;
mod package;
mod peers;
mod public_api;
mod published;
mod purity;
mod release;
mod run;
mod schemas;
mod steps;
mod terminal;
mod words;

use clap::{Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Tasks of the workspace", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Runs the quick checks after an edit: formatting, words, layers, lints, and the tests without sockets.
    Check,
    /// Runs the checks that every change must pass.
    Ci {
        /// Runs only this step; may be repeated.
        #[arg(long, value_name = "STEP")]
        only: Vec<String>,
        /// Prints the names of the steps.
        #[arg(long, conflicts_with = "only")]
        list: bool,
    },
    /// Compares Auth0's contract with the catalogue and the models.
    Contract {
        /// A new OpenAPI document of Auth0, to compare with this project's own statement of it.
        #[arg(long, value_name = "FILE")]
        oas: Option<std::path::PathBuf>,
        /// Writes the document's facts as the project's own statement.
        #[arg(long, requires = "oas")]
        write: bool,
    },
    /// Rewrites the schemas by which the embedded tenant checks request bodies and query parameters.
    Schemas {
        /// Auth0's OpenAPI document of the Management API.
        #[arg(long, value_name = "FILE")]
        management: std::path::PathBuf,
        /// A document of further operations, with JSON schemas of their bodies and the parameters of their queries.
        #[arg(long, value_name = "FILE")]
        more: std::path::PathBuf,
    },
    /// Prints which modules each module depends on, and fails if some form a cycle.
    Layers,
    /// Writes the table of operations in the documentation of users-core.
    Reference,
    /// Compares the public APIs of the published crates with their snapshots.
    PublicApi {
        /// Rewrites the snapshots.
        #[arg(long)]
        bless: bool,
    },
    /// Runs Auth0's own SDKs for Node (the documented one and the newest) and Python against the embedded tenant.
    Peers,
    /// Runs a measurement: `calls` compares clients, `pacing` runs on a virtual clock, `soak` over real sockets; see `bench --help`.
    #[command(disable_help_flag = true)]
    Bench {
        /// The measurement and its options.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs 50 kills of a tenant, 100,000 random searches and every fuzz target; needs cargo-fuzz and a nightly toolchain.
    Long {
        /// The number of executions of each target; by default 10 million divided by the number of targets.
        #[arg(long, value_name = "N")]
        executions: Option<u64>,
    },
    /// Checks that the crates can be published as a version, and prints the order in which to publish them; publishes nothing.
    Release {
        /// The version that all crates must have.
        #[arg(long, value_name = "VERSION")]
        check: String,
    },
    /// Records the operators' tool against the embedded tenant in a terminal, as SVG; needs the program `script` of Linux.
    Terminal {
        /// The file to write.
        #[arg(value_name = "FILE")]
        file: std::path::PathBuf,
    },
    /// Checks the dependencies against the advisory database, which needs the network.
    Advisories,
}

fn main() -> ExitCode {
    if let Some(code) = public_api::as_rustdoc() {
        return code;
    }
    let outcome = match Arguments::parse().chore {
        Chore::Check => check::run(),
        Chore::Ci { list: true, .. } => {
            ci::list();
            Ok(())
        }
        Chore::Ci { only, .. } => ci::run(&only),
        Chore::Contract { oas, write } => contract(oas.as_deref(), write),
        Chore::Schemas { management, more } => schemas::write(&management, &more),
        Chore::Layers => layers::print().and_then(|()| layers::check()),
        Chore::Reference => catalogue::run(&["reference"]),
        Chore::PublicApi { bless } => {
            public_api::run(bless).map(|message| message.iter().for_each(|message| println!("{message}")))
        }
        Chore::Peers => peers::run().map(|said| println!("{said}")),
        Chore::Bench { arguments } => bench::run(&arguments),
        Chore::Long { executions } => long::run(executions),
        Chore::Release { check } => release::check(&check),
        Chore::Terminal { file } => terminal::record(&file),
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

fn contract(oas: Option<&Path>, write: bool) -> Result<(), String> {
    // The program runs in the workspace's folder, so a relative path is made absolute.
    let oas = oas.map(std::path::absolute).transpose().map_err(|error| error.to_string())?;
    let oas = oas.as_deref().map(Path::to_string_lossy);
    let mut arguments = vec!["contract"];
    if let Some(oas) = &oas {
        arguments.extend(["--oas", oas]);
    }
    if write {
        arguments.push("--write");
    }
    catalogue::run(&arguments)?;
    schemas::check()
}
