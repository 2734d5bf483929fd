//! What follows when a user has logged in: a second factor, consent, and the way back to the application.

use crate::encoding::encode;
use crate::tenant::api::login::credentials::is_blocked;
use crate::tenant::api::login::organization;
use crate::tenant::api::login::session::{self, Session};
use crate::tenant::api::oauth::authenticators::is_enrolled;
use crate::tenant::api::oauth::issue::{Asked, Beside, RefreshToken, issue};
use crate::tenant::events::{Event, details, name_of, record};
use crate::tenant::logins::{Authenticated, Code, Proof, ResponseMode, Transaction};
use crate::tenant::object::string;
use crate::tenant::page::{self, Page};
use crate::tenant::rules::application::Application;
use crate::tenant::store::User;
use crate::tenant::wire::answer::{Answer, Failure, redirect};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use http::StatusCode;
use http::Uri;
use serde_json::json;
use std::sync::Arc;

/// The page of a login that is not known, or that has ended.
pub(crate) fn no_transaction() -> Answer {
    let description = "There is no login under way with this state. Begin again at the application, which sends the browser to /authorize";
    page::error(StatusCode::BAD_REQUEST, "invalid_request", description)
}

/// Continues a login after one of its pages.
pub(crate) fn resume(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let state = request.query("state").unwrap_or_default().to_owned();
    proceed(context, request, &state)
}

/// Shows the page that a login needs next, or ends it.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn proceed(
    context: &mut WriteContext<'_>,
    request: &Request,
    state: &str,
) -> Result<Answer, Failure> {
    let now = context.clock.millis();
    let Some(transaction) = context.logins.transactions.get(state, now).cloned() else {
        return Ok(no_transaction());
    };
    let user = transaction.user_id.as_ref().and_then(|id| context.store().users().get(id)).cloned();
    let Some(user) = user else { return Ok(redirect(&request.path(&format!("/u/login?state={state}")))) };
    let Some(application) = Application::find(context.store(), context.config, &transaction.client_id) else {
        return Ok(no_transaction());
    };
    if is_blocked(&user) {
        context.logins.transactions.remove(state, now);
        let error = ("unauthorized", "user is blocked");
        return Ok(refuse(context, request, &transaction, &application, Some(&user), error));
    }
    let session = session::current(context, request).filter(|session| session.user_id == user.id());
    if transaction.proof == Proof::Session && session.is_none() {
        // It has ended while the user was asked for consent.
        return Ok(redirect(&request.path(&format!("/u/login?state={state}"))));
    }
    let is_proven = match transaction.proof {
        Proof::FirstFactor => false,
        // The second factor of the session counts.
        Proof::Session => session.as_ref().is_some_and(|session| session.is_mfa),
        Proof::SecondFactor => true,
    };
    if is_enrolled(&user) && !is_proven {
        if transaction.is_silent {
            context.logins.transactions.remove(state, now);
            let error = ("login_required", "Multifactor authentication required");
            return Ok(refuse(context, request, &transaction, &application, Some(&user), error));
        }
        return Ok(redirect(&request.path(&format!("/u/mfa-otp-challenge?state={state}"))));
    }
    if transaction.asks_consent {
        return Ok(redirect(&request.path(&format!("/u/consent?state={state}"))));
    }
    context.logins.transactions.remove(state, now);
    if let Err((error, description)) = organization::enter(context, &transaction, &user) {
        return Ok(refuse(context, request, &transaction, &application, Some(&user), (&error, &description)));
    }
    let session = session.filter(|_| transaction.proof == Proof::Session);
    Ok(finish(context, request, &transaction, &application, &user, session))
}

/// Reports to the application why a login is refused.
pub(crate) fn refuse(
    context: &mut WriteContext<'_>,
    request: &Request,
    transaction: &Transaction,
    application: &Application,
    user: Option<&User>,
    (error, description): (&str, &str),
) -> Answer {
    let connection = user.and_then(User::connection);
    let event = Event {
        description: description.to_owned(),
        user_id: user.map_or("", |user| user.id()),
        user_name: user.map(|user| name_of(user.shown())).unwrap_or_default(),
        connection: connection.as_deref(),
        client: Some((&application.id, &application.name)),
        details: details(&json!({"error": {"message": description, "oauthError": error}})),
        ..Event::new(if transaction.is_silent { "fsa" } else { "f" })
    };
    record(context, request, &event);
    let error = vec![("error", error.to_owned()), ("error_description", description.to_owned())];
    send_back(transaction, error)
}

