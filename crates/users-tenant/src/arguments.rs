//! The command line.

use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use users_mock::{FaultSpec, Limits, Seed};

/// The width of the lines that describe the seed document.
const WIDTH: usize = 100;

const EXAMPLES: &str = "\
Examples:
  users-tenant                                      serve at http://localhost:4400
  users-tenant --users 500 --tier essentials --log  with users, rate limits and an access log
  users-tenant exec -- npm test                     run tests with AUTH0_DOMAIN and the like set
  users-tenant exec --tls -- pytest                 the same over HTTPS";

/// users-tenant: an Auth0 tenant for tests, in memory, over HTTP/1.1 and HTTP/2 on this machine. Nothing is sent to Auth0.
#[derive(Parser)]
#[command(
    name = "users-tenant",
    version,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", seed_format())
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Print the address and the tokens as one line of JSON, for a program that starts this one.
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// What to do instead of serving until Ctrl-C.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start on a free port, run a command, stop, and exit as the command did.
    ///
    /// The command finds the tenant by its environment: AUTH0_DOMAIN, AUTH0_ISSUER_BASE_URL, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET,
    /// AUTH0_AUDIENCE, AUTH0_MANAGEMENT_API_TOKEN and USERS_TENANT_URL. With --tls, USERS_TENANT_CA and NODE_EXTRA_CA_CERTS name the
    /// certificate to trust.
    Exec(Exec),
}

#[derive(Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// The command and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// What is served, and how.
#[derive(Args)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of the command line
pub(crate) struct Settings {
    /// The address to listen on; port 0 selects a free port [default: port 4400 of 127.0.0.1 and ::1, and with exec a free port].
    #[arg(long, help_heading = "Address", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Serve HTTPS, with a certificate generated for 127.0.0.1, ::1, localhost, *.localhost and the allowed hosts.
    #[arg(long, help_heading = "Address")]
    pub(crate) tls: bool,
    /// The file to write the certificate of the authority to, which clients must trust.
    #[arg(long, help_heading = "Address", value_name = "FILE", requires = "tls")]
    pub(crate) ca_out: Option<PathBuf>,
    /// A host name by which requests may come, beside localhost, *.localhost, 127.0.0.0/8 and [::1]; may be repeated.
    #[arg(long = "allowed-host", help_heading = "Address", value_name = "HOST")]
    pub(crate) allowed_hosts: Vec<String>,
    /// A key that the control API requires and the page asks for. It must be given if other machines can reach the address.
    #[arg(long, help_heading = "Address", value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// The greatest number of tenants.
    ///
    /// Each is made when it is first used, by http://NAME.localhost, the path /t/NAME or the header x-tenant. The one that is idle
    /// longest is removed for a new one.
    #[arg(long, help_heading = "Tenants", value_name = "N", default_value_t = 1000)]
    pub(crate) max_tenants: usize,
    /// A Management API token that is always accepted; generated unless given.
    #[arg(long, help_heading = "Tenants")]
    pub(crate) token: Option<String>,
    /// The client id of the application that may fetch tokens.
    #[arg(long, help_heading = "Tenants", value_name = "ID", default_value = "tenant-client")]
    pub(crate) client_id: String,
    /// The client secret of the application that may fetch tokens.
    #[arg(long, help_heading = "Tenants", value_name = "SECRET", default_value = "tenant-secret")]
    pub(crate) client_secret: String,

    /// The number of generated users of each tenant.
    ///
    /// They are the same on every start. There is at least one, unless the seed has users.
    #[arg(long, help_heading = "Data", default_value_t = 0, value_name = "N")]
    pub(crate) users: u32,
    /// A JSON document with the initial users, connections, roles and what belongs to users; --help describes its format.
    #[arg(long, help_heading = "Data", value_name = "FILE")]
    pub(crate) seed: Option<PathBuf>,
    /// Keep the data of the tenant `default` in this file from one start to the next.
    ///
    /// Each change is written before its request is answered, so that a process that is killed loses none. If the file exists, it takes the place of --users and --seed. One process
    /// may use it at a time: if another one replaces it, requests that change something fail.
    #[arg(long, help_heading = "Data", value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Wait until each change is on the disk, so that a loss of power loses none either.
    #[arg(long, help_heading = "Data", requires = "state")]
    pub(crate) sync: bool,

