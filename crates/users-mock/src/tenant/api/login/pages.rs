//! The pages of a login, and the forms that they post.

use crate::tenant::api::login::complete::{no_transaction, proceed, send_back};
use crate::tenant::api::login::credentials::{check, count_login};
use crate::tenant::api::login::signup::{self, sign_up};
use crate::tenant::api::oauth::authenticators::redeem;
use crate::tenant::events::{Event, name_of, record};
use crate::tenant::logins::{Proof, Transaction};
use crate::tenant::object::string;
use crate::tenant::page::{self, Page, PageUser};
use crate::tenant::rules::application::Application;
use crate::tenant::store::{DEFAULT_DATABASE, User};
use crate::tenant::wire::answer::{Answer, Failure, redirect};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/u/login", Guard::Handler, Handler::Write(show_login)),
    Route::new("POST", "/u/login", Guard::Handler, Handler::Write(log_in)),
    Route::new("GET", "/u/signup", Guard::Handler, Handler::Write(show_signup)),
    Route::new("POST", "/u/signup", Guard::Handler, Handler::Write(post_signup)),
    Route::new("GET", "/u/mfa-otp-challenge", Guard::Handler, Handler::Write(show_second_factor)),
    Route::new("POST", "/u/mfa-otp-challenge", Guard::Handler, Handler::Write(post_second_factor)),
    Route::new("GET", "/u/consent", Guard::Handler, Handler::Write(show_consent)),
    Route::new("POST", "/u/consent", Guard::Handler, Handler::Write(post_consent)),
];

/// The number of users to choose from, at most.
const MOST_USERS: usize = 20;

/// A login that is under way, with its state and application.
struct Pending {
    state: String,
    transaction: Transaction,
    application: Application,
}

impl Pending {
    fn find(context: &WriteContext<'_>, request: &Request, body: &JsonObject) -> Option<Self> {
        let state = request.query("state").map(ToOwned::to_owned).or_else(|| string(body, "state"))?;
        let transaction = context.logins.transactions.get(&state, context.clock.millis())?.clone();
        let application = Application::find(context.store(), context.config, &transaction.client_id)?;
        Some(Self { state, transaction, application })
    }

    fn connection(&self) -> &str {
        self.transaction.connection.as_deref().unwrap_or(DEFAULT_DATABASE)
    }

    /// The path of one of the pages of this login.
    fn path(&self, request: &Request, page: &str) -> String {
        request.path(&format!("/u/{page}?state={}", self.state))
    }

    fn change(&self, context: &mut WriteContext<'_>, change: impl FnOnce(&mut Transaction)) {
        let now = context.clock.millis();
        if let Some(transaction) = context.logins.transactions.get_mut(&self.state, now) {
            change(transaction);
        }
    }

