//! What holds for every account of a connection, whether it is the first one of a user or a linked one.

use crate::tenant::assumptions::Assumptions;
use crate::tenant::events::{Event, MOST_BODY, name_of, record, without_secrets};
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::rules::credentials::check_username;
use crate::tenant::rules::defaults::add_defaults;
use crate::tenant::rules::linked_password;
use crate::tenant::rules::metadata::check_metadata_keys;
use crate::tenant::rules::password::{PasswordPolicy, check_password_length};
use crate::tenant::rules::password_history::PasswordHistory;
use crate::tenant::store::{Belonging, Connection, Store, User};
use crate::tenant::wire::answer::Failure;
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use serde_json::Value;
use std::sync::Arc;
use users_core::model::JsonObject;

/// The options of a connection.
pub(crate) fn options(connection: &Connection) -> Value {
    connection.shown.get("options").ok().flatten().unwrap_or_default()
}

/// Rejects changes of attributes that the identity provider owns.
pub(crate) fn reject_provider_attributes(
    body: &JsonObject,
    provider: &str,
    connection: &str,
    assumptions: &Assumptions,
) -> Result<(), Failure> {
    const ENTERPRISE: &[&str] = &[
        "ad",
        "adfs",
        "google-apps",
        "ip",
        "office365",
        "oidc",
        "okta",
        "pingfederate",
        "samlp",
        "sharepoint",
        "waad",
    ];
    const OWNED_BY_PROVIDER: &[&str] = &[
        "email",
        "family_name",
        "given_name",
        "name",
        "nickname",
        "password",
        "phone_number",
        "picture",
        "username",
    ];
    if ENTERPRISE.contains(&provider) && body.contains_key("email") {
        return Err(Failure::assumed(&assumptions.update_enterprise_email, &[]));
    }
    let rejected: Vec<&str> =
        OWNED_BY_PROVIDER.iter().copied().filter(|key| body.contains_key(key)).collect();
    if rejected.is_empty() {
        return Ok(());
    }
    Err(Failure::bad_request(
        "operation_not_supported",
        format!(
            "The following user attributes cannot be updated: {}. The connection ({connection}) must either be a database \
             connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync user \
             profile attributes at each login'. For more information, see \
             https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync",
            rejected.join(", ")
        ),
    ))
}

/// Whether another account of the connection has this address.
pub(crate) fn is_email_taken(
    store: &Store,
    connection: &str,
    email: Option<String>,
    except: Option<&str>,
) -> bool {
    email.is_some_and(|email| {
        store.users().with_email(&email).any(|user| is_another(user, connection, except))
            || store.users().has_linked_email(connection, &email)
    })
}

/// Whether another account of the connection has this user name.
pub(crate) fn is_username_taken(
    store: &Store,
    connection: &str,
    username: Option<String>,
    except: Option<&str>,
) -> bool {
    username.is_some_and(|username| {
        store.users().with_username(&username).any(|user| is_another(user, connection, except))
            || store.users().has_linked_username(connection, &username)
    })
}

fn is_another(user: &User, connection: &str, except: Option<&str>) -> bool {
    except != Some(user.id()) && user.connection().as_deref() == Some(connection)
}

pub(crate) fn lower_case(body: &mut JsonObject, key: &str) {
    if let Some(value) = string(body, key) {
        set(body, key, value.to_lowercase());
    }
}

/// How an account comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewAccount {
    /// By the Management API, which may set any attribute.
    Managed,
    /// By a sign-up.
    SignedUp,
}

/// Creates an account of a connection, with the properties of a body.
pub(crate) fn create_account(
    context: &mut WriteContext<'_>,
    mut body: JsonObject,
    connection: &Connection,
    how: NewAccount,
) -> Result<User, Failure> {
    check_metadata_keys(&body, &context.config.assumptions)?;
    if connection.is_database() {
        lower_case(&mut body, "email");
        lower_case(&mut body, "username");
        if let Some(username) = string(&body, "username") {
            check_username(&username, &connection.username_length)?;
        }
        if let Some(password) = string(&body, "password") {
            check_password_length(&password, &context.config.assumptions)?;
            PasswordPolicy::of(&options(connection)).check(&password, &body)?;
        }
        if !["email", "username", "phone_number"].iter().any(|key| body.contains_key(key)) {
            return Err(Failure::body("'Missing required property: email'"));
        }
    }
    let user_id = string(&body, "user_id").filter(|id| !id.is_empty() && how == NewAccount::Managed);
    let user_id = user_id.unwrap_or_else(|| context.new_object_id());
    let id = format!("{}|{user_id}", connection.strategy);
    let store = context.store();
    // Linked accounts are users of their connection too.
    let exists = store.users().get(&id).is_some()
        || store.users().with_identity(&id).next().is_some()
        || is_email_taken(store, &connection.name, string(&body, "email"), None)
        || is_username_taken(store, &connection.name, string(&body, "username"), None);
    if exists {
        return Err(Failure::conflict("The user already exists."));
    }

    let now = context.clock.now();
    let mut user = User::new(&id);
    for (key, value) in body.iter() {
        if !matches!(key, "connection" | "password" | "verify_email" | "user_id") {
            user.supply(key, value);
        }
    }
    user.set("user_id", &id);
    user.set("created_at", &now);
    user.set_updated_at(&now);
    user.set_identities(&[first_identity(&connection.name, &connection.strategy, &user_id)]);
    add_defaults(&mut user);
    user.sort_attributes();
    if let Some(password) = string(&body, "password") {
        remember_password(context, &mut user, connection, &password);
    }
    context.transaction.put_user(user.clone());
    Ok(user)
}

