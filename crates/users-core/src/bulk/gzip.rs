//! Validation of gzip files, including the checksum and length at the end.

use flate2::write::MultiGzDecoder;
use std::io::{self, Write as _};

/// The first bytes of every gzip file.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Decompresses a file incrementally and discards the output.
pub(super) struct Check {
    decoder: MultiGzDecoder<io::Sink>,
    /// The number of bytes so far.
    length: u64,
}

/// Why a file is not valid gzip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It does not start with gzip's magic number.
    Other,
    /// Its data or a checksum is wrong.
    Damaged,
    /// It ends too early, or with a wrong checksum or length.
    Incomplete,
}

impl Check {
    pub(super) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(io::sink()), length: 0 }
    }

    /// The number of bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Checks the next bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), Misfit> {
        let begun = usize::try_from(self.length).unwrap_or(usize::MAX);
        if bytes.iter().zip(MAGIC.iter().skip(begun)).any(|(byte, magic)| byte != magic) {
            return Err(Misfit::Other);
        }
        self.length += bytes.len() as u64;
        self.decoder.write_all(bytes).map_err(|_| Misfit::Damaged)
    }

    /// Checks the end of the file.
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
    fn a_complete_file_is_valid_in_chunks_of_any_size_and_nothing_else_is() {
        let one = gzip("ada\nbob\n");
        let two = [gzip(&"ada\n".repeat(1000)), gzip("bob\n")].concat();
        for file in [&one, &two, &gzip("")] {
            for size in 1..=file.len() {
                assert_eq!(check(file, size), Ok(()), "in chunks of {size}");
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
