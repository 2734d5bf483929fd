//! State that no call makes: users of any shape, connections, custom claims.

use super::connection::{Connection, USERNAME};
use super::record::{Record, SHELVES};
use super::state::State;
use serde_json::Value;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use users_core::model::{JsonObject, UserId};

/// What a tenant holds from the start.
///
/// # The document
///
/// [`Seed::from_json`] and `users-tenant --seed` read this:
///
#[doc = include_str!("seed.md")]
/// # By methods
///
/// ```
/// use users_mock::{Seed, Tenant};
///
/// let odd = r#"{"user_id":"github|42","email_verified":"true","last_login":{},
///               "identities":[{"provider":"github","connection":"github","user_id":42,"isSocial":true}]}"#;
/// let tenant = Tenant::builder().seed(Seed::new().user(odd)?).build();
/// assert!(tenant.user("github|42").is_some());
/// # Ok::<(), users_mock::SeedError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Seed {
    users: Vec<(String, JsonObject)>,
    connections: Vec<Connection>,
    claims: Vec<(String, JsonObject)>,
    belongings: Vec<(String, &'static str, Vec<JsonObject>)>,
    roles: Vec<JsonObject>,
    servers: Vec<JsonObject>,
}

/// Why a seed cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedError(String);

impl std::fmt::Display for SeedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SeedError {}

