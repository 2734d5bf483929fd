//! Logins with a password at the token endpoint.

use crate::tenant::object::{set, string};
use crate::tenant::rules::grant::Grant;
use crate::tenant::rules::password_history::is_current;
use crate::tenant::store::{Belonging, DEFAULT_DATABASE, Store, User};
use crate::tenant::wire::answer::{Answer, json_without_charset, oauth_error};
use crate::tenant::wire::context::WriteContext;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use users_core::model::JsonObject;

/// The scopes of a login that asks for none, or for `openid` alone, as recorded.
const WIDENED: &str = "openid profile email address phone";

/// The address that logins come from, which a program in the same process has not.
const ADDRESS: &str = "127.0.0.1";

/// Logs a user in, and counts the login. The application is authenticated already.
pub(crate) fn log_in(context: &mut WriteContext<'_>, body: &JsonObject) -> Answer {
    let field = |name: &str| string(body, name).filter(|text| !text.is_empty());
    let audience = field("audience");
    let management = context.config.management_audience();
    if let Some(audience) = audience.as_deref().filter(|audience| *audience != management) {
        let is_userinfo = audience == format!("https://{}/userinfo", context.config.domain);
        if !is_userinfo && context.store().resource_server(audience).is_none() {
            let description = "invalid audience specified for password grant exchange";
            return oauth_error(StatusCode::BAD_REQUEST, "invalid_request", description);
        }
    }
    let realm = field("realm").unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
    if context.store().connection(&realm).is_none() {
        // That it is an error is known, and not which.
        return oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "The realm does not exist.");
    }
    let name = field("username").unwrap_or_default().to_lowercase();
    let password = field("password").unwrap_or_default();
    let user = find(context.store(), &realm, &name);
    let user = user.filter(|user| is_current(&password, user.belongings(Belonging::Passwords)));
    let Some((id, is_blocked)) = user.map(|user| (user.id().to_owned(), is_blocked(user))) else {
        return oauth_error(StatusCode::FORBIDDEN, "invalid_grant", "Wrong email or password.");
    };
    if is_blocked {
        return oauth_error(StatusCode::FORBIDDEN, "unauthorized", "user is blocked");
    }
    count_login(context, &id);
    let scope = field("scope").filter(|scope| scope != "openid").unwrap_or_else(|| WIDENED.to_owned());
    let scopes: Vec<String> = scope.split_whitespace().map(ToOwned::to_owned).collect();
    let has_id_token = scopes.iter().any(|scope| scope == "openid");
    let grant = match &audience {
        Some(audience) if *audience == management => {
            Grant::SelfService { id: id.clone(), scopes: scopes.into() }
        }
        _ => Grant::User { id: id.clone(), scopes },
    };
    let lifetime = context.config.token_lifetime;
    let audience = audience.unwrap_or_else(|| format!("https://{}/userinfo", context.config.domain));
    let access_token = context.issue_token(grant, &audience, lifetime);
    let client_id = context.config.client_id.clone();
    let id_token = has_id_token.then(|| context.issue_token(Grant::Identity { id }, &client_id, lifetime));
    let mut tokens = JsonObject::new();
    set(&mut tokens, "access_token", access_token);
    if let Some(id_token) = id_token {
        set(&mut tokens, "id_token", id_token);
    }
    set(&mut tokens, "scope", scope);
    set(&mut tokens, "expires_in", lifetime.as_secs());
    set(&mut tokens, "token_type", "Bearer");
    let mut answer = json_without_charset(StatusCode::OK, &tokens);
    answer.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    answer
}

/// The user of a connection with this e-mail address or user name.
fn find<'a>(store: &'a Store, connection: &str, name: &str) -> Option<&'a User> {
    let is_of_connection = |user: &&'a std::sync::Arc<User>| user.connection().as_deref() == Some(connection);
    let by_email = store.users().with_email(name).find(is_of_connection);
    let found = by_email.or_else(|| store.users().with_username(name).find(is_of_connection));
    found.map(|user| &**user)
}

fn is_blocked(user: &User) -> bool {
    user.shown().get::<bool>("blocked").ok().flatten() == Some(true)
}

/// Auth0 shows the time of the login as that of the last update too.
fn count_login(context: &mut WriteContext<'_>, id: &str) {
    let now = context.clock.now();
    context.transaction.update_user(id, |user| {
        let count: u64 = user.shown().get("logins_count").ok().flatten().unwrap_or_default();
        user.set("logins_count", count.saturating_add(1));
        user.set("last_login", &now);
        user.set("last_ip", ADDRESS);
        user.set_updated_at(&now);
    });
}
