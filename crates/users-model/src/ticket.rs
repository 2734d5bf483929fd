//! Tickets: links with which a user verifies an e-mail address or sets a password.

use crate::object::{object, setters};
use crate::{Provider, Secret};

object! {
    /// A link to send to a user.
    pub struct Ticket {
        /// The link. Anyone who knows it can use it, so `Debug` does not show it.
        pub ticket: Option<Secret> = "ticket",
    }
}

object! {
    /// The identity that an e-mail or ticket concerns, if it is not the user's first.
    pub struct IdentityRef {
        /// The id within the provider, without the provider's prefix.
        pub user_id: Option<String> = "user_id",
        /// The type of the identity provider.
        pub provider: Option<Provider> = "provider",
        /// The id of the connection: `con_…`.
        pub connection_id: Option<String> = "connection_id",
    }
}

impl IdentityRef {
    /// Names the identity of this provider with this bare id.
    pub fn new(provider: impl Into<Provider>, user_id: impl Into<String>) -> Self {
        Self { provider: Some(provider.into()), user_id: Some(user_id.into()), ..Self::default() }
    }

    /// Sets the id of the connection: `con_…`.
    #[must_use]
    pub fn connection(mut self, connection_id: impl Into<String>) -> Self {
        self.connection_id = Some(connection_id.into());
        self
    }
}

object! {
    /// The body of a request for a link that verifies a user's e-mail address.
    pub struct EmailVerificationTicket {
        /// The id of the user.
        pub user_id: Option<String> = "user_id",
        /// The URL that the user is redirected to afterwards.
        pub result_url: Option<String> = "result_url",
        /// The application for which the page is shown.
        pub client_id: Option<String> = "client_id",
        /// The organization for which the page is shown.
        pub organization_id: Option<String> = "organization_id",
        /// The lifetime of the link in seconds.
        pub ttl_sec: Option<u64> = "ttl_sec",
        /// Whether the e-mail address is added to the URL that the user is redirected to.
        pub include_email_in_redirect: Option<bool> = "includeEmailInRedirect",
        /// The identity, if it is not the user's first.
        pub identity: Option<IdentityRef> = "identity",
    }
}

impl EmailVerificationTicket {
    /// Creates a request for this user.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }
}

setters!(EmailVerificationTicket {
    /// Sets the URL that the user is redirected to afterwards.
    result_url: String,
    /// Sets the application for which the page is shown.
    client_id: String,
    /// Sets the organization for which the page is shown.
    organization_id: String,
    /// Sets whether the e-mail address is added to the URL that the user is redirected to.
    include_email_in_redirect: bool,
    /// Sets the identity, if it is not the user's first.
    identity: IdentityRef,
} numbers {
    /// Sets the lifetime of the link in seconds. 5 days unless set.
    ttl_sec: u64,
});

object! {
    /// The body of a request for a link with which a user sets a password.
    pub struct PasswordChangeTicket {
        /// The id of the user. Alternative to `connection_id` and `email`.
        pub user_id: Option<String> = "user_id",
        /// The id of the connection, together with `email`.
        pub connection_id: Option<String> = "connection_id",
        /// The e-mail address, together with `connection_id`.
        pub email: Option<String> = "email",
        /// The URL that the user is redirected to afterwards.
        pub result_url: Option<String> = "result_url",
        /// The application for which the page is shown.
        pub client_id: Option<String> = "client_id",
        /// The organization for which the page is shown.
        pub organization_id: Option<String> = "organization_id",
        /// The lifetime of the link in seconds.
        pub ttl_sec: Option<u64> = "ttl_sec",
        /// Whether using the link verifies the e-mail address.
        pub mark_email_as_verified: Option<bool> = "mark_email_as_verified",
        /// Whether the e-mail address is added to the URL that the user is redirected to.
        pub include_email_in_redirect: Option<bool> = "includeEmailInRedirect",
        /// The identity, if it is not the user's first.
        pub identity: Option<IdentityRef> = "identity",
    }
}

impl PasswordChangeTicket {
    /// Creates a request for this user.
    pub fn user(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }

    /// Creates a request for the user with this e-mail address in this connection (`con_…`).
    pub fn email(connection_id: impl Into<String>, email: impl Into<String>) -> Self {
        Self { connection_id: Some(connection_id.into()), email: Some(email.into()), ..Self::default() }
    }
}

setters!(PasswordChangeTicket {
    /// Sets the URL that the user is redirected to afterwards.
    result_url: String,
    /// Sets the application for which the page is shown. Cannot be combined with `result_url`.
    client_id: String,
    /// Sets the organization for which the page is shown.
    organization_id: String,
    /// Sets whether using the link verifies the e-mail address.
    mark_email_as_verified: bool,
    /// Sets whether the e-mail address is added to the URL that the user is redirected to.
    include_email_in_redirect: bool,
    /// Sets the identity, if it is not the user's first.
    identity: IdentityRef,
} numbers {
    /// Sets the lifetime of the link in seconds. 5 days unless set.
    ttl_sec: u64,
});
