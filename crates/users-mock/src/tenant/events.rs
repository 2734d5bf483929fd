//! The tenant's log of what users did.

use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::{Kind, Object};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use serde_json::Value;
use serde_json::value::RawValue;
use users_core::is_sensitive;
use users_core::model::JsonObject;

/// The number of entries that are kept.
const MOST: usize = 10_000;

/// The number of characters of a description and of a name.
const MOST_CHARACTERS: usize = 1_000;

/// The length of a body from which an entry leaves it out, in bytes; the tenant keeps thousands of entries.
pub(crate) const MOST_BODY: usize = 4096;

/// The number of digits of an entry's id.
const ID_DIGITS: usize = 56;

/// The properties of bodies that are links or seeds of codes, and whose names do not say so.
const LINKS: &[&str] = &["invitation_url", "ticket", "ticket_id", "ticket_url", "value"];

/// What the log has for a secret, as recorded.
const MASK: &str = "\"*****\"";

/// The depth of a body below which the log has nothing.
const MOST_DEPTH: usize = 16;

/// An entry of the log.
pub(crate) struct Event<'a> {
    /// The code of the type, as `s` or `fp`.
    pub(crate) kind: &'static str,
    pub(crate) description: String,
    pub(crate) user_id: &'a str,
    /// The name of the user, or what was typed.
    pub(crate) user_name: String,
    /// The name of the connection.
    pub(crate) connection: Option<&'a str>,
    pub(crate) client: Option<(&'a str, &'a str)>,
    pub(crate) audience: Option<&'a str>,
    pub(crate) scope: Option<&'a str>,
    pub(crate) details: Option<JsonObject>,
}

impl Event<'_> {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            description: String::new(),
            user_id: "",
            user_name: String::new(),
            connection: None,
            client: None,
            audience: None,
            scope: None,
            details: None,
        }
    }
}

/// Adds an entry to the log, and removes the oldest one if there are too many.
pub(crate) fn record(context: &mut WriteContext<'_>, request: &Request, event: &Event<'_>) {
    let now = context.clock.now();
    let id = new_id(context, now.as_str());
    let connection = event.connection.and_then(|name| context.store().connection(name)).cloned();
    let mut shown = JsonObject::new();
    set(&mut shown, "date", &now);
    set(&mut shown, "type", event.kind);
    set(&mut shown, "description", cut(&event.description));
    if let Some(connection) = &connection {
        set(&mut shown, "connection", &connection.name);
        set(&mut shown, "connection_id", &connection.id);
    }
    if let Some((id, name)) = event.client {
        set(&mut shown, "client_id", id);
        set(&mut shown, "client_name", name);
    }
    set(&mut shown, "ip", request.ip().to_string());
    set(&mut shown, "user_agent", browser(request));
    if let Some(details) = &event.details {
        set(&mut shown, "details", details);
    }
    set(&mut shown, "user_id", event.user_id);
    set(&mut shown, "user_name", cut(&event.user_name));
    if let Some(connection) = &connection {
        set(&mut shown, "strategy", &connection.strategy);
        set(&mut shown, "strategy_type", if connection.is_database() { "database" } else { "social" });
    }
    for (name, value) in [("audience", event.audience), ("scope", event.scope)] {
        if let Some(value) = value {
            set(&mut shown, name, value);
        }
    }
    set(&mut shown, "log_id", &id);
    set(&mut shown, "_id", &id);
    set(&mut shown, "isMobile", false);
    if context.store().objects(Kind::LogEntries).len() >= MOST {
        let oldest = context.store().objects(Kind::LogEntries).iter().next().map(|entry| entry.id.clone());
        if let Some(oldest) = oldest {
            context.transaction.remove_object(Kind::LogEntries, &oldest);
        }
    }
    context.transaction.put_object(Kind::LogEntries, Object { id, shown });
}

/// The beginning of a text, which may be what somebody typed.
fn cut(text: &str) -> &str {
    text.char_indices().nth(MOST_CHARACTERS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// `900`, the time to the second, and digits that ascend.
fn new_id(context: &mut WriteContext<'_>, now: &str) -> String {
    let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
    let number = context.logins.next_event();
    format!("900{digits}{number:0width$}", width = ID_DIGITS - 17)
}

/// The browser and system of a request, in Auth0's form; programs that are no browsers are all `Other`.
fn browser(request: &Request) -> String {
    let agent = request.user_agent();
    let version = |name: &str| {
        let rest = agent.split_once(name)?.1;
        let major: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!major.is_empty()).then_some(major)
    };
    let named = [("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Firefox/", "Firefox"), ("Version/", "Safari")];
    let browser = named.iter().find_map(|(token, name)| Some(format!("{name} {}.0.0", version(token)?)));
    let systems =
        [("Windows", "Windows"), ("Mac OS X", "Mac OS X"), ("Android", "Android"), ("Linux", "Linux")];
    let system =
        systems.iter().find(|(token, _)| agent.contains(token)).map(|(_, name)| format!("{name} 0.0.0"));
    format!(
        "{} / {}",
        browser.as_deref().unwrap_or("Other 0.0.0"),
        system.as_deref().unwrap_or("Other 0.0.0")
    )
}

/// An object whose numbers are the tenant's own: a number of a body may be too large for a [`Value`].
pub(crate) fn details(value: &Value) -> Option<JsonObject> {
    JsonObject::from_json(&value.to_string()).ok()
}

/// A body as the log has it.
pub(crate) fn without_secrets(body: &JsonObject) -> JsonObject {
    masked(body, MOST_DEPTH)
}

fn masked(object: &JsonObject, depth: usize) -> JsonObject {
    let mut shown = JsonObject::new();
    for (key, json) in object.iter() {
        let is_secret = is_sensitive(key) || LINKS.contains(&key);
        let json = if is_secret { MASK.to_owned() } else { masked_json(json, depth) };
        set_raw(&mut shown, key, &json);
    }
    shown
}

fn masked_json(json: &str, depth: usize) -> String {
    match (json.as_bytes().first(), depth.checked_sub(1)) {
        (Some(b'{' | b'['), None) => MASK.to_owned(),
        (Some(b'{'), Some(depth)) => {
            let object = JsonObject::from_json(json).unwrap_or_default();
            masked(&object, depth).to_json()
        }
        (Some(b'['), Some(depth)) => {
            let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
            let items: Vec<String> = items.into_iter().map(|item| masked_json(item.get(), depth)).collect();
            format!("[{}]", items.join(","))
        }
        _ => json.to_owned(),
    }
}

/// The name of a user in the log: the address, or what else there is.
pub(crate) fn name_of(user: &JsonObject) -> String {
    ["email", "username", "phone_number", "name"]
        .into_iter()
        .find_map(|key| string(user, key))
        .unwrap_or_default()
}
