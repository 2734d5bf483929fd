//! Validation and decompression of gzip files, including the checksum and length at the end.

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use std::io::{self, Write as _};

/// The first bytes of every gzip file.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Decompresses a file incrementally.
pub(super) struct Check {
    decoder: MultiGzDecoder<Output>,
    /// The number of bytes so far.
    length: u64,
}

/// The decompressed bytes, or nothing if they are not needed.
struct Output(Option<Vec<u8>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(output) = &mut self.0 {
            output.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
    /// Keeps the decompressed bytes if they are needed.
    pub(super) fn new(is_output_needed: bool) -> Self {
        Self { decoder: MultiGzDecoder::new(Output(is_output_needed.then(Vec::new))), length: 0 }
    }

    /// The number of bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Checks the next bytes.
    pub(super) fn add(&mut self, mut bytes: &[u8]) -> Result<(), Misfit> {
        while !bytes.is_empty() {
            let checked = self.step(bytes)?;
            bytes = bytes.get(checked..).unwrap_or_default();
        }
        Ok(())
    }

    /// Checks some of the next bytes, at least one, and returns their number. The decompressed bytes are some 64 KiB at most, however
    /// well the file is compressed; the last of them are available after the next step, or at the end.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<usize, Misfit> {
        let begun = usize::try_from(self.length).unwrap_or(usize::MAX);
        if bytes.iter().zip(MAGIC.iter().skip(begun)).any(|(byte, magic)| byte != magic) {
            return Err(Misfit::Other);
        }
        match self.decoder.write(bytes) {
            Ok(0) | Err(_) => Err(Misfit::Damaged),
            Ok(checked) => {
                self.length += checked as u64;
                Ok(checked)
            }
        }
    }

    /// Returns the decompressed bytes since the last time.
    pub(super) fn take_output(&mut self) -> Bytes {
        self.decoder.get_mut().0.as_mut().map(std::mem::take).unwrap_or_default().into()
    }

    /// Checks the end of the file.
    pub(super) fn finish(&mut self) -> Result<(), Misfit> {
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
        let mut check = Check::new(false);
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

    #[test]
    fn a_step_decompresses_little_of_a_file_that_is_compressed_very_well() {
        let text = "a".repeat(10_000_000);
        let packed = gzip(&text);
        let (mut check, mut left, mut length) = (Check::new(true), &packed[..], 0);
        while !left.is_empty() {
            left = &left[check.step(left).unwrap()..];
            let output = check.take_output();
            assert!(output.len() <= 128 * 1024, "{} bytes in a step", output.len());
            length += output.len();
        }
        check.finish().unwrap();
        assert_eq!(length + check.take_output().len(), text.len());
    }
}
