//! The folder that records a run on many users, so that it can be continued.

use crate::failure::Failure;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use users_hyper::model::{JsonObject, UserId};
use users_hyper::{BulkJournal, Clock as _, SystemClock};

/// What a run is: the command, the tenant and the users.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    pub(crate) ids: Vec<UserId>,
}

impl Run {
    /// Records a new run.
    pub(crate) fn begin(command: &str, authority: &str, ids: Vec<UserId>) -> Result<Self, Failure> {
        let since = SystemClock::new().unix_now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let name = format!("{command}-{}-{}", since.as_millis(), std::process::id());
        let folder = state_folder().join(name);
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        let mut header = JsonObject::new();
        for (key, value) in
            [("version", env!("CARGO_PKG_VERSION")), ("command", command), ("tenant", authority)]
        {
            // A text has a JSON form.
            let _ = header.insert(key, value);
        }
        let lines: Vec<&str> = ids.iter().map(UserId::as_str).collect();
        write(&folder.join("ids"), &(lines.join("\n") + "\n"))?;
        // Written last: a folder without it is not a run.
        write(&folder.join("run.json"), &(header.to_json() + "\n"))?;
        Ok(Self { folder, ids })
    }

    /// Opens a run that was begun by the same command on the same tenant.
    pub(crate) fn resume(folder: &Path, command: &str, authority: &str) -> Result<Self, Failure> {
        let file = folder.join("run.json");
        let text = fs::read_to_string(&file).map_err(|error| Failure::file(&file, &error))?;
        let header = JsonObject::from_json(&text).unwrap_or_default();
        for (key, own) in [("command", command), ("tenant", authority)] {
            let recorded: String = header.get(key).ok().flatten().unwrap_or_default();
            if recorded != own {
                let folder = folder.display();
                return Err(Failure::usage(format!(
                    "{folder} records a run with the {key} {recorded}, not {own}"
                )));
            }
        }
        let file = folder.join("ids");
        let text = fs::read_to_string(&file).map_err(|error| Failure::file(&file, &error))?;
        let ids: Result<Vec<UserId>, _> = text.lines().map(UserId::new).collect();
        let ids = ids.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        Ok(Self { folder: folder.to_owned(), ids })
    }

    pub(crate) fn journal(&self) -> Result<BulkJournal, Failure> {
        Ok(BulkJournal::open(self.folder.join("journal"))?)
    }

    /// The file of the users who failed.
    pub(crate) fn failures(&self) -> PathBuf {
        self.folder.join("failures.ndjson")
    }
}

/// Writes a file that is whole or not there.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, text).map_err(|error| Failure::file(&unfinished, &error))?;
    fs::rename(&unfinished, path).map_err(|error| Failure::file(path, &error))
}

/// Where runs are recorded.
fn state_folder() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local").join("state")));
    base.unwrap_or_else(env::temp_dir).join("auth0-users")
}
