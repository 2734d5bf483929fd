//! Running a command beside the server.

use crate::arguments::Settings;
use crate::facts::Facts;
use crate::signals::{Signal, Signals};
use crate::start::start;
use std::error::Error;
use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use tokio::process::{Child, Command};

/// Starts the server on a free port, runs a command with the environment of a client, and stops. The exit code is that of the command.
pub(crate) async fn run(settings: Settings, command: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let mut signals = Signals::new()?;
    let started = start(&settings, 0).await?;
    let certificate = match (&settings.ca_out, started.server.ca_pem()) {
        (_, None) => None,
        (Some(file), Some(_)) => Some(Certificate { file: std::path::absolute(file)?, folder: None }),
        (None, Some(pem)) => Some(Certificate::write(pem)?),
    };
    let (program, arguments) = command.split_first().ok_or("no command was given")?;
    let mut child = Command::new(program);
    child.args(arguments).envs(environment(&started.facts));
    if let Some(certificate) = &certificate {
        child.env("USERS_TENANT_CA", &certificate.file).env("NODE_EXTRA_CA_CERTS", &certificate.file);
    }
    let code = match child.kill_on_drop(true).spawn() {
        Ok(child) => code_of(wait(child, &mut signals).await?),
        Err(error) => {
            eprintln!("users-tenant: {}: {error}", Path::new(program).display());
            // As shells do.
            if error.kind() == ErrorKind::NotFound { 127 } else { 126 }
        }
    };
    started.server.shutdown().await;
    Ok(ExitCode::from(code))
}

/// What a client finds in its environment. `AUTH0_BASE_URL` is not among it: applications read it as their own address.
fn environment(facts: &Facts) -> [(&'static str, String); 7] {
    let base_url = &facts.base_url;
    let domain = base_url.split_once("://").map_or(base_url.as_str(), |(_, domain)| domain);
    [
        ("AUTH0_DOMAIN", domain.to_owned()),
        ("AUTH0_ISSUER_BASE_URL", base_url.clone()),
        ("AUTH0_CLIENT_ID", facts.client_id.clone()),
        ("AUTH0_CLIENT_SECRET", facts.client_secret.clone()),
        ("AUTH0_AUDIENCE", format!("{base_url}/api/v2/")),
        ("AUTH0_MANAGEMENT_API_TOKEN", facts.token.clone()),
        ("USERS_TENANT_URL", base_url.clone()),
    ]
}

/// Waits for the end of the command, and passes signals on.
async fn wait(mut child: Child, signals: &mut Signals) -> std::io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = signals.next() => pass_on(signal, &child),
        }
    }
}

/// Sends a signal to the command. A terminal sends Ctrl-C to both by itself.
#[cfg(unix)]
fn pass_on(signal: Signal, child: &Child) {
    use rustix::process::{Pid, kill_process};
    let signal = match signal {
        Signal::Interrupt if std::io::stdin().is_terminal() => return,
        Signal::Interrupt => rustix::process::Signal::INT,
        Signal::Terminate => rustix::process::Signal::TERM,
    };
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        // It may have ended.
        let _ = kill_process(id, signal);
    }
}

#[cfg(not(unix))]
fn pass_on(_: Signal, _: &Child) {}

/// The exit code; 128 and the number of the signal that ended the command, as in shells.
fn code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// The file of the certificate to trust.
struct Certificate {
    file: PathBuf,
    /// The folder that was made for it, and is removed with it.
    folder: Option<PathBuf>,
}

/// The number of names that are tried for the folder, of which others may have taken some.
const MOST_NAMES: u32 = 100;

impl Certificate {
    fn write(pem: &str) -> std::io::Result<Self> {
        let folder = Self::new_folder()?;
        let file = folder.join("ca.pem");
        let certificate = Self { file, folder: Some(folder) };
        std::fs::write(&certificate.file, pem)?;
        Ok(certificate)
    }

    /// Makes a folder of this user alone, in which nobody else can replace the file.
    fn new_folder() -> std::io::Result<PathBuf> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let mut number = 0;
        loop {
            let folder = std::env::temp_dir().join(format!("users-tenant-{}-{number}", std::process::id()));
            match builder.create(&folder) {
                Ok(()) => return Ok(folder),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < MOST_NAMES => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
