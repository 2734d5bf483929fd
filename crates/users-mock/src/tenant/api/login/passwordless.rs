//! Logins with a one-time code that is sent by e-mail or text message.

use crate::tenant::api::account::first_identity;
use crate::tenant::api::login::mails::send_passcode;
use crate::tenant::events::{Event, record};
use crate::tenant::logins::Passcode;
use crate::tenant::object::{set, string};
use crate::tenant::rules::application::Application;
use crate::tenant::rules::defaults::add_defaults;
use crate::tenant::rules::schema::is_email;
use crate::tenant::store::User;
use crate::tenant::wire::answer::{Answer, Failure, json, not_implemented, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/passwordless/start", Guard::Handler, Handler::Write(start))];

/// The time in which a code is valid, in milliseconds: 3 minutes.
const LIFETIME: u64 = 180_000;

/// Who gets a code.
pub(crate) struct Recipient {
    /// `email` or `sms`, which is also the provider of the users.
    connection: &'static str,
    /// The e-mail address, or the telephone number.
    pub(crate) address: String,
}

impl Recipient {
    /// `None` if there is no such connection.
    pub(crate) fn new(connection: &str, address: &str) -> Option<Self> {
        let connection = ["email", "sms"].into_iter().find(|known| *known == connection)?;
        let address =
            if connection == "email" { address.trim().to_lowercase() } else { address.trim().to_owned() };
        Some(Self { connection, address })
    }

    fn attribute(&self) -> &'static str {
        if self.connection == "email" { "email" } else { "phone_number" }
    }

    fn key(&self) -> String {
        format!("{} {}", self.connection, self.address)
    }

    /// The user, if there is one already.
    fn user(&self, context: &WriteContext<'_>) -> Option<String> {
        let is_its = |user: &&std::sync::Arc<User>| {
            user.provider() == self.connection
                && user.string(self.attribute()).as_ref() == Some(&self.address)
        };
        let users = context.store().users();
        let found = match self.connection {
            "email" => users.with_email(&self.address).find(is_its),
            _ => users.iter().find(is_its),
        };
        found.map(|user| user.id().to_owned())
    }
}

fn start(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let refuse =
        |error: &str, description: &str| Ok(oauth_error(StatusCode::BAD_REQUEST, error, description));
    let id = string(&body, "client_id").unwrap_or_default();
    let Some(application) = Application::find(context.store(), context.config, &id) else {
        return refuse("bad.client_id", "Missing required property: client_id");
    };
    let connection = string(&body, "connection").unwrap_or_default();
    if connection.is_empty() {
        return refuse("bad.connection", "Missing required property: connection");
    }
    let attribute = if connection == "email" { "email" } else { "phone_number" };
    let address = string(&body, attribute).unwrap_or_default();
    let Some(recipient) = Recipient::new(&connection, &address) else {
        return refuse("bad.connection", "Connection does not exist");
    };
    let digits = recipient.address.strip_prefix('+').unwrap_or_default();
    let is_number = (1..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    match recipient.connection {
        "email" if !is_email(&recipient.address) => {
            return refuse("bad.email", "error in email - email format validation failed");
        }
        "sms" if !is_number => {
            return refuse("bad.phone_number", "String does not match pattern: ^\\+[0-9]{1,15}$");
        }
        _ => {}
    }
    if recipient.connection == "email" && string(&body, "send").as_deref() != Some("code") {
        return Ok(not_implemented("one-time links; ask for a code with `send: \"code\"`"));
    }
    let now = context.clock.millis();
    let code: String = context.random.bytes(6).into_iter().map(|byte| char::from(b'0' + byte % 10)).collect();
    let expires_at = now.saturating_add(LIFETIME);
    // One that has expired is known for a while, so that its error can say so.
    let kept_until = expires_at.saturating_add(LIFETIME);
    context.logins.passcodes.insert(
        recipient.key(),
        Passcode::new(code.clone(), expires_at),
        kept_until,
        now,
    );
    let user = recipient.user(context);
    send_passcode(context, &recipient.address, &code, user.as_deref());
    let event = Event {
        user_name: recipient.address.clone(),
        client: Some((&application.id, &application.name)),
        ..Event::new("cs")
    };
    record(context, request, &event);
    let id = match user.as_deref().and_then(|user| user.split_once('|')) {
        Some((_, id)) => id.to_owned(),
        None => context.new_object_id(),
    };
    let mut answer = JsonObject::new();
    set(&mut answer, "_id", id);
    set(&mut answer, attribute, &recipient.address);
    let verified = if attribute == "email" { "email_verified" } else { "phone_verified" };
    set(&mut answer, verified, user.is_some());
    if recipient.connection == "sms" {
        set(&mut answer, "request_language", None::<&str>);
    }
    Ok(json(StatusCode::OK, &answer))
}

/// Uses a code. The user of a right one is created if there is none, and the address is verified. Otherwise, why the code is refused.
pub(crate) fn redeem(
    context: &mut WriteContext<'_>,
    recipient: &Recipient,
    code: &str,
) -> Result<String, &'static str> {
    let wrong = match recipient.connection {
        "email" => "Wrong email or verification code.",
        _ => "Wrong phone number or verification code.",
    };
    let now = context.clock.millis();
    let key = recipient.key();
    let sent = context.logins.passcodes.get_mut(&key, now).ok_or(wrong)?;
    if sent.expires_at <= now {
        return Err("The verification code has expired. Please try to login again.");
    }
    if !sent.is(code) {
        return Err(wrong);
    }
    context.logins.passcodes.remove(&key, now);
    let id = match recipient.user(context) {
        Some(id) => id,
        None => create(context, recipient),
    };
    let verified = if recipient.connection == "email" { "email_verified" } else { "phone_verified" };
    context.transaction.update_user(&id, |user| user.set(verified, true));
    Ok(id)
}

fn create(context: &mut WriteContext<'_>, recipient: &Recipient) -> String {
    let user_id = context.new_object_id();
    let id = format!("{}|{user_id}", recipient.connection);
    let now = context.clock.now();
    let mut user = User::new(&id);
    user.set(recipient.attribute(), &recipient.address);
    user.set("user_id", &id);
    user.set("created_at", &now);
    user.set_updated_at(&now);
    user.set_identities(&[first_identity(recipient.connection, recipient.connection, &user_id)]);
    add_defaults(&mut user);
    user.sort_attributes();
    context.transaction.put_user(user);
    id
}
