//! The authorization endpoint: where an application sends a browser to log in.

use crate::tenant::api::login::complete::{origin_of, refuse, resume};
use crate::tenant::api::login::credentials::find;
use crate::tenant::api::login::organization::{self, Reported, invited};
use crate::tenant::api::login::session;
use crate::tenant::api::oauth::issue::{OPENID, is_known_audience, missing_signature};
use crate::tenant::events::{Event, details, record};
use crate::tenant::logins::{Challenge, Proof, ResponseMode, Transaction};
use crate::tenant::page;
use crate::tenant::rules::application::Application;
use crate::tenant::store::DEFAULT_DATABASE;
use crate::tenant::wire::answer::{Answer, Failure, redirect};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::json;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/authorize", Guard::Handler, Handler::Write(authorize)),
    Route::new("POST", "/authorize", Guard::Handler, Handler::Write(authorize)),
    Route::new("GET", "/authorize/resume", Guard::Handler, Handler::Write(resume)),
];

/// What the ids of applications of others begin with.
const THIRD_PARTY: &str = "tpc_";

/// The length of the parameters, in bytes, which are kept while the login lasts.
const MOST_PARAMETERS: usize = 16 * 1024;

/// The time that a login may take, in milliseconds.
pub(crate) const LIFETIME: u64 = 3_600_000;

fn authorize(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    if request.target().query().unwrap_or_default().len() + request.raw_body().len() > MOST_PARAMETERS {
        let description = format!("The parameters are longer than {MOST_PARAMETERS} bytes");
        return Ok(page::error(StatusCode::URI_TOO_LONG, "invalid_request", description));
    }
    let body = request.body().unwrap_or_default();
    let asked = Parameters { request, body };
    let is_silent =
        asked.get("prompt").is_some_and(|prompt| prompt.split_whitespace().any(|one| one == "none"));
    let (application, redirect_uri) = match application(context, &asked) {
        Ok(found) => found,
        Err((status, error, description)) => {
            let event = Event {
                description: description.clone(),
                details: details(&json!({"error": {"message": description, "oauthError": error}})),
                ..Event::new(if is_silent { "fsa" } else { "f" })
            };
            record(context, request, &event);
            return Ok(page::error(status, error, description));
        }
    };
    let mut transaction = match transaction(&asked, &application, redirect_uri) {
        Ok(transaction) => transaction,
        Err(refused) => return Ok(*refused),
    };
    transaction.began_at = context.clock.millis();
    transaction.is_silent = is_silent;
    let origin = origin_of(&transaction.redirect_uri);
    if transaction.response_mode == ResponseMode::WebMessage && !application.allows_web_message(&origin) {
        let description = format!("{origin} is not in the list of allowed web origins");
        return Ok(page::error(StatusCode::FORBIDDEN, "unauthorized_client", description));
    }
    let prompt = asked.get("prompt").unwrap_or_default();
    let prompts: Vec<&str> = prompt.split_whitespace().collect();
    let audience = transaction.audience.as_deref().unwrap_or_default();
    if let Some(signature) = missing_signature(context, audience) {
        let description = format!("The embedded tenant does not implement {signature}.");
        return Ok(page::error(StatusCode::NOT_IMPLEMENTED, "not_implemented", description));
    }
    if let Some((error, description)) = unknown(context, &asked, &transaction) {
        if context.config.assumptions.reports_unknown_audience_on_page {
            return Ok(page::error(StatusCode::BAD_REQUEST, error, description));
        }
        return Ok(refuse(context, request, &transaction, &application, None, (error, &description)));
    }
    if let Some((error, description)) = problem(context, &asked, &transaction, &application) {
        return Ok(refuse(context, request, &transaction, &application, None, (&error, &description)));
    }
    transaction.asks_consent = prompts.contains(&"consent");
    let session = session::current(context, request);
    let max_age: Option<u64> = asked.get("max_age").and_then(|seconds| seconds.parse().ok());
    let forces_login = prompts.contains(&"login") || prompts.contains(&"select_account");
    transaction.states_auth_time = max_age.is_some() || prompts.contains(&"login");
    let now = context.clock.millis();
    let is_recent =
        |at: u64| max_age.is_none_or(|age| age > 0 && now.saturating_sub(at) <= age.saturating_mul(1000));
    let session = session.filter(|session| !forces_login && is_recent(session.authenticated_at));
    let state = context.random.alphanumeric(40);
    let has_session = session.is_some();
    transaction.user_id = session.map(|session| session.user_id);
    if has_session {
        transaction.proof = Proof::Session;
    }
    if transaction.is_silent && !has_session {
        let description = context.config.assumptions.login_required.clone();
        let error = ("login_required", &*description);
        return Ok(refuse(context, request, &transaction, &application, None, error));
    }
    let mut is_signup = asked.get("screen_hint").as_deref() == Some("signup");
    if let Some(email) = invited(context.store(), transaction.invitation.as_deref().unwrap_or_default()) {
        is_signup = find(context.store(), DEFAULT_DATABASE, &email.to_lowercase()).is_none();
        transaction.login_hint = Some(email);
    }
    context.logins.transactions.insert(state.clone(), transaction, now.saturating_add(LIFETIME), now);
    if has_session {
        return super::complete::proceed(context, request, &state);
    }
    let page = if is_signup { "signup" } else { "login" };
    Ok(redirect(&request.path(&format!("/u/{page}?state={state}"))))
}

