//! `import`.

use crate::arguments::Import;
use crate::confirm::confirm;
use crate::connect::Tenant;
use crate::exit::{Code, Failure};
use crate::file::{self, FileFormat, Sink};
use crate::progress::Counter;
use crate::rows;
use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use users_hyper::model::{JobRowErrors, JsonObject};
use users_hyper::{ImportReport, RefusedRow};

/// Imports the rows of a file by Auth0's import jobs.
pub(crate) async fn run(tenant: &Tenant, import: &Import) -> Result<(), Failure> {
    let rows = read(import)?;
    let count = rows.len();
    let target = format!("{count} users into {} of {}", import.connection, tenant.authority);
    let connection = connection(tenant, &import.connection).await?;
    if import.dry_run {
        eprintln!("would import {target}; nothing was changed");
        return Ok(());
    }
    if count > 1 && !import.yes {
        confirm(format!("import {target}?")).await?;
    }
    let rows = Arc::new(rows);
    let sent = Arc::clone(&rows);
    let inputs = (0..count).map(move |index| sent.get(index).cloned());
    let mut counter = Counter::new("imported");
    let run = tenant.client.jobs().import_all(connection, inputs).upsert(import.upsert);
    let run = run.on_progress(move |progress| counter.show(progress.inserted + progress.updated));
    match run.await {
        Ok(report) => conclude(import, &rows, &report),
        Err(failed) => {
            for job in &failed.report().unfinished {
                eprintln!(
                    "rows {} to {} may still be imported by {}",
                    job.rows.start + 1,
                    job.rows.end,
                    job.job_id
                );
            }
            let _ = conclude(import, &rows, failed.report()).map_err(|failure| failure.report());
            Err(users_hyper::Error::from(failed).into())
        }
    }
}

fn read(import: &Import) -> Result<Vec<JsonObject>, Failure> {
    let mut map = BTreeMap::new();
    for text in &import.map {
        let Some((column, attribute)) = text.split_once('=') else {
            return Err(Failure::usage(format!("--map {text:?} has not the form COLUMN=ATTRIBUTE")));
        };
        map.insert(column.to_owned(), attribute.to_owned());
    }
    let mut text = String::new();
    let (read, format) = if import.file.as_os_str() == "-" {
        (io::stdin().read_to_string(&mut text), import.format.unwrap_or(FileFormat::Ndjson))
    } else {
        let format = match import.format {
            Some(format) => format,
            None => match file::of_name(&import.file)? {
                (format, false) => format,
                (_, true) => {
                    return Err(Failure::usage("a compressed file is not read: pipe it from gunzip, into -"));
                }
            },
        };
        (std::fs::File::open(&import.file).and_then(|mut file| file.read_to_string(&mut text)), format)
    };
    read.map_err(|error| Failure::file(&import.file, &error))?;
    rows::read(&text, format, &map).map_err(|failure| failure.within(&import.file.display().to_string()))
}

/// The id of a connection, which may be given by its name.
async fn connection(tenant: &Tenant, named: &str) -> Result<String, Failure> {
    if named.starts_with("con_") {
        return Ok(named.to_owned());
    }
    let found = tenant.client.connections().by_name(named).await?;
    found.ok_or_else(|| {
        Failure::new(Code::Failed, format!("{} has no connection {named:?}", tenant.authority))
    })
}

/// Prints the counts, and writes the rows that were rejected to a file.
fn conclude(import: &Import, rows: &[JsonObject], report: &ImportReport) -> Result<(), Failure> {
    let count = |count: Option<u64>| count.unwrap_or_default();
    let summary = &report.summary;
    let counts = format!(
        "imported {} of {} users ({} new, {} updated), {} failed",
        count(summary.inserted) + count(summary.updated),
        rows.len(),
        count(summary.inserted),
        count(summary.updated),
        count(summary.failed)
    );
    if report.refused.is_empty() && count(summary.failed) == 0 {
        eprintln!("{counts}");
        return Ok(());
    }
    let path = failed_path(import);
    let mut sink = Sink::create(&path, false, true)?;
    for refused in &report.refused {
        sink.write(line(rows, refused).as_bytes())?;
        sink.write(b"\n")?;
    }
    sink.finish()?;
    let failure = Failure::new(Code::SomeFailed, counts);
    Err(failure.with_remedy(format!("{} has those, with the reasons; import accepts it.", path.display())))
}

fn failed_path(import: &Import) -> PathBuf {
    let mut name =
        if import.file.as_os_str() == "-" { "import".into() } else { import.file.clone().into_os_string() };
    name.push(".failed.ndjson");
    name.into()
}

/// The row as it was read, with Auth0's errors; as Auth0 returns it if it is not known which one it is.
fn line(rows: &[JsonObject], refused: &RefusedRow) -> String {
    let JobRowErrors { user, errors, .. } = &refused.errors;
    let row = refused.row.and_then(|row| rows.get(row)).or(user.as_ref());
    let mut object = row.cloned().unwrap_or_default();
    // Errors are objects of texts, which are always JSON.
    let _ = object.insert("error", errors);
    object.to_json()
}
