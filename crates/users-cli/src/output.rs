//! Users on standard output: as a table, as JSON, or as CSV.

use crate::exit::Failure;
use crate::file::{FileFormat, Sink};
use crate::jq::{self, Filter};
use comfy_table::Table;
use std::io::{self, IsTerminal as _, Write as _};
use users_hyper::model::{JsonObject, User, UserId};

/// The columns unless others are chosen.
const COLUMNS: &[&str] = &["user_id", "email", "name", "blocked", "logins_count", "last_login"];
/// The attributes that Auth0 documents; there may be others.
const KNOWN: &str = "user_id, email, email_verified, username, phone_number, phone_verified, name, nickname, given_name, family_name, \
    picture, blocked, created_at, updated_at, last_login, last_ip, logins_count, last_password_reset, multifactor, identities, \
    user_metadata, app_metadata, and paths such as user_metadata.plan";
/// A table of more rows is printed in parts, so that memory does not grow with the number of users.
const ROWS_OF_A_TABLE: usize = 1000;

/// How users are printed.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Format {
    /// Print one JSON object per line: whole users, or these attributes
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "*", value_name = "FIELDS", conflicts_with_all = ["csv", "fields"])]
    json: Option<String>,
    /// Print what a jq filter makes of each user, strings without quotation marks: .email, select(.blocked), "\(.name): \(.email)"
    #[arg(long, value_name = "FILTER", value_parser = jq::check, conflicts_with_all = ["csv", "fields"])]
    jq: Option<String>,
    /// Print CSV with a header
    #[arg(long)]
    csv: bool,
    /// The attributes to print: email,user_metadata.plan
    #[arg(long, value_name = "FIELDS")]
    fields: Option<String>,
}

impl Format {
    /// The attributes that were chosen; `None` for whole users in JSON.
    fn chosen(&self) -> Result<Option<Vec<String>>, Failure> {
        let list = match (&self.json, &self.fields) {
            (Some(all), _) if all == "*" => return Ok(None),
            (Some(list), _) | (None, Some(list)) => list,
            (None, None) if self.jq.is_some() => return Ok(None),
            (None, None) => return Ok(Some(columns())),
        };
        let fields: Vec<String> = list.split(',').map(|field| field.trim().to_owned()).collect();
        if fields.iter().any(String::is_empty) {
            let failure = Failure::usage(format!("{list:?} is not a list of attributes"));
            return Err(failure.with_remedy(format!("There are {KNOWN}.")));
        }
        Ok(Some(fields))
    }

    /// The attributes to request from the server; empty for all.
    pub(crate) fn requested(&self) -> Result<Vec<String>, Failure> {
        let mut fields: Vec<String> = Vec::new();
        for field in self.chosen()?.unwrap_or_default() {
            let top = field.split('.').next().unwrap_or_default();
            if !fields.iter().any(|other| other == top) {
                fields.push(top.to_owned());
            }
        }
        Ok(fields)
    }

    /// The output of a file: these attributes, or whole users.
    pub(crate) fn of_fields(fields: Option<&str>) -> Self {
        Self { json: Some(fields.unwrap_or("*").to_owned()), ..Self::default() }
    }

    /// Opens standard output.
    pub(crate) fn open(&self) -> Result<Rows, Failure> {
        let chosen = self.chosen()?;
        if let Some(code) = &self.jq {
            let filter = Filter::compile(code).map_err(Failure::usage)?;
            return Rows::begin(Form::Filtered(chosen, filter, io::stdout().is_terminal()), Sink::stdout());
        }
        let form = match chosen {
            Some(fields) if self.json.is_none() && !self.csv => Form::Table(table(&fields), fields),
            Some(fields) if self.csv => Form::Csv(fields),
            fields => Form::Objects(fields),
        };
        Rows::begin(form, Sink::stdout())
    }

