//! A reader that decodes a JSON text in one pass.
//!
//! It accepts the language of serde_json's `RawValue`: RFC 8259 with any nesting, and `\u` escapes that may be lone surrogates. It is
//! not generic over what it reads, so that the code exists once and not for every model.

use super::text::{Text, skip_plain};
use crate::memory;
use serde::de::DeserializeOwned;
use std::fmt;

/// A position in a JSON text that is being decoded. See [`Model`](crate::Model).
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The number of bytes that may still be allocated.
    memory: usize,
    /// The brackets around the enclosing array or object of a value that is being skipped.
    enclosing: Vec<u8>,
    failure: Option<Failure>,
}

/// Reading has stopped; the reader has the reason.
#[derive(Clone, Copy, Debug)]
pub struct Stop(());

/// Why reading stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The text is not JSON.
    Syntax,
    /// The value would take more memory than allowed.
    Memory,
    /// A value that is required to have a certain shape has another one.
    Shape { at: usize, reason: String },
}

/// What a value is decoded into.
pub(crate) trait Slot {
    /// Reads the value at the reader's position. If it does not match the type, the slot is reset and the result is `false`; the
    /// position is then undefined.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Stop>;
    /// Whether the slot holds a value.
    fn is_written(&self) -> bool;
}

/// A type whose values can be read.
pub(crate) trait Read: Sized {
    /// Reads the value at the reader's position; `None` if it does not match the type. The position is then undefined.
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop>;

    /// Reads a value into a list. Returns `false` if it does not match the type.
    fn read_into(items: &mut Vec<Self>, reader: &mut Reader<'_>) -> Result<bool, Stop> {
        let item = Self::read(reader)?;
        let is_read = item.is_some();
        items.extend(item);
        Ok(is_read)
    }
}

impl<'a> Reader<'a> {
    /// Begins to read a text, with at most this many bytes of memory.
    pub(crate) fn new(text: &'a str, memory: usize) -> Self {
        Self { text, at: 0, memory, enclosing: Vec::new(), failure: None }
    }

