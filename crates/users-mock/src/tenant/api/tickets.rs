//! Tickets for the verification of an address and for a change of password.

use crate::tenant::api::owner::find_user;
use crate::tenant::object::{set, string};
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "POST",
        "/api/v2/tickets/email-verification",
        Guard::Catalogue,
        Handler::Write(email_verification),
    ),
    Route::new("POST", "/api/v2/tickets/password-change", Guard::Catalogue, Handler::Write(password_change)),
];

fn email_verification(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    find_user(context.store(), &string(&body, "user_id").unwrap_or_default())?;
    Ok(ticket(context, request, "email-verification"))
}

fn password_change(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    match (string(&body, "user_id"), string(&body, "connection_id"), string(&body, "email")) {
        (Some(id), ..) => drop(find_user(context.store(), &id)?),
        (None, Some(_), Some(email)) => {
            context.store().users().with_email(&email).next().ok_or_else(Failure::no_such_user)?;
        }
        _ => return Err(Failure::body("'user_id, or connection_id and email are needed'")),
    }
    Ok(ticket(context, request, "reset-password"))
}

fn ticket(context: &mut WriteContext<'_>, request: &Request, page: &str) -> Answer {
    let secret = context.random.alphanumeric(32);
    let origin = request.origin(&context.config.domain);
    let mut body = JsonObject::new();
    set(&mut body, "ticket", format!("{origin}/u/{page}?ticket={secret}#"));
    json(StatusCode::CREATED, &body)
}
