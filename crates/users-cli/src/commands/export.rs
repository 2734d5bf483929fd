//! `export`.

use crate::arguments::Export;
use crate::checkpoint::{Checkpoint, Place, path_of};
use crate::connect::Tenant;
use crate::exit::{Code, Failure};
use crate::file::{self, FileFormat, Sink};
use crate::interrupt::Interrupt;
use crate::output::{Format, Rows};
use crate::progress::Counter;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;
use users_hyper::management::Everyone;
use users_hyper::model::{ExportField, JobFormat, User, UsersExport};

/// The time between two checkpoints. What was exported since the last one is exported again if the process is killed.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// Writes users to a file: by a search that walks all of them, or by an export job of Auth0.
pub(crate) async fn run(tenant: &Tenant, export: &Export, interrupt: &mut Interrupt) -> Result<(), Failure> {
    let checkpoint = if export.resume {
        Checkpoint::read(&export.file, &tenant.authority)?
    } else {
        beginning(tenant, export)?
    };
    let fields = Format::of_fields(checkpoint.fields.as_deref());
    let requested = fields.requested()?;
    let (rows, users) = open(export, &fields, &checkpoint)?;
    if !export.resume && !is_stdout(&export.file) {
        // That of an earlier export is not the place in a file that begins anew.
        Checkpoint::remove(&export.file);
    }
    let counter = Counter::new("exported", tenant.style(export.progress), None);
    let file = &*export.file;
    let mut running =
        Running { tenant, file, requested, rows, counter, is_stored: export.resume, users, checkpoint };
    let done = if export.by_job || matches!(running.checkpoint.place, Place::Job { .. }) {
        interrupt.or(running.job()).await
    } else {
        running.walk(interrupt).await
    };
    running.counter.finish();
    if let Err(failure) = done {
        return Err(running.stopped(failure));
    }
    running.rows.finish()?;
    Checkpoint::remove(file);
    eprintln!("exported {} users of {} to {}", running.users, tenant.authority, file.display());
    Ok(())
}

/// An export that has nothing yet.
fn beginning(tenant: &Tenant, export: &Export) -> Result<Checkpoint, Failure> {
    let is_stdout = is_stdout(&export.file);
    if !is_stdout && !export.overwrite && path_of(&export.file).exists() {
        let failure = Failure::usage(format!("there is an unfinished export of {}", export.file.display()));
        return Err(failure.with_remedy("--resume continues it; --overwrite begins anew."));
    }
    let (format, is_gzip) = match export.format {
        Some(format) => (format, export.file.extension().is_some_and(|extension| extension == "gz")),
        None if is_stdout => (FileFormat::Ndjson, false),
        None => file::of_name(&export.file)?,
    };
    Ok(Checkpoint {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        authority: tenant.authority.clone(),
        query: export.query.clone(),
        fields: export.fields.clone(),
        format,
        is_gzip,
        replaces: export.overwrite,
        place: Place::Beginning,
    })
}

/// Opens the output, and returns the number of users that it has.
fn open(export: &Export, fields: &Format, checkpoint: &Checkpoint) -> Result<(Rows, u64), Failure> {
    let Checkpoint { format, is_gzip, replaces, .. } = *checkpoint;
    let (sink, continues) = match checkpoint.place {
        _ if is_stdout(&export.file) => (Sink::stdout(), None),
        Place::Walk { bytes, users, .. } => {
            (Sink::resume(&export.file, is_gzip, replaces, bytes)?, Some(users))
        }
        Place::Beginning | Place::Job { .. } => (Sink::create(&export.file, is_gzip, replaces)?, None),
    };
    Ok((fields.open_file(format, sink, continues)?, continues.unwrap_or_default()))
}

fn is_stdout(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// An export while it is executed.
struct Running<'a> {
    tenant: &'a Tenant,
    file: &'a Path,
    /// The attributes to request; empty for all.
    requested: Vec<String>,
    rows: Rows,
    counter: Counter,
    users: u64,
    /// Whether there is a checkpoint from which to continue.
    is_stored: bool,
    checkpoint: Checkpoint,
}

impl Running<'_> {
    async fn walk(&mut self, interrupt: &mut Interrupt) -> Result<(), Failure> {
        let mut call = self.tenant.client.users().get_all();
        if let Some(query) = &self.checkpoint.query {
            call = call.q(query.as_str());
        }
        if !self.requested.is_empty() {
            call = call.fields(self.requested.clone());
        }
        let mut everyone = call.everyone();
        if let Place::Walk { position, .. } = &self.checkpoint.place {
            everyone = everyone.resume(position.clone());
        }
        let mut due = Instant::now() + CHECKPOINT;
        loop {
            let next = tokio::select! {
                next = everyone.try_next() => next.map_err(Failure::from),
                () = interrupt.wait() => Err(Failure::new(Code::Interrupted, "interrupted")),
            };
            match next {
                Ok(Some(user)) => self.push(&user)?,
                Ok(None) => return Ok(()),
                Err(failure) => {
                    self.store(&everyone)?;
                    return Err(failure);
                }
            }
            if Instant::now() >= due {
                self.store(&everyone)?;
                due = Instant::now() + CHECKPOINT;
            }
        }
    }

    async fn job(&mut self) -> Result<(), Failure> {
        let jobs = self.tenant.client.jobs();
        let running = if let Place::Job { id } = &self.checkpoint.place {
            jobs.export_job(id.as_str())
        } else {
            let mut settings = UsersExport::new().format(JobFormat::Json);
            if !self.requested.is_empty() {
                settings = settings.fields(self.requested.iter().map(ExportField::new));
            }
            let running = jobs.export(settings).start().await?;
            self.checkpoint.place = Place::Job { id: running.job_id().to_owned() };
            self.write()?;
            running
        };
        let mut users = running.users();
        while let Some(user) = users.try_next().await? {
            self.push(&user)?;
        }
        Ok(())
    }

    fn push(&mut self, user: &User) -> Result<(), Failure> {
        self.rows.push(user)?;
        self.users += 1;
        self.counter.show(self.users, 0, || self.tenant.client.rate_limit());
        Ok(())
    }

    /// Stores where the walk stands. Without users, there is nothing to continue.
    fn store(&mut self, everyone: &Everyone) -> Result<(), Failure> {
        if self.users == 0 || is_stdout(self.file) {
            return Ok(());
        }
        let bytes = self.rows.checkpoint()?;
        self.checkpoint.place = Place::Walk { bytes, users: self.users, position: everyone.position() };
        self.write()
    }

    fn write(&mut self) -> Result<(), Failure> {
        if !is_stdout(self.file) {
            self.checkpoint.write(self.file)?;
            self.is_stored = true;
        }
        Ok(())
    }

    /// Names how to continue.
    fn stopped(&self, failure: Failure) -> Failure {
        if !self.is_stored {
            return failure;
        }
        let code = if failure.code == Code::Failed { Code::Stopped } else { failure.code };
        let failure = failure.with_code(code).within(&format!("exported {} users", self.users));
        failure.add_remedy(format!("Continue with: auth0-users export {} --resume", self.file.display()))
    }
}
