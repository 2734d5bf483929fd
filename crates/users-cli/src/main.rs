//! `auth0-users`: manages the users of an Auth0 tenant from a terminal.

mod arguments;
mod commands;
mod confirm;
mod failure;
mod output;
mod progress;
mod run;
mod settings;
mod targets;
mod work;

use arguments::{Arguments, Command};
use clap::{CommandFactory as _, Parser as _};
use commands::{change, count, export, list, login_check, show};
use failure::{Exit, Failure};
use settings::Settings;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // clap ends the process with 2 if the arguments are not valid.
    match execute(Arguments::parse()).await {
        Ok(exit) => exit.code(),
        Err(failure) => {
            if !failure.is_broken_pipe() {
                eprintln!("auth0-users: {failure}");
            }
            failure.exit().code()
        }
    }
}

async fn execute(arguments: Arguments) -> Result<Exit, Failure> {
    if let Command::Completions { shell } = arguments.command {
        clap_complete::generate(shell, &mut Arguments::command(), "auth0-users", &mut std::io::stdout());
        return Ok(Exit::Done);
    }
    let settings = Settings::read(&arguments.connection)?;
    match arguments.command {
        Command::LoginCheck => login_check::run(&settings).await,
        Command::List(list) => list::run(&settings, list.query.as_deref(), &list.listing).await,
        Command::Search(search) => list::run(&settings, Some(&search.query), &search.listing).await,
        Command::Show(show) => show::run(&settings, &show).await,
        Command::Count { query } => count::run(&settings, query.as_deref()).await,
        Command::Block(change) => change::block(&settings, &change).await,
        Command::Unblock(change) => change::unblock(&settings, &change).await,
        Command::Delete(change) => change::delete(&settings, &change).await,
        Command::Export(export) => export::run(&settings, &export).await,
        Command::Completions { .. } => Ok(Exit::Done),
    }
}