    /// Begins a file, or continues one that has this number of users.
    pub(crate) fn open_file(
        &self,
        format: FileFormat,
        sink: Sink,
        continues: Option<u64>,
    ) -> Result<Rows, Failure> {
        let fields = self.chosen()?;
        let form = match format {
            FileFormat::Ndjson => Form::Objects(fields),
            FileFormat::Json => Form::Array(fields, continues.is_none_or(|users| users == 0)),
            FileFormat::Csv => Form::Csv(fields.unwrap_or_else(columns)),
        };
        if continues.is_some() { Ok(Rows { form, sink }) } else { Rows::begin(form, sink) }
    }
}

/// An open output.
pub(crate) struct Rows {
    form: Form,
    sink: Sink,
}

enum Form {
    Objects(Option<Vec<String>>),
    /// Whether it is empty so far.
    Array(Option<Vec<String>>, bool),
    Table(Table, Vec<String>),
    Csv(Vec<String>),
    /// Whether standard output is a terminal.
    Filtered(Option<Vec<String>>, Filter, bool),
}

impl Rows {
    fn begin(form: Form, mut sink: Sink) -> Result<Self, Failure> {
        match &form {
            Form::Csv(fields) => sink.write(&csv_line(fields)?)?,
            Form::Array(..) => sink.write(b"[")?,
            Form::Objects(_) | Form::Table(..) | Form::Filtered(..) => {}
        }
        Ok(Self { form, sink })
    }

    /// Prints a user.
    pub(crate) fn push(&mut self, user: &User) -> Result<(), Failure> {
        let object = JsonObject::from_value(user).unwrap_or_default();
        match &mut self.form {
            Form::Objects(fields) => {
                let line = select(object, fields.as_deref()).to_json();
                self.sink.write(line.as_bytes())?;
                self.sink.write(b"\n")
            }
            Form::Array(fields, is_empty) => {
                let separator = if std::mem::take(is_empty) { "\n" } else { ",\n" };
                self.sink.write(separator.as_bytes())?;
                self.sink.write(select(object, fields.as_deref()).to_json().as_bytes())
            }
            Form::Filtered(fields, filter, is_terminal) => {
                let json = select(object, fields.as_deref()).to_json();
                let id = printable(user.user_id.as_ref().map_or("a user", UserId::as_str));
                let sink = &mut self.sink;
                filter.apply(&id, &json, |line| {
                    if *is_terminal {
                        sink.write(printable_text(&String::from_utf8_lossy(line)).as_bytes())?;
                    } else {
                        sink.write(line)?;
                    }
                    sink.write(b"\n")
                })
            }
            Form::Csv(fields) => {
                let cells: Vec<String> = fields.iter().map(|field| cell(&object, field)).collect();
                self.sink.write(&csv_line(&cells)?)
            }
            Form::Table(rows, fields) => {
                rows.add_row(fields.iter().map(|field| printable(&cell(&object, field))));
                if rows.row_count() < ROWS_OF_A_TABLE {
                    return Ok(());
                }
                let mut full = std::mem::replace(rows, table(fields));
                without_margin(&mut full);
                self.sink.write(format!("{}\n", full.trim_fmt()).as_bytes())
            }
        }
    }

    /// Leaves the incomplete file where it is, and writes everything to the disk. Returns the size of the file.
    pub(crate) fn checkpoint(&mut self) -> Result<u64, Failure> {
        let size = self.sink.checkpoint()?;
        self.sink.keep();
        Ok(size)
    }

    /// Prints what is left.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        match &mut self.form {
            Form::Objects(_) | Form::Csv(_) | Form::Filtered(..) => {}
            Form::Array(..) => self.sink.write(b"\n]\n")?,
            Form::Table(rows, _) => {
                without_margin(rows);
                self.sink.write(format!("{}\n", rows.trim_fmt()).as_bytes())?;
            }
        }
        self.sink.finish()
    }
}

