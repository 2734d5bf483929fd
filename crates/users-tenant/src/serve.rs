//! Serving until a signal.

use crate::arguments::Settings;
use crate::signals::Signals;
use crate::start::start;
use std::error::Error;
use std::io::Write as _;
use users_mock::TokenSpec;

/// The port of a server that a person starts.
const PORT: u16 = 4400;

pub(crate) async fn run(settings: Settings, json: bool) -> Result<(), Box<dyn Error>> {
    // First, so that a signal during the start ends the process gracefully as well.
    let mut signals = Signals::new()?;
    let started = start(&settings, PORT).await?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&started.facts)?)?;
    } else {
        // One with all scopes would fill the screen.
        let (tenant, facts) = (&started.tenant, &started.facts);
        let spec = TokenSpec::management().scopes(["read:users"]).base_url(&facts.base_url);
        let token = match tenant.fixed_token() {
            Some(fixed) => fixed,
            None => tenant.issue(&spec)?.token,
        };
        let text = facts.text(token.expose(), settings.tls, settings.ca_out.as_deref());
        out.write_all(text.as_bytes())?;
    }
    out.flush()?;
    drop(out);
    signals.next().await;
    started.server.shutdown().await;
    Ok(())
}
