//! The lines of a journal.

use flate2::Crc;
use std::fmt::Write as _;

/// The longest line, which bounds what is read of a file that is no journal.
pub(super) const LONGEST: usize = 512;

/// The most characters of an operation's name.
pub(super) const LONGEST_NAME: usize = 100;

/// The first word of a journal.
const NAME: &str = "users-bulk-journal";

/// The version of the format.
pub(super) const VERSION: &str = "1";

/// The first word of a line about a job.
const JOB: &str = "job";

/// What stands for a value that is not known.
const NONE: &str = "-";

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
    pub(super) hashes: Hashes,
    /// When the request was sent first, in milliseconds since 1970; `None` if that is not known.
    pub(super) at: Option<i64>,
}

/// The keyed hashes of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hashes {
    pub(super) request: u64,
    /// That of what a look-up would find, for operations that are looked up by it.
    pub(crate) subject: Option<u64>,
}

/// A line about the job that the server started for an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JobRecord {
    /// The position of the input.
    pub(super) index: u64,
    pub(super) id: String,
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

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let mut words = checked(line)?.split(' ');
        let (name, version, operation, key) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let mut bytes = [0; 16];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(key.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        let header = Self { version: version.to_owned(), operation: operation.to_owned(), key: bytes };
        (name == NAME && words.next().is_none()).then_some(header)
    }

    /// Whether this is the beginning of a line that this version writes.
    pub(super) fn is_begun(line: &[u8]) -> bool {
        let words: [fn(&str) -> Fit; 5] = [
            |word| Fit::one_of(word, [NAME].into_iter()),
            |word| Fit::one_of(word, [VERSION].into_iter()),
            |word| match word.chars().count() {
                0 => Fit::Begun,
                1..=LONGEST_NAME if !word.contains(char::is_whitespace) => Fit::Whole,
                _ => Fit::Not,
            },
            |word| Fit::hex(word, 32),
            |word| Fit::hex(word, 8),
        ];
        is_begun(line, &words)
    }
}

impl Record {
    pub(super) fn line(&self) -> String {
        let name = STATES.iter().find(|(state, _)| *state == self.state).map_or("", |(_, name)| name);
        let subject =
            self.hashes.subject.map_or_else(|| NONE.to_owned(), |subject| format!("{subject:016x}"));
        let at = self.at.map_or_else(|| NONE.to_owned(), |at| at.to_string());
        with_checksum(&format!("{name} {} {:016x} {subject} {at}", self.index, self.hashes.request))
    }

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let mut words = checked(line)?.split(' ');
        let (name, index, request) = (words.next()?, words.next()?, words.next()?);
        let (subject, at) = (words.next()?, words.next()?);
        let hash = |word| u64::from_str_radix(word, 16).ok();
        let record = Self {
            state: STATES.iter().find(|(_, known)| *known == name)?.0,
            index: index.parse().ok()?,
            hashes: Hashes {
                request: hash(request)?,
                subject: if subject == NONE { None } else { Some(hash(subject)?) },
            },
            at: if at == NONE { None } else { Some(at.parse().ok()?) },
        };
        words.next().is_none().then_some(record)
    }

    /// Whether this is the beginning of a line that this version writes.
    pub(super) fn is_begun(line: &[u8]) -> bool {
        let words: [fn(&str) -> Fit; 6] = [
            |word| Fit::one_of(word, STATES.iter().map(|(_, name)| *name)),
            |word| Fit::number(word),
            |word| Fit::hex(word, 16),
            |word| if word == NONE { Fit::Whole } else { Fit::hex(word, 16) },
            |word| {
                if word == NONE { Fit::Whole } else { Fit::number(word.strip_prefix('-').unwrap_or(word)) }
            },
            |word| Fit::hex(word, 8),
        ];
        is_begun(line, &words)
    }
}

impl JobRecord {
    /// The line, unless the id is not one that a line can hold.
    pub(super) fn line(&self) -> Option<String> {
        let is_word = matches!(self.id.len(), 1..=LONGEST_NAME) && self.id.bytes().all(is_of_id);
        is_word.then(|| with_checksum(&format!("{JOB} {} {}", self.index, self.id)))
    }

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let mut words = checked(line)?.split(' ');
        let (name, index, id) = (words.next()?, words.next()?, words.next()?);
        let record = Self { index: index.parse().ok()?, id: id.to_owned() };
        (name == JOB && words.next().is_none()).then_some(record)
    }

    /// Whether this is the beginning of a line that this version writes.
    pub(super) fn is_begun(line: &[u8]) -> bool {
        let words: [fn(&str) -> Fit; 4] = [
            |word| Fit::one_of(word, [JOB].into_iter()),
            Fit::number,
            |word| match word.len() {
                0 => Fit::Begun,
                1..=LONGEST_NAME if word.bytes().all(is_of_id) => Fit::Whole,
                _ => Fit::Not,
            },
            |word| Fit::hex(word, 8),
        ];
        is_begun(line, &words)
    }
}

/// Whether a job's id may have this byte in a line.
fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// How the bytes of a word fit what is written in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Not,
    /// More must follow.
    Begun,
    /// It may be the whole word.
    Whole,
}

impl Fit {
    fn one_of(word: &str, mut names: impl Iterator<Item = &'static str>) -> Self {
        let fit = |name: &str| if name == word { Self::Whole } else { Self::Begun };
        names.find(|name| name.starts_with(word)).map_or(Self::Not, fit)
    }

    fn number(word: &str) -> Self {
        match word.bytes().all(|byte| byte.is_ascii_digit()) {
            true if word.is_empty() => Self::Begun,
            true => Self::Whole,
            false => Self::Not,
        }
    }

    fn hex(word: &str, digits: usize) -> Self {
        if word.len() > digits || !word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Self::Not;
        }
        if word.len() == digits { Self::Whole } else { Self::Begun }
    }
}

/// Whether a line without its end is the beginning of one with these words, of which the last is the checksum.
fn is_begun(line: &[u8], words: &[fn(&str) -> Fit]) -> bool {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text.into(),
        // A character that was being written is none that fits, except in a name.
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(line),
        Err(_) => return false,
    };
    let mut given = text.split(' ').peekable();
    for fit in words {
        let Some(word) = given.next() else { return true };
        match (fit(word), given.peek()) {
            (Fit::Not, _) | (Fit::Begun, Some(_)) => return false,
            (Fit::Begun, None) => return true,
            (Fit::Whole, _) => {}
        }
    }
    given.next().is_none() && checked(&[line, b"\n"].concat()).is_some()
}

fn with_checksum(text: &str) -> String {
    format!("{text} {:08x}\n", checksum(text))
}

/// The text of a line whose checksum is right.
fn checked(line: &[u8]) -> Option<&str> {
    let (text, sum) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.rsplit_once(' ')?;
    // Digits in capitals have the same value, but were not written.
    (sum == format!("{:08x}", checksum(text))).then_some(text)
}

fn checksum(text: &str) -> u32 {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    crc.sum()
}
