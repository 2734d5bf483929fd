//! Links that change something when they are opened.

/// A link that changes something when it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) kind: TicketKind,
    pub(crate) user_id: String,
    /// Where the browser is sent afterwards.
    pub(crate) result: Option<ResultUrl>,
    /// Whether a change of the password verifies the address.
    pub(crate) verifies_email: bool,
    /// Whether a change of the password lifts the block of an administrator too.
    pub(crate) unblocks: bool,
    pub(crate) is_used: bool,
    /// In milliseconds since 1970.
    pub(crate) expires_at: u64,
}

/// The address of an application that shows what a link has done.
#[derive(Clone, Debug)]
pub(crate) struct ResultUrl {
    pub(crate) url: String,
    pub(crate) includes_email: bool,
}

/// What a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketKind {
    EmailVerification,
    PasswordChange,
    /// To lift a block by brute-force protection.
    Unblock,
}
