//! Tickets: links by which users verify an e-mail address or set a password.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::decode_model;
use users_model::{EmailVerificationTicket, PasswordChangeTicket, Ticket};

/// Tickets: links by which users verify an e-mail address or set a password.
#[derive(Clone, Debug)]
pub struct TicketsManager(pub(super) Client);

impl TicketsManager {
    /// Creates a link that verifies an e-mail address.
    ///
    /// `POST /tickets/email-verification`, scope `create:user_tickets`.
    ///
    /// <https://auth0.com/docs/api/management/v2/tickets/post-email-verification>
    #[inline]
    pub fn verify_email(&self, ticket: EmailVerificationTicket) -> Call<VerifyEmailTicket> {
        self.0.call(Ok(VerifyEmailTicket::new(ticket)))
    }

    /// Creates a link that sets a password.
    ///
    /// `POST /tickets/password-change`, scope `create:user_tickets`.
    ///
    /// <https://auth0.com/docs/api/management/v2/tickets/post-password-change>
    #[inline]
    pub fn change_password(&self, ticket: PasswordChangeTicket) -> Call<ChangePasswordTicket> {
        self.0.call(Ok(ChangePasswordTicket::new(ticket)))
    }
}

operations! {
    /// `POST /tickets/email-verification`. See [`TicketsManager::verify_email`](crate::management::TicketsManager::verify_email).
    operation VerifyEmailTicket {
        Descriptor::post("tickets.verify_email", "/tickets/email-verification")
            .scopes(&[&["create:user_tickets"]])
            .node("tickets.verifyEmail")
            .takes_custom_domain();
        body { body: EmailVerificationTicket }
        decode { decode_model: Ticket }
    }

    /// `POST /tickets/password-change`. See
    /// [`TicketsManager::change_password`](crate::management::TicketsManager::change_password).
    operation ChangePasswordTicket {
        Descriptor::post("tickets.change_password", "/tickets/password-change")
            .scopes(&[&["create:user_tickets"]])
            .node("tickets.changePassword")
            .takes_custom_domain();
        body { body: PasswordChangeTicket }
        decode { decode_model: Ticket }
    }
}
