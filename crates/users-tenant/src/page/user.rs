//! One user: the profile, and what belongs to it.

use crate::page::frame::{Frame, missing, rendered};
use crate::page::history::{self, Event};
use crate::page::look::{encoded, list, look, pretty, text, time};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use users_mock::Tenant;

/// The attributes that have a place of their own on the page.
const ELSEWHERE: &[&str] = &["identities", "user_metadata", "app_metadata", "blocked", "user_id", "picture"];

/// A table of objects that belong to a user.
struct Table {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Row>,
    json: String,
}

impl Table {
    fn has_actions(&self) -> bool {
        self.rows.iter().any(|row| row.action.is_some())
    }

    /// The cells of a row, each with the name of its column.
    fn cells<'a>(&self, row: &'a Row) -> impl Iterator<Item = (&'static str, &'a String)> + use<'a> {
        self.columns.iter().copied().zip(&row.cells)
    }
}

struct Row {
    cells: Vec<String>,
    action: Option<Action>,
}

/// A button that sends a request to the Management API.
struct Action {
    label: &'static str,
    name: String,
    method: &'static str,
    path: String,
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
    tables: Vec<Table>,
    /// The titles of tables without rows.
    empty: String,
    history: Vec<Event>,
}

pub(super) async fn show(frame: Frame, Path(id): Path<String>) -> Response {
    let tenant = frame.hosted.tenant();
    let address = encoded(&id);
    let user = match look(tenant, &format!("/users/{address}")) {
        Ok(user) => user,
        Err(message) => return missing(&frame, "users", &message),
    };
    let attributes = user.as_object().into_iter().flatten();
    let attributes = attributes
        .filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()))
        .map(|(name, _)| (name.clone(), time(&user, name)))
        .collect();
    let tables = Belongings { tenant, user: &user, address: &address }.tables();
    let (empty, tables): (Vec<Table>, Vec<Table>) =
        tables.into_iter().partition(|table| table.rows.is_empty());
    let empty: Vec<String> = empty.iter().map(|table| table.title.to_lowercase()).collect();
    let title = [text(&user, "name"), text(&user, "email"), id.clone()];
    let page = Profile {
        frame: &frame,
        active: "users",
        id: &id,
        title: title.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        is_blocked: user.get("blocked") == Some(&Value::Bool(true)),
        attributes,
        user_metadata: user.get("user_metadata").map(pretty).unwrap_or_default(),
        app_metadata: user.get("app_metadata").map(pretty).unwrap_or_default(),
        tables,
        empty: enumerated(&empty),
        history: history::of_user(tenant, &address),
        address,
    };
    rendered(StatusCode::OK, &page)
}

/// Names in a sentence: `a, b or c`.
fn enumerated(names: &[String]) -> String {
    match names {
        [names @ .., last] if !names.is_empty() => format!("{} or {last}", names.join(", ")),
        _ => names.concat(),
    }
}

/// What belongs to a user, as the Management API shows it.
struct Belongings<'a> {
    tenant: &'a Tenant,
    user: &'a Value,
    address: &'a str,
}

