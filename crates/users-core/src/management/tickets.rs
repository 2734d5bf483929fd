//! Links that let users verify an address or set a password.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use users_model::{EmailVerificationTicket, PasswordChangeTicket, Ticket};

/// Links that let users verify an address or set a password.
#[derive(Clone, Debug)]
pub struct TicketsManager(pub(super) Client);

impl TicketsManager {
    /// Makes a link that verifies an address.
    ///
    /// `POST /tickets/email-verification`, scope `create:user_tickets`.
    ///
    /// <https://auth0.com/docs/api/management/v2/tickets/post-email-verification>
    pub fn verify_email(&self, ticket: EmailVerificationTicket) -> Call<VerifyEmailTicket> {
        self.call(VerifyEmailTicket::new(ticket))
    }

    /// Makes a link that sets a password.
    ///
    /// `POST /tickets/password-change`, scope `create:user_tickets`.
    ///
    /// <https://auth0.com/docs/api/management/v2/tickets/post-password-change>
    pub fn change_password(&self, ticket: PasswordChangeTicket) -> Call<ChangePasswordTicket> {
        self.call(ChangePasswordTicket::new(ticket))
    }

    fn call<O: crate::Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.0.clone(), Ok(operation))
    }
}

operation! {
    /// `POST /tickets/email-verification`
    VerifyEmailTicket = Descriptor::post("tickets.verify_email", Api::Management, "/tickets/email-verification", &["create:user_tickets"]).takes_custom_domain();
    body { body: EmailVerificationTicket }
    answer { decode_json: Ticket }
}

operation! {
    /// `POST /tickets/password-change`
    ChangePasswordTicket = Descriptor::post("tickets.change_password", Api::Management, "/tickets/password-change", &["create:user_tickets"]).takes_custom_domain();
    body { body: PasswordChangeTicket }
    answer { decode_json: Ticket }
}
