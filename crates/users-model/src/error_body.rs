//! The error bodies of both APIs.

use crate::json::JsonObject;
use crate::object::object;
use crate::{PasswordProblem, PasswordRules, Secret};

object! {
    /// The body of an error response of either API.
    ///
    /// The Management API returns `{statusCode, error, message, errorCode?, attributes?}`, OAuth endpoints return
    /// `{error, error_description}`, and sign-up endpoints return `{name, code, description, statusCode}`. [`code`](Self::code) and
    /// [`message`](Self::message) read all three.
    ///
    /// ```
    /// use users_model::ErrorBody;
    ///
    /// let body: ErrorBody = serde_json::from_str(
    ///     r#"{"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#,
    /// )?;
    /// assert_eq!(body.code(), Some("inexistent_user"));
    ///
    /// let body: ErrorBody = serde_json::from_str(r#"{"error":"access_denied","error_description":"Unauthorized"}"#)?;
    /// assert_eq!((body.code(), body.message()), (Some("access_denied"), Some("Unauthorized")));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct ErrorBody {
        /// The HTTP status.
        pub status_code: Option<u16> = "statusCode",
        /// The HTTP reason phrase (Management API), or the error code (OAuth).
        pub error: Option<String> = "error",
        /// The message (Management API).
        pub message: Option<String> = "message",
        /// The error code (Management API); often absent.
        pub error_code: Option<String> = "errorCode",
        /// Further details (Management API).
        pub attributes: Option<JsonObject> = "attributes",
        /// The message (OAuth).
        pub error_description: Option<String> = "error_description",
        /// The URL of a description of the error (OAuth).
        pub error_uri: Option<String> = "error_uri",
        /// The error code (sign-up).
        pub error_type: Option<String> = "code",
        /// The error name (sign-up).
        pub name: Option<String> = "name",
        /// The message (sign-up). For a weak password it is an object, which is kept in `unknown`;
        /// [`password_rules`](Self::password_rules) reads it.
        pub description: Option<String> = "description",
        /// The rules for passwords in English, on several lines (sign-up).
        pub policy: Option<String> = "policy",
        /// The token with which to continue a login that requires a second factor (OAuth).
        pub mfa_token: Option<Secret> = "mfa_token",
        /// The factors that such a login accepts (OAuth).
        pub mfa_requirements: Option<JsonObject> = "mfa_requirements",
    }
}

impl ErrorBody {
    /// Returns the error code, if any.
    pub fn code(&self) -> Option<&str> {
        // The Management API sends the reason phrase as `error`, and sign-up endpoints may send a sentence, which is the message.
        let oauth = || {
            let is_code =
                self.error_description.is_some() || (self.status_code.is_none() && self.message.is_none());
            self.error.as_deref().filter(|error| is_code && !error.contains(' '))
        };
        self.error_code.as_deref().or(self.error_type.as_deref()).or_else(oauth)
    }

    /// Returns the message, if any.
    pub fn message(&self) -> Option<&str> {
        [&self.message, &self.error_description, &self.description, &self.error, &self.name]
            .into_iter()
            .find_map(|text| text.as_deref().filter(|text| !text.is_empty()))
    }

    /// Returns why a password was refused, if this is the error of a weak password, of either API.
    ///
    /// Sign-ups name the reason in `name`, the Management API at the start of the message, without a code.
    ///
    /// ```
    /// use users_model::{ErrorBody, PasswordProblem};
    ///
    /// let body: ErrorBody =
    ///     serde_json::from_str(r#"{"statusCode":400,"message":"PasswordStrengthError: Password is too weak"}"#)?;
    /// assert_eq!(body.password_problem(), Some(PasswordProblem::Strength));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn password_problem(&self) -> Option<PasswordProblem> {
        let named = self.name.as_deref().and_then(PasswordProblem::from_name);
        let in_message = || {
            let (name, _) = self.message.as_deref()?.split_once(':')?;
            PasswordProblem::from_name(name)
        };
        let unnamed = || (self.code() == Some("invalid_password")).then_some(PasswordProblem::Other);
        named.or_else(in_message).or_else(unnamed)
    }

    /// Returns the rules for passwords, and which of them the password violates, if this is the error of a weak password.
    pub fn password_rules(&self) -> Option<PasswordRules> {
        self.unknown.get("description").ok().flatten()
    }
}
