//! Initial data that no call can create: users of any shape, connections, custom claims.

mod complete;
mod document;
mod generated;
mod password;

pub(crate) use generated::Generator;

use crate::tenant::object::{set, string};
use crate::tenant::store::{
    Belonging, Claims, Connection, DEFAULT_USERNAME_LENGTH, Kind, Object, ResourceServer, Transaction,
};
use complete::complete;
use document::{Document, kind_of, read};
use password::password;
use std::fmt;
use std::ops::RangeInclusive;
use users_core::model::{JsonObject, Timestamp, UserId};

/// The initial data of a tenant.
///
/// # The document
///
/// [`Seed::from_json`] and `users-tenant --seed` read this format:
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
    claims: Vec<Claims>,
    belongings: Vec<(String, Belonging, Vec<JsonObject>)>,
    objects: Vec<(Kind, Object)>,
    resource_servers: Vec<ResourceServer>,
}

/// The error for a seed that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedError(String);

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SeedError {}

impl Seed {
    /// The format of a [seed document](Self#the-document), in Markdown.
    pub const FORMAT: &'static str = include_str!("seed.md");

    /// An empty seed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses a [document](Self#the-document).
    pub fn from_json(json: &str) -> Result<Self, SeedError> {
        let document = Document::parse(json).map_err(SeedError)?;
        let mut seed = Self { connections: document.connections, ..Self::new() };
        for user in document.users {
            seed = seed.add_user(user)?;
        }
        for (user_id, claims) in document.claims {
            seed.claims.push(Claims { user_id, claims });
        }
        for (kind, shown) in document.objects {
            seed.objects.push((kind, object(kind, shown)?));
        }
        for server in document.resource_servers {
            seed.resource_servers.push(ResourceServer::new(id("resource_servers", &server)?, &server));
        }
        for (user_id, kind, objects) in document.belongings {
            seed = seed.add_belongings(user_id, &kind, objects)?;
        }
        Ok(seed)
    }

    /// Adds a user as the API would show it, of any shape; it needs a `user_id`. Attributes that are given are kept to the last digit,
    /// and the others that a new user has are added: identities, dates, name, nickname and picture.
    pub fn user(self, json: &str) -> Result<Self, SeedError> {
        let user = JsonObject::from_json(json)
            .map_err(|error| SeedError(format!("the user is not a JSON object: {error}")))?;
        self.add_user(user)
    }

    /// Adds a connection: its id (`con_…`), its name, and the kind of its provider (`github`, `samlp`, `auth0` for a database).
    #[must_use]
    pub fn connection(mut self, id: &str, name: &str, strategy: &str) -> Self {
        self.connections.push(Connection::new(id, name, strategy, DEFAULT_USERNAME_LENGTH));
        self
    }

    /// Sets the permitted length of user names, in characters, for the connection that was added last; 1 to 15 by default.
    #[must_use]
    pub fn username_length(mut self, length: RangeInclusive<usize>) -> Self {
        if let Some(connection) = self.connections.last_mut() {
            *connection = Connection::new(&connection.id, &connection.name, &connection.strategy, length);
        }
        self
    }

    /// Adds claims that `/userinfo` shows for a user in addition to the standard ones.
    pub fn claims(mut self, user_id: &str, json: &str) -> Result<Self, SeedError> {
        let claims = read("claims", json).map_err(SeedError)?;
        self.claims.push(Claims { user_id: user_id.to_owned(), claims });
        Ok(self)
    }

    /// Adds objects that belong to a user, as a JSON list, most of which no call of this API creates: `sessions`, `refresh_tokens`,
    /// `grants`, `device_credentials`, `enrollments`, `blocked_for`, `groups`, `organizations`, `organization_roles`, `connected_accounts`, `federated_connections_tokensets`, `logs`,
    /// `authentication_methods`, `roles` (by `id`) and `permissions`.
    pub fn belongings(self, user_id: &str, kind: &str, json: &str) -> Result<Self, SeedError> {
        let objects = read(kind, json).map_err(SeedError)?;
        self.add_belongings(user_id.to_owned(), kind, objects)
    }

