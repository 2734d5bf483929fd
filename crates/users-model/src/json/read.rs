//! Reading the values of fields.

use super::reader::{Read, Reader, Slot, Stop};
use super::text::Text;
use crate::memory;

impl<T: Read> Slot for Option<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Stop> {
        *self = T::read(reader)?;
        Ok(self.is_some())
    }

    fn is_written(&self) -> bool {
        self.is_some()
    }
}

impl Read for String {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        Ok(read_text(reader)?.and_then(Text::into_string))
    }
}

impl Read for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        match reader.peek() {
            b't' => reader.word("true").map(|()| Some(true)),
            b'f' => reader.word("false").map(|()| Some(false)),
            _ => Ok(None),
        }
    }
}

/// Implements `Read` for types of integers.
macro_rules! integers {
    ($($type:ty)*) => {
        $(impl Read for $type {
            fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
                // `-0` would be written as `0`.
                let number = read_number(reader)?.filter(|number| *number != "-0");
                Ok(number.and_then(|number| number.parse().ok()))
            }
        })*
    };
}

integers!(u16 u32 u64 i64);

impl<T: Read> Read for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        let mut items = Self::new();
        let are_read = reader.elements(&mut |reader| {
            reader.charge(memory::ELEMENT.max(memory::LIST * size_of::<T>()))?;
            if items.is_empty() {
                // Most lists in models have one element.
                items.reserve_exact(1);
            }
            T::read_into(&mut items, reader)
        })?;
        Ok(are_read.then_some(items))
    }
}

/// Reads a string; `None` if the value is of another type.
#[inline]
pub(crate) fn read_text<'a>(reader: &mut Reader<'a>) -> Result<Option<Text<'a>>, Stop> {
    let text = reader.string()?;
    reader.charge(text.map_or(0, Text::len))?;
    Ok(text)
}

/// Reads a number; `None` if the value is of another type.
pub(crate) fn read_number<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a str>, Stop> {
    if matches!(reader.peek(), b'-' | b'0'..=b'9') { reader.number().map(Some) } else { Ok(None) }
}
