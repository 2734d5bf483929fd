//! The messages that Auth0 would have sent.

use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use users_core::model::Timestamp;

/// The number of messages that are kept.
const MOST: usize = 1_000;

/// A message that Auth0 would have sent. See [`Tenant::mails`](crate::Tenant::mails).
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Mail {
    /// The number of the message, from 1.
    pub id: u64,
    /// What it is about.
    pub kind: MailKind,
    /// The e-mail address, or the telephone number of a text message.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The link that it contains, if it has one.
    pub link: Option<String>,
    /// The one-time code that it contains, if it has one.
    pub code: Option<String>,
    /// The user whom it concerns; `None` if there is none yet.
    pub user_id: Option<String>,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Without the subject, the text, the link and the code, which log a user in.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("to", &self.to)
            .field("user_id", &self.user_id)
            .field("sent_at", &self.sent_at)
            .finish_non_exhaustive()
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MailKind {
    /// A link that verifies the address.
    VerifyEmail,
    /// A link to a page that changes the password.
    ChangePassword,
    /// A one-time code for a login without a password.
    Passcode,
    /// The account was blocked after too many failed logins; with a link that lifts the block.
    Blocked,
    /// An invitation to an organization.
    Invitation,
}

impl MailKind {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ChangePassword => "change_password",
            Self::Passcode => "passcode",
            Self::Blocked => "blocked",
            Self::Invitation => "invitation",
        }
    }
}

/// The latest messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mails {
    mails: VecDeque<Mail>,
    count: u64,
}

impl Mails {
    /// Adds a message, and gives it its number. Returns the oldest one if it is removed for it.
    pub(crate) fn push(&mut self, mut mail: Mail) -> Option<Mail> {
        self.count += 1;
        mail.id = self.count;
        let removed = if self.mails.len() >= MOST { self.mails.pop_front() } else { None };
        self.mails.push_back(mail);
        removed
    }

    /// The number of messages so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Gives the next message a number above this one.
    pub(crate) fn count_from(&mut self, count: u64) {
        self.count = self.count.max(count);
    }

    pub(crate) fn all(&self) -> Vec<Mail> {
        self.mails.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.mails.clear();
    }
}
