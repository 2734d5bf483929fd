//! Where the tenant and the credentials come from.

use crate::arguments::Connection;
use crate::failure::{Exit, Failure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use users_hyper::{AccessToken, Error, ErrorKind, ManagementClient, SystemClock, token_fn};

const ISSUER: &str = "AUTH0_ISSUER_BASE_URL";
const DOMAIN: &str = "AUTH0_DOMAIN";
const TOKEN: &str = "AUTH0_MANAGEMENT_API_TOKEN";
const CLIENT_ID: &str = "AUTH0_CLIENT_ID";
const CLIENT_SECRET: &str = "AUTH0_CLIENT_SECRET";

/// The time for which the token of a command is used before the command is run again.
const TOKEN_LASTS: Duration = Duration::from_secs(300);

/// A client, and where its settings are from.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) client: ManagementClient,
    /// The host of the tenant.
    pub(crate) authority: String,
    /// The tenant as it was given.
    pub(crate) tenant: Setting,
    pub(crate) credentials: Credentials,
}

/// A value, and where it is from.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) value: String,
    pub(crate) source: String,
}

/// How the tool logs in.
#[derive(Clone)]
pub(crate) enum Credentials {
    Command(String),
    Token(Setting),
    Client { id: Setting, secret: Setting },
}

// Without the secrets.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Settings {
    pub(crate) fn read(connection: &Connection) -> Result<Self, Failure> {
        let profile = connection.profile.as_deref().map(read_profile).transpose()?.unwrap_or_default();
        let find = |name: &str| find(name, &profile, connection.profile.as_deref());
        let flag = |value: &Option<String>, name: &str| {
            value.clone().map(|value| Setting { value, source: name.to_owned() })
        };
        let tenant =
            flag(&connection.base_url, "--base-url").or_else(|| flag(&connection.domain, "--domain"));
        let tenant = tenant.or_else(|| find(ISSUER)).or_else(|| find(DOMAIN)).ok_or_else(|| {
            Failure::new(Exit::Credentials, "no tenant: set AUTH0_DOMAIN, --domain, --base-url or --profile")
        })?;
        let credentials = match (
            connection.token_command.clone(),
            find(TOKEN),
            find(CLIENT_ID),
            find(CLIENT_SECRET),
        ) {
            (Some(command), ..) => Credentials::Command(command),
            (None, Some(token), ..) => Credentials::Token(token),
            (None, None, Some(id), Some(secret)) => Credentials::Client { id, secret },
            _ => {
                return Err(Failure::new(
                    Exit::Credentials,
                    "no credentials: set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, AUTH0_MANAGEMENT_API_TOKEN, --profile or --token-command",
                ));
            }
        };
        let builder = users_hyper::management(&tenant.value);
        let builder = match credentials.clone() {
            Credentials::Command(command) => {
                builder.token_source(token_fn(SystemClock::new(), move || print_token(command.clone())))
            }
            Credentials::Token(token) => builder.token(token.value),
            Credentials::Client { id, secret } => builder.client_credentials(id.value, secret.value),
        };
        let client =
            builder.build().map_err(|error| Failure::new(Exit::Credentials, error.message().to_owned()))?;
        let authority =
            tenant.value.split("://").last().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase();
        Ok(Self { client, authority, tenant, credentials })
    }
}

fn find(name: &str, profile: &BTreeMap<String, String>, file: Option<&Path>) -> Option<Setting> {
    let of_environment = std::env::var(name).ok().filter(|value| !value.is_empty());
    let of_environment =
        of_environment.map(|value| Setting { value, source: format!("the environment ({name})") });
    of_environment.or_else(|| {
        let source = format!("the profile {}", file?.display());
        Some(Setting { value: profile.get(name)?.clone(), source })
    })
}

/// Reads a file of lines `NAME=VALUE`. It has secrets, so nobody else may read it.
fn read_profile(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    check_mode(path)?;
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let mut settings = BTreeMap::new();
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(Failure::usage(format!("{}: line {} is not NAME=VALUE", path.display(), number + 1)));
        };
        let name = name.trim();
        if ![ISSUER, DOMAIN, TOKEN, CLIENT_ID, CLIENT_SECRET].contains(&name) {
            let message = format!("{}: line {}: {name:?} is not a setting", path.display(), number + 1);
            return Err(Failure::usage(message));
        }
        settings.insert(name.to_owned(), value.trim().trim_matches('"').to_owned());
    }
    Ok(settings)
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(|error| Failure::file(path, &error))?.permissions().mode();
    let of_others = mode & 0o077;
    if of_others == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::new(
        Exit::Credentials,
        format!("{path}: others can read this profile (mode {:o}); run `chmod 600 {path}`", mode & 0o777),
    ))
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Runs a command that prints a token.
pub(crate) async fn print_token(command: String) -> Result<AccessToken, Error> {
    let refuse = |why: String| Err(Error::new(ErrorKind::Token, format!("--token-command {why}")));
    let shell = if cfg!(windows) { ["cmd", "/C"] } else { ["sh", "-c"] };
    let [program, flag] = shell;
    let output = Command::new(program).args([flag, &command]).stderr(Stdio::inherit()).output().await;
    match output {
        Err(error) => refuse(format!("cannot be run: {error}")),
        Ok(output) if !output.status.success() => refuse(format!("failed: {}", output.status)),
        Ok(output) => match String::from_utf8(output.stdout) {
            Ok(text) if !text.trim().is_empty() => {
                Ok(AccessToken::new(text.trim().to_owned()).expires_in(TOKEN_LASTS))
            }
            _ => refuse("printed no token".to_owned()),
        },
    }
}
