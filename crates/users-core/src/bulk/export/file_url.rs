//! The URL of an export's file, which suffices to read the file.

use crate::base_url::BaseUrl;
use crate::error::{Error, ErrorKind};
use crate::transport::TransportError;
use http::Uri;
use std::error::Error as StdError;
use std::fmt::Write as _;
use users_model::{Job, Secret};

/// The URL of the file: `https`, or `http` on this machine.
pub(super) fn location(job: &Job) -> Result<Uri, Error> {
    let Some(location) = &job.location else {
        let why = job.status_details.as_deref().unwrap_or("the job has no file");
        return Err(Error::new(ErrorKind::Status, format!("the export failed: {why}")));
    };
    // Errors do not show the URL: anyone who knows it can read the file.
    let refuse = |why: &str| Error::new(ErrorKind::Decode, format!("the file's URL {why}"));
    let uri: Uri = location.expose().parse().map_err(|_| refuse("cannot be parsed"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refuse("has no host"));
    };
    let base =
        BaseUrl::parse(&format!("{scheme}://{authority}")).map_err(|_| refuse("is not a valid https URL"))?;
    if base.is_plain_http() && !base.is_loopback() {
        return Err(refuse("is plain http, which is allowed on this machine only"));
    }
    Ok(uri)
}

/// The error without the file's URL. Some HTTP stacks include it in errors.
pub(super) fn without_location(error: TransportError, location: &Uri) -> TransportError {
    let query = location.query().unwrap_or_default();
    let secrets = [location.to_string(), query.to_owned()];
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(this) = source {
        // Writing into a string does not fail.
        let _ = write!(text, "{this} {this:?}");
        source = this.source();
    }
    if !secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret.as_str())) {
        return error;
    }
    let secrets = secrets.map(Secret::from);
    let message = Error::new(ErrorKind::Transport, error.to_string()).redacted(&secrets);
    TransportError::new(error.kind(), error.sent(), message.message())
}