impl Belongings<'_> {
    fn tables(&self) -> Vec<Table> {
        vec![
            self.sessions(),
            self.refresh_tokens(),
            self.roles(),
            self.permissions(),
            self.organizations(),
            self.second_factors(),
            self.identities(),
            self.blocks(),
        ]
    }

    fn list(&self, path: &str, name: &str) -> Vec<Value> {
        list(self.tenant, &format!("/users/{}/{path}", self.address), name)
    }

    fn sessions(&self) -> Table {
        let columns = &["Device", "IP address", "Last seen", "Began", "Applications"];
        table("Sessions", columns, &self.list("sessions", "sessions"), |session| {
            let clients = session.get("clients").and_then(Value::as_array).into_iter().flatten();
            let clients: Vec<String> = clients.map(|client| text(client, "client_id")).collect();
            let last_seen = [time(session, "last_interacted_at"), time(session, "updated_at")];
            Row {
                cells: vec![
                    device(session),
                    ip(session),
                    last_seen.into_iter().find(|time| !time.is_empty()).unwrap_or_default(),
                    time(session, "created_at"),
                    clients.join(", "),
                ],
                action: revoke("session", "/api/v2/sessions", session),
            }
        })
    }

    fn refresh_tokens(&self) -> Table {
        let columns = &["Application", "Device", "IP address", "Last exchanged", "Issued", "Rotates"];
        table("Refresh tokens", columns, &self.list("refresh-tokens", "tokens"), |token| Row {
            cells: vec![
                text(token, "client_id"),
                device(token),
                ip(token),
                time(token, "last_exchanged_at"),
                time(token, "created_at"),
                yes_or_no(token, "rotating"),
            ],
            action: revoke("refresh token", "/api/v2/refresh-tokens", token),
        })
    }

    /// With the permissions of each role.
    fn roles(&self) -> Table {
        table("Roles", &["Role", "Description", "Permissions"], &self.list("roles", "roles"), |role| {
            let names = self.tenant.role_permissions(&text(role, "id"));
            row(vec![text(role, "name"), text(role, "description"), names.join(", ")])
        })
    }

    /// Those that the user has without a role.
    fn permissions(&self) -> Table {
        let permissions = self.list("permissions", "permissions");
        table("Direct permissions", &["Permission", "API"], &permissions, |permission| {
            row(vec![text(permission, "permission_name"), text(permission, "resource_server_identifier")])
        })
    }

    /// With the roles of the user in each organization.
    fn organizations(&self) -> Table {
        let organizations = self.list("organizations", "organizations");
        table("Organizations", &["Organization", "Name", "Id", "Roles"], &organizations, |organization| {
            let id = text(organization, "id");
            let path = format!("/organizations/{}/members/{}/roles", encoded(&id), self.address);
            let roles = list(self.tenant, &path, "roles");
            let names: Vec<String> = roles.iter().map(|role| text(role, "name")).collect();
            row(vec![text(organization, "display_name"), text(organization, "name"), id, names.join(", ")])
        })
    }

    /// The methods of authentication, and the enrollments of Guardian.
    fn second_factors(&self) -> Table {
        let mut factors = self.list("authentication-methods", "authenticators");
        factors.extend(self.list("enrollments", "enrollments"));
        table("Second factors", &["Factor", "Name", "Confirmed", "Enrolled"], &factors, |factor| {
            let kind = [text(factor, "type"), text(factor, "auth_method")].concat();
            let name = ["name", "phone_number", "email", "identifier"].map(|name| text(factor, name));
            let is_confirmed = text(factor, "status") == "confirmed";
            let confirmed = if is_confirmed { "yes".to_owned() } else { yes_or_no(factor, "confirmed") };
            let enrolled = [time(factor, "created_at"), time(factor, "enrolled_at")].concat();
            row(vec![
                kind,
                name.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
                confirmed,
                enrolled,
            ])
        })
    }

    fn identities(&self) -> Table {
        let identities = self.user.get("identities").and_then(Value::as_array);
        let identities = identities.map(Vec::as_slice).unwrap_or_default();
        table("Identities", &["Connection", "Provider", "User id", "Social"], identities, |identity| {
            row(vec![
                text(identity, "connection"),
                text(identity, "provider"),
                text(identity, "user_id"),
                yes_or_no(identity, "isSocial"),
            ])
        })
    }

    /// What failed logins have blocked; one button lifts all of them.
    fn blocks(&self) -> Table {
        let blocks = list(self.tenant, &format!("/user-blocks/{}", self.address), "blocked_for");
        table("Blocks after failed logins", &["Login", "IP address", "Connection"], &blocks, |block| Row {
            cells: vec![text(block, "identifier"), text(block, "ip"), text(block, "connection")],
            action: Some(Action {
                label: "Lift",
                name: "Lift the block after failed logins".to_owned(),
                method: "DELETE",
                path: format!("/api/v2/user-blocks/{}", self.address),
            }),
        })
    }
}

fn table(
    title: &'static str,
    columns: &'static [&'static str],
    items: &[Value],
    row: impl Fn(&Value) -> Row,
) -> Table {
    let json = pretty(&Value::Array(items.to_vec()));
    Table { title, columns, rows: items.iter().map(row).collect(), json }
}

fn row(cells: Vec<String>) -> Row {
    Row { cells, action: None }
}

/// A button that revokes an object; `None` for one without an id.
fn revoke(noun: &str, path: &str, object: &Value) -> Option<Action> {
    let id = Some(text(object, "id")).filter(|id| !id.is_empty())?;
    let (name, path) = (format!("Revoke {noun} {id}"), format!("{path}/{}", encoded(&id)));
    Some(Action { label: "Revoke", name, method: "DELETE", path })
}

/// The browser or program that an object was used with last.
fn device(object: &Value) -> String {
    let device = object.get("device").unwrap_or(&Value::Null);
    let agent = text(device, "last_user_agent");
    if agent.is_empty() { text(device, "initial_user_agent") } else { browser(&agent) }
}

fn ip(object: &Value) -> String {
    let device = object.get("device").unwrap_or(&Value::Null);
    let last = text(device, "last_ip");
    if last.is_empty() { text(device, "initial_ip") } else { last }
}

/// The name and system of a browser; other programs as they name themselves.
fn browser(agent: &str) -> String {
    let names = [("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Firefox/", "Firefox"), ("Version/", "Safari")];
    let systems = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(token, _)| agent.contains(token)).map(|(_, name)| *name)
    };
    match (agent.starts_with("Mozilla/"), find(&names), find(&systems)) {
        (true, Some(name), Some(system)) => format!("{name} on {system}"),
        _ => agent.to_owned(),
    }
}

fn yes_or_no(object: &Value, name: &str) -> String {
    match object.get(name) {
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        _ => text(object, name),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_named_with_its_system_and_a_program_as_it_names_itself() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
            ("curl/8.14.1", "curl/8.14.1"),
            ("", ""),
        ] {
            assert_eq!(browser(agent), expected);
        }
    }
}