    /// Reads the whole text as one value.
    pub(crate) fn whole<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Failure> {
        let value = read(self).and_then(|value| self.end().map(|()| value));
        value.map_err(|Stop(())| self.failure.take().unwrap_or(Failure::Syntax))
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(self.syntax()) }
    }

    /// The number of bytes that may still be allocated.
    pub(crate) fn memory_left(&self) -> usize {
        self.memory
    }

    /// Charges bytes that are allocated.
    #[inline]
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Stop> {
        match self.memory.checked_sub(bytes) {
            Some(left) => {
                self.memory = left;
                Ok(())
            }
            None => Err(self.fail(Failure::Memory)),
        }
    }

    /// Charges an entry of an object that is kept as text.
    pub(crate) fn charge_entry(&mut self, key: Text<'_>, value: &str) -> Result<(), Stop> {
        let copies = if key.plain().is_some() { 1 } else { 4 };
        self.charge(memory::ENTRY + copies * key.len() + value.len())
    }

    /// Returns bytes that are no longer allocated.
    pub(crate) fn release(&mut self, bytes: usize) {
        self.memory = self.memory.saturating_add(bytes);
    }

    /// The text from an offset to the next byte.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The offset of the next byte.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The number of values in the rest of the text, if they are as long as the one that began at this offset.
    pub(crate) fn others_like(&self, start: usize) -> usize {
        self.text.len().saturating_sub(self.at) / self.at.saturating_sub(start).max(1)
    }

    /// Continues at an earlier offset.
    pub(crate) fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    #[cold]
    pub(crate) fn fail(&mut self, failure: Failure) -> Stop {
        self.failure.get_or_insert(failure);
        Stop(())
    }

    /// Fails because the value at this offset has another type than expected.
    #[cold]
    pub(crate) fn unexpected(&mut self, at: usize, expected: &str) -> Stop {
        let found = match self.text.as_bytes().get(at) {
            Some(b'{') => "map",
            Some(b'[') => "sequence",
            Some(b'"') => "string",
            Some(b't' | b'f') => "boolean",
            Some(b'n') => "null",
            _ => {
                self.at = at;
                let is_integer = |number: &str| !number.contains(['.', 'e', 'E']);
                if self.number().is_ok_and(is_integer) { "integer" } else { "floating point" }
            }
        };
        self.fail(Failure::Shape { at, reason: format!("invalid type: {found}, expected {expected}") })
    }

    #[cold]
    fn syntax(&mut self) -> Stop {
        self.fail(Failure::Syntax)
    }

    #[inline]
    fn byte(&self) -> u8 {
        // NUL is not part of any value, so it can stand for the end.
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and returns the next byte; 0 at the end.
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        loop {
            let byte = self.byte();
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return byte;
            }
            self.at += 1;
        }
    }

    /// Reads a string; `None` if the value is of another type.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Option<Text<'a>>, Stop> {
        if self.peek() != b'"' {
            return Ok(None);
        }
        let start = self.at + 1;
        self.at = skip_plain(self.text.as_bytes(), start);
        if self.byte() != b'"' {
            return self.string_with_escapes(start).map(Some);
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Some(Text::new(raw, false)))
    }

    /// Reads on in a string that starts at this offset, from its first character that is not plain.
    #[cold]
    fn string_with_escapes(&mut self, start: usize) -> Result<Text<'a>, Stop> {
        while self.byte() == b'\\' {
            self.escape()?;
            self.at = skip_plain(self.text.as_bytes(), self.at);
        }
        if self.byte() != b'"' {
            return Err(self.syntax());
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Text::new(raw, true))
    }

    fn escape(&mut self) -> Result<(), Stop> {
        self.at += 1;
        let length = match self.byte() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 1,
            b'u' => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) { 5 } else { 0 }
            }
            _ => 0,
        };
        self.at += length;
        if length == 0 { Err(self.syntax()) } else { Ok(()) }
    }

    /// Reads a number and returns its text.
    pub(crate) fn number(&mut self) -> Result<&'a str, Stop> {
        self.peek();
        let start = self.at;
        self.at += usize::from(self.byte() == b'-');
        match self.byte() {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start { Err(self.syntax()) } else { Ok(()) }
    }

    /// Reads one of the words `true`, `false` and `null`.
    pub(crate) fn word(&mut self, word: &str) -> Result<(), Stop> {
        self.peek();
        let end = self.at + word.len();
        if self.text.as_bytes().get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.at = end;
        Ok(())
    }

    /// Reads any value and returns its text. Nesting is limited by the length of the text only.
    pub(crate) fn skip(&mut self) -> Result<&'a str, Stop> {
        self.peek();
        let start = self.at;
        let mut enclosing = 0;
        loop {
            match self.peek() {
                b'"' => {
                    self.string()?;
                }
                open @ (b'{' | b'[') => {
                    self.at += 1;
                    if self.peek() == closing(open) {
                        self.at += 1;
                    } else {
                        if enclosing != 0 {
                            self.enclosing.push(enclosing);
                        }
                        enclosing = open;
                        if open == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => {
                    self.number()?;
                }
            }
            while enclosing != 0 {
                if self.more(closing(enclosing))? {
                    if enclosing == b'{' {
                        self.key()?;
                    }
                    break;
                }
                enclosing = self.enclosing.pop().unwrap_or(0);
            }
            if enclosing == 0 {
                return Ok(self.text.get(start..self.at).unwrap_or_default());
            }
        }
    }

    /// Reads an object's key and the colon after it.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<Text<'a>, Stop> {
        match self.string()? {
            Some(key) if self.peek() == b':' => {
                self.at += 1;
                Ok(key)
            }
            _ => Err(self.syntax()),
        }
    }

    /// After an element: reads a comma and returns `true`, or the closing bracket and returns `false`.
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, Stop> {
        let byte = self.peek();
        if byte != b',' && byte != close {
            return Err(self.syntax());
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// Reads an opening bracket. Returns whether there is an element before the closing one, which is read too if there is none;
    /// `None` if the value is of another type.
    #[inline]
    pub(crate) fn open(&mut self, open: u8) -> Option<bool> {
        if self.peek() != open {
            return None;
        }
        self.at += 1;
        let has_elements = self.peek() != closing(open);
        self.at += usize::from(!has_elements);
        Some(has_elements)
    }

    /// Reads the entries of an object: `each` reads the value of a key. Returns `false` if the value is not an object.
    #[inline]
    pub(crate) fn entries(
        &mut self,
        mut each: impl FnMut(&mut Self, Text<'a>) -> Result<(), Stop>,
    ) -> Result<bool, Stop> {
        let Some(mut has_more) = self.open(b'{') else { return Ok(false) };
        while has_more {
            let key = self.key()?;
            each(self, key)?;
            has_more = self.more(b'}')?;
        }
        Ok(true)
    }

    /// Reads the elements of an array. `each` reads one, and returns `false` to end with `false`. Returns `false` also if the value is
    /// not an array.
    pub(crate) fn elements(
        &mut self,
        each: &mut dyn FnMut(&mut Self) -> Result<bool, Stop>,
    ) -> Result<bool, Stop> {
        let Some(mut has_more) = self.open(b'[') else { return Ok(false) };
        while has_more {
            if !each(self)? {
                return Ok(false);
            }
            has_more = self.more(b']')?;
        }
        Ok(true)
    }

    /// Reads a value in a way that may not apply. Returns `false`, at the same position, if reading fails or returns `false`.
    pub(crate) fn attempt(&mut self, read: impl FnOnce(&mut Self) -> Result<bool, Stop>) -> bool {
        let (at, memory) = (self.at, self.memory);
        if matches!(read(self), Ok(true)) {
            return true;
        }
        (self.at, self.memory, self.failure) = (at, memory, None);
        self.enclosing.clear();
        false
    }

    /// Reads a value of a type outside this crate by serde.
    pub(crate) fn by_serde<T: DeserializeOwned>(&mut self) -> Result<Result<T, serde_json::Error>, Stop> {
        let text = self.skip()?;
        let (value, left) = memory::within(self.memory, || serde_json::from_str(text));
        match left {
            Some(left) => {
                self.memory = left;
                Ok(value)
            }
            None => Err(self.fail(Failure::Memory)),
        }
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("position", &self.at).finish_non_exhaustive()
    }
}

fn closing(open: u8) -> u8 {
    // `[` and `]`, `{` and `}` are two code points apart.
    open + 2
}
