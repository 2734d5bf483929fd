//! The folder of an import: a copy of its rows, and its journal.

use crate::exit::Failure;
use crate::file;
use crate::folder::{create_private, default_name, no_run};
use crate::interrupt::blocking;
use crate::rows::Rows;
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use users_hyper::{BulkJournal, Error};

const RUN: &str = "run.json";
const ROWS: &str = "rows.ndjson";
const JOURNAL: &str = "journal";

/// What is imported, and to where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) version: String,
    pub(crate) authority: String,
    pub(crate) connection_id: String,
    pub(crate) upsert: bool,
    /// The number of rows.
    pub(crate) rows: u64,
    /// The file of the rows that fail.
    pub(crate) failed: PathBuf,
    pub(crate) is_kept: bool,
}

/// A folder from which an import can be continued.
#[derive(Debug)]
pub(crate) struct ImportFolder {
    path: PathBuf,
    /// Whether it stays when this value is dropped.
    stays: bool,
}

impl ImportFolder {
    /// Makes the folder that is named, or one in the working directory. It is removed again unless the import is begun.
    pub(crate) fn create(named: Option<&Path>) -> Result<Self, Failure> {
        let path = named.map_or_else(|| PathBuf::from(default_name("import")), Path::to_owned);
        create_private(&path)?;
        Ok(Self { path, stays: false })
    }

    /// Copies rows to the folder, and returns their number.
    pub(crate) async fn copy(&self, rows: Rows) -> Result<u64, Failure> {
        let path = self.path.join(ROWS);
        blocking(move || {
            let failed = |error: io::Error| Failure::file(&path, &error);
            let mut out = BufWriter::new(file::private(true).open(&path).map_err(failed)?);
            let mut count = 0;
            for row in rows {
                writeln!(out, "{}", row?.to_json()).map_err(failed)?;
                count += 1;
            }
            let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
            file.sync_all().map_err(failed)?;
            Ok(count)
        })
        .await
    }

    /// Stores what is imported, so that it can be continued from here on.
    pub(crate) fn begin(&mut self, header: &Header) -> Result<(), Failure> {
        file::replace(&self.path.join(RUN), &serde_json::to_string(header).unwrap_or_default())?;
        self.stays = true;
        Ok(())
    }

    /// Opens the folder of an earlier import into the same tenant.
    pub(crate) fn open(path: &Path, authority: &str) -> Result<(Self, Header), Failure> {
        let run = path.join(RUN);
        let text = fs::read_to_string(&run).map_err(|error| no_run(path, &run, &error))?;
        let header: Header = serde_json::from_str(&text)
            .map_err(|_| Failure::usage(format!("{} is not the folder of an import", path.display())))?;
        if header.authority != authority {
            let message =
                format!("{} is an import into {}, not into {authority}", path.display(), header.authority);
            return Err(Failure::usage(message));
        }
        Ok((Self { path: path.to_owned(), stays: true }, header))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn journal(&self) -> Result<BulkJournal, Error> {
        BulkJournal::open(self.path.join(JOURNAL))
    }

    /// The rows, each read when it is needed.
    pub(crate) fn rows(&self) -> Result<impl Iterator<Item = Row> + Send + use<>, Failure> {
        let path = self.path.join(ROWS);
        let file = File::open(&path).map_err(|error| Failure::file(&path, &error))?;
        Ok(BufReader::new(file)
            .lines()
            .map(|line| Row(line.and_then(|line| Ok(RawValue::from_string(line)?)))))
    }

    /// Removes the folder of an import that has ended, unless the caller named it.
    pub(crate) fn remove(mut self, header: &Header) {
        self.stays = header.is_kept;
    }
}

impl Drop for ImportFolder {
    fn drop(&mut self) {
        if !self.stays {
            // A file that somebody else has put there stays, and the folder with it.
            for name in [RUN, ROWS, JOURNAL] {
                let _ = fs::remove_file(self.path.join(name));
            }
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// A row of the copy, or why it cannot be read.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) io::Result<Box<RawValue>>);

impl Serialize for Row {
    /// A row that cannot be read ends the import.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(row) => row.serialize(serializer),
            Err(error) => Err(S::Error::custom(error)),
        }
    }
}
