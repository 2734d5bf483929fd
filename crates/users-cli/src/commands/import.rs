//! `import`.

use crate::arguments::Import;
use crate::confirm::confirm;
use crate::connect::Tenant;
use crate::exit::{Code, Failure, one_line, stops_run};
use crate::file::{self, FileFormat, Sink};
use crate::import_folder::{Header, ImportFolder};
use crate::interrupt::{Interrupt, blocking};
use crate::progress::Counter;
use crate::rows::{self, IN_DOUBT, OF_FAILURES, Rows};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, stdin};
use std::ops::Range;
use std::path::{Path, PathBuf};
use users_hyper::model::{JobRowErrors, JobStatus, JsonObject};
use users_hyper::{ImportReport, RefusedRow};

/// The size of the largest row that `import_all` sends.
const MOST_BYTES: usize = 480_000;

/// Imports the rows of a file by Auth0's import jobs, or continues an import.
pub(crate) async fn run(tenant: &Tenant, import: &Import, interrupt: &mut Interrupt) -> Result<(), Failure> {
    if let Some(path) = &import.resume {
        let (folder, header) = ImportFolder::open(path, &tenant.authority)?;
        return execute(tenant, import, folder, &header, interrupt).await;
    }
    // Both are there unless an import is continued.
    let (Some(path), Some(connection)) = (&import.file, &import.connection) else { return Ok(()) };
    let name = if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() };
    let rows = interrupt.or(read(path, import)).await.map_err(|failure| failure.within(&name))?;
    let rows = rows.enumerate().map(checked);
    let rows: Rows = Box::new(rows.map(move |row| row.map_err(|failure| failure.within(&name))));
    let connection_id = interrupt.or(connection_id(tenant, connection)).await?;
    let target = |count| format!("{count} users into {connection} of {}", tenant.authority);
    if import.dry_run {
        let counted = blocking(move || rows.map(|row| row.map(|_| 1)).sum::<Result<u64, _>>());
        let count = interrupt.or(counted).await?;
        eprintln!("would import {}; nothing was changed", target(count));
        return Ok(());
    }
    let mut folder = ImportFolder::create(import.run.as_deref())?;
    let count = interrupt.or(folder.copy(rows)).await?;
    if count > 1 && !import.yes {
        interrupt.or(confirm(format!("import {}?", target(count)))).await?;
    }
    let header = Header {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        authority: tenant.authority.clone(),
        connection_id,
        upsert: import.upsert,
        rows: count,
        failed: failed_path(path)?,
        is_kept: import.run.is_some(),
    };
    folder.begin(&header)?;
    execute(tenant, import, folder, &header, interrupt).await
}

/// The file of the rows that fail, which does not exist yet.
fn failed_path(path: &Path) -> Result<PathBuf, Failure> {
    let path = if is_stdin(path) { Path::new("import") } else { path };
    let path = std::path::absolute(path).map_err(|error| Failure::file(path, &error))?;
    let numbered = (2_u32..).map(|number| file::beside(&path, &format!(".failed-{number}.ndjson")));
    let mut names = std::iter::once(file::beside(&path, ".failed.ndjson")).chain(numbered);
    names.find(|name| !name.exists()).ok_or_else(|| Failure::usage("there is no name for a file of failures"))
}

