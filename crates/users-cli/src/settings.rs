//! Which tenant, and with which credentials: from flags, the environment or a profile.

use crate::exit::{Code, Failure};
use crate::profile::{self, Profile};
use std::fmt;
use std::path::Path;
use users_hyper::model::Secret;

/// The flags that select a tenant and credentials.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The tenant's domain: tenant.eu.auth0.com [env: AUTH0_DOMAIN, AUTH0_ISSUER_BASE_URL]
    #[arg(long, global = true, value_name = "DOMAIN", conflicts_with = "base_url")]
    domain: Option<String>,
    /// The URL of the tenant, for another server: http://localhost:4400 is that of users-tenant
    #[arg(long, global = true, value_name = "URL")]
    base_url: Option<String>,
    /// The profile to use, before the environment; without it, the profile default is used after the environment
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// A command of the shell that prints an access token; executed again when the token is rejected
    #[arg(long, global = true, value_name = "COMMAND")]
    token_command: Option<String>,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(&'static str),
    Environment(&'static str),
    Profile(String),
}

/// How access tokens are obtained.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    Token(Secret),
    Application { id: String, secret: Secret },
    Command(String),
}

/// The settings of a connection, with their sources.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// A domain or URL.
    pub(crate) address: String,
    pub(crate) address_source: Source,
    pub(crate) credentials: Credentials,
    pub(crate) credentials_source: Source,
    /// The audience of requested tokens, unless it is the address.
    pub(crate) audience: Option<String>,
}

impl Settings {
    /// Reads the environment and the profile.
    pub(crate) fn read(flags: &Connection) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let file = profile::file(variable);
        let found = match &file {
            Some(file) => profile::read(file, flags.profile.as_deref())?,
            None => None,
        };
        resolve(flags, variable, found, file.as_deref())
    }
}

