//! Which inputs may have made what a look-up finds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the look-ups of a run may find, such as the user with an address, and which inputs may have made it: two inputs may have the
/// same address, and the user who is found is that of one of them. Clones share it. Holds only what inputs of unknown outcome are looked
/// up by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims(Arc<Mutex<HashMap<u64, Claim>>>);

#[derive(Clone, Copy, Debug)]
struct Claim {
    /// The first input.
    index: u64,
    /// Whether there are others.
    is_shared: bool,
}

impl Claims {
    /// An input of unknown outcome is to be looked up by this.
    pub(super) fn watch(&self, subject: u64, index: u64) {
        self.lock().entry(subject).or_insert(Claim { index, is_shared: false });
    }

    /// An input may have made what is looked up by this, or is about to.
    pub(crate) fn add(&self, subject: u64, index: u64) {
        if let Some(claim) = self.lock().get_mut(&subject) {
            claim.is_shared |= claim.index != index;
        }
    }

    /// Whether no input but one may have made what is looked up by this.
    pub(crate) fn is_sole(&self, subject: u64) -> bool {
        self.lock().get(&subject).is_some_and(|claim| !claim.is_shared)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
