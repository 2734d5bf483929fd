//! The command line.

use clap::Parser;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use users_mock::{FaultSpec, Limits, Seed};

/// An Auth0 tenant in memory, over HTTP/1.1 and HTTP/2 on this machine.
#[derive(Parser)]
#[command(version, about, after_long_help = format!("The seed document:\n\n{}", Seed::FORMAT))]
#[allow(clippy::struct_excessive_bools)] // each is a flag of the command line
pub(crate) struct Arguments {
    /// The address to listen on; port 0 selects a free port.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Allow an address that other machines can reach. Whoever can connect has full access.
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// A Management API token that is always accepted; generated unless given.
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// The client id of the application that may fetch tokens.
    #[arg(long, default_value = "tenant-client")]
    pub(crate) client_id: String,
    /// The client secret of the application that may fetch tokens.
    #[arg(long, default_value = "tenant-secret")]
    pub(crate) client_secret: String,
    /// The number of generated users; they are the same on every start.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) users: u32,
    /// Let `DELETE /users` delete every user, as it did until 2016.
    #[arg(long)]
    pub(crate) legacy_delete_all: bool,
    /// The rate limits of a tier: none, free, essentials, enterprise, enterprise-development or private-cloud. With none, responses have
    /// no `x-ratelimit` headers.
    #[arg(long, default_value = "none")]
    pub(crate) tier: Limits,
    /// The time in milliseconds after which searches see a change, as GET /users is eventually consistent: 500, or a random one of a
    /// range, 200..900.
    #[arg(long, value_name = "MS", value_parser = latency, default_value = "0")]
    pub(crate) index_lag: RangeInclusive<Duration>,
    /// A verified custom domain; may be repeated. With several, requests that send mails or make links must name one.
    #[arg(long = "custom-domain", value_name = "DOMAIN")]
    pub(crate) custom_domains: Vec<String>,
    /// Show the attributes that Auth0 added to new roles and organizations in 2026.
    #[arg(long)]
    pub(crate) fields_of_2026: bool,
    /// The time in milliseconds from the creation of a job to its end, during which it is shown as pending.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) job_duration: u64,
    /// A JSON document with the answers that are assumed where Auth0's behaviour is not known, for example
    /// {"link_conflict": {"statusCode": 400, "message": "…"}}; the type Assumptions of users-mock documents its fields.
    #[arg(long, value_name = "FILE")]
    pub(crate) assumptions: Option<PathBuf>,
    /// Show users with the same value of the attribute that they are sorted by in the order of their creation. Without it, each response
    /// has another order, because Auth0 promises none.
    #[arg(long)]
    pub(crate) stable_ties: bool,
    /// Reject searches of user_id by ranges, and allow those by wildcards.
    #[arg(long)]
    pub(crate) no_user_id_ranges: bool,
    /// Reject searches of user_id by ranges and wildcards, whose support Auth0 does not document.
    #[arg(long)]
    pub(crate) whole_user_ids: bool,
    /// The latency of each request and each response in milliseconds: 50, or a random one of a range, 20..80.
    #[arg(long, value_name = "MS", value_parser = latency)]
    pub(crate) latency: Option<RangeInclusive<Duration>>,
    /// A fault to inject; may be repeated. First the fault: connect-refused, reset-before, reset-after, hang, truncated, garbage,
    /// query-timeout, slow-body:SECONDS or a status; then the operation; then the condition: `503`, `reset-after@users.create`,
    /// `hang@users.get,after=2,times=3`, `truncated,chance=0.1`, `429,always`; and headers of a status: `503,header=retry-after:2`.
    #[arg(long = "fault", value_name = "FAULT")]
    pub(crate) faults: Vec<FaultSpec>,
    /// A JSON document with the initial users, connections, roles and what belongs to users; its format is below.
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Option<PathBuf>,
    /// Keep the data in this file from one start to the next. Each change is written before its request is answered, so that a process
    /// that is killed loses none. If the file exists, it takes the place of --users and --seed. One process may use it at a
    /// time: if another one replaces it, requests that change something fail.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Wait until each change is on the disk, so that a loss of power loses none either.
    #[arg(long, requires = "state")]
    pub(crate) sync: bool,
    /// Serve TLS, with a certificate generated for 127.0.0.1, ::1 and localhost.
    #[arg(long)]
    pub(crate) tls: bool,
    /// The file to write the certificate of the authority to, which clients must trust.
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca_out: Option<PathBuf>,
    /// Print the address and the tokens as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
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
    use super::{Arguments, latency};
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
}
