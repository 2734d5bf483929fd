//! The lines of a journal.

use flate2::Crc;
use std::fmt::Write as _;

/// The longest line, which bounds what is read of a file that is no journal.
pub(super) const LONGEST: usize = 256;

/// The first word of a journal.
const NAME: &str = "users-bulk-journal";

/// The version of the format.
pub(super) const VERSION: &str = "1";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: String,
    /// The name of the operation.
    pub(super) operation: String,
    /// The key of the inputs' hashes.
    pub(super) key: [u8; 16],
}

/// A line about an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) state: State,
    /// The position of the input.
    pub(super) index: u64,
    /// The keyed hash of its request.
    pub(super) hash: u64,
    /// In milliseconds since 1970.
    pub(super) at: i64,
}

/// What is known of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The request is sent after this line was written.
    Started,
    Applied,
    /// The server refused it.
    NotApplied,
    /// It was not carried out, for a reason that may pass.
    NotYet,
    Unknown,
}

const STATES: &[(State, &str)] = &[
    (State::Started, "started"),
    (State::Applied, "applied"),
    (State::NotApplied, "refused"),
    (State::NotYet, "postponed"),
    (State::Unknown, "unknown"),
];

impl Header {
    pub(super) fn line(&self) -> String {
        let mut key = String::new();
        for byte in self.key {
            let _ = write!(key, "{byte:02x}");
        }
        with_checksum(&format!("{NAME} {} {} {key}", self.version, self.operation))
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = checked(line)?.split(' ');
        let (name, version, operation, key) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let mut bytes = [0; 16];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(key.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        let header = Self { version: version.to_owned(), operation: operation.to_owned(), key: bytes };
        (name == NAME && words.next().is_none()).then_some(header)
    }
}

impl Record {
    pub(super) fn line(&self) -> String {
        let name = STATES.iter().find(|(state, _)| *state == self.state).map_or("", |(_, name)| name);
        with_checksum(&format!("{name} {} {:016x} {}", self.index, self.hash, self.at))
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = checked(line)?.split(' ');
        let (name, index, hash, at) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let state = STATES.iter().find(|(_, known)| *known == name)?.0;
        let record = Self {
            state,
            index: index.parse().ok()?,
            hash: u64::from_str_radix(hash, 16).ok()?,
            at: at.parse().ok()?,
        };
        words.next().is_none().then_some(record)
    }
}

fn with_checksum(text: &str) -> String {
    format!("{text} {:08x}\n", checksum(text))
}

/// The text of a line whose checksum is right.
fn checked(line: &str) -> Option<&str> {
    let (text, sum) = line.strip_suffix('\n')?.rsplit_once(' ')?;
    // Digits in capitals have the same value, but were not written.
    (sum == format!("{:08x}", checksum(text))).then_some(text)
}

fn checksum(text: &str) -> u32 {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    crc.sum()
}
