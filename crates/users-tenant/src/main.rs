//! Serves Auth0 tenants for tests of other processes and in other languages.

mod arguments;
mod exec;
mod facts;
mod serve;
mod signals;
mod start;

use arguments::{Arguments, Command};
use clap::Parser as _;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        None => serve::run(arguments.settings, arguments.json).await.map(|()| ExitCode::SUCCESS),
        Some(Command::Exec(exec)) => exec::run(exec.settings, &exec.command).await,
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("users-tenant: {error}");
        ExitCode::FAILURE
    })
}
