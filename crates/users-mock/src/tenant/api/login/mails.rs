//! The messages that Auth0 would have sent, and the links in them.

use crate::tenant::events::{Event, details, name_of, record};
use crate::tenant::logins::{Mail, MailKind, Ticket, TicketKind};
use crate::tenant::store::User;
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use serde_json::json;

/// The lifetime of a link, unless another is requested: 5 days, in seconds.
pub(crate) const TICKET_LIFETIME: u64 = 432_000;

/// Makes a link of this kind.
pub(crate) fn new_ticket(
    context: &mut WriteContext<'_>,
    request: &Request,
    kind: TicketKind,
    user_id: &str,
    lifetime: u64,
    change: impl FnOnce(&mut Ticket),
) -> String {
    let now = context.clock.millis();
    let secret = context.random.alphanumeric(32);
    let expires_at = now.saturating_add(lifetime.saturating_mul(1000));
    let mut ticket = Ticket {
        kind,
        user_id: user_id.to_owned(),
        result: None,
        verifies_email: false,
        unblocks: false,
        is_used: false,
        expires_at,
    };
    change(&mut ticket);
    // It is known for as long again, so that the page can say that it has expired.
    let kept_until = expires_at.saturating_add(lifetime.saturating_mul(1000));
    context.logins.tickets.insert(secret.clone(), ticket, kept_until, now);
    let page = match kind {
        TicketKind::EmailVerification => "u/email-verification",
        TicketKind::PasswordChange => "u/reset-password",
        TicketKind::Unblock => "u/unblock",
    };
    format!("{}/{page}?ticket={secret}#", request.origin(&context.config.domain))
}

fn send(
    context: &mut WriteContext<'_>,
    kind: MailKind,
    user: &User,
    subject: &str,
    text: &str,
    link: String,
) {
    let Some(to) = user.string("email") else { return };
    let mail = message(context, kind, &to, subject.to_owned(), format!("{text}\n\n{link}"));
    let user_id = Some(user.id().to_owned());
    keep(context, Mail { link: Some(link), user_id, ..mail });
}

/// Adds a message to the inbox. Nobody can open the link of the message that is removed for it.
fn keep(context: &mut WriteContext<'_>, mail: Mail) {
    let removed = context.logins.mails.push(mail);
    let link = removed.and_then(|mail| mail.link).unwrap_or_default();
    if let Some((_, secret)) = link.trim_end_matches('#').split_once("?ticket=") {
        context.logins.tickets.remove(secret, context.clock.millis());
    }
}

/// Sends a link that verifies the address of a user.
pub(crate) fn send_verification(context: &mut WriteContext<'_>, request: &Request, user: &User) {
    if !user.shown().contains_key("email") {
        return;
    }
    let kind = TicketKind::EmailVerification;
    let link = new_ticket(context, request, kind, user.id(), TICKET_LIFETIME, |_| {});
    let text = "Please verify your e-mail address by opening this link:";
    send(context, MailKind::VerifyEmail, user, "Verify your email", text, link);
    let connection = user.connection();
    let event = Event {
        user_id: user.id(),
        user_name: name_of(user.shown()),
        connection: connection.as_deref(),
        client: Some(("", "All Applications")),
        details: details(
            &json!({"body": {"to": user.string("email"), "template": {"type": "verify_email"}}}),
        ),
        ..Event::new("svr")
    };
    record(context, request, &event);
}

/// Sends a link to a page that changes the password of a user.
pub(crate) fn send_password_change(context: &mut WriteContext<'_>, request: &Request, user: &User) {
    let kind = TicketKind::PasswordChange;
    // Only the newest one counts.
    let id = user.id();
    context.logins.tickets.retain(|ticket| ticket.kind != kind || ticket.user_id != id);
    let verifies = context.config.assumptions.requested_change_verifies_email;
    let link =
        new_ticket(context, request, kind, id, TICKET_LIFETIME, |ticket| ticket.verifies_email = verifies);
    let text = "Change your password on the page of this link:";
    send(context, MailKind::ChangePassword, user, "Reset your password", text, link);
}

/// Says that an account was blocked, with a link that lifts the block.
pub(crate) fn send_block(context: &mut WriteContext<'_>, request: &Request, user: &User) {
    let link = new_ticket(context, request, TicketKind::Unblock, user.id(), TICKET_LIFETIME, |_| {});
    let text = "Your account was blocked after several failed logins. If they were yours, open this link to unblock it:";
    send(context, MailKind::Blocked, user, "Blocked account", text, link);
}

/// Sends a one-time code.
pub(crate) fn send_passcode(context: &mut WriteContext<'_>, to: &str, code: &str, user_id: Option<&str>) {
    let (subject, text) =
        (format!("Your verification code is {code}"), format!("Your verification code is: {code}"));
    let mail = message(context, MailKind::Passcode, to, subject, text);
    let (code, user_id) = (Some(code.to_owned()), user_id.map(ToOwned::to_owned));
    keep(context, Mail { code, user_id, ..mail });
}

/// Sends the link of an invitation to an organization.
pub(crate) fn send_invitation(context: &mut WriteContext<'_>, to: &str, organization: &str, link: &str) {
    let subject = format!("You've been invited to {organization}");
    let text = format!("You have been invited to {organization}:\n\n{link}");
    let mail = message(context, MailKind::Invitation, to, subject, text);
    keep(context, Mail { link: Some(link.to_owned()), ..mail });
}

/// A message without a link, a code and a user. Its number is given when it is sent.
fn message(context: &WriteContext<'_>, kind: MailKind, to: &str, subject: String, text: String) -> Mail {
    let sent_at = context.clock.now();
    Mail { id: 0, kind, to: to.to_owned(), subject, text, link: None, code: None, user_id: None, sent_at }
}
