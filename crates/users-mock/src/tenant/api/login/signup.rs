//! Sign-ups: users who create their own accounts in a database.

use crate::tenant::api::account::{NewAccount, create_account, options, record_creation};
use crate::tenant::api::login::mails::send_verification;
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::rules::application::Application;
use crate::tenant::rules::password::PasswordPolicy;
use crate::tenant::rules::password_rules::{self, Rule};
use crate::tenant::rules::schema::is_email;
use crate::tenant::store::{DEFAULT_DATABASE, User};
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::Value;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/dbconnections/signup", Guard::Handler, Handler::Write(signup))];

/// The number of properties that `user_metadata` of a sign-up may have.
const MOST_METADATA: usize = 10;

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
    if let Some(error) = problem(context, &connection, &body) {
        return Ok(error);
    }
    match sign_up(context, request, &application, &connection, &profile(&body)) {
        Ok(user) => Ok(json(StatusCode::OK, &shown(&user))),
        Err(failure) => Ok(refusal(context, &connection, &body, &failure)),
    }
}

/// What is wrong with the properties of a sign-up. That the last two are errors is known, and their form is assumed.
fn problem(context: &WriteContext<'_>, name: &str, body: &JsonObject) -> Option<Answer> {
    let connection = context.store().connection(name).filter(|found| found.is_database())?;
    // The default database has the option, as recorded, and is the one that most tests sign up to, by address.
    let requires_username =
        name != DEFAULT_DATABASE && options(connection).get("requires_username") == Some(&Value::Bool(true));
    if requires_username && string(body, "username").is_none_or(|username| username.is_empty()) {
        let error = format!("missing username for {name} connection with requires_username enabled");
        let mut shown = JsonObject::new();
        set(&mut shown, "error", error);
        return Some(json(StatusCode::BAD_REQUEST, &shown));
    }
    let metadata: JsonObject = body.get("user_metadata").ok().flatten().unwrap_or_default();
    let is_small = |(key, _): (&str, &str)| {
        let value = string(&metadata, key);
        key.chars().count() <= 100 && value.is_some_and(|value| value.chars().count() <= 500)
    };
    if metadata.len() > MOST_METADATA || !metadata.iter().all(is_small) {
        let description = "user_metadata must have at most 10 properties, with names of at most 100 and strings of at most 500 characters";
        return Some(refused("invalid_signup", "BadRequestError", description));
    }
    None
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
        Some(_) if string(profile, "email").is_some_and(|email| !is_email(&email)) => {
            let message = "email: Object didn't pass validation for format email";
            Err(Failure::bad_request("invalid_signup", message))
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
fn refusal(context: &WriteContext<'_>, connection: &str, body: &JsonObject, failure: &Failure) -> Answer {
    let message = failure.message();
    let text = message.split_once(": ").map_or(message, |(_, text)| text);
    if message.starts_with("PasswordStrengthError") {
        let options = context.store().connection(connection).map(|connection| options(connection));
        let policy = PasswordPolicy::of(&options.unwrap_or_default());
        return too_weak(text, &policy.rules(&string(body, "password").unwrap_or_default()));
    }
    let unsuitable = ["PasswordHistoryError", "PasswordNoUserInfoError", "PasswordDictionaryError"];
    if let Some(name) = unsuitable.iter().find(|name| message.starts_with(*name)) {
        return refused("invalid_password", name, text);
    }
    match failure.status() {
        StatusCode::CONFLICT => {
            let error = &context.config.assumptions.signup_of_existing_user;
            refused(error.error_code.as_deref().unwrap_or_default(), "BadRequestError", &error.message)
        }
        _ => refused(failure.code().unwrap_or("invalid_signup"), "BadRequestError", message),
    }
}

/// The error of a weak password, with the rules that it does not follow.
fn too_weak(message: &str, rules: &[Rule]) -> Answer {
    let mut body = JsonObject::new();
    set(&mut body, "name", "PasswordStrengthError");
    set(&mut body, "message", message);
    set(&mut body, "code", "invalid_password");
    set(&mut body, "description", password_rules::description(rules));
    set(&mut body, "policy", password_rules::policy(rules));
    set(&mut body, "statusCode", 400);
    json(StatusCode::BAD_REQUEST, &body)
}

fn refused(code: &str, name: &str, description: &str) -> Answer {
    let mut body = JsonObject::new();
    set(&mut body, "name", name);
    set(&mut body, "code", code);
    set(&mut body, "description", description);
    set(&mut body, "statusCode", 400);
    json(StatusCode::BAD_REQUEST, &body)
}
