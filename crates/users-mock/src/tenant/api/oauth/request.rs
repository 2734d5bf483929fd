//! A request to the token endpoint, and its responses.

use crate::tenant::object::string;
use crate::tenant::rules::application::Application;
use crate::tenant::wire::answer::{Answer, json_without_charset, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use http::header::{CACHE_CONTROL, HeaderName, PRAGMA};
use http::{HeaderValue, StatusCode};
use users_core::model::JsonObject;

/// What a token request consists of.
pub(crate) struct TokenRequest<'a> {
    pub(crate) request: &'a Request,
    pub(crate) body: JsonObject,
    pub(crate) application: Application,
}

impl TokenRequest<'_> {
    /// A property of the body that is not empty.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        string(&self.body, name).filter(|text| !text.is_empty())
    }
}

/// A response with tokens.
pub(crate) fn granted(context: &mut WriteContext<'_>, tokens: &JsonObject) -> Answer {
    let mut answer = json_without_charset(StatusCode::OK, tokens);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if let Ok(id) = HeaderValue::from_str(&context.random.hex(20)) {
        answer.headers_mut().insert(HeaderName::from_static("x-auth0-requestid"), id);
    }
    answer
}

/// What every user's grant answers to a wrong code, password or token.
pub(crate) fn invalid_grant(description: &str) -> Answer {
    oauth_error(StatusCode::FORBIDDEN, "invalid_grant", description)
}