/// The parameters of the query, or of a form.
struct Parameters<'a> {
    request: &'a Request,
    body: JsonObject,
}

impl Parameters<'_> {
    /// A parameter that is not empty.
    fn get(&self, name: &str) -> Option<String> {
        let text = self.request.query(name).map(ToOwned::to_owned);
        text.or_else(|| crate::tenant::object::string(&self.body, name)).filter(|text| !text.is_empty())
    }
}

/// What is shown to the user: a status, an error and its description.
type Refused = (StatusCode, &'static str, String);

/// The application and where it may be called back. What is wrong with them is shown to the user, since there is no application to report it to.
fn application(context: &WriteContext<'_>, asked: &Parameters<'_>) -> Result<(Application, String), Refused> {
    let refuse = |status, error, description| Err((status, error, description));
    let Some(id) = asked.get("client_id") else {
        let description = "Missing required parameter: client_id".to_owned();
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", description);
    };
    let Some(application) = Application::find(context.store(), context.config, &id) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", format!("Unknown client: {id}"));
    };
    let redirect_uri =
        asked.get("redirect_uri").or_else(|| application.first_callback().map(ToOwned::to_owned));
    let Some(redirect_uri) = redirect_uri else {
        let description = "Missing required parameter: redirect_uri".to_owned();
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", description);
    };
    if !application.allows_callback(&redirect_uri) {
        let description =
            format!("Callback URL mismatch. {redirect_uri} is not in the list of allowed callback URLs");
        return refuse(StatusCode::FORBIDDEN, "unauthorized_client", description);
    }
    Ok((application, redirect_uri))
}

/// Reads the parameters of a login. Those that are wrong and known to the application are found by [`problem`].
fn transaction(
    asked: &Parameters<'_>,
    application: &Application,
    redirect_uri: String,
) -> Result<Transaction, Box<Answer>> {
    let Some(response_type) = asked.get("response_type") else {
        let description = "Missing required parameter: response_type";
        return Err(Box::new(page::error(StatusCode::BAD_REQUEST, "invalid_request", description)));
    };
    let response_types: Vec<String> = response_type.split_whitespace().map(ToOwned::to_owned).collect();
    let is_implicit = response_types.iter().any(|kind| kind != "code");
    let response_mode = match asked.get("response_mode").as_deref() {
        Some("form_post") => ResponseMode::FormPost,
        Some("web_message") => ResponseMode::WebMessage,
        Some("fragment") => ResponseMode::Fragment,
        // No token is put into a query, whatever is asked.
        _ if is_implicit => ResponseMode::Fragment,
        _ => ResponseMode::Query,
    };
    let scope = asked.get("scope").unwrap_or_default();
    Ok(Transaction {
        client_id: application.id.clone(),
        redirect_uri,
        given_redirect_uri: asked.get("redirect_uri"),
        response_types,
        response_mode,
        scopes: scope.split_whitespace().map(ToOwned::to_owned).collect(),
        audience: asked.get("audience"),
        state: asked.get("state"),
        nonce: asked.get("nonce"),
        challenge: None,
        connection: asked.get("connection"),
        login_hint: asked.get("login_hint"),
        organization: asked.get("organization"),
        invitation: asked.get("invitation"),
        states_auth_time: false,
        asks_consent: false,
        is_silent: false,
        began_at: 0,
        user_id: None,
        proof: Proof::FirstFactor,
    })
    .map(|transaction| Transaction { challenge: challenge(asked), ..transaction })
}

