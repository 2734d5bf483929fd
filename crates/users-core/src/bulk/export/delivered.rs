//! What was delivered of a file, so that a repeated download delivers nothing twice.

use super::failed::Failed;
use bytes::Bytes;
use flate2::Crc;

/// The length and the checksum of what was delivered.
pub(super) struct Delivered {
    length: u64,
    crc: Crc,
}

/// The progress of an attempt through what was delivered before it.
pub(super) struct Repeat {
    compared: u64,
    total: u64,
    crc: Crc,
}

/// The message if a repeated download returns something else.
const OTHER_FILE: &str = "the repeated download returned another file; what was written or returned already is a part of the first one";

impl Delivered {
    pub(super) fn new() -> Self {
        Self { length: 0, crc: Crc::new() }
    }

    /// The comparison of the next attempt.
    pub(super) fn repeat(&self) -> Repeat {
        Repeat { compared: 0, total: self.length, crc: Crc::new() }
    }

    /// Compares what was delivered before, and returns what is new. Nothing is new before all of it was compared.
    pub(super) fn add(&mut self, repeat: &mut Repeat, mut piece: Bytes) -> Result<Bytes, Failed> {
        let left = usize::try_from(repeat.total - repeat.compared).unwrap_or(usize::MAX);
        let old = piece.split_to(left.min(piece.len()));
        if !old.is_empty() {
            repeat.crc.update(&old);
            repeat.compared += old.len() as u64;
            if repeat.compared == repeat.total && repeat.crc.sum() != self.crc.sum() {
                return Err(Failed::invalid_file(OTHER_FILE, false));
            }
        }
        self.crc.update(&piece);
        self.length += piece.len() as u64;
        Ok(piece)
    }
}

impl Repeat {
    /// Checks at the end of a file that it is not shorter than what was delivered.
    pub(super) fn finish(&self) -> Result<(), Failed> {
        if self.compared < self.total { Err(Failed::invalid_file(OTHER_FILE, false)) } else { Ok(()) }
    }
}
