//! The error of an attempt to download a file.

use super::super::gzip::Misfit;
use super::file_url::without_location;
use crate::error::{Error, ErrorKind};
use crate::outcome::AttemptResult;
use crate::transport::{Sent, TransportError, TransportErrorKind};
use http::Uri;
use std::time::Duration;

/// The error of an attempt, and whether it may be retried.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) result: AttemptResult,
}

impl Failed {
    pub(super) fn permanent(error: Error) -> Self {
        Self { error, result: AttemptResult::Completed }
    }

    pub(super) fn from_transport(error: TransportError, location: &Uri) -> Self {
        let result = AttemptResult::from_error(&error);
        Self { error: Error::transport(without_location(error, location)), result }
    }

    /// No data came for the attempt's time limit.
    pub(super) fn stalled(timeout: Duration, location: &Uri) -> Self {
        let message = format!("no data of the file was received for {} s", timeout.as_secs_f32());
        Self::from_transport(TransportError::new(TransportErrorKind::Timeout, Sent::Yes, message), location)
    }

    /// The file is not valid. `is_transient`: another download may return a valid one.
    pub(super) fn invalid_file(message: &str, is_transient: bool) -> Self {
        let transient = AttemptResult::Transient { status: None, server_delay: None };
        let result = if is_transient { transient } else { AttemptResult::Completed };
        Self { error: Error::new(ErrorKind::Decode, message), result }
    }
}

impl From<Misfit> for Failed {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Other => Self::invalid_file(
                "the file is not gzip: it is a page, or a proxy has decompressed it",
                false,
            ),
            Misfit::Damaged => Self::invalid_file("the file is damaged: it cannot be decompressed", false),
            Misfit::Incomplete => Self::invalid_file(
                "the file is incomplete: its gzip checksum or length is missing or wrong",
                true,
            ),
        }
    }
}
