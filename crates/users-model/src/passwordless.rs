//! Logins without a password.

use crate::flag::Flag;
use crate::object::{object, open_enum};

open_enum! {
    /// What the e-mail of a login without a password contains.
    pub enum PasswordlessContent {
        /// A link, which logs in the browser that opens it.
        Link = "link",
        /// A code, with which the application logs in.
        Code = "code",
    }
}

object! {
    /// The answer of `POST /passwordless/start`: the address that a code or link was sent to.
    pub struct PasswordlessStart {
        /// The id.
        pub id: Option<String> = "_id",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// Whether the e-mail address is verified: `false` for a new user.
        pub email_verified: Option<Flag> = "email_verified",
        /// The phone number.
        pub phone_number: Option<String> = "phone_number",
        /// Whether the phone number is verified: `false` for a new user.
        pub phone_verified: Option<Flag> = "phone_verified",
        /// The language of the message, if the request has named one.
        pub request_language: Option<String> = "request_language",
    }
}