/// Continues the session that the login is of, or begins one, and sends the browser back to the application.
fn finish(
    context: &mut WriteContext<'_>,
    request: &Request,
    transaction: &Transaction,
    application: &Application,
    user: &Arc<User>,
    existing: Option<Session>,
) -> Answer {
    let is_mfa = transaction.proof == Proof::SecondFactor;
    let (session, cookie) = if let Some(session) = existing {
        session::touch(context, &session, &application.id);
        (session, None)
    } else {
        let (session, cookie) = session::begin(context, request, user.id(), &application.id, is_mfa);
        (session, Some(cookie))
    };
    log_success(context, request, (transaction, application), user, &session);
    let login = Authenticated {
        user_id: user.id().to_owned(),
        session_id: Some(session.id.clone()),
        auth_time: transaction.states_auth_time.then_some(session.authenticated_at / 1000),
        is_mfa,
        organization: transaction.organization.clone(),
        grant: None,
    };
    let mut response: Vec<(&'static str, String)> = Vec::new();
    if transaction.returns("code") {
        let now = context.clock.millis();
        let code = Code {
            client_id: application.id.clone(),
            redirect_uri: transaction.given_redirect_uri.clone(),
            challenge: transaction.challenge.clone(),
            login: login.clone(),
            scopes: transaction.scopes.clone(),
            audience: transaction.audience.clone(),
            nonce: transaction.nonce.clone(),
        };
        let text = context.random.alphanumeric(45);
        let lifetime = u64::from(context.config.assumptions.code_lifetime) * 1000;
        context.logins.codes.insert(text.clone(), code, now.saturating_add(lifetime), now);
        response.push(("code", text));
    }
    if transaction.returns("token") || transaction.returns("id_token") {
        // A browser gets no refresh token in its address.
        let scopes = transaction.scopes.iter().filter(|scope| *scope != "offline_access").cloned().collect();
        let audience = transaction.audience.as_deref();
        let code = response.first().map(|(_, code)| code.clone());
        let beside = Beside { code: code.as_deref(), returns_token: transaction.returns("token") };
        let nonce = transaction.nonce.as_deref();
        let asked = Asked {
            application,
            login,
            scopes,
            audience,
            nonce,
            beside: Some(beside),
            refresh_token: RefreshToken::Shown(None),
        };
        let tokens = issue(context, request, asked);
        for name in ["access_token", "scope", "token_type"] {
            if let (true, Some(value)) = (transaction.returns("token"), string(&tokens, name)) {
                response.push((name, value));
            }
        }
        if let (true, Some(seconds)) = (transaction.returns("token"), tokens.raw("expires_in")) {
            response.push(("expires_in", seconds.to_owned()));
        }
        if let (true, Some(token)) = (transaction.returns("id_token"), string(&tokens, "id_token")) {
            response.push(("id_token", token));
        }
    }
    let mut answer = send_back(transaction, response);
    if let Some(cookie) = cookie {
        session::set_cookie(&mut answer, request, Some(&cookie));
    }
    answer
}

/// Records a login. One by an existing session has shown no page.
fn log_success(
    context: &mut WriteContext<'_>,
    request: &Request,
    (transaction, application): (&Transaction, &Application),
    user: &User,
    session: &Session,
) {
    let user = context.store().users().get(user.id()).map_or_else(|| user.clone(), |user| User::clone(user));
    let logins: u64 = user.shown().get("logins_count").ok().flatten().unwrap_or_default();
    let now = context.clock.millis();
    let (initiated, completed) = (transaction.began_at, now);
    let elapsed = completed.saturating_sub(initiated);
    let connection = user.connection().filter(|_| transaction.proof != Proof::Session);
    let prompt = connection.as_ref().map(|connection| {
        json!({
            "name": "prompt-authenticate", "initiatedAt": initiated, "completedAt": completed, "elapsedTime": elapsed,
            "connection": connection, "user_id": user.id(), "user_name": name_of(user.shown()),
        })
    });
    let event = Event {
        user_id: user.id(),
        user_name: name_of(user.shown()),
        connection: connection.as_deref(),
        client: Some((&application.id, &application.name)),
        details: details(&json!({
            "prompts": prompt.as_slice(), "initiatedAt": initiated, "completedAt": completed, "elapsedTime": elapsed,
            "session_id": session.id, "stats": {"loginsCount": logins},
        })),
        ..Event::new(if transaction.is_silent { "ssa" } else { "s" })
    };
    record(context, request, &event);
}

/// Sends the browser back to the application with a response, and the state that the application sent.
pub(crate) fn send_back(transaction: &Transaction, mut response: Vec<(&'static str, String)>) -> Answer {
    response.extend(transaction.state.clone().map(|state| ("state", state)));
    let uri = &transaction.redirect_uri;
    let encoded = || {
        let pairs: Vec<String> =
            response.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        pairs.join("&")
    };
    let fields = || response.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    match transaction.response_mode {
        ResponseMode::Query => {
            let (before, fragment) =
                uri.split_once('#').map_or((uri.as_str(), None), |(one, two)| (one, Some(two)));
            let mark = if before.contains('?') { '&' } else { '?' };
            let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
            redirect(&format!("{before}{mark}{}{fragment}", encoded()))
        }
        ResponseMode::Fragment => {
            let before = uri.split('#').next().unwrap_or_default();
            redirect(&format!("{before}#{}", encoded()))
        }
        ResponseMode::FormPost => {
            page::shown(StatusCode::OK, Page::FormPost { action: uri.clone(), fields: fields() })
        }
        ResponseMode::WebMessage => {
            page::shown(StatusCode::OK, Page::WebMessage { origin: origin_of(uri), fields: fields() })
        }
    }
}

pub(crate) fn origin_of(uri: &str) -> String {
    let uri: Uri = uri.parse().unwrap_or_default();
    let scheme = uri.scheme_str().unwrap_or("https");
    format!("{scheme}://{}", uri.authority().map(ToString::to_string).unwrap_or_default())
}
