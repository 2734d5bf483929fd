//! The client that the settings describe.

use crate::exit::Failure;
use crate::settings::{Credentials, Settings, Source};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::process::Command;
use users_hyper::model::Secret;
use users_hyper::{
    AccessToken, AuthenticationClient, BaseUrl, Error, ErrorKind, ManagementClient, TokenSource, async_trait,
};

/// A client with the name of its tenant.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) client: ManagementClient,
    /// The authority of its URL: `tenant.eu.auth0.com`.
    pub(crate) authority: String,
}

impl Tenant {
    /// Builds the client. Nothing is sent.
    pub(crate) fn connect(settings: &Settings) -> Result<Self, Failure> {
        let url = url(settings)?;
        let builder = users_hyper::management("");
        let builder = match settings.address_source {
            Source::Flag("--base-url") => builder.base_url(format!("{url}/api/v2")),
            _ => builder.domain(url.to_string()),
        };
        let builder = match &settings.credentials {
            Credentials::Token(token) => builder.token(token.clone()),
            Credentials::Application { id, secret } => {
                let builder = builder.client_credentials(id.clone(), secret.clone());
                match &settings.audience {
                    Some(audience) => builder.audience(audience.clone()),
                    None => builder,
                }
            }
            Credentials::Command(command) => builder.token_source(TokenCommand::new(command)),
        };
        Ok(Self { client: builder.build()?, authority: url.authority().to_owned() })
    }
}

/// Obtains a token as the client does, to inspect it.
pub(crate) async fn token(settings: &Settings) -> Result<Secret, Failure> {
    match &settings.credentials {
        Credentials::Token(token) => Ok(token.clone()),
        Credentials::Command(command) => Ok(execute(command).await?),
        Credentials::Application { id, secret } => {
            let url = url(settings)?;
            let client: AuthenticationClient = users_hyper::authentication(url.to_string())
                .client_id(id.clone())
                .client_secret(secret.clone())
                .build()?;
            let audience = settings.audience.clone().unwrap_or_else(|| format!("{url}/api/v2/"));
            let response = client.oauth().client_credentials_grant(audience).await?;
            response.access_token.ok_or_else(|| {
                Failure::from(Error::new(ErrorKind::Token, "the token endpoint returned no access token"))
            })
        }
    }
}

fn url(settings: &Settings) -> Result<BaseUrl, Failure> {
    Ok(BaseUrl::parse(&settings.address)?)
}

/// Takes tokens from a command, which is executed for the first token and when one is rejected.
#[derive(Debug)]
struct TokenCommand {
    command: String,
    current: Arc<Mutex<Option<AccessToken>>>,
    /// One command at a time.
    running: tokio::sync::Mutex<()>,
}

impl TokenCommand {
    fn new(command: &str) -> Self {
        Self { command: command.to_owned(), current: Arc::default(), running: tokio::sync::Mutex::new(()) }
    }

    fn current(&self) -> Option<AccessToken> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl TokenSource for TokenCommand {
    async fn token(&self) -> Result<AccessToken, Error> {
        if let Some(token) = self.current() {
            return Ok(token);
        }
        let _running = self.running.lock().await;
        if let Some(token) = self.current() {
            return Ok(token);
        }
        let token = AccessToken::new(execute(&self.command).await?);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    async fn rejected(&self, token: &AccessToken) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref() == Some(token) {
            *current = None;
        }
    }
}

/// Executes a command of the shell, and returns what it prints.
async fn execute(command: &str) -> Result<Secret, Error> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let failed = |message: String| Error::new(ErrorKind::Token, message);
    let run =
        Command::new(shell).arg(flag).arg(command).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let run = run.await.map_err(|error| failed(format!("the token command cannot be executed: {error}")))?;
    if !run.status.success() {
        return Err(failed(format!("the token command failed: {}", run.status)));
    }
    let text =
        String::from_utf8(run.stdout).map_err(|_| failed("the token command printed no text".to_owned()))?;
    match text.trim() {
        "" => Err(failed("the token command printed nothing".to_owned())),
        token => Ok(token.into()),
    }
}
