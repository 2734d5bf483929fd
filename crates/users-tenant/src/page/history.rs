//! The history of a user: the entries of the tenant's log.

use crate::page::look::{list, text, time};
use serde_json::Value;
use users_mock::Tenant;

/// The number of entries that are shown.
const MOST: usize = 50;

/// An entry of the log.
pub(super) struct Event {
    pub(super) date: String,
    pub(super) kind: String,
    pub(super) meaning: &'static str,
    pub(super) description: String,
    pub(super) client: String,
    pub(super) ip: String,
    pub(super) device: String,
    pub(super) is_failure: bool,
}

/// What a user did lately, the newest first.
pub(super) fn of_user(tenant: &Tenant, address: &str) -> Vec<Event> {
    let mut entries = list(tenant, &format!("/users/{address}/logs?sort=date%3A-1"), "logs");
    entries.truncate(MOST);
    entries.iter().map(Event::of).collect()
}

impl Event {
    fn of(entry: &Value) -> Self {
        let kind = text(entry, "type");
        Self {
            date: time(entry, "date"),
            meaning: meaning(&kind),
            is_failure: is_failure(&kind),
            kind,
            description: text(entry, "description"),
            client: text(entry, "client_name"),
            ip: text(entry, "ip"),
            device: device(&text(entry, "user_agent")),
        }
    }
}

/// The browser and the system of an entry, `Chrome 140.0.0 / Linux 0.0.0`, without versions; none for what is no browser.
fn device(agent: &str) -> String {
    let Some((browser, system)) = agent.split_once(" / ") else { return agent.to_owned() };
    let name = |part: &str| part.rsplit_once(' ').map_or(part, |(name, _)| name).to_owned();
    match (name(browser).as_str(), name(system).as_str()) {
        ("Other", _) => String::new(),
        (browser, "Other") => browser.to_owned(),
        (browser, system) => format!("{browser} on {system}"),
    }
}

fn is_failure(kind: &str) -> bool {
    kind.starts_with('f')
        || ["gd_auth_failed", "gd_otp_rate_limit_exceed", "limit_wc", "limit_mu", "limit_sul", "pwd_leak"]
            .contains(&kind)
}

/// What the code of a type stands for, <https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes>.
fn meaning(kind: &str) -> &'static str {
    match kind {
        "s" => "Login",
        "ssa" => "Login with the session",
        "f" => "Failed login",
        "fp" => "Failed login: wrong password",
        "fu" => "Failed login: unknown user",
        "fsa" => "Failed login with the session",
        "ss" => "Sign-up",
        "fs" => "Failed sign-up",
        "sv" => "Email verified",
        "fv" => "Email not verified: the link failed",
        "svr" => "Verification mail requested",
        "scp" => "Password changed",
        "fcp" => "Password not changed",
        "scpr" => "Password change requested",
        "fcpr" => "Password change not requested",
        "sce" => "Email changed",
        "slo" => "Logout",
        "flo" => "Failed logout",
        "seacft" => "Code exchanged for tokens",
        "feacft" => "Code not exchanged",
        "sertft" => "Refresh token exchanged",
        "fertft" => "Refresh token not exchanged",
        "ferrt" => "Refresh token used twice: its family is revoked",
        "srrt" => "Refresh token revoked",
        "sepft" => "Login: password exchanged for tokens",
        "fepft" => "Failed login: password not exchanged",
        "sepotpft" => "Login: one-time code exchanged for tokens",
        "fepotpft" => "Failed login: one-time code not exchanged",
        "seccft" => "Application: credentials exchanged for a token",
        "feccft" => "Application: credentials not exchanged",
        "gd_auth_succeed" => "Second factor accepted",
        "gd_auth_failed" => "Second factor refused",
        "gd_otp_rate_limit_exceed" => "Second factor refused: too many wrong codes",
        "gd_start_enroll" => "Second factor being enrolled",
        "gd_enrollment_complete" => "Second factor enrolled",
        "gd_unenroll" => "Second factor removed",
        "seotpft" => "Second factor exchanged for tokens",
        "feotpft" => "Second factor not exchanged",
        "mfar" => "Second factor requested",
        "limit_wc" => "Blocked after ten failed logins from one address",
        "limit_mu" => "Address blocked after failed logins of many users",
        "limit_sul" => "Too many logins in a minute",
        "ublkdu" => "Unblocked",
        "pwd_leak" => "Login with a leaked password",
        "cs" | "cls" => "One-time code or link sent",
        "sdu" => "User deleted",
        "sui" => "Users imported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{device, is_failure, meaning};

    #[test]
    fn the_browser_of_an_entry_is_read_by_a_person() {
        for (agent, expected) in [
            ("Chrome 140.0.0 / Mac OS X 0.0.0", "Chrome on Mac OS X"),
            ("Firefox 140.0.0 / Other 0.0.0", "Firefox"),
            ("Other 0.0.0 / Other 0.0.0", ""),
            ("auth0.js", "auth0.js"),
            ("", ""),
        ] {
            assert_eq!(device(agent), expected, "{agent}");
        }
    }

    #[test]
    fn each_type_that_the_tenant_logs_has_a_meaning() {
        for kind in [
            "cs",
            "f",
            "fcp",
            "fcpr",
            "feacft",
            "feotpft",
            "fepft",
            "fepotpft",
            "ferrt",
            "fertft",
            "fp",
            "fs",
            "fu",
            "feccft",
            "flo",
            "fsa",
            "fv",
            "gd_auth_failed",
            "gd_auth_succeed",
            "gd_enrollment_complete",
            "gd_otp_rate_limit_exceed",
            "gd_start_enroll",
            "limit_wc",
            "mfar",
            "s",
            "scp",
            "scpr",
            "seccft",
            "ssa",
            "seacft",
            "sepft",
            "sertft",
            "slo",
            "srrt",
            "ss",
            "sv",
            "svr",
            "ublkdu",
        ] {
            assert!(!meaning(kind).is_empty(), "{kind}");
            let says_so = ["not", "ailed", "refused", "unknown", "Blocked", "twice"];
            let is_said = says_so.iter().any(|word| meaning(kind).contains(word));
            assert_eq!(is_failure(kind), is_said, "{kind}: {}", meaning(kind));
        }
    }
}