/// Prints lines on standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// Prints a table of two columns.
pub(crate) fn print_pairs(pairs: &[(&str, String)]) -> Result<(), Failure> {
    let mut rows = Table::new();
    rows.load_preset(comfy_table::presets::NOTHING);
    for (name, value) in pairs {
        rows.add_row([(*name).to_owned(), printable(value)]);
    }
    without_margin(&mut rows);
    print(&rows.trim_fmt())
}

fn table(fields: &[String]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(fields.iter().map(|field| field.to_uppercase()));
    table
}

/// Begins each line with its first cell.
fn without_margin(table: &mut Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
}

fn columns() -> Vec<String> {
    COLUMNS.iter().map(|column| (*column).to_owned()).collect()
}

fn csv_line(cells: &[String]) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let line = writer.write_record(cells).map_err(io::Error::from);
    line.and_then(|()| writer.into_inner().map_err(csv::IntoInnerError::into_error))
        .map_err(|error| Failure::output(&error))
}

/// The attributes that are there, each under the name that was asked for; or all.
fn select(object: JsonObject, fields: Option<&[String]>) -> JsonObject {
    let Some(fields) = fields else { return object };
    let mut selected = JsonObject::new();
    for field in fields {
        if let Some(raw) = raw(&object, field) {
            // The text was an element of an object, so it is JSON.
            let _ = selected.insert_raw(field.as_str(), &raw);
        }
    }
    selected
}

/// The JSON text at a path, as the server sent it.
fn raw(object: &JsonObject, path: &str) -> Option<String> {
    if let Some(value) = object.raw(path) {
        return Some(value.to_owned());
    }
    let (first, rest) = path.split_once('.')?;
    raw(&JsonObject::from_json(object.raw(first)?).ok()?, rest)
}

/// A value as the text of a cell: strings without quotation marks, nothing for `null`.
fn cell(object: &JsonObject, path: &str) -> String {
    let Some(raw) = raw(object, path) else { return String::new() };
    match serde_json::from_str::<Option<String>>(&raw) {
        Ok(text) => text.unwrap_or_default(),
        Err(_) => raw,
    }
}

/// A text without the control characters by which a name could change what a terminal shows.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|char| if char.is_control() { char.escape_default().collect() } else { vec![char] })
        .collect()
}

/// A text of several lines or columns without the control characters by which a name could change what a terminal shows.
fn printable_text(text: &str) -> String {
    let is_kept = |char: &char| !char.is_control() || matches!(char, '\n' | '\t');
    let mut printable = String::new();
    for char in text.chars() {
        if is_kept(&char) { printable.push(char) } else { printable.extend(char.escape_default()) }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::{Format, cell, printable, select};
    use users_hyper::model::JsonObject;

    fn object() -> JsonObject {
        JsonObject::from_json(
            r#"{"email":"a@b.c","user_metadata":{"plan":"gold","id":1234567890123456789012345678901}}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_path_selects_within_metadata_and_numbers_keep_their_digits() {
        let fields = ["user_metadata.plan".to_owned(), "user_metadata.id".to_owned(), "none".to_owned()];
        assert_eq!(
            select(object(), Some(&fields)).to_json(),
            r#"{"user_metadata.plan":"gold","user_metadata.id":1234567890123456789012345678901}"#
        );
        assert_eq!((cell(&object(), "email"), cell(&object(), "none")), ("a@b.c".to_owned(), String::new()));
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(printable("a\u{1b}[2Jé"), "a\\u{1b}[2Jé");
    }

    #[test]
    fn an_empty_list_of_attributes_is_refused_and_paths_are_requested_once() {
        assert!(Format { json: Some(String::new()), ..Format::default() }.requested().is_err());
        let fields =
            Format { fields: Some("user_metadata.a,user_metadata.b,email".into()), ..Format::default() };
        assert_eq!(fields.requested().unwrap(), ["user_metadata", "email"]);
    }
}
