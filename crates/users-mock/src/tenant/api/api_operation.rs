//! The log entry of each change that the Management API made.

use crate::tenant::config::Config;
use crate::tenant::events::{Event, MOST_BODY, record, without_secrets};
use crate::tenant::object::{set, string};
use crate::tenant::rules::application::Application;
use crate::tenant::wire::answer::Answer;
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use users_core::model::JsonObject;

/// Records a success of the Management API (`sapi`). `summary` is the name of the endpoint.
pub(crate) fn record_success(
    context: &mut WriteContext<'_>,
    request: &Request,
    summary: &str,
    answer: &Answer,
) {
    let client_id = client_of(request, context.config);
    let client = Application::find(context.store(), context.config, &client_id);
    let client_name = client.map(|client| client.name).unwrap_or_default();
    let mut asked = JsonObject::new();
    set(&mut asked, "method", request.method().as_str().to_ascii_lowercase());
    set(&mut asked, "path", request.target().path());
    set(&mut asked, "query", request.query_pairs().collect::<serde_json::Map<String, Value>>());
    set(&mut asked, "body", shown(request.raw_body()));
    set(&mut asked, "userAgent", request.user_agent());
    set(&mut asked, "channel", "api");
    set(&mut asked, "ip", request.ip().to_string());
    let mut answered = JsonObject::new();
    set(&mut answered, "statusCode", answer.status().as_u16());
    set(&mut answered, "body", shown(answer.body()));
    let mut details = JsonObject::new();
    set(&mut details, "request", asked);
    set(&mut details, "response", answered);
    let event = Event {
        description: summary.to_owned(),
        client: Some((&client_id, &client_name)),
        details: Some(details),
        ..Event::new("sapi")
    };
    record(context, request, &event);
}

/// The application that the token of a request was issued to.
pub(crate) fn client_of(request: &Request, config: &Config) -> String {
    let payload = Request::bearer(request.headers()).and_then(|token| token.split('.').nth(1));
    let payload = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let payload = payload.and_then(|payload| String::from_utf8(payload).ok());
    let claims = payload.and_then(|payload| JsonObject::from_json(&payload).ok());
    claims.and_then(|claims| string(&claims, "azp")).unwrap_or_else(|| config.client_id.clone())
}

/// A body without the values of secrets; `null` if it is no object, or long.
fn shown(body: &[u8]) -> Option<JsonObject> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MOST_BODY)?;
    JsonObject::from_json(text).ok().map(|body| without_secrets(&body))
}
