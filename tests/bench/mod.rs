//! What `cargo xtask bench` measures; the tests hold the same figures against what they should be.

pub mod pacing;
pub mod soak;