impl Seed {
    /// The format of a [seed document](Self#the-document), in Markdown.
    pub const FORMAT: &'static str = include_str!("seed.md");

    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a [document](Self#the-document).
    pub fn from_json(json: &str) -> Result<Self, SeedError> {
        let document = JsonObject::from_json(json)
            .map_err(|error| SeedError(format!("the seed is no JSON object: {error}")))?;
        let mut seed = Self::new();
        for (key, value) in document.iter() {
            match key {
                "users" => {
                    for user in read::<Vec<JsonObject>>(key, value)? {
                        seed = seed.add(user)?;
                    }
                }
                "connections" => {
                    for connection in read::<Vec<JsonObject>>(key, value)? {
                        seed.connections.push(connection_of(&connection)?);
                    }
                }
                "userinfo" => {
                    for (id, claims) in read::<JsonObject>(key, value)?.iter() {
                        seed.claims.push((id.to_owned(), read("userinfo", claims)?));
                    }
                }
                "roles" => seed.roles.extend(read::<Vec<JsonObject>>(key, value)?),
                "resource_servers" => seed.servers.extend(read::<Vec<JsonObject>>(key, value)?),
                "belongings" => {
                    for (id, shelves) in read::<JsonObject>(key, value)?.iter() {
                        for (kind, things) in read::<JsonObject>("belongings", shelves)?.iter() {
                            seed = seed.belongings(id, kind, things)?;
                        }
                    }
                }
                other => {
                    return Err(SeedError(format!(
                        "the seed has {other:?}, and only users, connections, userinfo, roles, resource_servers and belongings are known"
                    )));
                }
            }
        }
        Ok(seed)
    }

    /// Adds a user as the API would show it, of whatever shape; it needs a `user_id`. What is given is kept to the last digit, and what
    /// a new user has besides is filled in: identities, dates, name, nickname and picture.
    pub fn user(self, json: &str) -> Result<Self, SeedError> {
        let user = JsonObject::from_json(json)
            .map_err(|error| SeedError(format!("the user is no JSON object: {error}")))?;
        self.add(user)
    }

    /// Adds a connection: its id (`con_…`), its name, and its kind of provider (`github`, `samlp`, `auth0` for a database).
    #[must_use]
    pub fn connection(mut self, id: &str, name: &str, strategy: &str) -> Self {
        self.connections.push(Connection {
            id: id.to_owned(),
            name: name.to_owned(),
            strategy: strategy.to_owned(),
            username: USERNAME,
        });
        self
    }

    /// Sets how many characters user names have in the connection that was added last; 1 to 15 unless set.
    #[must_use]
    pub fn username_length(mut self, length: RangeInclusive<usize>) -> Self {
        if let Some(connection) = self.connections.last_mut() {
            connection.username = length;
        }
        self
    }

    /// Adds claims that `/userinfo` gives for a user beside the standard ones.
    pub fn claims(mut self, user_id: &str, json: &str) -> Result<Self, SeedError> {
        self.claims.push((user_id.to_owned(), read("claims", json)?));
        Ok(self)
    }

    /// Adds what belongs to a user and no call of this API makes, as a JSON list: `sessions`, `refresh_tokens`, `enrollments`, `blocked_for`,
    /// `groups`, `organizations`, `connected_accounts`, `federated_connections_tokensets`, `logs`, and also `authentication_methods`,
    /// `roles` (by `id`) and `permissions`.
    pub fn belongings(mut self, user_id: &str, kind: &str, json: &str) -> Result<Self, SeedError> {
        let Some(known) = SHELVES.iter().find(|known| **known == kind) else {
            return Err(SeedError(format!(
                "{kind:?} is nothing that belongs to a user; known are {}",
                SHELVES.join(", ")
            )));
        };
        self.belongings.push((user_id.to_owned(), known, read(kind, json)?));
        Ok(self)
    }

    fn add(mut self, user: JsonObject) -> Result<Self, SeedError> {
        let id = user.get::<String>("user_id").ok().flatten();
        let id = id.filter(|id| UserId::new(id.as_str()).is_ok() && id.contains('|'));
        let id = id.ok_or_else(|| SeedError("a user has no user_id like auth0|123".to_owned()))?;
        self.users.push((id, user));
        Ok(self)
    }

    pub(super) fn plant(self, state: &mut State) {
        for connection in self.connections {
            state.connections.retain(|known| known.name != connection.name);
            state.connections.push(connection);
        }
        let now = state.now();
        // By id, since looking through all users for each one would take quadratic time.
        let mut places: HashMap<String, usize> = HashMap::with_capacity(state.users.len() + self.users.len());
        places.extend(state.users.iter().enumerate().map(|(place, user)| (user.id.clone(), place)));
        for (id, user) in self.users {
            let user = Record::completed(id.clone(), user, &state.connections, &now);
            if let Some(known) = places.get(&id).and_then(|place| state.users.get_mut(*place)) {
                *known = user;
            } else {
                places.insert(id, state.users.len());
                state.users.push(user);
            }
        }
        state.claims.extend(self.claims);
        state.roles.extend(self.roles);
        state.servers.extend(self.servers);
        for (id, kind, things) in self.belongings {
            if let Some(user) = places.get(&id).and_then(|place| state.users.get_mut(*place)) {
                user.shelf_mut(kind).extend(things);
            }
        }
    }
}

/// A connection of a document: `{"id", "name", "strategy", "options": {"validation": {"username": {"min", "max"}}}}`.
fn connection_of(document: &JsonObject) -> Result<Connection, SeedError> {
    let field = |name: &str| {
        let text = document.get::<String>(name).ok().flatten();
        text.ok_or_else(|| SeedError(format!("connections: {name} is missing or no text")))
    };
    let mut username = USERNAME;
    if let Some(options) = document.raw("options") {
        let options: Value = read("connections", options)?;
        let given = options.pointer("/validation/username");
        let end = |name: &str, default: usize| match given.and_then(|given| given.get(name)) {
            None => Ok(default),
            Some(number) => number
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .ok_or_else(|| SeedError(format!("connections: username.{name} is no length"))),
        };
        username = end("min", *USERNAME.start())?..=end("max", *USERNAME.end())?;
        if username.is_empty() {
            return Err(SeedError("connections: username.min is above username.max".to_owned()));
        }
    }
    Ok(Connection { id: field("id")?, name: field("name")?, strategy: field("strategy")?, username })
}

fn read<T: serde::de::DeserializeOwned>(key: &str, json: &str) -> Result<T, SeedError> {
    serde_json::from_str(json).map_err(|error| SeedError(format!("{key}: {error}")))
}
