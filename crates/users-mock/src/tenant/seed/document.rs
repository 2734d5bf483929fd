//! The document that a seed is read from.

use crate::tenant::object::string;
use crate::tenant::store::{Connection, DEFAULT_USERNAME_LENGTH, Kind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use users_core::model::JsonObject;

/// A parsed document. Errors are messages.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) users: Vec<JsonObject>,
    pub(crate) connections: Vec<Connection>,
    /// By user id.
    pub(crate) claims: Vec<(String, JsonObject)>,
    pub(crate) objects: Vec<(Kind, JsonObject)>,
    pub(crate) resource_servers: Vec<JsonObject>,
    /// By user id and kind.
    pub(crate) belongings: Vec<(String, String, Vec<JsonObject>)>,
}

impl Document {
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let object =
            JsonObject::from_json(json).map_err(|error| format!("the seed is not a JSON object: {error}"))?;
        let mut document = Self::default();
        for (key, value) in object.iter() {
            match key {
                "users" => document.users = read(key, value)?,
                "connections" => {
                    let connections: Vec<JsonObject> = read(key, value)?;
                    document.connections = connections.iter().map(connection).collect::<Result<_, _>>()?;
                }
                "userinfo" => {
                    for (id, claims) in read::<JsonObject>(key, value)?.iter() {
                        document.claims.push((id.to_owned(), read(key, claims)?));
                    }
                }
                "resource_servers" => document.resource_servers = read(key, value)?,
                "belongings" => {
                    for (id, kinds) in read::<JsonObject>(key, value)?.iter() {
                        for (kind, objects) in read::<JsonObject>(key, kinds)?.iter() {
                            document.belongings.push((id.to_owned(), kind.to_owned(), read(kind, objects)?));
                        }
                    }
                }
                other => {
                    let kind = kind_of(other).ok_or_else(|| {
                        format!(
                            "the seed has the unknown key {other:?}; possible are users, connections, userinfo, clients, \
                             device_credentials, logs, organizations, organization_invitations, roles, resource_servers \
                             and belongings"
                        )
                    })?;
                    let objects: Vec<JsonObject> = read(key, value)?;
                    document.objects.extend(objects.into_iter().map(|object| (kind, object)));
                }
            }
        }
        Ok(document)
    }
}

/// The kind of the objects under a key of a document.
pub(crate) fn kind_of(key: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.name() == key)
}

/// Parses `{"id", "name", "strategy", "options": {"validation": {"username": {"min", "max"}}}}`.
fn connection(document: &JsonObject) -> Result<Connection, String> {
    let field = |name: &str| {
        string(document, name).ok_or_else(|| format!("connections: {name} is missing or is not a string"))
    };
    let mut options = Value::Null;
    if let Some(given) = document.raw("options") {
        options = read("connections", given)?;
        let length = options.pointer("/validation/username");
        let bound = |name: &str, default: usize| match length.and_then(|length| length.get(name)) {
            None => Ok(default),
            Some(number) => number
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .ok_or_else(|| format!("connections: username.{name} is not a length")),
        };
        let (least, most) = (DEFAULT_USERNAME_LENGTH.start(), DEFAULT_USERNAME_LENGTH.end());
        if bound("min", *least)? > bound("max", *most)? {
            return Err("connections: username.min is above username.max".to_owned());
        }
    }
    Ok(Connection::with_options(&field("id")?, &field("name")?, &field("strategy")?, &options))
}

/// Parses the value of a key.
pub(crate) fn read<T: DeserializeOwned>(key: &str, json: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("{key}: {error}"))
}
