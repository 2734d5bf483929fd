//! Tokens for a refresh token.

use crate::tenant::api::login::credentials::is_blocked;
use crate::tenant::api::oauth::issue::{Asked, RefreshToken, issue, refresh_token, signed};
use crate::tenant::api::oauth::request::{TokenRequest, granted, invalid_grant};
use crate::tenant::api::owner::find_by_id;
use crate::tenant::events::{Event, details, name_of, record};
use crate::tenant::logins::{Authenticated, Family, Use};
use crate::tenant::object::{set, string};
use crate::tenant::store::Belonging;
use crate::tenant::wire::answer::Answer;
use crate::tenant::wire::context::WriteContext;
use serde_json::json;
use users_core::model::{JsonObject, Timestamp};

const UNKNOWN: &str = "Unknown or invalid refresh token.";

pub(crate) fn token(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let text = asked.field("refresh_token").unwrap_or_default();
    let now = context.clock.millis();
    let rules = asked.application.refresh;
    let (family, counter) = match context.logins.refresh_tokens.take(&text, &rules, now) {
        Use::Valid(family, counter) if family.client_id == asked.application.id => (family, counter),
        Use::Reused(family, counter, latest) if family.client_id == asked.application.id => {
            revoke(context, &family);
            let details = details(&json!({
                "familyId": family.id, "tokenCounter": counter, "latestCounter": latest,
            }));
            return refuse(context, asked, "ferrt", Some(&family), UNKNOWN, details);
        }
        _ => return refuse(context, asked, "fertft", None, UNKNOWN, None),
    };
    let Some(user) = context.store().users().get(&family.user_id).cloned() else {
        let text = "The refresh_token was generated for a user who doesn't exist anymore.";
        return refuse(context, asked, "fertft", Some(&family), text, None);
    };
    // The Management API may have revoked it.
    if find_by_id(&user, Belonging::RefreshTokens, &family.id).is_none() {
        context.logins.refresh_tokens.remove_family(&family.id);
        return refuse(context, asked, "fertft", Some(&family), UNKNOWN, None);
    }
    if is_blocked(&user) {
        return refuse(context, asked, "fertft", Some(&family), "user is blocked", None);
    }
    forget_others(context, &family, rules.rotates);
    let next = rules.rotates.then(|| refresh_token(context));
    match &next {
        Some(next) => {
            context.logins.refresh_tokens.replace(&text, now);
            let next_counter = counter.saturating_add(1);
            context.logins.refresh_tokens.add(next.clone(), family.clone(), next_counter, &rules, now);
        }
        // The idle time begins anew.
        None => context.logins.refresh_tokens.add(text, family.clone(), counter, &rules, now),
    }
    show_use(context, &family, asked, now);
    let connection = user.connection();
    let event = Event {
        user_id: user.id(),
        user_name: name_of(user.shown()),
        connection: connection.as_deref(),
        client: Some((&asked.application.id, &asked.application.name)),
        audience: family.audience.as_deref(),
        details: details(&json!({"familyId": family.id, "tokenCounter": counter})),
        ..Event::new("sertft")
    };
    record(context, asked.request, &event);
    let returned = context.config.assumptions.non_rotating_exchange_returns_token;
    let shown = next.or_else(|| asked.field("refresh_token").filter(|_| returned));
    let tokens = tokens(context, asked, &family, shown.as_deref());
    granted(&tokens)
}

