//! Logins that wait for a second factor, and the codes that were tried.

/// A login whose password was right, and whose second factor is missing.
#[derive(Clone, Debug)]
pub(crate) struct SecondFactor {
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    pub(crate) scope: Option<String>,
    pub(crate) audience: Option<String>,
}

/// The wrong codes of a user that may be tried: ten, and one more every six minutes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guesses {
    /// When all of them may be tried again, in milliseconds since 1970.
    full_at: u64,
}

impl Guesses {
    const MOST: u64 = 10;

    /// The time after which one more may be tried, in milliseconds.
    const REFILL: u64 = 360_000;

    /// The time in which all are refilled, in milliseconds.
    pub(crate) const LASTS: u64 = Self::MOST * Self::REFILL;

    /// Whether another code may be tried.
    pub(crate) fn are_left(self, now: u64) -> bool {
        self.full_at.saturating_sub(now) <= Self::LASTS - Self::REFILL
    }

    /// Counts a wrong code.
    pub(crate) fn count(&mut self, now: u64) {
        self.full_at = self.full_at.max(now).saturating_add(Self::REFILL);
    }
}
