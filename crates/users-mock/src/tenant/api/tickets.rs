//! Tickets for the verification of an address and for a change of password.

use crate::tenant::api::login::credentials::find;
use crate::tenant::api::login::mails::{TICKET_LIFETIME, new_ticket};
use crate::tenant::api::owner::find_user;
use crate::tenant::logins::{ResultUrl, TicketKind};
use crate::tenant::object::{integer, set, string};
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
    let id = string(&body, "user_id").unwrap_or_default();
    find_user(context.store(), &id)?;
    Ok(ticket(context, request, &body, TicketKind::EmailVerification, &id))
}

fn password_change(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = match (string(&body, "user_id"), string(&body, "connection_id"), string(&body, "email")) {
        (Some(id), ..) => {
            find_user(context.store(), &id)?;
            id
        }
        (None, Some(connection_id), Some(email)) => {
            let store = context.store();
            let assumed = &context.config.assumptions.ticket_of_unknown_connection;
            let user = match (store.connection_by_id(&connection_id), assumed) {
                (Some(connection), _) => find(store, &connection.name, &email.to_lowercase()),
                (None, Some(error)) => {
                    return Err(Failure::assumed(error, &[("connection", &connection_id)]));
                }
                (None, None) => store.users().with_email(&email).next(),
            };
            user.ok_or_else(Failure::no_such_user)?.id().to_owned()
        }
        _ => return Err(Failure::body("'user_id, or connection_id and email are needed'")),
    };
    Ok(ticket(context, request, &body, TicketKind::PasswordChange, &id))
}

fn ticket(
    context: &mut WriteContext<'_>,
    request: &Request,
    body: &JsonObject,
    kind: TicketKind,
    user_id: &str,
) -> Answer {
    let flag = |name: &str| body.get::<bool>(name).ok().flatten() == Some(true);
    let lifetime = integer(body, "ttl_sec").filter(|seconds| *seconds > 0).unwrap_or(TICKET_LIFETIME);
    let link = new_ticket(context, request, kind, user_id, lifetime, |ticket| {
        ticket.result = string(body, "result_url")
            .map(|url| ResultUrl { url, includes_email: flag("includeEmailInRedirect") });
        ticket.verifies_email = flag("mark_email_as_verified");
        ticket.unblocks = true;
    });
    let mut body = JsonObject::new();
    set(&mut body, "ticket", link);
    json(StatusCode::CREATED, &body)
}
