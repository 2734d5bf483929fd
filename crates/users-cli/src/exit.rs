//! Exit codes, and the failures that lead to them.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::process::ExitCode;
use users_hyper::{Error, ErrorKind};

/// What the exit codes mean, for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0    everything was done
  1    nothing or not all was done, for another reason than those below
  2    wrong usage: arguments, settings, or a confirmation is missing
  3    some users failed; a file has them, and can be given to --file (delete-all has none: it tries them again)
  4    the credentials are missing, wrong or expired, or lack a scope
  5    stopped by a limit, the network or the disk; --resume continues
  130  interrupted; --resume continues a run over several users, an export or an import";

/// An exit code other than that of a complete success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Failed = 1,
    Usage = 2,
    SomeFailed = 3,
    Credentials = 4,
    Stopped = 5,
    Interrupted = 130,
}

/// Why a command did not do everything, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    /// One line.
    message: String,
    /// The remedy, if there is one.
    remedy: Option<String>,
    /// The reader of standard output has gone, which is no failure.
    is_broken_pipe: bool,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), remedy: None, is_broken_pipe: false }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Names the remedy.
    pub(crate) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(crate) fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    pub(crate) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// Names another remedy.
    pub(crate) fn add_remedy(self, remedy: String) -> Self {
        let remedy = match &self.remedy {
            Some(first) => format!("{first}\n  {remedy}"),
            None => remedy,
        };
        self.with_remedy(remedy)
    }

    /// Adds where it was.
    pub(crate) fn within(self, place: &str) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }

    pub(crate) fn into_message(self) -> String {
        self.message
    }

    /// The failure of writing standard output.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        let is_broken_pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self {
            is_broken_pipe,
            ..Self::new(Code::Failed, format!("standard output cannot be written: {error}"))
        }
    }

    /// Whether the reader of standard output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.is_broken_pipe
    }

    /// The failure of reading or writing a file.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(Code::Failed, format!("{}: {error}", path.display()))
    }

    /// Prints the failure on standard error, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if self.is_broken_pipe {
            return ExitCode::SUCCESS;
        }
        eprintln!("auth0-users: {}", self.message);
        if let Some(remedy) = &self.remedy {
            eprintln!("  {remedy}");
        }
        ExitCode::from(self.code as u8)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(code_of(&error), one_line(&error));
        match remedy_of(&error) {
            Some(remedy) => failure.with_remedy(remedy),
            None => failure,
        }
    }
}

/// An error with its causes.
pub(crate) fn one_line(error: &Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(line, ": {cause}");
        source = cause.source();
    }
    line
}

/// The error that decides: that of the token endpoint if no token was obtained.
fn decisive(error: &Error) -> &Error {
    error.token_error().unwrap_or(error)
}

fn is_network(error: &Error) -> bool {
    matches!(
        decisive(error).kind(),
        ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::Pacing
    )
}

/// Whether the token was rejected. Auth0 answers 400 if it is not a JWT.
fn is_rejected(error: &Error) -> bool {
    error.is_unauthorized()
        || (error.status().is_some_and(|status| status == 400) && error.code() == Some("Bearer"))
}

/// Whether the token lacks a scope, rather than the user or the plan something.
fn lacks_scope(error: &Error) -> bool {
    error.is_forbidden() && error.code() == Some("insufficient_scope")
}

fn code_of(error: &Error) -> Code {
    match error.kind() {
        ErrorKind::InvalidArgument | ErrorKind::Configuration => Code::Usage,
        _ if is_network(error) => Code::Failed,
        _ if decisive(error).is_rate_limited() => Code::Stopped,
        ErrorKind::Token => Code::Credentials,
        _ if is_rejected(error) || lacks_scope(error) => Code::Credentials,
        _ => Code::Failed,
    }
}

fn remedy_of(error: &Error) -> Option<&'static str> {
    if error.may_have_been_applied() {
        return Some("It may have been done: look before it is repeated.");
    }
    if is_network(error) {
        return Some("Check the network and the address: `auth0-users login-check` shows which one is used.");
    }
    match code_of(error) {
        Code::Credentials if lacks_scope(error) => Some(
            "Authorize the application for this scope of the Management API; `auth0-users login-check` lists its scopes.",
        ),
        Code::Credentials if is_rejected(error) => Some(
            "The token is wrong, expired, or of another tenant. Get a new one, or use AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, which renew it.",
        ),
        Code::Credentials => {
            Some("Check the credentials; `auth0-users login-check` shows which ones are used.")
        }
        Code::Stopped => Some("The rate limit requires a long wait. Try again later."),
        _ => None,
    }
}

/// Whether an error of one user would be that of every other user too, so that a run stops, and with which code.
pub(crate) fn stops_run(error: &Error) -> Option<Code> {
    match code_of(error) {
        Code::Credentials => Some(Code::Credentials),
        Code::Stopped => Some(Code::Stopped),
        _ if error.kind() == ErrorKind::Journal => Some(Code::Stopped),
        _ if matches!(decisive(error).kind(), ErrorKind::Connect | ErrorKind::Tls) => Some(Code::Stopped),
        _ => None,
    }
}
