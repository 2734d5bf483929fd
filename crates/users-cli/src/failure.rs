//! What ends the program, and its exit codes.

use std::fmt;
use std::io;
use std::process::ExitCode;
use users_hyper::{Error, ErrorKind};

/// How the program ends. The codes are documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done = 0,
    /// The command failed.
    Failed = 1,
    /// The arguments cannot be used.
    Usage = 2,
    /// Some of the users failed.
    SomeFailed = 3,
    /// The credentials are missing, or not sufficient.
    Credentials = 4,
    /// It was interrupted.
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// Why the program ends, with the way out.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    is_broken_pipe: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), is_broken_pipe: false }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// An error of a file.
    pub(crate) fn file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(Exit::Failed, format!("{}: {error}", path.display()))
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether nobody reads the output any more, which is no failure.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.is_broken_pipe
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The exit code of an error of a call, and what the user can do about it.
fn advice(error: &Error) -> (Exit, &'static str) {
    match error.kind() {
        ErrorKind::Token => (
            Exit::Credentials,
            "\nCheck AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or the profile; `auth0-users login-check` shows which are used.",
        ),
        ErrorKind::Connect | ErrorKind::Tls => {
            (Exit::Failed, "\nCheck the domain and the network; nothing was sent.")
        }
        _ if error.is_unauthorized() => (
            Exit::Credentials,
            "\nThe access token is not valid or has expired. Set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, so that tokens are renewed, or --token-command.",
        ),
        _ if error.is_forbidden() => (
            Exit::Credentials,
            "\nGrant the application this scope of the Management API; `auth0-users login-check` lists those that it has.",
        ),
        _ => (Exit::Failed, ""),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (exit, advice) = advice(&error);
        let mut message = error.to_string();
        if matches!(error.kind(), ErrorKind::Connect | ErrorKind::Tls) {
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            if let Some(cause) = causes.last() {
                message = format!("{message} ({cause})");
            }
        }
        Self::new(exit, message + advice)
    }
}

impl From<io::Error> for Failure {
    /// An error of the output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { is_broken_pipe: true, ..Self::new(Exit::Done, "the output was closed") };
        }
        Self::new(Exit::Failed, format!("the output cannot be written: {error}"))
    }
}
