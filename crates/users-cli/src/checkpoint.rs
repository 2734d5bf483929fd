//! Where an export stands, in a file beside it.

use crate::exit::Failure;
use crate::file::{self, FileFormat};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use users_hyper::management::EveryonePosition;

/// An unfinished export.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) version: String,
    pub(crate) authority: String,
    pub(crate) query: Option<String>,
    pub(crate) fields: Option<String>,
    pub(crate) format: FileFormat,
    pub(crate) is_gzip: bool,
    /// Whether it replaces a file that exists.
    pub(crate) replaces: bool,
    pub(crate) place: Place,
}

/// How far it has come.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    Beginning,
    /// The size of the file, the number of its users, and the walk behind them.
    Walk {
        bytes: u64,
        users: u64,
        position: EveryonePosition,
    },
    /// The export job, whose file is read from its beginning.
    Job {
        id: String,
    },
}

/// The file of the unfinished export of a file.
pub(crate) fn path_of(export: &Path) -> PathBuf {
    file::beside(export, ".unfinished")
}

impl Checkpoint {
    /// Reads that of an unfinished export in the same tenant.
    pub(crate) fn read(export: &Path, authority: &str) -> Result<Self, Failure> {
        let path = path_of(export);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Failure::usage(format!("there is no unfinished export of {}", export.display()))
            }
            _ => Failure::file(&path, &error),
        })?;
        let damaged = |_| Failure::usage(format!("{} is not that of an export", path.display()));
        let checkpoint: Self = serde_json::from_str(&text).map_err(damaged)?;
        if checkpoint.authority != authority {
            let message =
                format!("{} is an export of {}, not of {authority}", export.display(), checkpoint.authority);
            return Err(Failure::usage(message));
        }
        Ok(checkpoint)
    }

    pub(crate) fn write(&self, export: &Path) -> Result<(), Failure> {
        file::replace(&path_of(export), &serde_json::to_string(self).unwrap_or_default())
    }

    /// Removes it, once the export is complete or begins anew.
    pub(crate) fn remove(export: &Path) {
        // What is left is refused when it is continued, since the incomplete file has gone.
        let _ = fs::remove_file(path_of(export));
    }
}
