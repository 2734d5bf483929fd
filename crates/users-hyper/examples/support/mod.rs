//! What the examples on many users share: the client, and the display of progress.

use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error as StdError;
use std::io::IsTerminal as _;
use users_hyper::ManagementClient;
use users_mock::Tenant;
use users_tenant::TenantServer;

/// A client of the tenant in the environment, or of an embedded one.
pub(crate) struct Target {
    /// The client.
    pub(crate) client: ManagementClient,
    /// The name of the tenant: its domain, or the address of the embedded one.
    pub(crate) name: String,
    /// Keeps the embedded tenant running; `None` for that in the environment.
    pub(crate) embedded: Option<TenantServer>,
}

impl Target {
    /// Takes `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET`, or starts an embedded tenant with this number of users.
    pub(crate) async fn from_environment(users: u32) -> Result<Self, Box<dyn StdError>> {
        let setting = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let (Some(domain), Some(id), Some(secret)) =
            (setting("AUTH0_DOMAIN"), setting("AUTH0_CLIENT_ID"), setting("AUTH0_CLIENT_SECRET"))
        {
            let client = users_hyper::management(&domain).client_credentials(id, secret).build()?;
            return Ok(Self { client, name: domain, embedded: None });
        }
        let tenant = Tenant::builder().system_clock().users(users).build();
        let server = TenantServer::bind(tenant, ([127, 0, 0, 1], 0).into()).await?;
        println!("An embedded tenant at {}", server.url());
        let client = users_hyper::management(server.url())
            .client_credentials("tenant-client", "tenant-secret")
            .build()?;
        let name = server.url().trim_start_matches("http://").to_owned();
        Ok(Self { client, name, embedded: Some(server) })
    }
}

/// Progress: a bar on a terminal, and a line for every 500 elsewhere.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    shown: u64,
}

/// A line is printed each time after so many.
const STEP: u64 = 500;

impl Progress {
    /// Begins to show progress. Without a total, a bar is a counter.
    pub(crate) fn new(what: &'static str, total: Option<u64>) -> Result<Self, Box<dyn StdError>> {
        let bar = std::io::stderr().is_terminal().then(|| match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::no_length(),
        });
        if let Some(bar) = &bar {
            let counter =
                if total.is_some() { "{wide_bar} {pos}/{len} {eta}" } else { "{spinner} {pos} {per_sec}" };
            bar.set_style(ProgressStyle::with_template(&format!("{what} {counter}"))?);
        }
        Ok(Self { bar, what, shown: 0 })
    }

    /// Shows how many there are so far.
    pub(crate) fn set(&mut self, count: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(count);
        } else if count >= self.shown + STEP {
            self.shown = count;
            eprintln!("{} {count}", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
