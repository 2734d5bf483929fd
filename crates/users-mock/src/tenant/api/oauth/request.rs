//! A request to the token endpoint, and its responses.

use crate::tenant::object::string;
use crate::tenant::rules::application::Application;
use crate::tenant::wire::answer::{Answer, assumed_oauth_error_of, json_without_charset, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use http::StatusCode;
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

/// What a request without a property that it must have is answered.
pub(crate) fn missing(context: &WriteContext<'_>, name: &str) -> Answer {
    assumed_oauth_error_of(&context.config.assumptions.missing_parameter, &[("parameter", name)])
}

/// A response with tokens.
pub(crate) fn granted(tokens: &JsonObject) -> Answer {
    json_without_charset(StatusCode::OK, tokens)
}

/// What every user's grant answers to a wrong code, password or token.
pub(crate) fn invalid_grant(description: &str) -> Answer {
    oauth_error(StatusCode::FORBIDDEN, "invalid_grant", description)
}