    fn add_belongings(
        mut self,
        user_id: String,
        kind: &str,
        objects: Vec<JsonObject>,
    ) -> Result<Self, SeedError> {
        // Log entries outlive the user, and the credentials of devices are listed without it.
        if let ("logs" | "device_credentials", Some(kind)) = (kind, kind_of(kind)) {
            for mut shown in objects {
                if shown.raw("user_id").is_none() {
                    set(&mut shown, "user_id", &user_id);
                }
                self.objects.push((kind, object(kind, shown)?));
            }
            return Ok(self);
        }
        let Some(kind) = Belonging::from_name(kind).filter(|kind| kind.is_in_seeds()) else {
            let known = Belonging::ALL
                .iter()
                .filter(|kind| kind.is_in_seeds())
                .map(|kind| kind.name())
                .chain(["logs", "device_credentials"]);
            let known: Vec<&str> = known.collect();
            return Err(SeedError(format!(
                "{kind:?} does not belong to a user; possible are {}",
                known.join(", ")
            )));
        };
        self.belongings.push((user_id, kind, objects));
        Ok(self)
    }

    fn add_user(mut self, user: JsonObject) -> Result<Self, SeedError> {
        let id = string(&user, "user_id");
        let id = id.filter(|id| UserId::new(id.as_str()).is_ok() && id.contains('|'));
        let id = id.ok_or_else(|| SeedError("a user has no user_id like auth0|123".to_owned()))?;
        let mut user = user;
        if let Some(password) = password(&id, &mut user).map_err(SeedError)? {
            self.belongings.push((id.clone(), Belonging::Passwords, vec![password]));
        }
        self.users.push((id, user));
        Ok(self)
    }

    /// Adds everything to a tenant.
    pub(crate) fn apply(self, transaction: &mut Transaction<'_>, now: &Timestamp) {
        for connection in self.connections {
            transaction.put_connection(connection);
        }
        for (id, user) in self.users {
            let user = complete(&id, user, transaction.store(), now);
            transaction.put_user(user);
        }
        for claims in self.claims {
            transaction.put_claims(claims);
        }
        for (kind, object) in self.objects {
            transaction.put_object(kind, object);
        }
        for server in self.resource_servers {
            transaction.put_resource_server(server);
        }
        for (user_id, kind, objects) in self.belongings {
            if kind == Belonging::Organizations {
                add_organizations(transaction, &objects);
            }
            transaction.update_user(&user_id, |user| user.belongings_mut(kind).extend(objects));
        }
    }
}

/// Adds the organizations of a user that the tenant does not have yet.
fn add_organizations(transaction: &mut Transaction<'_>, organizations: &[JsonObject]) {
    for shown in organizations {
        if let Some(id) = string(shown, "id") {
            if transaction.store().objects(Kind::Organizations).get(&id).is_none() {
                transaction.put_object(Kind::Organizations, Object { id, shown: shown.clone() });
            }
        }
    }
}

/// An object with the key that identifies it.
fn object(kind: Kind, mut shown: JsonObject) -> Result<Object, SeedError> {
    let key = match kind {
        Kind::Clients => "client_id",
        Kind::LogEntries => "log_id",
        _ => "id",
    };
    let id = string(&shown, key);
    let id = id.ok_or_else(|| SeedError(format!("{kind:?}: {key} is missing or is not a string")))?;
    // A log entry has its id under both names, and a role without description an empty one.
    let (key, value) = match kind {
        Kind::LogEntries => ("_id", id.as_str()),
        Kind::Roles => ("description", ""),
        _ => return Ok(Object { id, shown }),
    };
    if shown.raw(key).is_none() {
        set(&mut shown, key, value);
    }
    Ok(Object { id, shown })
}

fn id(key: &str, object: &JsonObject) -> Result<String, SeedError> {
    string(object, "id").ok_or_else(|| SeedError(format!("{key}: id is missing or is not a string")))
}
