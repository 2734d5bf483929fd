//! Tokens for an authorization code.

use crate::tenant::api::oauth::issue::{Asked, RefreshToken, issue};
use crate::tenant::api::oauth::request::{TokenRequest, granted, invalid_grant, missing};
use crate::tenant::events::{Event, details, name_of, record};
use crate::tenant::wire::answer::{Answer, assumed_oauth_error};
use crate::tenant::wire::context::WriteContext;
use serde_json::json;

const INVALID: &str = "Invalid authorization code";

pub(crate) fn token(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let Some(text) = asked.field("code") else { return missing(context, "code") };
    let now = context.clock.millis();
    let code = context.logins.codes.get(&text, now).cloned();
    let client = Some((asked.application.id.as_str(), asked.application.name.as_str()));
    let refuse = |context: &mut WriteContext<'_>, description: &str| {
        let event = Event { client, description: description.to_owned(), ..Event::new("feacft") };
        record(context, asked.request, &event);
        invalid_grant(description)
    };
    let Some(code) = code.filter(|code| code.client_id == asked.application.id) else {
        return refuse(context, INVALID);
    };
    if let Some(challenge) = &code.challenge {
        if !challenge.is_met(&asked.field("code_verifier").unwrap_or_default()) {
            if context.config.assumptions.wrong_verifier_voids_code {
                context.logins.codes.remove(&text, now);
            }
            return refuse(context, "Failed to verify code verifier");
        }
    } else if asked.application.secret.is_none() && asked.application.needs_challenge {
        return refuse(context, "Failed to verify code verifier");
    }
    context.logins.codes.remove(&text, now);
    let given = asked.field("redirect_uri");
    let is_its = match (&given, &code.redirect_uri) {
        (given, Some(uri)) => given.as_ref() == Some(uri),
        // The first callback was used, which the application need not name.
        (_, None) => true,
    };
    if !is_its {
        let error = &context.config.assumptions.wrong_redirect_uri;
        let event = Event { client, description: error.message.clone(), ..Event::new("feacft") };
        record(context, asked.request, &event);
        return assumed_oauth_error(error);
    }
    let Some(user) = context.store().users().get(&code.login.user_id).cloned() else {
        return refuse(context, INVALID);
    };
    let masked = format!(
        "{}{}",
        "*".repeat(text.len().saturating_sub(3)),
        text.get(text.len().saturating_sub(3)..).unwrap_or_default()
    );
    let connection = user.connection();
    let event = Event {
        description: "Authorization Code for Access Token".to_owned(),
        user_id: user.id(),
        user_name: name_of(user.shown()),
        connection: connection.as_deref(),
        client,
        details: details(&json!({"code": masked})),
        ..Event::new("seacft")
    };
    record(context, asked.request, &event);
    let tokens = issue(
        context,
        asked.request,
        Asked {
            application: &asked.application,
            login: code.login,
            scopes: code.scopes,
            audience: code.audience.as_deref(),
            nonce: code.nonce.as_deref(),
            beside: None,
            refresh_token: RefreshToken::New,
        },
    );
    granted(&tokens)
}
