//! The bodies in which both APIs say that something went wrong.

use crate::JsonObject;
use crate::object::object;

object! {
    /// An error's body, of either API.
    ///
    /// The Management API says `{statusCode, error, message, errorCode?, attributes?}`, OAuth endpoints
    /// `{error, error_description}`, sign-up and the like `{name, code, description}`. [`code`](Self::code) and
    /// [`message`](Self::message) read whichever came.
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
        /// The HTTP status again.
        pub status_code: Option<u16> = "statusCode",
        /// The HTTP reason (Management API), or the error's code (OAuth).
        pub error: Option<String> = "error",
        /// What went wrong, in words (Management API).
        pub message: Option<String> = "message",
        /// The error's code (Management API); often absent.
        pub error_code: Option<String> = "errorCode",
        /// More about it (Management API).
        pub attributes: Option<JsonObject> = "attributes",
        /// What went wrong, in words (OAuth).
        pub error_description: Option<String> = "error_description",
        /// Where to read about it (OAuth).
        pub error_uri: Option<String> = "error_uri",
        /// The error's code (sign-up and the like).
        pub error_type: Option<String> = "code",
        /// The error's name (sign-up and the like).
        pub name: Option<String> = "name",
        /// What went wrong, in words (sign-up and the like); sometimes an object, which stays in `unknown`.
        pub description: Option<String> = "description",
    }
}

impl ErrorBody {
    /// The error's code, if it has one.
    pub fn code(&self) -> Option<&str> {
        let oauth = || self.error.as_deref().filter(|_| self.status_code.is_none() && self.message.is_none());
        self.error_code.as_deref().or(self.error_type.as_deref()).or_else(oauth)
    }

    /// What went wrong, in words, if it says so.
    pub fn message(&self) -> Option<&str> {
        [&self.message, &self.error_description, &self.description, &self.error]
            .into_iter()
            .find_map(|text| text.as_deref().filter(|text| !text.is_empty()))
    }
}
