//! The arguments of the program.

use crate::attributes::Attributes;
use crate::connect::Sending;
use crate::exit;
use crate::file::FileFormat;
use crate::output::Format;
use crate::progress::Style;
use crate::settings::Connection;
use crate::targets::Selection;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Lists, searches and changes the users of an Auth0 tenant.
///
/// Results are on standard output, everything else on standard error. Secrets come from the environment, a profile, or a command, never
/// from a flag.
#[derive(Debug, Parser)]
#[command(name = "auth0-users", version, after_help = exit::HELP, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// Never ask, as without a terminal: to change more than one user then requires --yes
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    OfTenant(Box<OfTenant>),
    /// Print the script by which a shell completes commands
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The commands that need a tenant.
#[derive(Debug, Subcommand)]
pub(crate) enum OfTenant {
    /// Show which tenant and credentials are used, and what they allow
    LoginCheck,
    /// Show a user
    Show(Show),
    /// List users
    List(List),
    /// List the users who match a query
    Search(Search),
    /// Count users
    Count(Count),
    /// Write all users, or those who match a query, to a file
    Export(Export),
    /// Import users from a file into a database connection
    Import(Import),
    /// Create a user
    Create(Create),
    /// Change attributes and metadata of users; what is not named stays as it is
    Update(Update),
    /// Block users
    Block(Change),
    /// Unblock users, without removing blocks by brute-force protection
    Unblock(Change),
    /// Delete users
    Delete(Change),
    /// Delete every user of the tenant
    DeleteAll(DeleteAll),
    /// Add roles to users, or remove them
    #[command(subcommand)]
    Roles(Roles),
    /// Log users out
    #[command(subcommand)]
    Sessions(Sessions),
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The id or the e-mail address of the user
    pub(crate) user: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The largest number of users
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    pub(crate) limit: u64,
    /// All users, also more than the 1000 that Auth0 returns by page
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// The order: email:1, created_at:-1
    #[arg(long, value_name = "FIELD:ORDER", conflicts_with = "all")]
    pub(crate) sort: Option<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// The query, in Auth0's syntax: email.domain:"example.com" AND blocked:true
    pub(crate) query: String,
    #[command(flatten)]
    pub(crate) list: List,
}

#[derive(Debug, Args)]
pub(crate) struct Count {
    /// Count the users who match this query
    #[arg(value_name = "QUERY")]
    pub(crate) text: Option<String>,
    /// The same, as in other commands
    #[arg(long, value_name = "QUERY", conflicts_with = "text")]
    pub(crate) query: Option<String>,
}

