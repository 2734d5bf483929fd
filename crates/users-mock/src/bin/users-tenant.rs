//! Serves an embedded tenant over HTTP, for tests of other processes and in other languages.

use clap::Parser;
use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use users_core::SystemClock;
use users_mock::{FaultSpec, FaultyTransport, Limits, Seed, Tenant, TenantServer};

/// An Auth0 tenant in memory, over HTTP/1.1 and HTTP/2 on this machine.
#[derive(Parser)]
#[command(version, about, after_long_help = format!("The seed document:\n\n{}", include_str!("../tenant/seed.md")))]
#[allow(clippy::struct_excessive_bools)] // each is a flag of the command line
struct Arguments {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen on an address that other machines can reach. Whoever reaches it can do everything.
    #[arg(long)]
    allow_remote: bool,
    /// A Management API token that is always taken; one is made otherwise.
    #[arg(long)]
    token: Option<String>,
    /// The id of the application that may fetch tokens.
    #[arg(long, default_value = "tenant-client")]
    client_id: String,
    /// The secret of the application that may fetch tokens.
    #[arg(long, default_value = "tenant-secret")]
    client_secret: String,
    /// How many generated users there are, the same every time.
    #[arg(long, default_value_t = 0, value_name = "N")]
    users: u32,
    /// Let `DELETE /users` delete every user, as it did until 2016.
    #[arg(long)]
    legacy_delete_all: bool,
    /// The rate limits of a tier: none, free, essentials, enterprise, enterprise-development or private-cloud. With none, answers carry
    /// no `x-ratelimit` headers.
    #[arg(long, default_value = "none")]
    tier: Limits,
    /// How many milliseconds each request and each answer takes: 50, or by chance, 20..80.
    #[arg(long, value_name = "MS", value_parser = latency)]
    latency: Option<RangeInclusive<Duration>>,
    /// What goes wrong, and when; may be said several times. First the fault: connect-refused, reset-before, reset-after, hang,
    /// truncated, garbage, slow-body:SECONDS or a status; then the operation; then how often: `503`, `reset-after@users.create`,
    /// `hang@users.get,after=2,times=3`, `truncated,chance=0.1`, `429,always`.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<FaultSpec>,
    /// A JSON document of users, connections and what belongs to them to begin with; its format is below.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Speak TLS, with a certificate made now for 127.0.0.1, ::1 and localhost.
    #[arg(long)]
    tls: bool,
    /// Where to write the certificate of the authority that clients must trust.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
    /// Say everything in one first line of JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("users-tenant: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if !arguments.listen.ip().is_loopback() && !arguments.allow_remote {
        let address = arguments.listen;
        return Err(format!(
            "{address} can be reached by other machines; say --allow-remote if that is meant"
        )
        .into());
    }
    // From here on a signal ends it in good order, even before it is asked anything.
    let ended = signal()?;
    let seed = match &arguments.seed {
        Some(file) => {
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            Seed::from_json(&text).map_err(|error| format!("{}: {error}", file.display()))?
        }
        None => Seed::new(),
    };
    let mut builder = Tenant::builder()
        .system_clock()
        .client(arguments.client_id, arguments.client_secret)
        .users(arguments.users)
        .legacy_delete_all(arguments.legacy_delete_all)
        .limits(arguments.tier)
        .seed(seed);
    if let Some(token) = &arguments.token {
        builder = builder.token(token.as_str());
    }
    let tenant = builder.build();
    let mut transport = FaultyTransport::new(tenant.clone(), SystemClock::new());
    if let Some(latency) = arguments.latency {
        transport = transport.latency(latency);
    }
    arguments.faults.iter().for_each(|fault| transport.inject_spec(fault));
    let server = if arguments.tls {
        TenantServer::bind_tls(transport, arguments.listen).await
    } else {
        TenantServer::bind(transport, arguments.listen).await
    }
    .map_err(|error| format!("{}: {error}", arguments.listen))?;
    if let (Some(file), Some(pem)) = (&arguments.ca_out, server.ca_pem()) {
        std::fs::write(file, pem).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    announce(&tenant, &server, arguments.token, arguments.json)?;
    ended.await;
    server.shutdown().await;
    Ok(())
}

/// Reads `50` or `20..80`.
fn latency(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let millis = |text: &str| {
        let number = text.trim().parse().map_err(|_| format!("{text:?} is no number of milliseconds"));
        number.map(Duration::from_millis)
    };
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let range = millis(least)?..=millis(most)?;
    if range.is_empty() { Err(format!("{text} goes from more to less")) } else { Ok(range) }
}

/// Says where it listens and which tokens it takes.
fn announce(
    tenant: &Tenant,
    server: &TenantServer,
    token: Option<String>,
    json: bool,
) -> Result<(), Box<dyn Error>> {
    let user = match tenant.user_ids().into_iter().next() {
        Some(id) => id,
        None => tenant.add_generated_user(),
    };
    let (client_id, client_secret) = tenant.client();
    let user_token = tenant.access_token_for(&user).ok_or("the user has no token")?;
    let facts = [
        ("listening", server.url()),
        ("token", token.unwrap_or_else(|| tenant.management_token().expose().to_owned())),
        ("client_id", client_id),
        ("client_secret", client_secret.expose().to_owned()),
        ("user_id", user),
        ("user_token", user_token.expose().to_owned()),
        ("global_token", tenant.global_token().expose().to_owned()),
    ];
    let mut out = std::io::stdout().lock();
    if json {
        let object: serde_json::Map<String, serde_json::Value> =
            facts.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        writeln!(out, "{}", serde_json::Value::from(object))?;
    } else {
        for (name, value) in facts {
            writeln!(out, "{name:<14} {value}")?;
        }
        writeln!(out, "\nCtrl-C ends it.")?;
    }
    Ok(out.flush()?)
}

/// A future that is ready when somebody asks the process to end: Ctrl-C, or SIGTERM.
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            let _ = tokio::signal::ctrl_c().await;
        })
    }
}
