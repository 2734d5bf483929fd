//! Profiles: addresses and credentials in a file that only its owner may read.

use crate::exit::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use users_hyper::model::Secret;

/// The variable that names the file.
pub(crate) const FILE_VARIABLE: &str = "AUTH0_USERS_PROFILES";
/// The profile that is used unless another is named.
pub(crate) const DEFAULT: &str = "default";

/// The address and credentials of one tenant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The domain, or a URL.
    pub(crate) domain: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Secret>,
    pub(crate) token: Option<Secret>,
    pub(crate) token_command: Option<String>,
}

/// The file of profiles: `$AUTH0_USERS_PROFILES`, or else `auth0-users/profiles.toml` in the folder for settings.
pub(crate) fn file(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(named) = variable(FILE_VARIABLE) {
        return Some(named.into());
    }
    let settings = variable("XDG_CONFIG_HOME")
        .or_else(|| variable("APPDATA"))
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")))?;
    Some(settings.join("auth0-users").join("profiles.toml"))
}

/// Reads a profile; `None` if the file does not exist, or has no profile of this name and none was named.
pub(crate) fn read(file: &Path, named: Option<&str>) -> Result<Option<Profile>, Failure> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => {
            let what = Failure::usage(format!("the profiles cannot be read: {}: {error}", file.display()));
            return Err(what.with_remedy(format!("{FILE_VARIABLE} names another file.")));
        }
    };
    check_mode(file)?;
    // The error of the parser quotes the text, in which there are secrets.
    let mut profiles: BTreeMap<String, Profile> = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        Failure::usage(format!("{}:{}: it is not a file of profiles", file.display(), line + 1)).with_remedy(
            "A profile is a table, [staging], with domain, and client_id and client_secret, token, or token_command.",
        )
    })?;
    let found = profiles.remove(named.unwrap_or(DEFAULT));
    match named {
        Some(name) if found.is_none() => {
            let others: Vec<&str> = profiles.keys().map(String::as_str).collect();
            let message = format!("{} has no profile {name:?}", file.display());
            Err(Failure::usage(message).with_remedy(format!("There are: {}.", others.join(", "))))
        }
        _ => Ok(found),
    }
}

/// Refuses a file that others may read.
#[cfg(unix)]
fn check_mode(file: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(file).map_err(|error| Failure::file(file, &error))?.permissions().mode();
    let for_others = mode & 0o077;
    if for_others == 0 {
        return Ok(());
    }
    let message =
        format!("{} has secrets and may be accessed by others (mode {:03o})", file.display(), mode & 0o777);
    Err(Failure::usage(message).with_remedy(format!("chmod 600 {}", file.display())))
}

#[cfg(not(unix))]
fn check_mode(_file: &Path) -> Result<(), Failure> {
    Ok(())
}