/// Decides where each setting comes from: flags and the profile that is named, the environment, the default profile.
fn resolve(
    flags: &Connection,
    variable: impl Fn(&'static str) -> Option<String>,
    profile: Option<Profile>,
    file: Option<&Path>,
) -> Result<Settings, Failure> {
    let profile_source =
        Source::Profile(flags.profile.clone().unwrap_or_else(|| profile::DEFAULT.to_owned()));
    let profile = profile.unwrap_or_default();
    let from_environment = |name| Some((variable(name)?, Source::Environment(name)));
    let from_profile = profile.domain.clone().map(|domain| (domain, profile_source.clone()));
    let of_flags = flags
        .base_url
        .clone()
        .map(|url| (url, Source::Flag("--base-url")))
        .or_else(|| flags.domain.clone().map(|domain| (domain, Source::Flag("--domain"))));
    let of_environment =
        || from_environment("AUTH0_ISSUER_BASE_URL").or_else(|| from_environment("AUTH0_DOMAIN"));
    let is_named = flags.profile.is_some();
    let address = match of_flags {
        None if is_named => from_profile.or_else(of_environment),
        None => of_environment().or(from_profile),
        found => found,
    };
    let of_command = flags
        .token_command
        .clone()
        .map(|command| (Credentials::Command(command), Source::Flag("--token-command")));
    let of_profile = credentials_of(profile).map(|found| (found, profile_source));
    let credentials = match of_command {
        None if is_named => of_profile.or_else(|| credentials_in(&variable)),
        None => credentials_in(&variable).or(of_profile),
        found => found,
    };
    let file = file.map_or_else(|| "a file of profiles".to_owned(), |file| file.display().to_string());
    let Some((address, address_source)) = address else {
        let failure = Failure::usage("no tenant is named");
        return Err(failure.with_remedy(format!(
            "Set AUTH0_DOMAIN, pass --domain or --base-url, or add a profile to {file} and pass --profile NAME."
        )));
    };
    let Some((credentials, credentials_source)) = credentials else {
        let failure = Failure::new(Code::Credentials, format!("there are no credentials for {address}"));
        return Err(failure.with_remedy(format!(
            "Set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or AUTH0_MANAGEMENT_API_TOKEN; pass --token-command; or add them to {file}."
        )));
    };
    // A secret goes to no other tenant than the one it was stored for.
    let is_mixed = matches!(
        (&address_source, &credentials_source),
        (Source::Profile(_), Source::Environment(_))
            | (Source::Environment(_) | Source::Flag(_), Source::Profile(_))
    );
    if is_mixed {
        let message = format!(
            "the address is from {address_source}, but the credentials are from {credentials_source}"
        );
        return Err(Failure::usage(message).with_remedy(
            "Take both from the environment, both from one profile, or pass --token-command: credentials are not sent to another tenant.",
        ));
    }
    let audience = variable("AUTH0_AUDIENCE").filter(|audience| audience.ends_with("/api/v2/"));
    let audience = audience.filter(|_| matches!(credentials_source, Source::Environment(_)));
    Ok(Settings { address, address_source, credentials, credentials_source, audience })
}

fn credentials_in(variable: &impl Fn(&'static str) -> Option<String>) -> Option<(Credentials, Source)> {
    const TOKEN: &str = "AUTH0_MANAGEMENT_API_TOKEN";
    if let Some(token) = variable(TOKEN) {
        return Some((Credentials::Token(token.into()), Source::Environment(TOKEN)));
    }
    let (id, secret) = (variable("AUTH0_CLIENT_ID")?, variable("AUTH0_CLIENT_SECRET")?);
    let source = Source::Environment("AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET");
    Some((Credentials::Application { id, secret: secret.into() }, source))
}

fn credentials_of(profile: Profile) -> Option<Credentials> {
    match profile {
        Profile { token: Some(token), .. } => Some(Credentials::Token(token)),
        Profile { token_command: Some(command), .. } => Some(Credentials::Command(command)),
        Profile { client_id: Some(id), client_secret: Some(secret), .. } => {
            Some(Credentials::Application { id, secret })
        }
        _ => None,
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Environment(name) => write!(f, "the environment ({name})"),
            Self::Profile(name) => write!(f, "the profile {name}"),
        }
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("an access token"),
            Self::Application { id, .. } => write!(f, "the application {id}"),
            Self::Command(_) => f.write_str("a command that prints a token"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Connection, Profile, Settings, Source, resolve};
    use crate::exit::{Code, Failure};

    const ENVIRONMENT: &[(&str, &str)] =
        &[("AUTH0_DOMAIN", "environment.example"), ("AUTH0_MANAGEMENT_API_TOKEN", "abc")];

    fn stored() -> Profile {
        let (domain, token) = (Some("profile.example".to_owned()), Some("def".into()));
        Profile { domain, token, ..Profile::default() }
    }

    fn settings(
        flags: &Connection,
        variables: &[(&str, &str)],
        profile: Option<Profile>,
    ) -> Result<Settings, Failure> {
        let variable = |name: &'static str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        };
        resolve(flags, variable, profile, None)
    }

    #[test]
    fn flags_come_first_then_the_environment_then_the_default_profile() {
        let flags = Connection { domain: Some("flag.example".into()), ..Connection::default() };
        let found = settings(&flags, ENVIRONMENT, Some(stored())).unwrap();
        assert_eq!(
            (found.address.as_str(), &found.address_source),
            ("flag.example", &Source::Flag("--domain"))
        );
        let found = settings(&Connection::default(), ENVIRONMENT, Some(stored())).unwrap();
        assert_eq!(found.address, "environment.example");
        assert_eq!(found.credentials_source, Source::Environment("AUTH0_MANAGEMENT_API_TOKEN"));
        let found = settings(&Connection::default(), &[], Some(stored())).unwrap();
        assert_eq!(found.address, "profile.example");
    }

    #[test]
    fn a_profile_that_is_named_comes_before_the_environment() {
        let flags = Connection { profile: Some("production".into()), ..Connection::default() };
        let found = settings(&flags, ENVIRONMENT, Some(stored())).unwrap();
        assert_eq!(found.address, "profile.example");
        assert_eq!(found.credentials_source, Source::Profile("production".into()));
    }

    #[test]
    fn credentials_are_not_sent_to_a_tenant_that_they_were_not_stored_for() {
        let token = &ENVIRONMENT[1..];
        let refused = settings(&Connection::default(), token, Some(stored())).unwrap_err();
        assert_eq!(refused.code, Code::Usage);
        let flags = Connection { base_url: Some("https://other.example".into()), ..Connection::default() };
        assert_eq!(settings(&flags, &[], Some(stored())).unwrap_err().code, Code::Usage);
    }

    #[test]
    fn a_missing_tenant_is_wrong_usage_and_missing_credentials_have_their_own_code() {
        assert_eq!(settings(&Connection::default(), &[], None).unwrap_err().code, Code::Usage);
        assert_eq!(
            settings(&Connection::default(), &ENVIRONMENT[..1], None).unwrap_err().code,
            Code::Credentials
        );
    }

    #[test]
    fn nothing_shows_a_secret() {
        let found = settings(&Connection::default(), ENVIRONMENT, None).unwrap();
        assert!(!format!("{found:?} {}", found.credentials).contains("abc"));
    }
}
