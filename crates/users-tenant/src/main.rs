//! Serves an embedded tenant over HTTP, for tests of other processes and in other languages.

mod arguments;

use arguments::Arguments;
use clap::Parser as _;
use std::error::Error;
use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use users_core::SystemClock;
use users_mock::{Assumptions, FaultyTransport, Seed, Tenant};
use users_tenant::TenantServer;

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
        return Err(
            format!("other machines can reach {address}; pass --allow-remote if that is intended").into()
        );
    }
    // Installed first, so that a signal during startup ends the process gracefully as well.
    let signal = shutdown_signal()?;
    let seed = match &arguments.seed {
        Some(file) => parse(file, Seed::from_json)?,
        None => Seed::new(),
    };
    let assumptions = match &arguments.assumptions {
        Some(file) => parse(file, |text| serde_json::from_str(text))?,
        None => Assumptions::default(),
    };
    let mut builder = Tenant::builder()
        .system_clock()
        .client(arguments.client_id, arguments.client_secret)
        .users(arguments.users)
        .legacy_delete_all(arguments.legacy_delete_all)
        .limits(arguments.tier)
        .index_lag_between(arguments.index_lag)
        .job_duration(Duration::from_millis(arguments.job_duration))
        .custom_domains(arguments.custom_domains)
        .fields_of_2026(arguments.fields_of_2026)
        .assumptions(assumptions)
        .shuffle_ties(!arguments.stable_ties)
        .search_user_id_ranges(!arguments.whole_user_ids && !arguments.no_user_id_ranges)
        .search_user_id_wildcards(!arguments.whole_user_ids)
        .seed(seed);
    if let Some(token) = &arguments.token {
        builder = builder.token(token.as_str());
    }
    let tenant = match &arguments.state {
        Some(file) => builder.build_with_state(file, arguments.sync)?,
        None => builder.build(),
    };
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
    print_facts(&tenant, &server, arguments.token, arguments.json)?;
    signal.await;
    server.shutdown().await;
    Ok(())
}

/// Parses the text of a file.
fn parse<T, E: Display>(file: &Path, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// Prints the address and the tokens that a client needs.
fn print_facts(
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
        writeln!(out, "\nPress Ctrl-C to stop.")?;
    }
    Ok(out.flush()?)
}

/// A future that is ready when the process is asked to end: Ctrl-C, or SIGTERM.
fn shutdown_signal() -> std::io::Result<impl Future<Output = ()>> {
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
