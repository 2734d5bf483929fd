//! Logouts in a browser.

use crate::encoding::encode;
use crate::tenant::api::login::session;
use crate::tenant::events::{Event, details, name_of, record};
use crate::tenant::object::string;
use crate::tenant::page::{self, Page};
use crate::tenant::rules::application::Application;
use crate::tenant::store::{Kind, Store};
use crate::tenant::wire::answer::{Answer, Failure, redirect, text};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v2/logout", Guard::Handler, Handler::Write(logout)),
    Route::new("GET", "/oidc/logout", Guard::Handler, Handler::Write(oidc_logout)),
    Route::new("POST", "/oidc/logout", Guard::Handler, Handler::Write(oidc_logout)),
];

/// Ends the session of the browser, and records it.
fn end(
    context: &mut WriteContext<'_>,
    request: &Request,
    return_to: Option<&str>,
    mut answer: Answer,
) -> Answer {
    if let Some(session) = session::current(context, request) {
        let user = context.store().users().get(&session.user_id).cloned();
        session::end(context, &session);
        let event = Event {
            description: "User successfully logged out".to_owned(),
            user_id: &session.user_id,
            user_name: user.map_or_else(String::new, |user| name_of(user.shown())),
            details: details(&json!({"return_to": return_to, "session_id": session.id})),
            ..Event::new("slo")
        };
        record(context, request, &event);
    }
    session::set_cookie(&mut answer, request, None);
    answer
}

/// Ends the session of the browser, and sends it where the application, or without one any application, allows.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn logout(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let return_to = request.query("returnTo").filter(|url| !url.is_empty()).map(ToOwned::to_owned);
    let client_id = request.query("client_id").filter(|id| !id.is_empty());
    let application = client_id.and_then(|id| Application::find(context.store(), context.config, id));
    if let (Some(id), None) = (client_id, &application) {
        let description = format!("Unknown client: {id}");
        return Ok(page::error(StatusCode::BAD_REQUEST, "invalid_request", description));
    }
    let return_to = return_to.or_else(|| application.as_ref()?.first_logout_url().map(ToOwned::to_owned));
    let Some(return_to) = return_to else {
        let answer = text(StatusCode::OK, "OK");
        return Ok(end(context, request, None, answer));
    };
    let is_allowed = match &application {
        Some(application) => application.allows_logout_url(&return_to),
        None => applications(context).iter().any(|application| application.allows_logout_url(&return_to)),
    };
    if !is_allowed {
        let description = format!(
            "The \"returnTo\" querystring parameter \"{return_to}\" is not defined as a valid URL in \"Allowed Logout URLs\"."
        );
        let event = Event {
            description: description.clone(),
            client: application.as_ref().map(|application| (&*application.id, &*application.name)),
            details: details(
                &json!({"return_to": return_to, "allowed_logout_url": application.as_ref().map(Application::logout_urls)}),
            ),
            ..Event::new("flo")
        };
        record(context, request, &event);
        return Ok(page::error(StatusCode::BAD_REQUEST, "invalid_request", description));
    }
    let answer = redirect(&return_to);
    Ok(end(context, request, Some(&return_to), answer))
}

/// All applications. A tenant has no logout URLs of its own here.
fn applications(context: &WriteContext<'_>) -> Vec<Application> {
    let store: &Store = context.store();
    let ids = store.objects(Kind::Clients).iter().map(|client| client.id.clone());
    let ids = ids.chain(std::iter::once(context.config.client_id.clone()));
    ids.filter_map(|id| Application::find(store, context.config, &id)).collect()
}

/// Ends the session of the browser (OpenID Connect RP-Initiated Logout 1.0). Without a hint of the session, the user is asked first.
fn oidc_logout(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body().unwrap_or_default();
    let get = |name: &str| {
        let value = request.query(name).map(ToOwned::to_owned).or_else(|| string(&body, name));
        value.filter(|value| !value.is_empty())
    };
    let refuse = |description: &str| Ok(page::error(StatusCode::BAD_REQUEST, "invalid_request", description));
    let hint = get("id_token_hint");
    let claims = hint.as_deref().map(|token| claims(context, request, token));
    if matches!(claims, Some(None)) {
        return refuse("The id_token_hint is not a token of this tenant");
    }
    let claims = claims.flatten().unwrap_or_default();
    let audience = string(&claims, "aud");
    let client_id = get("client_id").or_else(|| audience.clone());
    if audience.is_some() && audience != client_id {
        return refuse("The client_id does not match the audience of the id_token_hint");
    }
    let sid = string(&claims, "sid");
    let logout_hint = get("logout_hint");
    if sid.is_some() && logout_hint.is_some() && sid != logout_hint {
        return refuse("The logout_hint does not match the session of the id_token_hint");
    }
    let uri = get("post_logout_redirect_uri");
    if let Some(uri) = &uri {
        let application = client_id.and_then(|id| Application::find(context.store(), context.config, &id));
        if !application.is_some_and(|application| application.allows_exact_logout_url(uri)) {
            return refuse(
                "The post_logout_redirect_uri is not one of the allowed logout URLs of the application",
            );
        }
    }
    let session = session::current(context, request);
    let hinted = sid.or(logout_hint);
    let is_meant = session.as_ref().is_none_or(|session| hinted.as_deref() == Some(&session.id));
    let is_confirmed = request.query("confirmed") == Some("true") && request.is_post();
    if !is_meant && !is_confirmed {
        let action = request.path(&format!(
            "/oidc/logout?{}",
            confirmed(
                uri.as_deref(),
                get("state").as_deref(),
                audience.as_deref().or(get("client_id").as_deref())
            )
        ));
        return Ok(page::shown(StatusCode::OK, Page::Logout { action }));
    }
    let Some(uri) = uri else {
        let answer = page::shown(
            StatusCode::OK,
            Page::Message { title: "Logged out".to_owned(), text: "You have been logged out.".to_owned() },
        );
        return Ok(end(context, request, None, answer));
    };
    let mark = if uri.contains('?') { '&' } else { '?' };
    let location = match get("state") {
        Some(state) => format!("{uri}{mark}state={}", encode(&state)),
        None => uri.clone(),
    };
    let answer = redirect(&location);
    Ok(end(context, request, Some(&uri), answer))
}

/// The query of a logout that the user has confirmed.
fn confirmed(uri: Option<&str>, state: Option<&str>, client_id: Option<&str>) -> String {
    let parameters = [("post_logout_redirect_uri", uri), ("state", state), ("client_id", client_id)];
    let given = parameters.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encode(value?))));
    std::iter::once("confirmed=true".to_owned()).chain(given).collect::<Vec<String>>().join("&")
}

/// The claims of an ID token that this tenant has signed, whether it has expired or not.
fn claims(context: &WriteContext<'_>, request: &Request, token: &str) -> Option<JsonObject> {
    let (message, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !context.tokens.keys().verifies(message.as_bytes(), &signature) {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(message.split_once('.')?.1).ok()?;
    let claims = JsonObject::from_json(std::str::from_utf8(&payload).ok()?).ok()?;
    let issuer: Option<Value> = claims.get("iss").ok().flatten();
    (issuer == Some(Value::String(request.issuer(context.config)))).then_some(claims)
}
