//! The pages that a browser shows during a login.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::{Serialize, Serializer};
use std::fmt;

/// A page that Auth0 would show to a user.
///
/// The tenant describes pages and does not render them: a response with a page has it as JSON in its body, and as an extension.
/// `users-tenant` renders it as HTML.
///
/// ```
/// use users_mock::{Page, Tenant};
///
/// let request = http::Request::get("https://tenant.example.com/authorize?client_id=nobody&redirect_uri=x&response_type=code");
/// let response = Tenant::new().handle(request.body(bytes::Bytes::new())?);
/// assert!(matches!(response.extensions().get::<Page>(), Some(Page::Error { .. })));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[serde(tag = "page", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Page {
    /// A form with `username` and `password`, or a choice of users by `user_id`, posted to `action`.
    Login {
        /// Where the form is posted to.
        action: String,
        /// Whether users log in with a password: the connection is a database.
        has_password: bool,
        /// Where a page for a sign-up is, if the connection has sign-ups.
        signup: Option<String>,
        /// The name of the application.
        application: String,
        /// What the field of the name shows at first.
        username: String,
        /// Why the last attempt failed.
        error: Option<String>,
        /// Users to choose from, who are logged in without a password.
        users: Vec<PageUser>,
    },
    /// A form with `email` (or `username`) and `password`, posted to `action`.
    Signup {
        /// Where the form is posted to.
        action: String,
        /// Where the login page is.
        login: String,
        /// The name of the application.
        application: String,
        /// What the field of the address shows at first.
        email: String,
        /// Why the last attempt failed.
        error: Option<String>,
    },
    /// A form with `code`, the one-time code of an authenticator, posted to `action`.
    SecondFactor {
        /// Where the form is posted to.
        action: String,
        /// Why the last attempt failed.
        error: Option<String>,
    },
    /// A form with `action`, which is `accept` or `deny`, posted to `action`.
    Consent {
        /// Where the form is posted to.
        action: String,
        /// The name of the application.
        application: String,
        /// The scopes that it asks for.
        scopes: Vec<String>,
    },
    /// A form with `password` and `confirm`, posted to `action`.
    ChangePassword {
        /// Where the form is posted to.
        action: String,
        /// Whose password is changed.
        email: String,
        /// Why the last attempt failed.
        error: Option<String>,
    },
    /// A form without fields, posted to `action`, which ends the session.
    Logout {
        /// Where the form is posted to.
        action: String,
    },
    /// A form with these fields, which the browser posts to `action` at once.
    FormPost {
        /// Where the form is posted to.
        action: String,
        /// The names and values of the fields.
        #[serde(serialize_with = "by_name")]
        fields: Vec<(String, String)>,
    },
    /// A script that posts these fields to the window that opened the page or contains it.
    WebMessage {
        /// The origin that may receive them.
        origin: String,
        /// The names and values of the response.
        #[serde(serialize_with = "by_name")]
        fields: Vec<(String, String)>,
    },
    /// A message.
    Message {
        /// The title.
        title: String,
        /// The text.
        text: String,
    },
    /// An error that is not reported to the application.
    Error {
        /// The code.
        error: String,
        /// What is wrong.
        description: String,
    },
}

/// Fields as an object, in which logs recognize the names of secrets.
fn by_name<S: Serializer>(fields: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
}

/// Which page it is, and what it says is wrong: without the addresses of its forms and the values of its fields, which contain tickets, codes
/// and tokens.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, says) = match self {
            Self::Login { error, .. } => ("Login", error.as_ref()),
            Self::Signup { error, .. } => ("Signup", error.as_ref()),
            Self::SecondFactor { error, .. } => ("SecondFactor", error.as_ref()),
            Self::Consent { application, .. } => ("Consent", Some(application)),
            Self::ChangePassword { error, .. } => ("ChangePassword", error.as_ref()),
            Self::Logout { .. } => ("Logout", None),
            Self::FormPost { .. } => ("FormPost", None),
            Self::WebMessage { origin, .. } => ("WebMessage", Some(origin)),
            Self::Message { text, .. } => ("Message", Some(text)),
            Self::Error { description, .. } => ("Error", Some(description)),
        };
        f.debug_tuple(name).field(&says).finish()
    }
}

/// A user to choose on the login page.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PageUser {
    /// The id.
    pub user_id: String,
    /// The name.
    pub name: String,
    /// The e-mail address, or what else identifies the user.
    pub identifier: String,
}

/// The response with a page.
pub(crate) fn shown(status: StatusCode, page: Page) -> http::Response<Bytes> {
    // A page has a JSON form.
    let body = serde_json::to_vec(&page).unwrap_or_default();
    let mut answer = http::Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    answer.extensions_mut().insert(page);
    answer
}

/// A page with an error.
pub(crate) fn error(
    status: StatusCode,
    error: &str,
    description: impl Into<String>,
) -> http::Response<Bytes> {
    shown(status, Page::Error { error: error.to_owned(), description: description.into() })
}
