//! The client that the settings describe.

use crate::debug::{Debug, Printed};
use crate::exit::Failure;
use crate::progress::Style;
use crate::settings::{Credentials, Settings, Source};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::process::Command;
use users_hyper::model::Secret;
use users_hyper::{
    AccessToken, AuthenticationClient, BaseUrl, Error, ErrorKind, HttpTransport, HyperTransport,
    ManagementClient, TokenSource, async_trait,
};

/// The flags that state how requests are sent.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Sending {
    /// Send at most this many requests per second, to leave room for other programs: 5, 0.5
    #[arg(long, global = true, value_name = "NUMBER", value_parser = rate, allow_negative_numbers = true)]
    max_rate: Option<f64>,
    /// Print each request and response on standard error, without bodies and secrets
    #[arg(long, global = true, value_name = "WHAT", value_enum)]
    debug: Option<Debug>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if rate.is_finite() && rate > 0.0 {
        Ok(rate)
    } else {
        Err("the number of requests per second is above zero".to_owned())
    }
}

/// A client with the name of its tenant.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) client: ManagementClient,
    /// The authority of its URL: `tenant.eu.auth0.com`.
    pub(crate) authority: String,
    /// The limit of the operator, in requests per second.
    pub(crate) max_rate: Option<f64>,
    /// Whether requests are printed, among which a bar cannot stay in its place.
    is_printed: bool,
    transport: Arc<dyn HttpTransport>,
}

impl Tenant {
    /// Builds the client. Nothing is sent.
    pub(crate) fn connect(settings: &Settings, sending: &Sending) -> Result<Self, Failure> {
        let url = url(settings)?;
        let mut transport: Arc<dyn HttpTransport> = Arc::new(HyperTransport::new().map_err(Error::from)?);
        let is_printed = sending.debug == Some(Debug::Http);
        if is_printed {
            transport = Arc::new(Printed::new(transport));
        }
        let builder = ManagementClient::builder(Arc::clone(&transport));
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
        let builder = match sending.max_rate {
            Some(per_second) => builder.max_rate(per_second),
            None => builder,
        };
        let (client, authority) = (builder.build()?, url.authority().to_owned());
        Ok(Self { client, authority, max_rate: sending.max_rate, is_printed, transport })
    }

    /// How progress is shown if it is to be shown like this.
    pub(crate) fn style(&self, style: Style) -> Style {
        if self.is_printed && style == Style::Auto { Style::Lines } else { style }
    }

    /// Obtains a token as the client does, to inspect it.
    pub(crate) async fn token(&self, settings: &Settings) -> Result<Secret, Failure> {
        match &settings.credentials {
            Credentials::Token(token) => Ok(token.clone()),
            Credentials::Command(command) => Ok(execute(command).await?),
            Credentials::Application { id, secret } => {
                let url = url(settings)?;
                let client = AuthenticationClient::builder(Arc::clone(&self.transport))
                    .domain(url.to_string())
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
