//! One-time codes that were sent.

/// The number of wrong codes after which a code is void.
const MAX_FAILURES: u32 = 3;

/// A one-time code that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Passcode {
    pub(crate) code: String,
    failures: u32,
    /// In milliseconds since 1970.
    pub(crate) expires_at: u64,
}

impl Passcode {
    pub(crate) fn new(code: String, expires_at: u64) -> Self {
        Self { code, failures: 0, expires_at }
    }

    /// Whether this is the code. After three wrong ones, none is.
    pub(crate) fn is(&mut self, code: &str) -> bool {
        let is_right = self.failures < MAX_FAILURES && self.code == code;
        self.failures += u32::from(!is_right);
        is_right
    }
}
