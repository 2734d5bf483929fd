//! What happens while Redis is unavailable.

/// What a pacer or a token source does while Redis is unavailable: it cannot be reached, does not answer in time, or refuses
/// commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenUnavailable {
    /// Go on without it: requests are paced by this process alone, at its last known share of the tenant's rate, and the token is
    /// fetched by this process. No call fails because of Redis.
    #[default]
    Alone,
    /// Fail the call, with an error of kind [`Pacing`](users_core::ErrorKind::Pacing) or
    /// [`Token`](users_core::ErrorKind::Token).
    Fail,
}
