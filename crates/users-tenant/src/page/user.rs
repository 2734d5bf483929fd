//! One user: the profile, and what belongs to it.

use crate::page::frame::{Frame, rendered};
use crate::page::look::{encoded, list, look, pretty, text};
use crate::problem::Problem;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

/// The attributes that have a place of their own on the page.
const ELSEWHERE: &[&str] = &["identities", "user_metadata", "app_metadata"];

/// The number of entries of the log that are shown.
const MOST_LOGS: usize = 50;

/// A list of objects that belong to a user.
struct Section {
    title: &'static str,
    items: Vec<Item>,
}

struct Item {
    title: String,
    json: String,
}

#[derive(Template)]
#[template(path = "page/user.html")]
struct Profile<'a> {
    frame: &'a Frame,
    active: &'static str,
    id: &'a str,
    address: String,
    title: String,
    is_blocked: bool,
    attributes: Vec<(String, String)>,
    user_metadata: String,
    app_metadata: String,
    sections: Vec<Section>,
    logs: Vec<Log>,
}

struct Log {
    date: String,
    kind: String,
    meaning: &'static str,
    description: String,
    client: String,
    ip: String,
}

pub(super) async fn show(frame: Frame, Path(id): Path<String>) -> Result<Response, Problem> {
    let tenant = frame.hosted.tenant();
    let address = encoded(&id);
    let user = look(tenant, &format!("/users/{address}")).map_err(Problem::not_found)?;
    let attributes = user.as_object().into_iter().flatten();
    let attributes = attributes
        .filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()))
        .map(|(name, _)| (name.clone(), text(&user, name)))
        .collect();
    let of = |title, path: &str, name: &str, label: &str| Section {
        title,
        items: list(tenant, &format!("/users/{address}/{path}"), name)
            .iter()
            .map(|item| Item { title: label_of(item, label), json: pretty(item) })
            .collect(),
    };
    let identities = user.get("identities").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let identities = identities
        .iter()
        .map(|identity| {
            let full = format!("{}|{}", text(identity, "provider"), text(identity, "user_id"));
            Item { title: format!("{full} ({})", text(identity, "connection")), json: pretty(identity) }
        })
        .collect();
    let blocks = list(tenant, &format!("/user-blocks/{address}"), "blocked_for");
    let blocks = blocks.iter().map(|block| Item { title: text(block, "identifier"), json: pretty(block) });
    let sections = vec![
        Section { title: "Identities", items: identities },
        of("Sessions", "sessions", "sessions", "id"),
        of("Refresh tokens", "refresh-tokens", "tokens", "client_id"),
        of("Roles", "roles", "roles", "name"),
        of("Permissions", "permissions", "permissions", "permission_name"),
        of("Organizations", "organizations", "organizations", "name"),
        of("Authentication methods", "authentication-methods", "authenticators", "type"),
        Section { title: "Blocks after failed logins", items: blocks.collect() },
    ];
    let mut logs = list(tenant, &format!("/users/{address}/logs?sort=date%3A-1"), "logs");
    logs.truncate(MOST_LOGS);
    let page = Profile {
        frame: &frame,
        active: "users",
        id: &id,
        address,
        title: [text(&user, "name"), text(&user, "email")]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default(),
        is_blocked: user.get("blocked") == Some(&Value::Bool(true)),
        attributes,
        user_metadata: user.get("user_metadata").map(pretty).unwrap_or_default(),
        app_metadata: user.get("app_metadata").map(pretty).unwrap_or_default(),
        sections,
        logs: logs.iter().map(log).collect(),
    };
    Ok(rendered(StatusCode::OK, &page))
}

fn label_of(item: &Value, label: &str) -> String {
    let named = text(item, label);
    if named.is_empty() { text(item, "id") } else { named }
}

fn log(entry: &Value) -> Log {
    let kind = text(entry, "type");
    Log {
        date: text(entry, "date"),
        meaning: meaning(&kind),
        kind,
        description: text(entry, "description"),
        client: text(entry, "client_name"),
        ip: text(entry, "ip"),
    }
}

/// What the code of a log entry stands for.
fn meaning(kind: &str) -> &'static str {
    match kind {
        "s" => "Login",
        "f" => "Failed login",
        "fp" => "Wrong password",
        "fu" => "Unknown user",
        "ss" => "Sign-up",
        "fs" => "Failed sign-up",
        "sv" => "Address verified",
        "fv" => "Address not verified",
        "scp" => "Password changed",
        "fcp" => "Password not changed",
        "scpr" => "Password change requested",
        "slo" => "Logout",
        "seacft" => "Code exchanged",
        "feacft" => "Code not exchanged",
        "sertft" => "Refresh token exchanged",
        "fertft" => "Refresh token not exchanged",
        "ferrt" => "Refresh token reused",
        "srrt" => "Refresh token revoked",
        "sepft" => "Login by password",
        "fepft" => "Failed login by password",
        "gd_auth_succeed" | "seotpft" => "Second factor",
        "gd_auth_failed" | "feotpft" => "Wrong second factor",
        "limit_wc" => "Blocked after failed logins",
        "ublkdu" => "Unblocked",
        "cs" => "Code sent",
        _ => "",
    }
}
