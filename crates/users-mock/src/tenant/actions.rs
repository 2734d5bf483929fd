//! What can be done to a user besides: recovery codes, tickets, and the like.

use super::answer::{Answer, Failure, accepted, json, no_content};
use super::request::Request;
use super::state::State;
use super::values::{put, text};
use http::StatusCode;
use users_core::model::JsonObject;

/// What leaves no trace that could be seen: the user must exist, and that is all.
pub(super) fn nothing_to_do(state: &State, request: &Request) -> Result<Answer, Failure> {
    state.owner(request.parameter(0))?;
    Ok(no_content())
}

/// Even without an enrolment.
pub(super) fn recovery_code(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    state.owner(request.parameter(0))?;
    let code: String = (0..24).map(|_| state.random.alphanumeric().to_ascii_uppercase()).collect();
    let mut body = JsonObject::new();
    put(&mut body, "recovery_code", code);
    Ok(json(StatusCode::OK, &body))
}

/// Everything of a user, or one session and the refresh tokens that were made in it.
pub(super) fn revoke_access(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = if request.raw_body().is_empty() { JsonObject::new() } else { request.body()? };
    let session = text(&body, "session_id");
    let keeps_tokens = body.get("preserve_refresh_tokens").ok().flatten().unwrap_or(false);
    let user = state.owner_mut(request.parameter(0))?;
    let is_meant = |id: Option<String>| session.is_none() || id == session;
    user.shelf_mut("sessions").retain(|session| !is_meant(text(session, "id")));
    if !keeps_tokens {
        user.shelf_mut("refresh_tokens").retain(|token| !is_meant(text(token, "session_id")));
    }
    Ok(accepted())
}

pub(super) fn email_ticket(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(id) = text(&body, "user_id") else {
        return Err(Failure::body("'Missing required property: user_id'"));
    };
    state.owner(&id)?;
    Ok(ticket(state, request, "email-verification"))
}

pub(super) fn password_ticket(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    match (text(&body, "user_id"), text(&body, "connection_id"), text(&body, "email")) {
        (Some(id), ..) => drop(state.owner(&id)?),
        (None, Some(_), Some(email)) => {
            let known = state.users.iter().any(|user| user.text("email").as_ref() == Some(&email));
            known.then_some(()).ok_or_else(Failure::no_such_user)?;
        }
        _ => return Err(Failure::body("'user_id, or connection_id and email are needed'")),
    }
    Ok(ticket(state, request, "reset-password"))
}

fn ticket(state: &mut State, request: &Request, page: &str) -> Answer {
    let secret: String = (0..32).map(|_| state.random.alphanumeric()).collect();
    let mut body = JsonObject::new();
    put(&mut body, "ticket", format!("{}/u/{page}?ticket={secret}#", state.origin(request)));
    json(StatusCode::CREATED, &body)
}