    /// A user has logged in.
    fn log_in(&self, context: &mut WriteContext<'_>, request: &Request, user_id: &str) -> Answer {
        count_login(context, request, user_id);
        self.change(context, |transaction| {
            transaction.user_id = Some(user_id.to_owned());
            transaction.proof = Proof::FirstFactor;
        });
        redirect(&request.path(&format!("/authorize/resume?state={}", self.state)))
    }
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn show_login(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let Some(pending) = Pending::find(context, request, &JsonObject::new()) else {
        return Ok(no_transaction());
    };
    let hint = pending.transaction.login_hint.clone().unwrap_or_default();
    Ok(login_page(context, request, &pending, StatusCode::OK, hint, None))
}

fn login_page(
    context: &WriteContext<'_>,
    request: &Request,
    pending: &Pending,
    status: StatusCode,
    username: String,
    error: Option<&str>,
) -> Answer {
    let connection = pending.transaction.connection.as_deref();
    let is_of_connection = |user: &&std::sync::Arc<User>| {
        connection.is_none_or(|connection| user.connection().as_deref() == Some(connection))
    };
    let users = context.store().users().iter().filter(is_of_connection).take(MOST_USERS);
    let users = users
        .map(|user| PageUser {
            user_id: user.id().to_owned(),
            name: user.string("name").unwrap_or_default(),
            identifier: name_of(user.shown()),
        })
        .collect();
    let is_database =
        context.store().connection(pending.connection()).is_some_and(|connection| connection.is_database());
    let page = Page::Login {
        action: pending.path(request, "login"),
        has_password: is_database,
        signup: is_database.then(|| pending.path(request, "signup")),
        application: pending.application.name.clone(),
        username,
        error: error.map(ToOwned::to_owned),
        users,
    };
    page::shown(status, page)
}

/// Logs a user in, by name and password, or one that was chosen.
fn log_in(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(pending) = Pending::find(context, request, &body) else { return Ok(no_transaction()) };
    if let Some(id) = string(&body, "user_id").filter(|id| !id.is_empty()) {
        if context.store().users().get(&id).is_some() {
            return Ok(pending.log_in(context, request, &id));
        }
    }
    let name = string(&body, "username").unwrap_or_default();
    let password = string(&body, "password").unwrap_or_default();
    match check(context, request, &pending.application, pending.connection(), &name, &password) {
        Ok(user) => Ok(pending.log_in(context, request, user.id())),
        Err(refused) => {
            let error = refused.description().trim_end_matches('.');
            Ok(login_page(context, request, &pending, StatusCode::BAD_REQUEST, name, Some(error)))
        }
    }
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn show_signup(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let Some(pending) = Pending::find(context, request, &JsonObject::new()) else {
        return Ok(no_transaction());
    };
    let hint = pending.transaction.login_hint.clone().unwrap_or_default();
    Ok(signup_page(request, &pending, StatusCode::OK, hint, None))
}

fn signup_page(
    request: &Request,
    pending: &Pending,
    status: StatusCode,
    email: String,
    error: Option<String>,
) -> Answer {
    let page = Page::Signup {
        action: pending.path(request, "signup"),
        login: pending.path(request, "login"),
        application: pending.application.name.clone(),
        email,
        error,
    };
    page::shown(status, page)
}

/// Signs a user up, who is logged in at once.
fn post_signup(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(pending) = Pending::find(context, request, &body) else { return Ok(no_transaction()) };
    let email = string(&body, "email").unwrap_or_default();
    let connection = pending.connection().to_owned();
    match sign_up(context, request, &pending.application, &connection, &signup::profile(&body)) {
        Ok(user) => Ok(pending.log_in(context, request, user.id())),
        Err(failure) => {
            // The name of the error is for programs.
            let message = failure.message().split_once(": ").map_or(failure.message(), |(_, text)| text);
            let message = Some(message.to_owned());
            Ok(signup_page(request, &pending, StatusCode::BAD_REQUEST, email, message))
        }
    }
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn show_second_factor(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let Some(pending) = Pending::find(context, request, &JsonObject::new()) else {
        return Ok(no_transaction());
    };
    Ok(second_factor_page(request, &pending, StatusCode::OK, None))
}

fn second_factor_page(
    request: &Request,
    pending: &Pending,
    status: StatusCode,
    error: Option<&str>,
) -> Answer {
    let action = pending.path(request, "mfa-otp-challenge");
    page::shown(status, Page::SecondFactor { action, error: error.map(ToOwned::to_owned) })
}

fn post_second_factor(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(pending) = Pending::find(context, request, &body) else { return Ok(no_transaction()) };
    let id = pending.transaction.user_id.clone().unwrap_or_default();
    let Some(user) = context.store().users().get(&id).cloned() else { return Ok(no_transaction()) };
    let code = string(&body, "code").unwrap_or_default();
    let is_right = redeem(context, request, &user, code.trim());
    let event = Event {
        user_id: user.id(),
        user_name: name_of(user.shown()),
        client: Some((&pending.application.id, &pending.application.name)),
        ..Event::new(if is_right { "gd_auth_succeed" } else { "gd_auth_failed" })
    };
    record(context, request, &event);
    if !is_right {
        let error = "The code you entered is invalid";
        return Ok(second_factor_page(request, &pending, StatusCode::BAD_REQUEST, Some(error)));
    }
    pending.change(context, |transaction| transaction.proof = Proof::SecondFactor);
    Ok(redirect(&request.path(&format!("/authorize/resume?state={}", pending.state))))
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn show_consent(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let Some(pending) = Pending::find(context, request, &JsonObject::new()) else {
        return Ok(no_transaction());
    };
    let page = Page::Consent {
        action: pending.path(request, "consent"),
        application: pending.application.name.clone(),
        scopes: pending.transaction.scopes.clone(),
    };
    Ok(page::shown(StatusCode::OK, page))
}

fn post_consent(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Some(pending) = Pending::find(context, request, &body) else { return Ok(no_transaction()) };
    if string(&body, "action").as_deref() == Some("accept") {
        pending.change(context, |transaction| transaction.asks_consent = false);
        return proceed(context, request, &pending.state);
    }
    context.logins.transactions.remove(&pending.state, context.clock.millis());
    let error = vec![
        ("error", "access_denied".to_owned()),
        ("error_description", "User did not authorize the request".to_owned()),
    ];
    Ok(send_back(&pending.transaction, error))
}
