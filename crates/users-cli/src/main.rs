//! `auth0-users`: lists, searches and changes the users of an Auth0 tenant.

mod action;
mod arguments;
mod attributes;
mod checkpoint;
mod commands;
mod confirm;
mod connect;
mod debug;
mod exit;
mod file;
mod folder;
mod import_folder;
mod interrupt;
mod jq;
mod output;
mod profile;
mod progress;
mod rows;
mod settings;
mod target;
mod targets;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("the program cannot start: {error}");
            return exit::Failure::new(exit::Code::Failed, message).report();
        }
    };
    let outcome = runtime.block_on(async { commands::run(arguments, interrupt::Interrupt::listen()).await });
    // A question that is not answered must not keep the process.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
