//! Building clients.

mod authentication;
mod environment;
mod management;

use crate::authentication::client_credentials::{ClientCredentials, Credential, Proof};
use crate::base_url::BaseUrl;
use crate::budget::Budget;
use crate::client::{Client, Limits, Shared};
use crate::clock::{Clock, SystemClock};
use crate::descriptor::Api;
use crate::error::Error;
use crate::pacing::{AdaptivePacer, Pacer, Unpaced};
use crate::request;
use crate::retry::Retry;
use crate::token::{AccessToken, TokenSource};
use crate::token::{FETCH_TIMEOUT, StaticToken};
use crate::transport::HttpTransport;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use users_model::Secret;

/// A client that [`ClientBuilder`] builds: one of the two clients, or one of the two users managers.
pub trait ApiClient: sealed::Sealed {
    /// The API that it calls.
    #[doc(hidden)]
    const API: Api;
}

/// A client of the Management API.
pub trait ManagementApi: ApiClient {}

/// A client of the Authentication API.
pub trait AuthenticationApi: ApiClient {}

pub(crate) mod sealed {
    pub trait Sealed: Sized {
        #[doc(hidden)]
        fn from_client(client: crate::client::Client) -> Self;
    }
}

/// Builds a client from a transport.
///
/// Required are the tenant, by [`domain`](Self::domain) or [`base_url`](Self::base_url), and for the Management API a source of
/// access tokens. Everything else has a default. Invalid settings are reported by [`build`](Self::build).
///
/// ```
/// use users_core::ManagementClient;
/// # use users_core::{Body, HttpTransport, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
///
/// let client = ManagementClient::builder(my_transport())
///     .domain("tenant.eu.auth0.com")
///     .client_credentials("client id", "client secret")
///     .build()?;
/// let users = client.users();
/// # let _ = users;
/// # Ok::<(), users_core::Error>(())
/// ```
#[must_use = "a builder builds nothing until `build` is called"]
pub struct ClientBuilder<T> {
    transport: Arc<dyn HttpTransport>,
    address: Option<Address>,
    audience: Option<String>,
    allow_plain_http: bool,
    use_mtls: bool,
    headers: HeaderMap,
    telemetry: bool,
    custom_domain: Option<HeaderValue>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    credentials: Option<Credentials>,
    wrap_token_source: Option<WrapTokenSource>,
    clock: Option<Arc<dyn Clock>>,
    pacer: Option<Arc<dyn Pacer>>,
    max_rate: Option<f64>,
    retry: Retry,
    limits: Limits,
    error: Option<Error>,
    client: PhantomData<fn() -> T>,
}

enum Address {
    Domain(String),
    BaseUrl(String),
}

type WrapTokenSource = Box<dyn FnOnce(Arc<dyn TokenSource>) -> Arc<dyn TokenSource> + Send + Sync>;

enum Credentials {
    Token(AccessToken),
    Source(Arc<dyn TokenSource>),
    Client(Credential),
}

impl<T: ApiClient> ClientBuilder<T> {
    pub(crate) fn new(transport: impl HttpTransport) -> Self {
        Self {
            transport: Arc::new(transport),
            address: None,
            audience: None,
            allow_plain_http: false,
            use_mtls: false,
            headers: HeaderMap::from_iter([(
                USER_AGENT,
                HeaderValue::from_static(concat!("users/", env!("CARGO_PKG_VERSION"))),
            )]),
            telemetry: false,
            custom_domain: None,
            client_id: None,
            client_secret: None,
            credentials: None,
            wrap_token_source: None,
            clock: None,
            pacer: None,
            max_rate: None,
            retry: Retry::default(),
            limits: Limits::default(),
            error: None,
            client: PhantomData,
        }
    }

