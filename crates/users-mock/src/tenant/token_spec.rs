//! Tokens that are issued without a login, as they are asked for.

use crate::tenant::rules::grant::Grant;
use crate::tenant::wire::request::{MountPath, Request};
use bytes::Bytes;
use http::{Extensions, HeaderMap, Method, Uri};
use std::error::Error;
use std::fmt;
use users_core::model::{JsonObject, Secret};

/// A token to issue without a login; see [`Tenant::issue`](crate::Tenant::issue).
///
/// Tokens of users are those of a login: opaque without the audience of an API, otherwise JSON Web Tokens with the scopes that the API has,
/// with `permissions` and with the claims of the seed.
#[derive(Clone, Debug)]
#[must_use = "a specification does nothing until a tenant issues the token"]
pub struct TokenSpec {
    pub(crate) kind: TokenKind,
    pub(crate) base_url: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) client_id: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) claims: Option<JsonObject>,
    pub(crate) expires_in: Option<i64>,
}

/// What a token is for, with the id of the user.
#[derive(Clone, Debug)]
pub(crate) enum TokenKind {
    Access(String),
    Id(String),
    SelfService(String),
    Management,
    Global,
}

impl TokenSpec {
    fn new(kind: TokenKind) -> Self {
        Self {
            kind,
            base_url: None,
            audience: None,
            scopes: None,
            client_id: None,
            organization: None,
            claims: None,
            expires_in: None,
        }
    }

    /// An access token of a user.
    pub fn access(user_id: impl Into<String>) -> Self {
        Self::new(TokenKind::Access(user_id.into()))
    }

    /// An ID token of a user.
    pub fn id(user_id: impl Into<String>) -> Self {
        Self::new(TokenKind::Id(user_id.into()))
    }

    /// A token of a user for the user's own part of the Management API.
    pub fn self_service(user_id: impl Into<String>) -> Self {
        Self::new(TokenKind::SelfService(user_id.into()))
    }

    /// A token of an application for the Management API.
    pub fn management() -> Self {
        Self::new(TokenKind::Management)
    }

    /// A token of the global client, which `impersonate` requires.
    pub fn global() -> Self {
        Self::new(TokenKind::Global)
    }

    /// The URL at which clients reach the tenant, such as `http://127.0.0.1:4400/t/shop`: with a slash at the end it is the issuer. By default
    /// that of the tenant's domain.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The API that an access token is for.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The scopes that are asked for. By default all of the Management API or of the audience, and `openid`, `profile` and `email` for a user.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// The application that the token is issued to; that of the tenant by default.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The id of the organization that the user is logged in to.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// Claims, which replace those of the same name. An opaque token cannot have any.
    pub fn claims(mut self, claims: JsonObject) -> Self {
        self.claims = Some(claims);
        self
    }

    /// The seconds after which the token expires; negative for one that has expired.
    pub fn expires_in(mut self, seconds: i64) -> Self {
        self.expires_in = Some(seconds);
        self
    }

    /// A request to the tenant, sent to the base URL.
    pub(crate) fn request(&self, domain: &str) -> Result<Request, InvalidTokenSpec> {
        let base_url = self.base_url.clone().unwrap_or_else(|| format!("https://{domain}"));
        let uri: Option<Uri> = base_url.parse().ok().filter(|uri: &Uri| uri.scheme().is_some());
        let uri = uri.ok_or(InvalidTokenSpec::BaseUrl(base_url))?;
        let mut extensions = Extensions::new();
        extensions.insert(MountPath(uri.path().trim_end_matches('/').to_owned()));
        let (method, headers) = (Method::GET, HeaderMap::new());
        Ok(Request::new(&method, &uri, headers, &extensions, Bytes::new(), Vec::new(), Grant::Nothing))
    }
}

/// A token that was issued.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token.
    pub token: Secret,
    /// The scopes that were granted. A user is not granted a scope that the API does not have, or for which the user lacks the permission.
    pub scopes: Vec<String>,
    /// The seconds after which it expires; negative if it has expired.
    pub expires_in: i64,
}

/// Why a token cannot be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidTokenSpec {
    /// There is no such user.
    User(String),
    /// There is no such application.
    Client(String),
    /// There is no API with this identifier.
    Audience(String),
    /// The API wants tokens with a signature that the tenant does not make.
    Signature(String),
    /// There is no such organization.
    Organization(String),
    /// The base URL has no scheme and host.
    BaseUrl(String),
    /// The token would be opaque, so it cannot have claims.
    ClaimsOfOpaque,
}

impl fmt::Display for InvalidTokenSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "there is no user {id:?}"),
            Self::Client(id) => write!(f, "there is no application with the client id {id:?}"),
            Self::Audience(audience) => {
                write!(
                    f,
                    "there is no API with the identifier {audience:?}; a seed adds one to resource_servers"
                )
            }
            Self::Signature(signature) => write!(f, "the embedded tenant does not implement {signature}"),
            Self::Organization(id) => write!(f, "there is no organization {id:?}"),
            Self::BaseUrl(url) => write!(f, "{url:?} is no URL with a scheme and a host"),
            Self::ClaimsOfOpaque => {
                f.write_str("an access token without the audience of an API is opaque and has no claims")
            }
        }
    }
}

impl Error for InvalidTokenSpec {}
