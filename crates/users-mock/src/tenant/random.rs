//! Random ids and secrets.

/// A source of ids and secrets, which is deterministic for a given seed.
pub(crate) struct Random(fastrand::Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// The state, with which [`new`](Self::new) goes on.
    pub(crate) fn state(&self) -> u64 {
        self.0.get_seed()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.0.u8(..)).collect()
    }

    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(self.0.u32(..16), 16).unwrap_or('0')).collect()
    }

    pub(crate) fn alphanumeric(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.alphanumeric()).collect()
    }

    /// An id in the form of a MongoDB object id: 24 hexadecimal digits, of which the first eight are the time in seconds.
    pub(crate) fn object_id(&mut self, now_millis: u64) -> String {
        let seconds = u32::try_from(now_millis / 1000).unwrap_or(u32::MAX);
        format!("{seconds:08x}{}", self.hex(16))
    }

    /// An id in the form of Auth0's `rol_…` and `job_…`: a prefix and 16 letters and digits.
    pub(crate) fn prefixed_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.alphanumeric(16))
    }
}