    /// Sets the tenant's domain: `tenant.eu.auth0.com`. Case is ignored, and so are `https://` before it and `/` after it.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.address = Some(Address::Domain(domain.into()));
        self
    }

    /// Sets the URL that precedes every path: `https://tenant.eu.auth0.com/api/v2` for the Management API,
    /// `https://tenant.eu.auth0.com` for the Authentication API.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.address = Some(Address::BaseUrl(url.into()));
        self
    }

    /// Sets a fixed access token: a Management API token, or for `impersonate` one of the tenant's global client.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.credentials = Some(Credentials::Token(AccessToken::new(token)));
        self
    }

    /// Sets the source of access tokens. The client calls it before each attempt, and again if the attempt waited for a permit.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.credentials = Some(Credentials::Source(Arc::new(source)));
        self
    }

    /// Adds a header to every request, or replaces the client's default header of that name. With `Authorization`, the client
    /// adds no token.
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match request::header(name, value) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
        self
    }

    /// Sets whether to send the header `Auth0-Client`, which reports the name and version of this SDK to Auth0. `false` unless
    /// set.
    pub fn telemetry(mut self, on: bool) -> Self {
        self.telemetry = on;
        self
    }

    /// Sets the custom domain that e-mails and tickets name (`Auth0-Custom-Domain`). Sent only where the endpoint takes it.
    pub fn custom_domain(mut self, domain: &str) -> Self {
        match HeaderValue::from_str(domain) {
            Ok(value) => self.custom_domain = Some(value),
            Err(_) => {
                self.error.get_or_insert_with(|| {
                    Error::configuration("the custom domain is not a valid header value")
                });
            }
        }
        self
    }

    /// Allows a base URL of plain `http` on a host other than loopback. Tokens and data are then sent unencrypted. Refused unless
    /// set.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Sets the clock: time, timers and randomness. Defaults to the one that the transport
    /// [requires](HttpTransport::clock), or else [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Sets the pacer, which keeps requests within the tenant's rate limits. Defaults to an [`AdaptivePacer`] for the Management
    /// API, and to [`Unpaced`] for the Authentication API, whose limits apply to each user rather than to the tenant.
    pub fn pacer(mut self, pacer: impl Pacer) -> Self {
        self.pacer = Some(Arc::new(pacer));
        self
    }

    /// Sets the retry policy. A call may override it.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the time limit of a whole call, all attempts and delays included. A call may override it. No limit unless set.
    pub fn timeout(mut self, overall: Duration) -> Self {
        self.limits.overall = Some(overall);
        self
    }

    /// Sets the time limit of connecting, for each attempt, where the transport supports it
    /// ([`ConnectTimeout`](crate::ConnectTimeout)). A call may override it. Defaults to the transport's own limit.
    pub fn connect_timeout(mut self, connect: Duration) -> Self {
        self.limits.connect = Some(connect);
        self
    }

    /// Sets the time limit of each attempt, headers and body. A call may override it. 30 s unless set.
    pub fn attempt_timeout(mut self, attempt: Duration) -> Self {
        self.limits.attempt = attempt;
        self
    }

    /// Sets the size limit of a response in bytes, decompressed. A call may override it. 16 MiB unless set.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.limits.response = bytes;
        self
    }

    /// Makes [`build`](Self::build) fail with this error: for helpers whose transport could not be created.
    pub fn refuse(mut self, error: Error) -> Self {
        self.error.get_or_insert(error);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// An error of kind [`Configuration`](crate::ErrorKind::Configuration)
    ///
    /// - if neither a domain nor a base URL is set, or it is not valid;
    /// - if a client of the Management API has no access token: neither a token, a token source, credentials nor an
    ///   `Authorization` header;
    /// - if a token or credential is empty or contains characters that are not allowed in a header;
    /// - if a maximum rate is not positive and finite, or is set beside a pacer.
    ///
    /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if a header is not valid, or is one that the
    /// transport sets.
    pub fn build(mut self) -> Result<T, Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        self.check_credentials()?;
        let (base, tenant) = match &self.address {
            None => {
                return Err(Error::configuration(
                    "no tenant: set domain or base_url, or AUTH0_DOMAIN for from_env",
                ));
            }
            Some(Address::BaseUrl(url)) => {
                let base = BaseUrl::parse(url)?;
                (base.clone(), base.with_path(""))
            }
            Some(Address::Domain(domain)) => {
                let tenant = BaseUrl::from_domain(domain)?;
                (if T::API == Api::Management { tenant.with_path("/api/v2") } else { tenant.clone() }, tenant)
            }
        };
        let base = if self.use_mtls { base.mtls_alias()? } else { base };
        if base.is_plain_http() && !base.is_loopback() && !self.allow_plain_http {
            return Err(Error::configuration(format!(
                "{base} would send tokens in the clear; use https, or call allow_plain_http()"
            )));
        }
        if self.telemetry {
            self.headers.insert("auth0-client", telemetry()?);
        }
        let clock = self.clock.take().or_else(|| self.transport.clock());
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let own = || AdaptivePacer::on(Arc::clone(&clock));
        let pacer: Arc<dyn Pacer> = match (self.pacer.take(), self.max_rate, T::API) {
            (Some(_), Some(_), _) => {
                return Err(Error::configuration(
                    "both a pacer and max_rate are set: call max_rate of the AdaptivePacer that is passed to pacer",
                ));
            }
            (Some(pacer), None, _) => pacer,
            (None, Some(per_second), _) => Arc::new(own().max_rate(per_second)?),
            (None, None, Api::Management) => Arc::new(own()),
            (None, None, Api::Authentication) => Arc::new(Unpaced::new()),
        };
        let budget = Arc::new(Budget::new());
        let shared = |api: Api,
                      base: BaseUrl,
                      token: Option<Arc<dyn TokenSource>>,
                      pacer,
                      headers: HeaderMap,
                      limits: Limits| Client {
            shared: Arc::new(Shared {
                api,
                base,
                headers,
                custom_domain: self.custom_domain.clone(),
                client_id: self.client_id.clone(),
                client_secret: self.client_secret.clone(),
                transport: Arc::clone(&self.transport),
                clock: Arc::clone(&clock),
                token,
                pacer,
                retry: self.retry.clone(),
                budget: Arc::clone(&budget),
                limits,
            }),
        };
        let token: Option<Arc<dyn TokenSource>> = match self.credentials.take() {
            None => None,
            Some(Credentials::Token(token)) => Some(Arc::new(StaticToken::from_token(token))),
            Some(Credentials::Source(source)) => Some(source),
            Some(Credentials::Client(credential)) => {
                let audience =
                    self.audience.clone().unwrap_or_else(|| format!("{}/", tenant.with_path("/api/v2")));
                let mut headers = self.headers.clone();
                headers.remove(AUTHORIZATION);
                let authority = match credential.proof {
                    Proof::Certificate => tenant.mtls_alias()?,
                    Proof::Secret(_) | Proof::Assertion(_) => tenant,
                };
                // Token requests are not paced, and have their own deadline.
                let client = shared(
                    Api::Authentication,
                    authority,
                    None,
                    Arc::new(Unpaced::new()),
                    headers,
                    Limits { overall: Some(FETCH_TIMEOUT), ..self.limits },
                );
                Some(Arc::new(ClientCredentials::new(client, Arc::clone(&clock), credential, audience)))
            }
        };
        let token = match self.wrap_token_source.take() {
            Some(wrap) => token.map(wrap),
            None => token,
        };
        Ok(T::from_client(shared(T::API, base, token, pacer, self.headers.clone(), self.limits)))
    }
}

