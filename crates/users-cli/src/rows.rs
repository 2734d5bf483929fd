//! The rows of an import, read from a file.

use crate::exit::Failure;
use crate::file::FileFormat;
use serde::Deserialize as _;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::{self, BufRead};
use users_hyper::model::JsonObject;

/// The attributes of an import that are true or false; in CSV, all others are text.
const FLAGS: &[&str] = &["email_verified", "phone_verified", "blocked"];
/// The attributes that a column can have without a mapping.
const ATTRIBUTES: &[&str] = &[
    "email",
    "email_verified",
    "user_id",
    "username",
    "given_name",
    "family_name",
    "name",
    "nickname",
    "picture",
    "blocked",
    "password_hash",
    "phone_number",
    "phone_verified",
];
/// What a file of failures has beside the row.
pub(crate) const OF_FAILURES: &str = "error";
/// What it has beside a row that may have been imported.
pub(crate) const IN_DOUBT: &str = "may_have_been_done";

/// The rows of a file, each read when it is needed.
pub(crate) type Rows = Box<dyn Iterator<Item = Result<JsonObject, Failure>> + Send>;

/// Reads rows. `map` has the attribute of each column that is not named as it; an empty one leaves the column out.
pub(crate) fn read(
    mut reader: impl BufRead + Send + 'static,
    format: FileFormat,
    map: &BTreeMap<String, String>,
) -> Result<Rows, Failure> {
    if reader.fill_buf().map_err(|error| unreadable(&error))?.starts_with(b"\xef\xbb\xbf") {
        // A byte order mark.
        reader.consume(3);
    }
    match format {
        FileFormat::Ndjson => {
            let lines = reader.lines().enumerate().filter_map(|(number, line)| match line {
                Ok(line) if line.trim().is_empty() => None,
                Ok(line) => Some(object(&line, "line", number)),
                Err(error) => Some(Err(unreadable(&error))),
            });
            Ok(Box::new(lines))
        }
        FileFormat::Json => Ok(Box::new(Elements { reader, next: 0, has_ended: false })),
        FileFormat::Csv => csv_rows(reader, map),
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::usage(error.to_string())
}

fn object(text: &str, what: &str, number: usize) -> Result<JsonObject, Failure> {
    let mut object = JsonObject::from_json(text)
        .map_err(|error| Failure::usage(format!("{what} {} is not a JSON object: {error}", number + 1)))?;
    object.remove(OF_FAILURES);
    object.remove(IN_DOUBT);
    Ok(object)
}

/// The elements of an array, of which one at a time is in memory.
struct Elements<R> {
    reader: R,
    /// The index of the next one.
    next: usize,
    has_ended: bool,
}

impl<R: BufRead> Elements<R> {
    fn element(&mut self) -> Result<Option<JsonObject>, Failure> {
        let begins = if self.next == 0 { b'[' } else { b',' };
        match self.byte()? {
            Some(byte) if byte == begins => {}
            Some(b']') if self.next > 0 => return self.end(),
            _ => return Err(Failure::usage("it is not an array of JSON objects")),
        }
        match self.peek()? {
            Some(b'{') => {}
            Some(b']') if self.next == 0 => {
                self.byte()?;
                return self.end();
            }
            _ => return Err(Failure::usage(format!("element {} is not a JSON object", self.next + 1))),
        }
        // An object ends with its bracket, so that no byte behind it is read.
        let mut element = serde_json::Deserializer::from_reader(&mut self.reader);
        let element = Box::<RawValue>::deserialize(&mut element).map_err(|error| {
            Failure::usage(format!("element {} is not a JSON object: {error}", self.next + 1))
        })?;
        self.next += 1;
        object(element.get(), "element", self.next - 1).map(Some)
    }

    fn end(&mut self) -> Result<Option<JsonObject>, Failure> {
        match self.peek()? {
            None => Ok(None),
            Some(_) => Err(Failure::usage("text follows the array")),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<Option<u8>, Failure> {
        loop {
            let buffer = self.reader.fill_buf().map_err(|error| unreadable(&error))?;
            match buffer.first().copied() {
                Some(byte) if byte.is_ascii_whitespace() => self.reader.consume(1),
                byte => return Ok(byte),
            }
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, Failure> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.reader.consume(1);
        }
        Ok(byte)
    }
}

impl<R: BufRead> Iterator for Elements<R> {
    type Item = Result<JsonObject, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let element = self.element();
        self.has_ended = !matches!(element, Ok(Some(_)));
        element.transpose()
    }
}

fn csv_rows(reader: impl BufRead + Send + 'static, map: &BTreeMap<String, String>) -> Result<Rows, Failure> {
    let refused = |error: csv::Error| Failure::usage(error.to_string());
    let mut reader = csv::Reader::from_reader(reader);
    let headers = reader.headers().map_err(refused)?.clone();
    let paths = headers.iter().map(|column| path(column.trim(), map)).collect::<Result<Vec<_>, _>>()?;
    for column in map.keys() {
        if !headers.iter().any(|header| header.trim() == column) {
            return Err(Failure::usage(format!(
                "--map names the column {column:?}, which the file does not have"
            )));
        }
    }
    for (index, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        if paths.iter().skip(index + 1).any(|other| other == path) {
            let failure = Failure::usage(format!("two columns are the attribute {path:?}"));
            return Err(failure.with_remedy("--map 'COLUMN=' leaves one out."));
        }
    }
    let records = reader.into_records().enumerate();
    Ok(Box::new(records.map(move |(number, record)| row(&paths, &record.map_err(refused)?, number + 2))))
}

fn row(paths: &[String], record: &csv::StringRecord, line: usize) -> Result<JsonObject, Failure> {
    let mut row = serde_json::Map::new();
    for (path, cell) in paths.iter().zip(record) {
        if !path.is_empty() && !cell.is_empty() {
            let value = value(path, cell, line)?;
            match path.split_once('.') {
                None => drop(row.insert(path.clone(), value)),
                Some((object, key)) => {
                    let inner = row.entry(object).or_insert_with(|| serde_json::json!({}));
                    if let Some(inner) = inner.as_object_mut() {
                        inner.insert(key.to_owned(), value);
                    }
                }
            }
        }
    }
    let row = JsonObject::from_value(&row);
    row.map_err(|error| Failure::usage(format!("line {line} cannot be sent: {error}")))
}

/// The attribute of a column.
fn path(column: &str, map: &BTreeMap<String, String>) -> Result<String, Failure> {
    let path = map.get(column).map_or(column, String::as_str);
    let is_metadata = ["user_metadata.", "app_metadata."].iter().any(|prefix| path.starts_with(prefix));
    if is_metadata || ATTRIBUTES.contains(&path) || (path.is_empty() && map.contains_key(column)) {
        return Ok(path.to_owned());
    }
    let failure = Failure::usage(format!("the column {column:?} is not an attribute"));
    Err(failure.with_remedy(format!(
        "--map '{column}=ATTRIBUTE' names one of {}, user_metadata.KEY, app_metadata.KEY; --map '{column}=' leaves it out.",
        ATTRIBUTES.join(", ")
    )))
}

fn value(path: &str, cell: &str, line: usize) -> Result<serde_json::Value, Failure> {
    if !FLAGS.contains(&path) {
        return Ok(cell.into());
    }
    match cell.to_lowercase().as_str() {
        "true" => Ok(true.into()),
        "false" => Ok(false.into()),
        _ => Err(Failure::usage(format!("line {line}: {path} is true or false, not {cell:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::exit::Failure;
    use crate::file::FileFormat;
    use std::collections::BTreeMap;
    use std::io::Cursor;

    fn read(text: &str, format: FileFormat, map: &BTreeMap<String, String>) -> Result<Vec<String>, Failure> {
        let rows = super::read(Cursor::new(text.to_owned()), format, map)?;
        rows.map(|row| row.map(|row| row.to_json())).collect()
    }

    #[test]
    fn columns_become_attributes_and_metadata_and_empty_cells_are_not_sent() {
        let map = BTreeMap::from([
            ("E-Mail".to_owned(), "email".to_owned()),
            ("Plan".to_owned(), "user_metadata.plan".to_owned()),
            ("Notes".to_owned(), String::new()),
        ]);
        let text = "\u{feff}E-Mail,email_verified,Plan,Notes\na@b.c,TRUE,gold,x\n\"d@e.f\",,,\n";
        let rows = read(text, FileFormat::Csv, &map).unwrap();
        assert_eq!(
            rows,
            [
                r#"{"email":"a@b.c","email_verified":true,"user_metadata":{"plan":"gold"}}"#,
                r#"{"email":"d@e.f"}"#
            ]
        );
        assert!(read("colour\nred\n", FileFormat::Csv, &BTreeMap::new()).is_err());
        assert!(read("email\na@b.c\n", FileFormat::Csv, &map).is_err());
        assert!(read("email,email\na@b.c,d@e.f\n", FileFormat::Csv, &BTreeMap::new()).is_err());
        assert!(read("blocked\nyes\n", FileFormat::Csv, &BTreeMap::new()).is_err());
    }

    #[test]
    fn json_is_lines_or_an_array_and_the_errors_of_a_file_of_failures_are_left_out() {
        let none = BTreeMap::new();
        let lines = "\u{feff}{\"email\":\"a@b.c\",\"error\":[]}\n\n{\"email\":\"d@e.f\"}\n";
        let both = [r#"{"email":"a@b.c"}"#, r#"{"email":"d@e.f"}"#];
        assert_eq!(read(lines, FileFormat::Ndjson, &none).unwrap(), both);
        let array = "\n[ {\"email\":\"a@b.c\"} ,\n{\"email\":\"d@e.f\"}]\n";
        assert_eq!(read(array, FileFormat::Json, &none).unwrap(), both);
        assert!(read("[]", FileFormat::Json, &none).unwrap().is_empty());
        for text in ["", "{}", "[1]", "[{}", "[{},]", "[{}{}]", "[{}] x", "[,{}]", "[{\"a\":]"] {
            assert!(read(text, FileFormat::Json, &none).is_err(), "{text}");
        }
        assert!(read("1", FileFormat::Ndjson, &none).is_err());
    }
}
