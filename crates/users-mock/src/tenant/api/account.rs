//! What holds for every account of a connection, whether it is the first one of a user or a linked one.

use crate::tenant::assumptions::Assumptions;
use crate::tenant::object::{set, string};
use crate::tenant::store::{Connection, Store, User};
use crate::tenant::wire::answer::Failure;
use serde_json::Value;
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
