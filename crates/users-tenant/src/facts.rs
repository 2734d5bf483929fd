//! What clients of the default tenant need.

use serde::Serialize;
use std::path::Path;
use users_mock::{Tenant, TokenSpec};

/// What clients of the default tenant need, as `--json` prints it.
#[derive(Serialize)]
pub(crate) struct Facts {
    /// The address that the server is bound to, as a URL.
    pub(crate) listening: String,
    pub(crate) base_url: String,
    pub(crate) page: String,
    pub(crate) token: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) connection: String,
    pub(crate) user_id: String,
    pub(crate) user_token: String,
    pub(crate) global_token: String,
}

impl Facts {
    pub(crate) fn of(tenant: &Tenant, listening: &str, base_url: &str) -> Result<Self, String> {
        // A state file may have none.
        let user_id = tenant.user_ids().into_iter().next().unwrap_or_else(|| tenant.add_generated_user());
        let (client_id, client_secret) = tenant.client();
        let issue = |spec: TokenSpec| match tenant.issue(&spec.base_url(base_url)) {
            Ok(issued) => Ok(issued.token.expose().to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let token = match tenant.fixed_token() {
            Some(fixed) => fixed.expose().to_owned(),
            None => issue(TokenSpec::management())?,
        };
        let user_token = issue(TokenSpec::access(&user_id))?;
        Ok(Self {
            listening: listening.to_owned(),
            base_url: base_url.to_owned(),
            page: format!("{base_url}/"),
            token,
            client_id,
            client_secret: client_secret.expose().to_owned(),
            connection: tenant.database().unwrap_or_default(),
            user_id,
            user_token,
            global_token: issue(TokenSpec::global())?,
        })
    }

    /// The facts for a person, with what to do next. `curl_token` may read users, and `ca` is the file of the certificate to trust.
    pub(crate) fn text(&self, curl_token: &str, is_tls: bool, ca: Option<&Path>) -> String {
        let base_url = &self.base_url;
        let lines = [
            ("listening", &self.listening),
            ("page", &self.page),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("connection", &self.connection),
            ("user_id", &self.user_id),
        ];
        let facts: Vec<String> = lines.iter().map(|(name, value)| format!("{name:<14} {value}")).collect();
        let trust = match (is_tls, ca) {
            (false, _) => String::new(),
            (true, Some(file)) => format!("--cacert '{}' ", file.display()),
            (true, None) => "--insecure ".to_owned(),
        };
        let (scheme, authority) = base_url.split_once("://").unwrap_or(("http", base_url));
        let port = authority.rsplit(':').next().unwrap_or_default();
        format!(
            "{}\n\n\
             List the users:\n  curl {trust}{base_url}/api/v2/users -H 'authorization: Bearer {curl_token}'\n\n\
             A token with every scope is at {base_url}/_tenant; {base_url}/_tenant/openapi.json describes the control API.\n\
             A test can have a tenant of its own: {base_url}/t/NAME or {scheme}://NAME.localhost:{port}.\n\n\
             Press Ctrl-C to stop.\n",
            facts.join("\n")
        )
    }
}
