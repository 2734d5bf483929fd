//! A file that users are exported to: its format and compression are those of its name.

use crate::exit::Failure;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The format of a file of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FileFormat {
    /// One JSON object per line
    Ndjson,
    /// One JSON array
    Json,
    /// Comma-separated values with a header
    Csv,
}

/// The format that a name states, and whether it is compressed: `users.csv.gz`.
pub(crate) fn of_name(path: &Path) -> Result<(FileFormat, bool), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (name, is_gzip) = name.strip_suffix(".gz").map_or((name.as_str(), false), |name| (name, true));
    let format = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("ndjson" | "jsonl") => FileFormat::Ndjson,
        Some("json") => FileFormat::Json,
        Some("csv") => FileFormat::Csv,
        _ => {
            let failure = Failure::usage(format!("{} does not name a format", path.display()));
            return Err(
                failure.with_remedy("The name ends in .ndjson, .json or .csv, with .gz if it is compressed.")
            );
        }
    };
    Ok((format, is_gzip))
}

/// An output, which is a file at its path only once it is complete.
pub(crate) struct Sink {
    out: Out,
    /// `None` for standard output.
    partial: Option<Partial>,
}

/// A file under another name, which is removed unless it is completed.
struct Partial {
    path: PathBuf,
    destination: PathBuf,
    is_complete: bool,
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_complete {
            // What is left has the name of an incomplete file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

enum Out {
    Stdout(BufWriter<io::Stdout>),
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
}

impl Sink {
    pub(crate) fn stdout() -> Self {
        Self { out: Out::Stdout(BufWriter::new(io::stdout())), partial: None }
    }

    /// Begins a file. One that exists is replaced only if that is wanted.
    pub(crate) fn create(path: &Path, is_gzip: bool, replaces: bool) -> Result<Self, Failure> {
        if path.exists() && !replaces {
            let failure = Failure::usage(format!("{} exists already", path.display()));
            return Err(failure.with_remedy("--overwrite replaces it."));
        }
        let mut partial = path.to_owned().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // It will contain personal data.
            options.mode(0o600);
        }
        let file = options.open(&partial).map_err(|error| Failure::file(&partial, &error))?;
        let partial = Partial { path: partial, destination: path.to_owned(), is_complete: false };
        let file = BufWriter::new(file);
        let out =
            if is_gzip { Out::Gzip(GzEncoder::new(file, Compression::default())) } else { Out::Plain(file) };
        Ok(Self { out, partial: Some(partial) })
    }

    /// Writes what is left, and gives the file its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { out, mut partial } = self;
        complete(out, partial.as_mut()).map_err(|error| failure(partial.as_ref(), &error))
    }

    /// Writes text.
    pub(crate) fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.out {
            Out::Stdout(out) => out.write_all(text),
            Out::Plain(out) => out.write_all(text),
            Out::Gzip(out) => out.write_all(text),
        };
        written.map_err(|error| failure(self.partial.as_ref(), &error))
    }
}

fn complete(out: Out, partial: Option<&mut Partial>) -> io::Result<()> {
    let file = match out {
        Out::Stdout(mut out) => return out.flush(),
        Out::Plain(file) => file,
        Out::Gzip(encoder) => encoder.finish()?,
    };
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    if let Some(partial) = partial {
        fs::rename(&partial.path, &partial.destination)?;
        partial.is_complete = true;
    }
    Ok(())
}

fn failure(partial: Option<&Partial>, error: &io::Error) -> Failure {
    match partial {
        Some(partial) => Failure::file(&partial.path, error),
        None => Failure::output(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileFormat, of_name};

    #[test]
    fn a_name_states_the_format_and_the_compression() {
        assert_eq!(of_name("a/users.CSV.gz".as_ref()).unwrap(), (FileFormat::Csv, true));
        assert_eq!(of_name("users.jsonl".as_ref()).unwrap(), (FileFormat::Ndjson, false));
        assert_eq!(of_name("users.json".as_ref()).unwrap(), (FileFormat::Json, false));
        assert!(of_name("users".as_ref()).is_err() && of_name("users.gz".as_ref()).is_err());
    }
}
