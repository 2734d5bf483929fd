//! Starting the server as the command line describes it.

use crate::arguments::Settings;
use crate::facts::Facts;
use std::error::Error;
use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use users_mock::{Assumptions, Seed, SigningKey, Tenant, TenantBuilder};
use users_tenant::{TenantName, TenantServer, Tenants};

/// A server that runs, and what clients need.
pub(crate) struct Started {
    pub(crate) server: TenantServer,
    /// The tenant of requests that name none.
    pub(crate) tenant: Tenant,
    pub(crate) facts: Facts,
}

/// Starts the server on the address of the settings, or on this port of `localhost`.
pub(crate) async fn start(settings: &Settings, default: u16) -> Result<Started, Box<dyn Error>> {
    let builder = builder(settings)?;
    let mut template = builder.clone().template();
    if template.user_count() == 0 {
        template = builder.clone().users(1).template();
    }
    let mut tenants = Tenants::from_template(template).max_tenants(settings.max_tenants);
    if let Some(file) = &settings.state {
        tenants = tenants.default_tenant(builder.build_with_state(file, settings.sync)?);
    }
    if let Some(latency) = &settings.latency {
        tenants = tenants.latency(latency.clone());
    }
    let tenants = settings.faults.iter().cloned().fold(tenants, users_tenant::TenantsBuilder::fault).build();
    let mut server = TenantServer::builder(tenants.clone());
    for host in &settings.allowed_hosts {
        server = server.allowed_host(host);
    }
    if let Some(key) = &settings.key {
        server = server.key(key);
    }
    if settings.tls {
        server = server.tls();
    }
    if settings.log {
        // A line that cannot be written is lost, and the server goes on.
        server = server.access_log(|line| drop(writeln!(std::io::stderr(), "{line}")));
    }
    let address = settings.listen.unwrap_or((Ipv4Addr::LOCALHOST, default).into());
    let bound = match settings.listen {
        Some(address) => server.bind(address).await,
        None => server.bind_localhost(default).await,
    };
    let server = bound.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            let any = SocketAddr::new(address.ip(), 0);
            format!("{address} is in use by another program; --listen {any} selects a free port")
        }
        _ => format!("{address}: {error}"),
    })?;
    if let (Some(file), Some(pem)) = (&settings.ca_out, server.ca_pem()) {
        std::fs::write(file, pem).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let tenant = tenants.tenant(&TenantName::default());
    let facts = Facts::of(&tenant, &server.url(), &base_url(&server, &settings.allowed_hosts))?;
    Ok(Started { server, tenant, facts })
}

/// What each tenant begins as.
fn builder(settings: &Settings) -> Result<TenantBuilder, String> {
    let seed = match &settings.seed {
        Some(file) => parse(file, Seed::from_json)?,
        None => Seed::new(),
    };
    let signing_key = match &settings.signing_key {
        Some(file) => Some(parse(file, SigningKey::from_pem)?),
        None => None,
    };
    let assumptions = match &settings.assumptions {
        Some(file) => parse(file, |text| serde_json::from_str(text))?,
        None => Assumptions::default(),
    };
    let builder = Tenant::builder()
        .system_clock()
        // The server has a log of its own.
        .log_requests(false)
        .client(settings.client_id.as_str(), settings.client_secret.as_str())
        .users(settings.users)
        .legacy_delete_all(settings.legacy_delete_all)
        .limits(settings.tier.clone())
        .index_lag_between(settings.index_lag.clone())
        .job_duration(Duration::from_millis(settings.job_duration))
        .custom_domains(settings.custom_domains.iter())
        .fields_of_2026(settings.fields_of_2026)
        .assumptions(assumptions)
        .shuffle_ties(!settings.stable_ties)
        .search_user_id_ranges(!settings.whole_user_ids && !settings.no_user_id_ranges)
        .search_user_id_wildcards(!settings.whole_user_ids)
        .seed(seed);
    let builder = match &settings.token {
        Some(token) => builder.token(token.as_str()),
        None => builder,
    };
    Ok(match signing_key {
        Some(key) => builder.signing_key(key),
        None => builder,
    })
}

/// Parses the text of a file.
fn parse<T, E: Display>(file: &Path, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// The URL by which this machine reaches the server. An unspecified address, as `0.0.0.0`, is none that a request may name.
fn base_url(server: &TenantServer, allowed_hosts: &[String]) -> String {
    let address = server.addr();
    if !address.ip().is_unspecified() {
        return server.url();
    }
    let loopback = match address.ip() {
        IpAddr::V4(_) => "127.0.0.1",
        IpAddr::V6(_) => "[::1]",
    };
    let host = allowed_hosts.first().map_or(loopback, String::as_str);
    let scheme = if server.ca_pem().is_some() { "https" } else { "http" };
    format!("{scheme}://{host}:{}", address.port())
}
