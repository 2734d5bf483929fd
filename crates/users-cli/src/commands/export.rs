//! `export`: users in a file.

use crate::arguments::Export;
use crate::failure::{Exit, Failure};
use crate::output::{COLUMNS, Writer};
use crate::progress::Progress;
use crate::settings::Settings;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::pin::pin;

/// The form of the file.
#[derive(Clone, Copy)]
enum Form {
    Lines,
    Json,
    Csv,
}

pub(crate) async fn run(settings: &Settings, export: &Export) -> Result<Exit, Failure> {
    let path = &export.file;
    let (form, is_compressed) = form(path)?;
    if path.exists() && !export.overwrite {
        return Err(Failure::usage(format!("{} exists; --overwrite replaces it", path.display())));
    }
    let mut all = settings.client.users().get_all();
    if let Some(query) = &export.query {
        all = all.q(query.as_str());
    }
    if !export.fields.is_empty() {
        all = all.fields(export.fields.clone());
    } else if matches!(form, Form::Csv) {
        all = all.fields(COLUMNS.iter().copied());
    }
    let mut unfinished = path.clone().into_os_string();
    unfinished.push(".unfinished");
    let unfinished = std::path::PathBuf::from(unfinished);
    let file = BufWriter::new(File::create(&unfinished).map_err(|error| Failure::file(&unfinished, &error))?);
    let output = if is_compressed {
        Output::Compressed(GzEncoder::new(file, Compression::default()))
    } else {
        Output::Plain(file)
    };
    let mut writer = match form {
        Form::Lines => Writer::lines(output, &export.fields),
        Form::Json => Writer::json(output, &export.fields)?,
        Form::Csv => Writer::csv(output, &export.fields)?,
    };
    let mut everyone = all.everyone();
    let mut progress = Progress::new("exported", None);
    let mut count = 0;
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let interrupted = loop {
        let user = tokio::select! {
            user = everyone.try_next() => user?,
            _ = &mut interrupt => break true,
        };
        let Some(user) = user else { break false };
        writer.write(&user).map_err(|failure| of_file(&unfinished, &failure))?;
        count += 1;
        progress.count(count);
    };
    drop(progress);
    if interrupted {
        let _ = fs::remove_file(&unfinished);
        eprintln!("interrupted after {count} users; nothing was written");
        return Ok(Exit::Interrupted);
    }
    let output = writer.finish().map_err(|failure| of_file(&unfinished, &failure))?;
    output.finish().map_err(|error| Failure::file(&unfinished, &error))?;
    fs::rename(&unfinished, path).map_err(|error| Failure::file(path, &error))?;
    eprintln!("{count} users in {}", path.display());
    Ok(Exit::Done)
}

/// Names the file in a failure to write.
fn of_file(path: &Path, failure: &Failure) -> Failure {
    Failure::new(failure.exit(), format!("{}: {failure}", path.display()))
}

fn form(path: &Path) -> Result<(Form, bool), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let (name, is_compressed) = match name.strip_suffix(".gz") {
        Some(name) => (name.to_owned(), true),
        None => (name, false),
    };
    let form = [(".ndjson", Form::Lines), (".json", Form::Json), (".csv", Form::Csv)];
    let form = form.into_iter().find(|(end, _)| name.ends_with(end)).map(|(_, form)| form);
    let refused = || {
        Failure::usage(
            "the name of the file must end in .ndjson, .json or .csv, and in .gz if it is to be compressed",
        )
    };
    Ok((form.ok_or_else(refused)?, is_compressed))
}

/// A file, compressed or not.
enum Output {
    Plain(BufWriter<File>),
    Compressed(GzEncoder<BufWriter<File>>),
}

impl Output {
    /// Writes everything to the disk.
    fn finish(self) -> io::Result<()> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Compressed(encoder) => encoder.finish()?,
        };
        file.into_inner()?.sync_all()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Compressed(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Compressed(encoder) => encoder.flush(),
        }
    }
}
