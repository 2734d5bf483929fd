//! Sign-ups: users who create their own accounts in a database.

use crate::tenant::api::account::{NewAccount, create_account, options, record_creation};
use crate::tenant::api::login::mails::send_verification;
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::rules::application::Application;
use crate::tenant::store::User;
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::Value;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/dbconnections/signup", Guard::Handler, Handler::Write(signup))];

/// The properties of a sign-up that become attributes of the user.
const PROFILE: &[&str] = &[
    "email",
    "username",
    "phone_number",
    "password",
    "given_name",
    "family_name",
    "name",
    "nickname",
    "picture",
    "user_metadata",
];

/// The properties of a body that a sign-up may set.
pub(crate) fn profile(body: &JsonObject) -> JsonObject {
    let mut profile = JsonObject::new();
    for (key, json) in body.iter().filter(|(key, _)| PROFILE.contains(key)) {
        set_raw(&mut profile, key, json);
    }
    profile
}

fn signup(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = string(&body, "client_id")
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| context.config.client_id.clone());
    let Some(application) = Application::find(context.store(), context.config, &id) else {
        return Ok(refused("invalid_signup", "BadRequestError", "Invalid sign up"));
    };
    let connection = string(&body, "connection").unwrap_or_default();
    match sign_up(context, request, &application, &connection, &profile(&body)) {
        Ok(user) => Ok(json(StatusCode::OK, &shown(&user))),
        Err(failure) => Ok(refusal(&failure)),
    }
}

/// Creates the account, records it, and sends the mail that verifies its address.
pub(crate) fn sign_up(
    context: &mut WriteContext<'_>,
    request: &Request,
    application: &Application,
    connection: &str,
    profile: &JsonObject,
) -> Result<User, Failure> {
    let found = context.store().connection(connection).filter(|found| found.is_database()).cloned();
    let created = match found {
        None => Err(Failure::bad_request("inexistent_connection", "The connection does not exist.")),
        Some(found) if options(&found).get("disable_signup") == Some(&Value::Bool(true)) => {
            Err(Failure::bad_request("signup_disabled", "public signup is disabled"))
        }
        Some(_) if string(profile, "password").is_none_or(|password| password.is_empty()) => {
            Err(Failure::bad_request("invalid_password", "Missing required property: password"))
        }
        Some(found) => create_account(context, profile.clone(), &found, NewAccount::SignedUp),
    };
    let client = (application.id.as_str(), application.name.as_str());
    record_creation(context, request, client, connection, profile, &created);
    let user = created?;
    send_verification(context, request, &user);
    Ok(user)
}

/// The response to a sign-up: the bare id, and of the identifiers those that were given.
fn shown(user: &User) -> JsonObject {
    let mut shown = JsonObject::new();
    set(&mut shown, "_id", user.id().split_once('|').map_or("", |(_, id)| id));
    for (identifier, verified) in
        [("email", "email_verified"), ("username", ""), ("phone_number", "phone_verified")]
    {
        if let Some(json) = user.shown().raw(identifier) {
            set_raw(&mut shown, identifier, json);
            if !verified.is_empty() {
                set(&mut shown, verified, false);
            }
        }
    }
    shown
}

/// The error of a sign-up, in the forms that Auth0's libraries know.
fn refusal(failure: &Failure) -> Answer {
    let message = failure.message();
    let weak = [
        "PasswordStrengthError",
        "PasswordHistoryError",
        "PasswordNoUserInfoError",
        "PasswordDictionaryError",
    ];
    if let Some(name) = weak.iter().find(|name| message.starts_with(*name)) {
        let text = message.split_once(": ").map_or(message, |(_, text)| text);
        return refused("invalid_password", name, text);
    }
    match failure.status() {
        StatusCode::CONFLICT => refused("invalid_signup", "BadRequestError", "Invalid sign up"),
        _ => refused(failure.code().unwrap_or("invalid_signup"), "BadRequestError", message),
    }
}

fn refused(code: &str, name: &str, description: &str) -> Answer {
    let mut body = JsonObject::new();
    set(&mut body, "name", name);
    set(&mut body, "code", code);
    if name == "PasswordStrengthError" {
        set(&mut body, "message", description);
    }
    set(&mut body, "description", description);
    set(&mut body, "statusCode", 400);
    json(StatusCode::BAD_REQUEST, &body)
}