/// Refuses a row that no file of a job can hold.
fn checked((index, row): (usize, Result<JsonObject, Failure>)) -> Result<JsonObject, Failure> {
    let row = row?;
    let size = row.to_json().len();
    if size > MOST_BYTES {
        let number = index + 1;
        return Err(Failure::usage(format!(
            "row {number} is {size} bytes; Auth0 accepts at most {MOST_BYTES}"
        )));
    }
    Ok(row)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

async fn read(path: &Path, import: &Import) -> Result<Rows, Failure> {
    let mut map = BTreeMap::new();
    for text in &import.map {
        let Some((column, attribute)) = text.split_once('=') else {
            return Err(Failure::usage(format!("--map {text:?} has not the form COLUMN=ATTRIBUTE")));
        };
        if map.insert(column.to_owned(), attribute.to_owned()).is_some() {
            return Err(Failure::usage(format!("--map names the column {column:?} twice")));
        }
    }
    let path = path.to_owned();
    let format = match import.format {
        Some(format) => format,
        None if is_stdin(&path) => FileFormat::Ndjson,
        None => file::of_name(&path)?.0,
    };
    // It reads the beginning.
    blocking(move || {
        if is_stdin(&path) {
            return rows::read(BufReader::new(stdin()), format, &map);
        }
        rows::read(file::open(&path)?, format, &map)
    })
    .await
}

/// The id of a connection, which may be given by its name.
async fn connection_id(tenant: &Tenant, named: &str) -> Result<String, Failure> {
    if named.starts_with("con_") {
        return Ok(named.to_owned());
    }
    let found = tenant.client.connections().by_name(named).await?;
    found.ok_or_else(|| {
        Failure::new(Code::Failed, format!("{} has no connection {named:?}", tenant.authority))
    })
}

async fn execute(
    tenant: &Tenant,
    import: &Import,
    folder: ImportFolder,
    header: &Header,
    interrupt: &mut Interrupt,
) -> Result<(), Failure> {
    let mut counter = Counter::new("imported", tenant.style(import.progress), Some(header.rows));
    let client = tenant.client.clone();
    let run = tenant.client.jobs().import_all(header.connection_id.as_str(), folder.rows()?);
    // With upsert, a file that is sent twice has no further effect.
    let run = run.upsert(header.upsert).idempotent(header.upsert).journal(folder.journal()?);
    let run = run.on_progress(move |rows| {
        counter.show(rows.inserted + rows.updated, rows.failed, || client.rate_limit());
    });
    let ended = interrupt.or(async { Ok(run.await) }).await;
    let resumes = format!("Continue with: auth0-users import --resume {}", folder.path().display());
    match ended {
        Ok(Ok(report)) => match conclude(header, &folder, &report) {
            Err(failure) if failure.code != Code::SomeFailed => {
                let failure = failure.within(&counts(&report, header.rows)).with_code(Code::Stopped);
                Err(failure.with_remedy(resumes))
            }
            outcome => {
                folder.remove(header);
                outcome
            }
        },
        Ok(Err(failed)) => {
            let error = failed.error();
            let code = stops_run(error);
            let message = format!("{}; {}", one_line(error), counts(failed.report(), header.rows));
            let failure = Failure::from(users_hyper::Error::from(failed));
            let code = code.unwrap_or(failure.code);
            Err(failure.with_code(code).with_message(message).with_remedy(resumes))
        }
        Err(interrupted) => Err(interrupted.with_remedy(resumes)),
    }
}

fn counts(report: &ImportReport, rows: u64) -> String {
    let count = |count: Option<u64>| count.unwrap_or_default();
    let summary = &report.summary;
    let sum = |is_in_doubt: bool| -> usize {
        let parts = parts(report).into_iter().filter(|part| part.is_in_doubt == is_in_doubt);
        parts.map(|part| part.rows.len()).sum()
    };
    let doubt = match sum(true) {
        0 => String::new(),
        count => format!(", {count} may have been imported"),
    };
    format!(
        "imported {} of {rows} users ({} new, {} updated), {} failed{doubt}",
        count(summary.inserted) + count(summary.updated),
        count(summary.inserted),
        count(summary.updated),
        count(summary.failed) + sum(false) as u64
    )
}

/// Rows that have the same outcome.
struct Part {
    rows: Range<usize>,
    why: String,
    /// Whether they may have been imported.
    is_in_doubt: bool,
}

/// The rows whose files or jobs have failed, or of which it is not known whether they were imported; in their order.
fn parts(report: &ImportReport) -> Vec<Part> {
    let files = report.uncertain.iter().map(|rows| Part {
        rows: rows.clone(),
        why: "the import was interrupted while the row was sent".to_owned(),
        is_in_doubt: true,
    });
    let unfinished = report.unfinished.iter().map(|job| Part {
        rows: job.rows.clone(),
        why: format!("the results of {} are not known", job.job_id),
        is_in_doubt: true,
    });
    let jobs = report.jobs.iter().zip(&report.job_rows);
    let failed = jobs.filter(|(job, _)| job.status == Some(JobStatus::Failed) && job.summary.is_none());
    let failed = failed.map(|(job, rows)| Part {
        rows: rows.clone(),
        why: format!("{} has failed", job.id.as_deref().unwrap_or("the job")),
        is_in_doubt: false,
    });
    let mut parts: Vec<Part> = files.chain(unfinished).chain(failed).collect();
    parts.sort_by_key(|part| part.rows.start);
    parts
}

/// Prints the counts, and writes the rows that were rejected, or may have been imported, to a file.
fn conclude(header: &Header, folder: &ImportFolder, report: &ImportReport) -> Result<(), Failure> {
    let counts = counts(report, header.rows);
    let parts = parts(report);
    if report.refused.is_empty() && parts.is_empty() && report.summary.failed.unwrap_or_default() == 0 {
        eprintln!("{counts}");
        return Ok(());
    }
    let mut sink = Sink::create(&header.failed, false, true)?;
    let mut refused: HashMap<usize, &RefusedRow> = HashMap::new();
    refused.extend(report.refused.iter().filter_map(|refused| Some((refused.row?, refused))));
    let mut write = |object: &JsonObject| sink.write(format!("{}\n", object.to_json()).as_bytes());
    let mut parts = parts.iter().peekable();
    for (number, row) in folder.rows()?.enumerate() {
        while parts.next_if(|part| part.rows.end <= number).is_some() {}
        let part = parts.peek().filter(|part| part.rows.contains(&number));
        let refused = refused.get(&number);
        if refused.is_none() && part.is_none() {
            continue;
        }
        let row = row.0.map_err(|error| Failure::file(folder.path(), &error))?;
        let mut object = JsonObject::from_json(row.get()).unwrap_or_default();
        match (refused, part) {
            (Some(refused), _) => with_errors(&mut object, refused),
            (None, Some(Part { why, is_in_doubt, .. })) => {
                // Both are JSON.
                let _ = object.insert(OF_FAILURES, json!({"message": why}));
                if *is_in_doubt {
                    let _ = object.insert(IN_DOUBT, true);
                }
            }
            (None, None) => {}
        }
        write(&object)?;
    }
    for refused in report.refused.iter().filter(|refused| refused.row.is_none()) {
        // As Auth0 returns it, since it is not known which row it is.
        let mut object = refused.errors.user.clone().unwrap_or_default();
        with_errors(&mut object, refused);
        write(&object)?;
    }
    sink.finish()?;
    let failure = Failure::new(Code::SomeFailed, counts);
    Err(failure
        .with_remedy(format!("{} has those, with the reasons; import accepts it.", header.failed.display())))
}

fn with_errors(object: &mut JsonObject, refused: &RefusedRow) {
    let JobRowErrors { errors, .. } = &refused.errors;
    // Errors are objects of texts, which are always JSON.
    let _ = object.insert(OF_FAILURES, errors);
}
