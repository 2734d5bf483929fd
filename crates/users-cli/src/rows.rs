//! The rows of an import, read from a file.

use crate::exit::Failure;
use crate::file::FileFormat;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
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
const OF_FAILURES: &str = "error";

/// Reads rows. `map` has the attribute of each column that is not named as it; an empty one leaves the column out.
pub(crate) fn read(
    text: &str,
    format: FileFormat,
    map: &BTreeMap<String, String>,
) -> Result<Vec<JsonObject>, Failure> {
    match format {
        FileFormat::Ndjson => {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            lines.map(|(number, line)| object(line, "line", number)).collect()
        }
        FileFormat::Json => {
            let rows: Vec<&RawValue> = serde_json::from_str(text)
                .map_err(|error| Failure::usage(format!("it is not an array of JSON objects: {error}")))?;
            rows.iter().enumerate().map(|(number, row)| object(row.get(), "element", number)).collect()
        }
        FileFormat::Csv => csv_rows(text, map),
    }
}

fn object(text: &str, what: &str, number: usize) -> Result<JsonObject, Failure> {
    let mut object = JsonObject::from_json(text)
        .map_err(|error| Failure::usage(format!("{what} {} is not a JSON object: {error}", number + 1)))?;
    object.remove(OF_FAILURES);
    Ok(object)
}

fn csv_rows(text: &str, map: &BTreeMap<String, String>) -> Result<Vec<JsonObject>, Failure> {
    let refused = |error: csv::Error| Failure::usage(error.to_string());
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().map_err(refused)?.clone();
    let paths = headers.iter().map(|column| path(column.trim(), map)).collect::<Result<Vec<_>, _>>()?;
    for column in map.keys() {
        if !headers.iter().any(|header| header.trim() == column) {
            return Err(Failure::usage(format!(
                "--map names the column {column:?}, which the file does not have"
            )));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(refused)?;
        let mut row = serde_json::Map::new();
        for (path, cell) in paths.iter().zip(&record) {
            if !path.is_empty() && !cell.is_empty() {
                let value = value(path, cell, rows.len() + 2)?;
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
        rows.push(row.map_err(|error| Failure::usage(format!("a row cannot be sent: {error}")))?);
    }
    Ok(rows)
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
    use super::read;
    use crate::file::FileFormat;
    use std::collections::BTreeMap;

    #[test]
    fn columns_become_attributes_and_metadata_and_empty_cells_are_not_sent() {
        let map = BTreeMap::from([
            ("E-Mail".to_owned(), "email".to_owned()),
            ("Plan".to_owned(), "user_metadata.plan".to_owned()),
            ("Notes".to_owned(), String::new()),
        ]);
        let text = "\u{feff}E-Mail,email_verified,Plan,Notes\na@b.c,TRUE,gold,x\n\"d@e.f\",,,\n";
        let rows = read(text, FileFormat::Csv, &map).unwrap();
        let rows: Vec<String> = rows.iter().map(users_hyper::model::JsonObject::to_json).collect();
        assert_eq!(
            rows,
            [
                r#"{"email":"a@b.c","email_verified":true,"user_metadata":{"plan":"gold"}}"#,
                r#"{"email":"d@e.f"}"#
            ]
        );
        assert!(read("colour\nred\n", FileFormat::Csv, &BTreeMap::new()).is_err());
        assert!(read("email\na@b.c\n", FileFormat::Csv, &map).is_err());
        assert!(read("blocked\nyes\n", FileFormat::Csv, &BTreeMap::new()).is_err());
    }

    #[test]
    fn json_is_lines_or_an_array_and_the_errors_of_a_file_of_failures_are_left_out() {
        let none = BTreeMap::new();
        let lines = "{\"email\":\"a@b.c\",\"error\":[]}\n\n{\"email\":\"d@e.f\"}\n";
        let rows = read(lines, FileFormat::Ndjson, &none).unwrap();
        assert_eq!((rows.len(), rows[0].to_json().as_str()), (2, r#"{"email":"a@b.c"}"#));
        assert_eq!(read(r#"[{"email":"a@b.c"}]"#, FileFormat::Json, &none).unwrap(), rows[..1]);
        for (text, format) in [("{}", FileFormat::Json), ("[1]", FileFormat::Json), ("1", FileFormat::Ndjson)]
        {
            assert!(read(text, format, &none).is_err(), "{text}");
        }
    }
}