/// A change of each user of a selection.
#[derive(Debug, Args)]
pub(crate) struct Change {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Show what would be done, and change nothing
    #[arg(long, short = 'n', help_heading = "Run")]
    pub(crate) dry_run: bool,
    /// Do not ask before changing more than one user; required without a terminal and with --no-input
    #[arg(long, short, help_heading = "Run")]
    pub(crate) yes: bool,
    /// The folder for the list of users, the journal and the failures of a run over several users; removed after a run without failures
    /// unless it is named here
    #[arg(long, value_name = "FOLDER", conflicts_with = "resume", help_heading = "Run")]
    pub(crate) run: Option<PathBuf>,
    /// Refuse to change more users than this
    #[arg(long, value_name = "NUMBER", conflicts_with = "resume", help_heading = "Run")]
    pub(crate) max_users: Option<u64>,
    /// Stop after this time, so that --resume can continue
    #[arg(long, value_name = "SECONDS", help_heading = "Run")]
    pub(crate) stop_after: Option<u64>,
    /// The number of requests in flight; the rate limit is respected with any
    #[arg(long, value_name = "NUMBER", default_value_t = 8, help_heading = "Run")]
    pub(crate) concurrency: usize,
    /// How progress is shown on standard error
    #[arg(long, value_name = "STYLE", value_enum, default_value_t, help_heading = "Run")]
    pub(crate) progress: Style,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The connection of the user: Username-Password-Authentication
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: String,
    /// Read the password from standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Show what would be created, and create nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) attributes: Attributes,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    #[command(flatten)]
    pub(crate) change: Change,
    #[command(flatten)]
    pub(crate) attributes: Attributes,
    /// Delete an attribute
    #[arg(long, value_name = "NAME", help_heading = "Attributes")]
    pub(crate) clear: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Roles {
    /// Add roles to users
    Add(RoleChange),
    /// Remove roles from users
    Remove(RoleChange),
}

#[derive(Debug, Args)]
pub(crate) struct RoleChange {
    /// The name or the id (rol_…) of a role; may be repeated
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<String>,
    #[command(flatten)]
    pub(crate) change: Change,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// Revoke all sessions of users
    Revoke(Change),
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The file: users.ndjson, users.json or users.csv, with .gz to compress it; - is standard output
    pub(crate) file: PathBuf,
    /// The users who match this query
    #[arg(long, value_name = "QUERY", conflicts_with = "by_job")]
    pub(crate) query: Option<String>,
    /// The attributes: email,user_metadata.plan; all unless given, and those of a table for CSV
    #[arg(long, value_name = "FIELDS")]
    pub(crate) fields: Option<String>,
    /// Use an export job of Auth0 in place of a search: fewer requests, all users, and the attributes of a job
    #[arg(long)]
    pub(crate) by_job: bool,
    /// The format, if the name does not state it
    #[arg(long, value_enum)]
    pub(crate) format: Option<FileFormat>,
    /// Replace a file that exists, or begin an unfinished export anew
    #[arg(long, conflicts_with = "resume")]
    pub(crate) overwrite: bool,
    /// Continue the unfinished export of this file
    #[arg(long, conflicts_with_all = ["query", "fields", "by_job", "format"])]
    pub(crate) resume: bool,
    /// How progress is shown on standard error
    #[arg(long, value_name = "STYLE", value_enum, default_value_t)]
    pub(crate) progress: Style,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteAll {
    /// The authority of the tenant, as `login-check` shows it: staging.eu.auth0.com
    #[arg(long, value_name = "AUTHORITY")]
    pub(crate) confirm: String,
    /// Count the users, and delete nobody
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// The number of requests in flight; the rate limit is respected with any
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    pub(crate) concurrency: usize,
    /// How progress is shown on standard error
    #[arg(long, value_name = "STYLE", value_enum, default_value_t)]
    pub(crate) progress: Style,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: users.ndjson, users.json (an array) or users.csv (with a header), with .gz if it is compressed; - is standard input
    #[arg(required_unless_present = "resume")]
    pub(crate) file: Option<PathBuf>,
    /// The name or the id (con_…) of the database connection
    #[arg(long, value_name = "CONNECTION", required_unless_present = "resume")]
    pub(crate) connection: Option<String>,
    /// Update users who exist, in place of rejecting their rows
    #[arg(long)]
    pub(crate) upsert: bool,
    /// The attribute of a column of CSV: 'E-Mail=email', 'Plan=user_metadata.plan'; 'Notes=' leaves a column out
    #[arg(long, value_name = "COLUMN=ATTRIBUTE")]
    pub(crate) map: Vec<String>,
    /// The format, if the name does not state it
    #[arg(long, value_enum)]
    pub(crate) format: Option<FileFormat>,
    /// Read and check the file, and import nobody
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Do not ask before importing more than one user; required without a terminal
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// The folder for a copy of the rows and the journal, while the import runs; removed at its end unless it is named here
    #[arg(long, value_name = "FOLDER", help_heading = "Run")]
    pub(crate) run: Option<PathBuf>,
    /// Continue the import of this folder
    #[arg(long, value_name = "FOLDER", help_heading = "Run", conflicts_with_all = ["file", "connection", "upsert", "map", "format", "dry_run", "run"])]
    pub(crate) resume: Option<PathBuf>,
    /// How progress is shown on standard error
    #[arg(long, value_name = "STYLE", value_enum, default_value_t, help_heading = "Run")]
    pub(crate) progress: Style,
}
