//! The seam for keeping to the tenant's pace.

use crate::Access;
use async_trait::async_trait;
use http::HeaderMap;
use std::fmt;

/// Lets requests go at the tenant's pace. One pacer is shared by a client and its clones.
#[async_trait]
pub trait Pacer: fmt::Debug + Send + Sync + 'static {
    /// Waits until a request of this group may go.
    async fn acquire(&self, group: Access) -> Permit;

    /// Learns from an answer's headers.
    fn observe(&self, group: Access, headers: &HeaderMap);
}

/// The leave to send one request. Dropping it unused gives the place back.
pub struct Permit(Option<Box<dyn FnOnce() + Send>>);

impl Permit {
    /// A permit with nothing to give back.
    pub fn free() -> Self {
        Self(None)
    }

    /// A permit that runs this if it is dropped unused.
    pub fn returning(give_back: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }

    /// The request is being sent, so the place is taken.
    pub fn used(mut self) {
        self.0 = None;
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}

/// Lets every request go at once; 429s are waited out when they come.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Unpaced;

impl Unpaced {
    /// No pacing.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Pacer for Unpaced {
    async fn acquire(&self, _group: Access) -> Permit {
        Permit::free()
    }

    fn observe(&self, _group: Access, _headers: &HeaderMap) {}
}
