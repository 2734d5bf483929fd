//! Users on standard output: a table, JSON or comma-separated values.

use crate::arguments::Format;
use crate::failure::Failure;
use comfy_table::{Table, presets};
use std::io::Write;
use users_hyper::model::{JsonObject, User};

/// The attributes that a table and comma-separated values have unless others are asked for.
pub(crate) const COLUMNS: &[&str] = &["user_id", "email", "name", "logins_count", "last_login", "blocked"];

/// The attributes of a user.
pub(crate) fn attributes(user: &User) -> JsonObject {
    // A user has a JSON form.
    JsonObject::from_value(user).unwrap_or_default()
}

/// A value as text: a string without its quotation marks, and anything else as JSON.
pub(crate) fn cell(attributes: &JsonObject, name: &str) -> String {
    let text = attributes.get::<String>(name).ok().flatten();
    text.or_else(|| attributes.raw(name).map(ToOwned::to_owned)).unwrap_or_default()
}

/// Writes users as they come.
pub(crate) enum Writer<W: Write> {
    Table { out: W, columns: Vec<String>, table: Box<Table>, rows: usize },
    Json { out: W, fields: Vec<String>, is_first: bool },
    Lines { out: W, fields: Vec<String> },
    Csv { out: Box<csv::Writer<W>>, columns: Vec<String> },
}

impl<W: Write> Writer<W> {
    /// A writer in a format; a table if there is none.
    pub(crate) fn new(mut out: W, format: Format, fields: &[String]) -> Result<Self, Failure> {
        if format.csv {
            return Self::csv(out, fields);
        }
        if format.json {
            out.write_all(b"[")?;
            return Ok(Self::Json { out, fields: fields.to_vec(), is_first: true });
        }
        let columns = columns(fields);
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(columns.iter().map(|column| column.to_uppercase()));
        Ok(Self::Table { out, columns, table: Box::new(table), rows: 0 })
    }

    /// A writer of a line of JSON for each user.
    pub(crate) fn lines(out: W, fields: &[String]) -> Self {
        Self::Lines { out, fields: fields.to_vec() }
    }

    pub(crate) fn csv(out: W, fields: &[String]) -> Result<Self, Failure> {
        let columns = columns(fields);
        let mut out = csv::Writer::from_writer(out);
        out.write_record(&columns).map_err(csv_error)?;
        Ok(Self::Csv { out: Box::new(out), columns })
    }

    pub(crate) fn json(mut out: W, fields: &[String]) -> Result<Self, Failure> {
        out.write_all(b"[")?;
        Ok(Self::Json { out, fields: fields.to_vec(), is_first: true })
    }

    pub(crate) fn write(&mut self, user: &User) -> Result<(), Failure> {
        let attributes = attributes(user);
        match self {
            Self::Table { columns, table, rows, .. } => {
                table.add_row(columns.iter().map(|column| printable(&cell(&attributes, column))));
                *rows += 1;
            }
            Self::Json { out, fields, is_first } => {
                out.write_all(if *is_first { b"\n" } else { b",\n" })?;
                *is_first = false;
                out.write_all(selected(attributes, fields).to_json().as_bytes())?;
            }
            Self::Lines { out, fields } => {
                out.write_all(selected(attributes, fields).to_json().as_bytes())?;
                out.write_all(b"\n")?;
            }
            Self::Csv { out, columns } => {
                let row = columns.iter().map(|column| cell(&attributes, column));
                out.write_record(row).map_err(csv_error)?;
            }
        }
        Ok(())
    }

    /// Writes what is left, and returns the output.
    pub(crate) fn finish(self) -> Result<W, Failure> {
        let mut out = match self {
            Self::Table { mut out, table, rows, .. } => {
                if rows > 0 {
                    writeln!(out, "{table}")?;
                }
                out
            }
            Self::Json { mut out, is_first, .. } => {
                out.write_all(if is_first { b"]\n" } else { b"\n]\n" })?;
                out
            }
            Self::Lines { out, .. } => out,
            Self::Csv { out, .. } => out.into_inner().map_err(|error| Failure::from(error.into_error()))?,
        };
        out.flush()?;
        Ok(out)
    }
}

fn columns(fields: &[String]) -> Vec<String> {
    if fields.is_empty() { COLUMNS.iter().map(ToString::to_string).collect() } else { fields.to_vec() }
}

/// The attributes that are asked for, in that order; all if none are.
fn selected(attributes: JsonObject, fields: &[String]) -> JsonObject {
    if fields.is_empty() {
        return attributes;
    }
    let mut selected = JsonObject::new();
    for name in fields {
        if let Some(json) = attributes.raw(name) {
            // It was JSON before.
            let _ = selected.insert_raw(name, json);
        }
    }
    selected
}

/// Text without the characters that control a terminal, since users name themselves.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn csv_error(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::from(error),
        other => Failure::new(crate::failure::Exit::Failed, format!("{other:?}")),
    }
}