/// The tokens, for the scopes of the first token or fewer.
fn tokens(
    context: &mut WriteContext<'_>,
    asked: &TokenRequest<'_>,
    family: &Family,
    next: Option<&str>,
) -> JsonObject {
    let narrowed = asked.field("scope").map(|scope| {
        let wanted: Vec<&str> = scope.split_whitespace().collect();
        let kept = family.scopes.iter().filter(|scope| wanted.contains(&scope.as_str()));
        kept.cloned().collect::<Vec<String>>()
    });
    let scopes = narrowed.unwrap_or_else(|| family.scopes.clone());
    let login = Authenticated {
        user_id: family.user_id.clone(),
        session_id: family.session_id.clone(),
        auth_time: None,
        is_mfa: false,
        organization: family.organization.clone(),
        grant: context.config.assumptions.refreshed_token_has_gty.then_some("refresh_token"),
    };
    let request = asked.request;
    let asked = Asked {
        application: &asked.application,
        login,
        scopes,
        audience: family.audience.as_deref(),
        nonce: None,
        beside: None,
        refresh_token: RefreshToken::Shown(next),
    };
    issue(context, request, asked)
}

/// Removes the other tokens of the user for the application and the API that rotate and shall not, or do not and shall, once the settings have
/// changed.
fn forget_others(context: &mut WriteContext<'_>, family: &Family, rotates: bool) {
    let rotating = |token: &JsonObject| token.get::<bool>("rotating").ok().flatten();
    let is_of = |token: &JsonObject| string(token, "id").as_deref() == Some(&*family.id);
    let Some(user) = context.store().users().get(&family.user_id) else { return };
    let tokens = user.belongings(Belonging::RefreshTokens);
    if tokens.iter().find(|token| is_of(token)).and_then(rotating) == Some(rotates) {
        return;
    }
    let audience = |token: &JsonObject| {
        let servers: Vec<JsonObject> = token.get("resource_servers").ok().flatten().unwrap_or_default();
        servers.first().and_then(|server| string(server, "audience"))
    };
    let is_other = |token: &JsonObject| {
        !is_of(token)
            && string(token, "client_id").as_deref() == Some(&*family.client_id)
            && audience(token) == family.audience
            && rotating(token) == Some(!rotates)
    };
    let removed: Vec<String> =
        tokens.iter().filter(|token| is_other(token)).filter_map(|token| string(token, "id")).collect();
    for id in &removed {
        context.logins.refresh_tokens.remove_family(id);
    }
    context.transaction.update_user(&family.user_id, |user| {
        let tokens = user.belongings_mut(Belonging::RefreshTokens);
        tokens.retain(|token| !string(token, "id").is_some_and(|id| removed.contains(&id)));
        if let Some(token) = tokens.iter_mut().find(|token| is_of(token)) {
            set(token, "rotating", rotates);
        }
    });
}

/// Shows the use of a refresh token where the Management API lists it.
fn show_use(context: &mut WriteContext<'_>, family: &Family, asked: &TokenRequest<'_>, now: u64) {
    let at = Timestamp::from_unix_millis(signed(now));
    let idle = asked.application.refresh.idle_lifetime.map(|time| {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_unix_millis(signed(now.saturating_add(time)))
    });
    context.transaction.update_user(&family.user_id, |user| {
        let mut tokens = user.belongings_mut(Belonging::RefreshTokens).iter_mut();
        if let Some(token) = tokens.find(|token| string(token, "id").as_deref() == Some(&*family.id)) {
            set(token, "last_exchanged_at", &at);
            set(token, "idle_expires_at", &idle);
        }
    });
}

/// Revokes a family of refresh tokens.
pub(crate) fn revoke(context: &mut WriteContext<'_>, family: &Family) {
    context.logins.refresh_tokens.remove_family(&family.id);
    context.transaction.update_user(&family.user_id, |user| {
        user.belongings_mut(Belonging::RefreshTokens)
            .retain(|token| string(token, "id").as_deref() != Some(&*family.id));
    });
}

fn refuse(
    context: &mut WriteContext<'_>,
    asked: &TokenRequest<'_>,
    kind: &'static str,
    family: Option<&Family>,
    description: &str,
    details: Option<JsonObject>,
) -> Answer {
    let event = Event {
        description: description.to_owned(),
        user_id: family.map_or("", |family| &family.user_id),
        client: Some((&asked.application.id, &asked.application.name)),
        details,
        ..Event::new(kind)
    };
    record(context, asked.request, &event);
    invalid_grant(description)
}
