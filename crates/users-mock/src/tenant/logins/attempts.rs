//! Failed logins of one identifier from one address.

/// Failed logins of one identifier from one address.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    pub(crate) failures: u32,
}
