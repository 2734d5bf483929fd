//! Whether a file is gzip from its first byte to the checksum and length at its end.

use flate2::write::MultiGzDecoder;
use std::io::{self, Write as _};

/// The first bytes of every gzip file.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Unpacks a file as it passes, and keeps nothing of it.
pub(super) struct Check {
    decoder: MultiGzDecoder<io::Sink>,
    /// How many bytes came.
    length: u64,
}

/// What a file is instead of gzip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It begins in another way.
    Other,
    /// Something in the middle or the checksum is wrong.
    Damaged,
    /// It ended too early, or with another checksum or length.
    Incomplete,
}

impl Check {
    pub(super) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(io::sink()), length: 0 }
    }

    /// How many bytes came.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Takes the next bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), Misfit> {
        let begun = usize::try_from(self.length).unwrap_or(usize::MAX);
        if bytes.iter().zip(MAGIC.iter().skip(begun)).any(|(byte, magic)| byte != magic) {
            return Err(Misfit::Other);
        }
        self.length += bytes.len() as u64;
        self.decoder.write_all(bytes).map_err(|_| Misfit::Damaged)
    }

    /// There are no more bytes.
    pub(super) fn finish(mut self) -> Result<(), Misfit> {
        self.decoder.try_finish().map_err(|_| Misfit::Incomplete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn check(file: &[u8], size: usize) -> Result<(), Misfit> {
        let mut check = Check::new();
        file.chunks(size).try_for_each(|bytes| check.add(bytes))?;
        assert_eq!(check.length(), file.len() as u64);
        check.finish()
    }

    #[test]
    fn a_whole_file_passes_however_it_is_cut_and_nothing_else_does() {
        let one = gzip("ada\nbob\n");
        let two = [gzip(&"ada\n".repeat(1000)), gzip("bob\n")].concat();
        for file in [&one, &two, &gzip("")] {
            for size in 1..=file.len() {
                assert_eq!(check(file, size), Ok(()), "in pieces of {size}");
            }
        }
        for length in 0..one.len() {
            assert!(check(&one[..length], 4).is_err(), "{length} bytes of {}", one.len());
        }
        for at in two.len() - 8..two.len() {
            let mut damaged = two.clone();
            damaged[at] ^= 0x10;
            assert_eq!(check(&damaged, 7), Err(Misfit::Incomplete));
        }
        assert_eq!(check(b"<html>", 1), Err(Misfit::Other));
        assert_eq!(check(b"\x1f{", 1), Err(Misfit::Other));
        assert_eq!(check(&[&one[..], b"<html></html>"].concat(), 5), Err(Misfit::Damaged));
    }
}
