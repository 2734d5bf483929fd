//! The folder of a run: its users, its journal, and those that failed.

use crate::action::Action;
use crate::exit::{Failure, one_line};
use crate::file;
use crate::targets::Users;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use users_hyper::model::{JsonObject, Timestamp, UserId};
use users_hyper::{BulkJournal, Clock as _, Error, SystemClock};

const RUN: &str = "run.json";
const IDS: &str = "ids";
const JOURNAL: &str = "journal";
const FAILED: &str = "failed.ndjson";

/// What a run does, and in which tenant.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    version: String,
    authority: String,
    action: Action,
    is_kept: bool,
}

/// A folder from which a run can be continued.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Whether it stays after a run in which nobody failed.
    is_kept: bool,
}

impl Folder {
    /// Makes the folder of a new run: the one that is named, or one in the working directory.
    pub(crate) fn create(
        named: Option<&Path>,
        action: &Action,
        authority: &str,
        users: &Users,
    ) -> Result<Self, Failure> {
        let path = named.map_or_else(|| PathBuf::from(default_name(action.command())), Path::to_owned);
        create_private(&path)?;
        let folder = Self { path, is_kept: named.is_some() };
        let ids = users.ids.iter().map(UserId::as_str);
        folder.write(IDS, &lines(ids))?;
        let unresolved = users.unresolved.iter();
        let unresolved =
            unresolved.map(|(email, why)| json!({"email": email, "error": {"message": why}}).to_string());
        folder.write(FAILED, &lines(unresolved))?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header {
            version,
            authority: authority.to_owned(),
            action: action.clone(),
            is_kept: folder.is_kept,
        };
        // Written last: a folder without it is not that of a run.
        folder.write(RUN, &serde_json::to_string(&header).unwrap_or_default())?;
        Ok(folder)
    }

    /// Opens the folder of an earlier run of the same command in the same tenant. Returns its action and users.
    pub(crate) fn open(
        path: &Path,
        command: &str,
        authority: &str,
    ) -> Result<(Self, Action, Users), Failure> {
        let mut folder = Self { path: path.to_owned(), is_kept: true };
        let run = path.join(RUN);
        let text = fs::read_to_string(&run).map_err(|error| no_run(path, &run, &error))?;
        let header: Header = serde_json::from_str(&text)
            .map_err(|_| Failure::usage(format!("{} is not the folder of a run", path.display())))?;
        folder.is_kept = header.is_kept;
        let refused = |message: String| Err(Failure::usage(format!("{} {message}", path.display())));
        if header.action.command() != command {
            return refused(format!("is a run of `{}`, not of `{command}`", header.action.command()));
        }
        if header.authority != authority {
            return refused(format!("is a run in {}, not in {authority}", header.authority));
        }
        let ids = folder.read(IDS)?;
        let ids: Result<Vec<UserId>, _> = ids.lines().map(UserId::new).collect();
        let Ok(ids) = ids else { return refused("has ids that are damaged".to_owned()) };
        let lines = folder.read(FAILED)?;
        let unresolved = lines.lines().filter_map(|line| {
            let object = JsonObject::from_json(line).ok()?;
            let email = object.get::<String>("email").ok()??;
            Some((email, "see the earlier run".to_owned()))
        });
        let unresolved = unresolved.collect();
        Ok((folder, header.action, Users { ids, unresolved }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn failed_path(&self) -> PathBuf {
        self.path.join(FAILED)
    }

    pub(crate) fn journal(&self) -> Result<BulkJournal, Error> {
        BulkJournal::open(self.path.join(JOURNAL))
    }

    /// Opens the file of those who failed. Lines of the users of this run are written again when they fail again.
    pub(crate) fn failed(&self, users: &Users) -> Result<Failed, Failure> {
        let ids: HashSet<&str> = users.ids.iter().map(UserId::as_str).collect();
        let (mut earlier, mut kept) = (HashMap::new(), Vec::new());
        for line in self.read(FAILED)?.lines() {
            let id = JsonObject::from_json(line)
                .ok()
                .and_then(|object| object.get::<String>("user_id").ok().flatten());
            match id.filter(|id| ids.contains(id.as_str())) {
                Some(id) => drop(earlier.insert(id, line.to_owned())),
                None => kept.push(line.to_owned()),
            }
        }
        self.write(FAILED, &lines(kept))?;
        let path = self.failed_path();
        let file =
            OpenOptions::new().append(true).open(&path).map_err(|error| Failure::file(&path, &error))?;
        Ok(Failed { file, path, earlier })
    }

    /// Removes the folder of a run that is complete, unless the caller named it.
    pub(crate) fn remove(self) {
        if !self.is_kept {
            // What is left is no harm. A file that somebody else has put there stays, and the folder with it.
            for name in [RUN, IDS, JOURNAL, FAILED] {
                let _ = fs::remove_file(self.path.join(name));
            }
            let _ = fs::remove_dir(&self.path);
        }
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        let path = self.path.join(name);
        fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        file::replace(&self.path.join(name), text)
    }
}

/// The file of those who failed, which is accepted as a list of users.
#[derive(Debug)]
pub(crate) struct Failed {
    file: File,
    path: PathBuf,
    /// The lines of an earlier run.
    earlier: HashMap<String, String>,
}

impl Failed {
    /// Adds a user; without an error if that is in the earlier run.
    pub(crate) fn add(
        &mut self,
        id: &UserId,
        error: Option<&Error>,
        is_uncertain: bool,
    ) -> Result<(), Failure> {
        let line = match (error, self.earlier.remove(id.as_str())) {
            (None, Some(line)) => line,
            (error, _) => line_of(id, error, is_uncertain),
        };
        writeln!(self.file, "{line}").map_err(|error| Failure::file(&self.path, &error))
    }
}

/// The text of a file of lines.
fn lines(lines: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for line in lines {
        text += line.as_ref();
        text.push('\n');
    }
    text
}

fn line_of(id: &UserId, error: Option<&Error>, is_uncertain: bool) -> String {
    let header = |name: &str| error?.headers()?.get(name)?.to_str().ok();
    let mut line = json!({"user_id": id.as_str(), "error": {
        "status": error.and_then(Error::status).map(|status| status.as_u16()),
        "code": error.and_then(Error::code),
        "message": error.map(one_line),
        "request_id": header("x-request-id").or_else(|| header("x-auth0-requestid")),
    }});
    if let (true, Some(line)) = (is_uncertain, line.as_object_mut()) {
        line.insert("may_have_been_done".to_owned(), true.into());
    }
    line.to_string()
}

/// The failure of reading what a run is.
pub(crate) fn no_run(folder: &Path, file: &Path, error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => Failure::usage(format!(
            "{} is not the folder of a run that has begun: begin it again",
            folder.display()
        )),
        _ => Failure::file(file, error),
    }
}

/// The name of the folder of a run that begins now.
pub(crate) fn default_name(command: &str) -> String {
    let now = Timestamp::from(SystemClock::new().unix_now()).unix_millis();
    format!("auth0-users-{}-{now}", command.replace(' ', "-"))
}

/// Makes a folder that only its owner may read, since it has personal data.
pub(crate) fn create_private(path: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    let created = builder.create(path);
    created.map_err(|error| {
        Failure::file(path, &error)
            .with_remedy("--resume continues the run of a folder; --run names another one.")
    })
}
