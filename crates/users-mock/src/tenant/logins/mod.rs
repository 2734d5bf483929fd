//! What logins leave behind until they end: transactions, codes, browsers, refresh tokens, passcodes, tickets and mails.
//!
//! It is not kept in a state file, as access tokens are not.

mod attempts;
mod code;
mod mail;
mod passcode;
mod refresh;
mod second_factor;
mod ticket;
mod transaction;

pub(crate) use attempts::Attempts;
pub(crate) use code::{Authenticated, Code};
pub(crate) use mail::Mails;
pub use mail::{Mail, MailKind};
pub(crate) use passcode::Passcode;
pub(crate) use refresh::{Family, RefreshTokens, Use};
pub(crate) use second_factor::{Guesses, SecondFactor};
pub(crate) use ticket::{ResultUrl, Ticket, TicketKind};
pub(crate) use transaction::{Challenge, Proof, ResponseMode, Transaction};

use crate::tenant::expiring::Expiring;

/// What logins leave behind until they end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logins {
    /// The logins that are under way in a browser, by their state.
    pub(crate) transactions: Expiring<Transaction>,
    pub(crate) codes: Expiring<Code>,
    /// The sessions of browsers, by their cookie.
    pub(crate) browsers: Expiring<Browser>,
    pub(crate) refresh_tokens: RefreshTokens,
    /// Codes that were sent, by connection and recipient.
    pub(crate) passcodes: Expiring<Passcode>,
    /// Logins that wait for a second factor, by their token.
    pub(crate) second_factors: Expiring<SecondFactor>,
    /// The wrong codes of authenticators, by user.
    pub(crate) guesses: Expiring<Guesses>,
    /// The codes of authenticators that were used, by user and code.
    pub(crate) used_codes: Expiring<()>,
    pub(crate) tickets: Expiring<Ticket>,
    /// Logins that failed, by identifier and address.
    pub(crate) attempts: Expiring<Attempts>,
    pub(crate) mails: Mails,
    /// The number of entries in the log so far.
    events: u64,
}

impl Logins {
    /// Replaces everything by that of another time. Numbers that were given remain given.
    pub(crate) fn restore(&mut self, other: &Self) {
        let (events, mails) = (self.events, self.mails.count());
        *self = other.clone();
        self.events = self.events.max(events);
        self.mails.count_from(mails);
    }

    /// The number of the next entry of the log.
    pub(crate) fn next_event(&mut self) -> u64 {
        self.events += 1;
        self.events
    }
}

/// The session of a browser.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) user_id: String,
    pub(crate) session_id: String,
}