    /// The rate limits of a tier: none, free, essentials, enterprise, enterprise-development or private-cloud.
    ///
    /// With none, responses have no `x-ratelimit` headers.
    #[arg(long, help_heading = "Behaviour", default_value = "none")]
    pub(crate) tier: Limits,
    /// The time in milliseconds after which searches see a change: 500, or a random one of a range, 200..900.
    ///
    /// In Auth0, GET /users is eventually consistent.
    #[arg(long, help_heading = "Behaviour", value_name = "MS", value_parser = latency, default_value = "0")]
    pub(crate) index_lag: RangeInclusive<Duration>,
    /// The time in milliseconds during which a new job is shown as pending.
    #[arg(long, help_heading = "Behaviour", value_name = "MS", default_value_t = 0)]
    pub(crate) job_duration: u64,
    /// A verified custom domain; may be repeated.
    ///
    /// With several, requests that send mails or make links must name one.
    #[arg(long = "custom-domain", help_heading = "Behaviour", value_name = "DOMAIN")]
    pub(crate) custom_domains: Vec<String>,
    /// Let `DELETE /users` delete every user, as it did until 2016.
    #[arg(long, help_heading = "Behaviour")]
    pub(crate) legacy_delete_all: bool,
    /// Show the attributes that Auth0 added to new roles and organizations in 2026.
    #[arg(long, help_heading = "Behaviour")]
    pub(crate) fields_of_2026: bool,
    /// Sort users with the same value in the order of their creation.
    ///
    /// Without it, each response has another order, because Auth0 promises none.
    #[arg(long, help_heading = "Behaviour")]
    pub(crate) stable_ties: bool,
    /// Reject searches of user_id by ranges, and allow those by wildcards.
    #[arg(long, help_heading = "Behaviour")]
    pub(crate) no_user_id_ranges: bool,
    /// Reject searches of user_id by ranges and wildcards, whose support Auth0 does not document.
    #[arg(long, help_heading = "Behaviour")]
    pub(crate) whole_user_ids: bool,
    /// A JSON document with the answers that are assumed where Auth0's behaviour is not known.
    ///
    /// For example {"link_conflict": {"statusCode": 400, "message": "…"}}; the type Assumptions of users-mock documents its fields.
    #[arg(long, help_heading = "Behaviour", value_name = "FILE")]
    pub(crate) assumptions: Option<PathBuf>,

    /// A private RSA key in PKCS#8, as PEM, that signs tokens.
    ///
    /// Unless it is given, tokens are signed with a development key, which everybody has who has this program.
    #[arg(long, help_heading = "Behaviour", value_name = "FILE")]
    pub(crate) signing_key: Option<PathBuf>,

    /// The latency of each request and each response in milliseconds: 50, or a random one of a range, 20..80.
    #[arg(long, help_heading = "Faults", value_name = "MS", value_parser = latency)]
    pub(crate) latency: Option<RangeInclusive<Duration>>,
    /// A fault to inject, as 503@users.get,times=2; may be repeated.
    ///
    /// First the fault: connect-refused, reset-before, reset-after, hang, truncated, garbage,
    /// query-timeout, slow-body:SECONDS or a status; then the operation; then the condition: `503`, `reset-after@users.create`,
    /// `hang@users.get,after=2,times=3`, `truncated,chance=0.1`, `429,always`; and headers of a status: `503,header=retry-after:2`.
    #[arg(long = "fault", help_heading = "Faults", value_name = "FAULT")]
    pub(crate) faults: Vec<FaultSpec>,

    /// Write a line for each request to standard error, without secrets.
    #[arg(long, help_heading = "Output")]
    pub(crate) log: bool,
}

/// The format of the seed document for a terminal: each row of the table as an indented paragraph.
fn seed_format() -> String {
    let mut text = "The seed document (--seed):\n\n".to_owned();
    for line in Seed::FORMAT.lines() {
        let row = line
            .strip_prefix("| `")
            .and_then(|row| row.strip_suffix(" |"))
            .and_then(|row| row.split_once(" | "));
        // Writing to a string cannot fail.
        let _ = match row {
            Some((keys, description)) => {
                let paragraph = wrapped(&description.replace("\\|", "|"));
                writeln!(text, "  {}\n{paragraph}", keys.replace('`', ""))
            }
            None if line.starts_with('|') => Ok(()),
            None if line.starts_with("```") => Ok(()),
            None if line.starts_with([' ', '{', '}']) => writeln!(text, "  {line}"),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

/// A paragraph, indented, in lines of limited width.
fn wrapped(text: &str) -> String {
    let (mut paragraph, mut line) = (String::new(), String::from("     "));
    for word in text.split(' ') {
        if line.len() + word.len() >= WIDTH {
            paragraph.push_str(&line);
            paragraph.push('\n');
            line = String::from("     ");
        }
        line.push(' ');
        line.push_str(word);
    }
    paragraph + &line
}

/// Parses `50` or `20..80`.
fn latency(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let millis = |text: &str| {
        let number = text.trim().parse().map_err(|_| format!("{text:?} is not a number of milliseconds"));
        number.map(Duration::from_millis)
    };
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let range = millis(least)?..=millis(most)?;
    if range.is_empty() { Err(format!("{text} is an empty range")) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, WIDTH, latency, seed_format};
    use clap::CommandFactory as _;
    use std::time::Duration;

    #[test]
    fn the_command_line_has_no_conflicting_options() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_latency_is_a_number_or_a_range_that_is_not_empty() {
        let millis = Duration::from_millis;
        assert_eq!(latency("50"), Ok(millis(50)..=millis(50)));
        assert_eq!(latency("20..80"), Ok(millis(20)..=millis(80)));
        assert!(latency("80..20").is_err() && latency("soon").is_err() && latency("").is_err());
    }

    #[test]
    fn the_seed_document_is_described_without_markup() {
        let text = seed_format();
        assert!(text.contains("\n  users\n      a list of users as the API shows them."), "{text}");
        assert!(text.contains(r#"{"user_id": "auth0|1", "email""#), "{text}");
        let rows = text.lines().take_while(|line| !line.contains('{'));
        for line in rows.filter(|line| line.starts_with("      ")) {
            assert!(line.len() <= WIDTH + 1, "{line}");
        }
        assert!(!text.contains("|---"), "{text}");
    }
}
