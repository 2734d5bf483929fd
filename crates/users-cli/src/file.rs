//! Files of users: their format and compression are those of their names.

use crate::exit::Failure;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use fs4::{FileExt, TryLockError};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The format of a file of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// Opens a file of users, and unpacks it if its name says that it is compressed.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    let file = BufReader::new(file);
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// An output, which is a file at its path only once it is complete.
pub(crate) struct Sink {
    out: Out,
    /// `None` for standard output.
    partial: Option<Partial>,
}

/// A file under another name, which is removed unless it is completed or kept.
struct Partial {
    path: PathBuf,
    destination: PathBuf,
    stays: bool,
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.stays {
            // What is left has the name of an incomplete file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

enum Out {
    Stdout(BufWriter<io::Stdout>),
    /// The encoder has what was not written yet.
    File(BufWriter<File>, Option<GzEncoder<Vec<u8>>>),
}

/// The size at which compressed bytes are written.
const CHUNK: usize = 64 * 1024;

impl Sink {
    pub(crate) fn stdout() -> Self {
        Self { out: Out::Stdout(BufWriter::new(io::stdout())), partial: None }
    }

    /// Begins a file. One that exists is replaced only if that is wanted.
    pub(crate) fn create(path: &Path, is_gzip: bool, replaces: bool) -> Result<Self, Failure> {
        refuse_existing(path, replaces)?;
        Self::open(path, is_gzip, |partial| {
            let file = locked(private(false).open(partial)?)?;
            // A device has no length to be set.
            if file.metadata()?.len() > 0 {
                file.set_len(0)?;
            }
            Ok(file)
        })
    }

    /// Continues a file of which this number of bytes is right.
    pub(crate) fn resume(path: &Path, is_gzip: bool, replaces: bool, bytes: u64) -> Result<Self, Failure> {
        refuse_existing(path, replaces)?;
        let mut sink = Self::open(path, is_gzip, |partial| {
            let mut file = locked(OpenOptions::new().write(true).open(partial)?)?;
            if file.metadata()?.len() < bytes {
                return Err(io::Error::other("it is shorter than it was"));
            }
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        })
        .map_err(|failure| failure.with_remedy("--overwrite begins the export anew."))?;
        sink.keep();
        Ok(sink)
    }

    fn open(
        path: &Path,
        is_gzip: bool,
        open: impl FnOnce(&Path) -> io::Result<File>,
    ) -> Result<Self, Failure> {
        let partial = beside(path, ".partial");
        let file = open(&partial).map_err(|error| Failure::file(&partial, &error))?;
        let partial = Partial { path: partial, destination: path.to_owned(), stays: false };
        let out = Out::File(BufWriter::new(file), is_gzip.then(encoder));
        Ok(Self { out, partial: Some(partial) })
    }

    /// Leaves the incomplete file where it is, so that it can be continued.
    pub(crate) fn keep(&mut self) {
        if let Some(partial) = &mut self.partial {
            partial.stays = true;
        }
    }

    /// Writes everything to the disk, and returns the size of the file. What follows is a gzip member of its own.
    pub(crate) fn checkpoint(&mut self) -> Result<u64, Failure> {
        let size = match &mut self.out {
            Out::Stdout(out) => out.flush().map(|()| 0),
            Out::File(file, gzip) => checkpoint(file, gzip.as_mut()),
        };
        size.map_err(|error| self.failure(&error))
    }

    /// Writes what is left, and gives the file its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.checkpoint()?;
        if let Some(partial) = &mut self.partial {
            let renamed = fs::rename(&partial.path, &partial.destination);
            renamed.map_err(|error| Failure::file(&partial.destination, &error))?;
            partial.stays = true;
        }
        Ok(())
    }

    /// Writes text.
    pub(crate) fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.out {
            Out::Stdout(out) => out.write_all(text),
            Out::File(file, None) => file.write_all(text),
            Out::File(file, Some(encoder)) => encoder.write_all(text).and_then(|()| {
                if encoder.get_ref().len() < CHUNK {
                    return Ok(());
                }
                file.write_all(encoder.get_ref())?;
                encoder.get_mut().clear();
                Ok(())
            }),
        };
        written.map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        match &self.partial {
            Some(partial) => Failure::file(&partial.path, error),
            None => Failure::output(error),
        }
    }
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::default())
}

fn checkpoint(file: &mut BufWriter<File>, gzip: Option<&mut GzEncoder<Vec<u8>>>) -> io::Result<u64> {
    if let Some(gzip) = gzip {
        file.write_all(&std::mem::replace(gzip, encoder()).finish()?)?;
    }
    file.flush()?;
    file.get_ref().sync_data()?;
    file.stream_position()
}

/// A path beside another one: `users.csv.partial`.
pub(crate) fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(extension);
    path.into()
}

/// Replaces a file when its new text is complete. Only its owner may read it, since it has personal data.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let partial = beside(path, ".partial");
    let written = private(true).open(&partial).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&partial, path)).map_err(|error| Failure::file(path, &error))
}

fn refuse_existing(path: &Path, replaces: bool) -> Result<(), Failure> {
    if !path.exists() || replaces {
        return Ok(());
    }
    let failure = Failure::usage(format!("{} exists already", path.display()));
    Err(failure.with_remedy("Move it away, or replace it by a new export with --overwrite."))
}

/// Opens files that only their owner may read, if they are new.
pub(crate) fn private(truncates: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(truncates);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Locks a file until it is closed, so that no two processes write it.
fn locked(file: File) -> io::Result<File> {
    // By the trait's name: newer compilers have a method of this name.
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::other("another process writes it")),
        Err(TryLockError::Error(error)) => Err(error),
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
