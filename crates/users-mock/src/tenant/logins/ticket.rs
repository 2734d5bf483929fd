//! Links that change something when they are opened.

/// A link that changes something when it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) kind: TicketKind,
    pub(crate) user_id: String,
    /// Where the browser is sent afterwards.
    pub(crate) result_url: Option<String>,
    pub(crate) includes_email: bool,
    /// Whether a change of the password verifies the address.
    pub(crate) verifies_email: bool,
    pub(crate) is_used: bool,
    /// In milliseconds since 1970.
    pub(crate) expires_at: u64,
}

/// What a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketKind {
    EmailVerification,
    PasswordChange,
    /// To lift a block by brute-force protection.
    Unblock,
}
