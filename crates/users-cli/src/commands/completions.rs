//! `completions`.

use crate::arguments::Arguments;
use crate::exit::Failure;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::{self, Write as _};

/// Prints the script by which a shell completes commands and options.
pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "auth0-users", &mut script);
    io::stdout().lock().write_all(&script).map_err(|error| Failure::output(&error))
}