/// Records that an account was created (`ss`), or why it was not (`fs`). `client` is the id and the name of the application.
pub(crate) fn record_creation(
    context: &mut WriteContext<'_>,
    request: &Request,
    client: (&str, &str),
    connection: &str,
    profile: &JsonObject,
    created: &Result<User, Failure>,
) {
    let mut details = JsonObject::new();
    let body = Some(without_secrets(profile)).filter(|body| body.to_json().len() <= MOST_BODY);
    set(&mut details, "body", body);
    let event = match created {
        Ok(user) => Event { user_id: user.id(), user_name: name_of(user.shown()), ..Event::new("ss") },
        Err(failure) => Event {
            description: failure.message().to_owned(),
            user_name: name_of(profile),
            ..Event::new("fs")
        },
    };
    let event = Event { connection: Some(connection), client: Some(client), details: Some(details), ..event };
    record(context, request, &event);
}

/// The identity of a new account that is not one of a social provider.
pub(crate) fn first_identity(connection: &str, provider: &str, user_id: &str) -> JsonObject {
    let mut identity = JsonObject::new();
    set(&mut identity, "connection", connection);
    set(&mut identity, "user_id", user_id);
    set(&mut identity, "provider", provider);
    set(&mut identity, "isSocial", false);
    identity
}

/// The connection of a user's first account.
fn connection_of(store: &Store, id: &str) -> Option<Arc<Connection>> {
    store.connection(&store.users().get(id)?.connection()?).cloned()
}

/// Checks a new password of a user, whose profile changes as the body says.
pub(crate) fn check_new_password(
    context: &WriteContext<'_>,
    id: &str,
    password: &str,
    body: &JsonObject,
) -> Result<(), Failure> {
    check_password_length(password, &context.config.assumptions)?;
    let store = context.store();
    let mut profile = store.users().get(id).map_or_else(JsonObject::new, |user| user.shown().clone());
    body.iter().for_each(|(key, json)| set_raw(&mut profile, key, json));
    let options = connection_of(store, id).as_deref().map(options).unwrap_or_default();
    PasswordPolicy::of(&options).check(password, &profile)?;
    match store.users().get(id) {
        Some(user) => PasswordHistory::of(&options).check(password, user.belongings(Belonging::Passwords)),
        None => Ok(()),
    }
}

/// Changes the password of a user.
pub(crate) fn set_password(context: &mut WriteContext<'_>, id: &str, password: &str) -> Result<(), Failure> {
    check_new_password(context, id, password, &JsonObject::new())?;
    let (Some(user), Some(connection)) =
        (context.store().users().get(id).cloned(), connection_of(context.store(), id))
    else {
        return Err(Failure::no_such_user());
    };
    let mut user = User::clone(&user);
    remember_password(context, &mut user, &connection, password);
    let now = context.clock.now();
    user.set("last_password_reset", &now);
    user.set_updated_at(&now);
    context.transaction.put_user(user);
    Ok(())
}

/// Ends the sessions of a user.
pub(crate) fn end_sessions(user: &mut User) {
    if !user.belongings(Belonging::Sessions).is_empty() {
        user.belongings_mut(Belonging::Sessions).clear();
    }
}

/// Keeps the digest of a user's new password, and of former ones as the connection requires. The user's sessions end, and blocks by
/// brute-force protection are lifted.
pub(crate) fn remember_password(
    context: &mut WriteContext<'_>,
    user: &mut User,
    connection: &Connection,
    password: &str,
) {
    let salt = context.random.hex(32);
    PasswordHistory::of(&options(connection)).add(password, &salt, user.belongings_mut(Belonging::Passwords));
    end_sessions(user);
    if !user.belongings(Belonging::BlockedFor).is_empty() {
        user.belongings_mut(Belonging::BlockedFor).clear();
    }
}

/// Keeps the digest of the new password of an account that is linked to a user.
pub(crate) fn remember_linked_password(
    context: &mut WriteContext<'_>,
    user: &mut User,
    identity: &str,
    password: &str,
) {
    let salt = context.random.hex(32);
    let all = user.belongings_mut(Belonging::LinkedPasswords);
    let mut digests = linked_password::digests(all, identity);
    PasswordHistory::of(&Value::Null).add(password, &salt, &mut digests);
    all.retain(|kept| !linked_password::is_of(kept, identity));
    all.push(linked_password::of_identity(identity, &digests));
}
