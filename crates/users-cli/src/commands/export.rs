//! `export`.

use crate::arguments::Export;
use crate::connect::Tenant;
use crate::exit::Failure;
use crate::file::{self, FileFormat, Sink};
use crate::output::{Format, Rows};
use crate::progress::Counter;
use users_hyper::model::{ExportField, User, UsersExport};

/// Writes users to a file: by a search that walks all of them, or by an export job of Auth0.
pub(crate) async fn run(tenant: &Tenant, export: &Export) -> Result<(), Failure> {
    let fields = Format::of_fields(export.fields.as_deref());
    let requested = fields.requested()?;
    let mut rows = open(export, &fields)?;
    let mut counter = Counter::new("exported");
    let mut count = 0;
    let mut push = |user: &User| {
        count += 1;
        counter.show(count);
        rows.push(user)
    };
    if export.by_job {
        let mut settings = UsersExport::new();
        if !requested.is_empty() {
            settings = settings.fields(requested.into_iter().map(ExportField::new));
        }
        let mut users = tenant.client.jobs().export(settings).users();
        while let Some(user) = users.try_next().await? {
            push(&user)?;
        }
    } else {
        let mut call = tenant.client.users().get_all();
        if let Some(query) = &export.query {
            call = call.q(query.as_str());
        }
        if !requested.is_empty() {
            call = call.fields(requested);
        }
        let mut users = call.everyone();
        while let Some(user) = users.try_next().await? {
            push(&user)?;
        }
    }
    counter.finish();
    rows.finish()?;
    eprintln!("exported {count} users of {} to {}", tenant.authority, export.file.display());
    Ok(())
}

fn open(export: &Export, fields: &Format) -> Result<Rows, Failure> {
    if export.file.as_os_str() == "-" {
        return fields.open_file(export.format.unwrap_or(FileFormat::Ndjson), Sink::stdout());
    }
    let (format, is_gzip) = match export.format {
        Some(format) => (format, export.file.extension().is_some_and(|extension| extension == "gz")),
        None => file::of_name(&export.file)?,
    };
    fields.open_file(format, Sink::create(&export.file, is_gzip, export.overwrite)?)
}