impl<T: ApiClient> ClientBuilder<T> {
    fn set_client_credentials(&mut self, client_id: String, client_secret: impl Into<Secret>) {
        let proof = Proof::Secret(client_secret.into());
        self.credentials = Some(Credentials::Client(Credential { client_id, proof }));
    }

    /// Refuses a configuration whose requests cannot be authorized.
    fn check_credentials(&self) -> Result<(), Error> {
        let refuse = |why: &str| Err(Error::configuration(why));
        let own = self.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        // A scheme without credentials authorizes nothing.
        if own.is_some_and(|own| !own.trim_ascii().contains(&b' ')) {
            return refuse(
                "the authorization header has no credentials; expected a scheme and credentials, as in `Bearer …`",
            );
        }
        if let Some(secret) = &self.client_secret {
            if secret.expose().trim().is_empty() {
                return refuse("the client secret is empty");
            }
            if self.client_id.is_none() {
                return refuse("a client secret needs the client id that it belongs to: set client_id");
            }
        }
        match &self.credentials {
            None if T::API == Api::Management && own.is_none() => refuse(
                "no access token: set token, token_source, client_credentials, client_assertion or mtls_credentials; or, for from_env, \
                 AUTH0_MANAGEMENT_API_TOKEN or AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET",
            ),
            Some(Credentials::Token(token)) => token.check().or_else(|error| refuse(error.message())),
            Some(Credentials::Client(credential)) if credential.client_id.trim().is_empty() => {
                refuse("the client id is empty")
            }
            Some(Credentials::Client(Credential { proof: Proof::Secret(secret), .. }))
                if secret.expose().trim().is_empty() =>
            {
                refuse("the client secret is empty")
            }
            _ => Ok(()),
        }
    }
}

/// The name and version of this SDK, in the form of Auth0's telemetry header.
fn telemetry() -> Result<HeaderValue, Error> {
    use base64::Engine as _;
    let json = concat!(r#"{"name":"users","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#);
    HeaderValue::try_from(base64::engine::general_purpose::STANDARD.encode(json))
        .map_err(|_| Error::configuration("the telemetry header is not a valid header value"))
}

impl<T> fmt::Debug for ClientBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("transport", &self.transport).finish_non_exhaustive()
    }
}
