//! Links that let a user verify an address or set a password.

use crate::object::{object, setters};
use crate::{Provider, Secret};

object! {
    /// A link to be sent to a user.
    pub struct Ticket {
        /// The link. Whoever has it can use it, so it is hidden in `Debug`.
        pub ticket: Option<Secret> = "ticket",
    }
}

object! {
    /// The identity that a mail or a ticket is about, where it is not the user's first.
    pub struct IdentityRef {
        /// The id within the provider, without the provider's prefix.
        pub user_id: Option<String> = "user_id",
        /// The kind of identity provider.
        pub provider: Option<Provider> = "provider",
        /// The connection, by id: `con_…`.
        pub connection_id: Option<String> = "connection_id",
    }
}

impl IdentityRef {
    /// The identity of this provider with this bare id.
    pub fn new(provider: impl Into<Provider>, user_id: impl Into<String>) -> Self {
        Self { provider: Some(provider.into()), user_id: Some(user_id.into()), ..Self::default() }
    }

    /// The connection, by id: `con_…`.
    #[must_use]
    pub fn connection(mut self, connection_id: impl Into<String>) -> Self {
        self.connection_id = Some(connection_id.into());
        self
    }
}

object! {
    /// A link that verifies a user's e-mail address.
    pub struct EmailVerificationTicket {
        /// The user.
        pub user_id: Option<String> = "user_id",
        /// Where the user is sent afterwards.
        pub result_url: Option<String> = "result_url",
        /// The application that the page is shown for.
        pub client_id: Option<String> = "client_id",
        /// The organization that the page is shown for.
        pub organization_id: Option<String> = "organization_id",
        /// How long it works, in seconds.
        pub ttl_sec: Option<u64> = "ttl_sec",
        /// Whether the address is added to the URL the user is sent to.
        pub include_email_in_redirect: Option<bool> = "includeEmailInRedirect",
        /// The identity, where it is not the user's first.
        pub identity: Option<IdentityRef> = "identity",
    }
}

impl EmailVerificationTicket {
    /// A link for this user.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }
}

setters!(EmailVerificationTicket {
    /// Where the user is sent afterwards.
    result_url: String,
    /// The application that the page is shown for.
    client_id: String,
    /// The organization that the page is shown for.
    organization_id: String,
    /// Whether the address is added to the URL the user is sent to.
    include_email_in_redirect: bool,
    /// The identity, where it is not the user's first.
    identity: IdentityRef,
} numbers {
    /// How long it works, in seconds; 5 days unless set.
    ttl_sec: u64,
});

object! {
    /// A link that lets a user set a password.
    pub struct PasswordChangeTicket {
        /// The user; or else `connection_id` and `email`.
        pub user_id: Option<String> = "user_id",
        /// The connection, by id, together with `email`.
        pub connection_id: Option<String> = "connection_id",
        /// The e-mail address, together with `connection_id`.
        pub email: Option<String> = "email",
        /// Where the user is sent afterwards.
        pub result_url: Option<String> = "result_url",
        /// The application that the page is shown for.
        pub client_id: Option<String> = "client_id",
        /// The organization that the page is shown for.
        pub organization_id: Option<String> = "organization_id",
        /// How long it works, in seconds.
        pub ttl_sec: Option<u64> = "ttl_sec",
        /// Whether using it verifies the address.
        pub mark_email_as_verified: Option<bool> = "mark_email_as_verified",
        /// Whether the address is added to the URL the user is sent to.
        pub include_email_in_redirect: Option<bool> = "includeEmailInRedirect",
        /// The identity, where it is not the user's first.
        pub identity: Option<IdentityRef> = "identity",
    }
}

impl PasswordChangeTicket {
    /// A link for this user.
    pub fn user(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }

    /// A link for whoever has this address in this connection (`con_…`).
    pub fn email(connection_id: impl Into<String>, email: impl Into<String>) -> Self {
        Self { connection_id: Some(connection_id.into()), email: Some(email.into()), ..Self::default() }
    }
}

setters!(PasswordChangeTicket {
    /// Where the user is sent afterwards.
    result_url: String,
    /// The application that the page is shown for; not together with `result_url`.
    client_id: String,
    /// The organization that the page is shown for.
    organization_id: String,
    /// Whether using it verifies the address.
    mark_email_as_verified: bool,
    /// Whether the address is added to the URL the user is sent to.
    include_email_in_redirect: bool,
    /// The identity, where it is not the user's first.
    identity: IdentityRef,
} numbers {
    /// How long it works, in seconds; 5 days unless set.
    ttl_sec: u64,
});