fn challenge(asked: &Parameters<'_>) -> Option<Challenge> {
    let method = asked.get("code_challenge_method").unwrap_or_else(|| "plain".to_owned());
    Challenge::new(&method, asked.get("code_challenge")?)
}

/// What is wrong with the parameters, which is reported to the application.
fn problem(
    context: &WriteContext<'_>,
    asked: &Parameters<'_>,
    transaction: &Transaction,
    application: &Application,
) -> Option<Reported> {
    let is_known = |kind: &String| matches!(kind.as_str(), "code" | "token" | "id_token");
    if !transaction.response_types.iter().all(is_known) {
        return Some(("unsupported_response_type".into(), "Unsupported response type".to_owned()));
    }
    let needed = if transaction.returns("code") { "authorization_code" } else { "implicit" };
    if !application.allows_grant(needed) {
        return Some((
            "unauthorized_client".into(),
            format!("Grant type '{needed}' not allowed for the client."),
        ));
    }
    let mode = asked.get("response_mode");
    let is_known_mode = |mode: &str| matches!(mode, "query" | "fragment" | "form_post" | "web_message");
    if mode.as_deref().is_some_and(|mode| !is_known_mode(mode)) {
        let description = "response_mode must be one of query, fragment, form_post or web_message";
        return Some(("invalid_request".into(), description.to_owned()));
    }
    if mode.as_deref() == Some("query") && transaction.response_types.iter().any(|kind| kind != "code") {
        let description = "response_mode query is not allowed for a response with tokens";
        return Some(("invalid_request".into(), description.to_owned()));
    }
    if asked.get("code_challenge").is_some() && transaction.challenge.is_none() {
        let description = "code_challenge_method must be one of plain or S256";
        return Some(("invalid_request".into(), description.to_owned()));
    }
    if application.id.starts_with(THIRD_PARTY) {
        if let Some(description) = unsupported_by_third_party(transaction) {
            return Some(("invalid_request".into(), description.to_owned()));
        }
    }
    if transaction.returns("id_token") && transaction.nonce.is_none() {
        return Some(("invalid_request".into(), "Missing required parameter: nonce".to_owned()));
    }
    organization::problem(context, transaction, application)
}

/// What an application of others may not ask for.
fn unsupported_by_third_party(transaction: &Transaction) -> Option<&'static str> {
    if transaction.response_types.iter().any(|kind| kind != "code") {
        return Some("A third-party application may request the response type code alone");
    }
    if transaction.challenge.is_none() {
        return Some("Parameter 'code_challenge' is required for this client");
    }
    let has_identity = transaction.scopes.iter().any(|scope| OPENID.contains(&scope.as_str()));
    has_identity.then_some("A third-party application may not request scopes of OpenID Connect")
}

/// An audience or a connection that does not exist.
fn unknown(
    context: &WriteContext<'_>,
    asked: &Parameters<'_>,
    transaction: &Transaction,
) -> Option<(&'static str, String)> {
    let is_known = |audience: &String| is_known_audience(context, asked.request, audience);
    if let Some(audience) = transaction.audience.as_ref().filter(|audience| !is_known(audience)) {
        return Some(("access_denied", format!("Service not found: {audience}")));
    }
    let connection = transaction.connection.as_deref()?;
    let is_unknown = context.store().connection(connection).is_none();
    is_unknown.then(|| ("invalid_request", "the connection was not found".to_owned()))
}
