//! The command line.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0    everything was done
  1    the command failed
  2    the arguments cannot be used
  3    some of the users failed; they are in a file that --file accepts
  4    the credentials are missing, not valid or not sufficient
  130  interrupted; a run on many users is continued with --resume

Settings, each from the first of these that has it: a flag, the environment, the profile.
  AUTH0_ISSUER_BASE_URL, AUTH0_DOMAIN        the tenant
  AUTH0_MANAGEMENT_API_TOKEN                 an access token of the Management API
  AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET       a machine-to-machine application

A profile is a file of lines NAME=VALUE with these names, which nobody else may read (0600).

Without a tenant of Auth0:
  users-tenant exec --users 50 -- auth0-users list";

/// Manages the users of an Auth0 tenant of any size.
#[derive(Debug, Parser)]
#[command(name = "auth0-users", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which tenant, and how to log in. No flag takes a secret.
#[derive(Args, Debug, Default)]
pub(crate) struct Connection {
    /// The domain of the tenant: tenant.eu.auth0.com.
    #[arg(long, global = true, value_name = "DOMAIN", help_heading = "Tenant", conflicts_with = "base_url")]
    pub(crate) domain: Option<String>,
    /// The address of a tenant that is not Auth0's: http://localhost:4400.
    #[arg(long, global = true, value_name = "URL", help_heading = "Tenant")]
    pub(crate) base_url: Option<String>,
    /// A file with settings.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Tenant")]
    pub(crate) profile: Option<PathBuf>,
    /// A command that prints an access token. It is run by the shell, and again when the token is not accepted any more.
    #[arg(long, global = true, value_name = "COMMAND", help_heading = "Tenant")]
    pub(crate) token_command: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows the tenant, where the settings are from, the scopes of the token and the rate limit.
    LoginCheck,
    /// Lists users.
    List(List),
    /// Lists the users who match a query: 'logins_count:0 AND email:*@example.com'.
    Search(Search),
    /// Shows a user with all attributes.
    Show(Show),
    /// Counts users: all, or those who match a query.
    Count {
        /// The query.
        query: Option<String>,
    },
    /// Blocks users, who cannot log in any more.
    Block(Change),
    /// Lifts the block of users.
    Unblock(Change),
    /// Deletes users.
    Delete(Change),
    /// Writes all users, or those who match a query, to a file.
    Export(Export),
    /// Prints a script that completes arguments.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only those who match a query.
    #[arg(long)]
    pub(crate) query: Option<String>,
    #[command(flatten)]
    pub(crate) listing: Listing,
}

#[derive(Args, Debug)]
pub(crate) struct Search {
    /// The query, in the syntax of Auth0's user search.
    pub(crate) query: String,
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// How many users are shown, and how.
#[derive(Args, Debug)]
pub(crate) struct Listing {
    /// The most users to show.
    #[arg(long, default_value_t = 50, conflicts_with = "all")]
    pub(crate) limit: u64,
    /// Show all, also more than 1000.
    #[arg(long)]
    pub(crate) all: bool,
    /// The attributes to show, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub(crate) struct Format {
    /// Print a JSON array.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print comma-separated values.
    #[arg(long)]
    pub(crate) csv: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The id, or the e-mail address.
    #[arg(value_name = "ID|EMAIL")]
    pub(crate) user: String,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which users are changed, and how carefully.
#[derive(Args, Debug)]
pub(crate) struct Change {
    /// Ids or e-mail addresses.
    #[arg(value_name = "ID|EMAIL", conflicts_with_all = ["file", "query", "resume"])]
    pub(crate) users: Vec<String>,
    /// A file with an id or an e-mail address in each line, or the failures of an earlier run; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["query", "resume"])]
    pub(crate) file: Option<PathBuf>,
    /// All who match a query.
    #[arg(long, value_name = "QUERY", conflicts_with = "resume")]
    pub(crate) query: Option<String>,
    /// Continue a run that was interrupted, which this folder records.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) resume: Option<PathBuf>,
    /// Print what would be done, and send no write.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask before more than one user is changed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The number of requests in flight.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The file, whose name ends in .ndjson, .json or .csv, and in .gz if it is to be compressed.
    pub(crate) file: PathBuf,
    /// Only those who match a query.
    #[arg(long)]
    pub(crate) query: Option<String>,
    /// The attributes to write, separated by commas; all unless set, and those of a list in CSV.
    #[arg(long, value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    /// Replace the file if it exists.
    #[arg(long)]
    pub(crate) overwrite: bool,
}
