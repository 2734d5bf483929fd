//! Tokens for a user's name and password.

use crate::tenant::api::login::credentials::{Refused, check, count_login, is_blocked};
use crate::tenant::api::oauth::authenticators::{challenge, event, is_enrolled};
use crate::tenant::api::oauth::issue::{Asked, RefreshToken, is_known_audience, issue};
use crate::tenant::api::oauth::request::{TokenRequest, granted, missing};
use crate::tenant::assumptions::Assumptions;
use crate::tenant::events::{Event, name_of, record};
use crate::tenant::logins::{Authenticated, SecondFactor};
use crate::tenant::store::{DEFAULT_DATABASE, User};
use crate::tenant::wire::answer::{Answer, add_login_standing, assumed_oauth_error, oauth_error};
use crate::tenant::wire::context::WriteContext;
use http::StatusCode;

/// The scopes of a login that asks for none, or for `openid` alone, as recorded.
const WIDENED: &str = "openid profile email address phone";

/// How a user has logged in without a browser.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    /// The type of the log entry, if there is one.
    event: Option<&'static str>,
    /// The claim `gty` of access tokens, if they have it.
    grant: Option<&'static str>,
}

impl Way {
    const PASSWORD: Self = Self { event: Some("sepft"), grant: Some("password") };
    /// Its tokens equal those of the password.
    pub(crate) const SECOND_FACTOR: Self = Self { event: Some("seotpft"), ..Self::PASSWORD };

    pub(crate) fn passcode(assumptions: &Assumptions) -> Self {
        Self { event: assumptions.logs_passcode_logins.then_some("s"), grant: None }
    }
}

pub(crate) fn token(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let mut answer = log_in(context, asked);
    add_login_standing(&mut answer, context.clock.millis());
    answer
}

fn log_in(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let audience = asked.field("audience");
    if audience.as_ref().is_some_and(|audience| !is_known_audience(context, asked.request, audience)) {
        let description = "invalid audience specified for password grant exchange";
        return oauth_error(StatusCode::BAD_REQUEST, "invalid_request", description);
    }
    // A plain login ignores `realm`.
    let is_plain = asked.field("grant_type").as_deref() == Some("password");
    let realm = match asked.field("realm") {
        _ if is_plain => DEFAULT_DATABASE.to_owned(),
        Some(realm) => realm,
        None => return missing(context, "realm"),
    };
    if context.store().connection(&realm).is_none() {
        return assumed_oauth_error(&context.config.assumptions.unknown_realm);
    }
    let name = asked.field("username").unwrap_or_default();
    let password = asked.field("password").unwrap_or_default();
    let user = match check(context, asked.request, &asked.application, &realm, &name, &password) {
        Ok(user) => user,
        Err(refused) => return refuse(context, asked, refused),
    };
    if is_blocked(&user) {
        // The block is found after the password, so the login counts.
        count_login(context, asked.request, user.id());
        return refuse(context, asked, Refused::Blocked);
    }
    continue_login(context, asked, &user, audience, Way::PASSWORD)
}

/// Asks for the second factor of a user who has one, or ends the login.
pub(crate) fn continue_login(
    context: &mut WriteContext<'_>,
    asked: &TokenRequest<'_>,
    user: &User,
    audience: Option<String>,
    way: Way,
) -> Answer {
    let scope = asked.field("scope");
    if !is_enrolled(user) {
        return finish(context, asked, user.id(), scope.as_deref(), audience.as_deref(), way);
    }
    if way.grant.is_some() {
        record(context, asked.request, &event(user, "mfar"));
    }
    let (user_id, client_id) = (user.id().to_owned(), asked.application.id.clone());
    challenge(context, SecondFactor { user_id, client_id, scope, audience })
}

/// Counts and records a login, and issues its tokens.
pub(crate) fn finish(
    context: &mut WriteContext<'_>,
    asked: &TokenRequest<'_>,
    user_id: &str,
    scope: Option<&str>,
    audience: Option<&str>,
    way: Way,
) -> Answer {
    count_login(context, asked.request, user_id);
    let user = context.store().users().get(user_id).cloned();
    let connection = user.as_ref().and_then(|user| user.connection());
    let event = way.event.map(|kind| Event {
        user_id,
        user_name: user.as_ref().map_or_else(String::new, |user| name_of(user.shown())),
        connection: connection.as_deref(),
        client: Some((&asked.application.id, &asked.application.name)),
        audience,
        scope,
        ..Event::new(kind)
    });
    if let Some(event) = event {
        record(context, asked.request, &event);
    }
    let scopes = requested_scopes(context, scope, audience);
    let login = Authenticated {
        user_id: user_id.to_owned(),
        session_id: None,
        auth_time: None,
        // Only a login in a browser states it.
        is_mfa: false,
        organization: None,
        grant: way.grant,
    };
    let application = &asked.application;
    let tokens = issue(
        context,
        asked.request,
        Asked {
            application,
            login,
            scopes,
            audience,
            nonce: None,
            beside: None,
            refresh_token: RefreshToken::New,
        },
    );
    granted(&tokens)
}

/// The scopes of a login without a browser. Without any, it asks for all of the API.
fn requested_scopes(context: &WriteContext<'_>, scope: Option<&str>, audience: Option<&str>) -> Vec<String> {
    let api = audience.and_then(|audience| context.store().resource_server_by_identifier(audience));
    match (scope, api) {
        (None, Some(api)) => api.scope_names().map(ToOwned::to_owned).collect(),
        (None | Some("openid"), None) => WIDENED.split(' ').map(ToOwned::to_owned).collect(),
        (scope, _) => scope.unwrap_or_default().split_whitespace().map(ToOwned::to_owned).collect(),
    }
}

pub(crate) fn refuse(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>, refused: Refused) -> Answer {
    let audience = asked.field("audience");
    let event = Event {
        description: refused.description().to_owned(),
        user_name: asked.field("username").unwrap_or_default(),
        client: Some((&asked.application.id, &asked.application.name)),
        audience: audience.as_deref(),
        ..Event::new("fepft")
    };
    record(context, asked.request, &event);
    if refused == Refused::Blocked {
        return assumed_oauth_error(&context.config.assumptions.blocked_password_login);
    }
    oauth_error(refused.status(), refused.error(), refused.description())
}
