//! Descriptors of endpoints.

use crate::path_template::PathTemplate;
use http::Method;
use std::fmt;

/// Describes an endpoint: its name, method, path, scopes and safety.
///
/// A descriptor is usually a constant, created by the constructor of its method and completed by setters:
///
/// ```
/// use users_core::{Access, Descriptor, Safety};
///
/// const LIST_HOOKS: Descriptor = Descriptor::get("hooks.list", "/hooks").scopes(&[&["read:hooks"]]).query(&["page"]);
/// assert_eq!(LIST_HOOKS.to_string(), "GET /hooks");
/// assert_eq!((LIST_HOOKS.safety, LIST_HOOKS.access), (Safety::Safe, Access::Read));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Descriptor {
    /// The operation's name: the client's member and the method, `users.get`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the API's base URL.
    pub path: PathTemplate,
    /// The scopes that an access token needs: alternatives, of one of which all scopes are required. Empty where the endpoint
    /// needs no scope, or where none is known.
    pub scopes: &'static [&'static [&'static str]],
    /// The API that the endpoint belongs to.
    pub api: Api,
    /// Whether the request may be repeated when its outcome is unknown.
    pub safety: Safety,
    /// What the operation does to the tenant, which is also how Auth0 groups its rate limits.
    pub access: Access,
    /// The query parameters that a call can set, except those of [`paging`](Self::paging).
    pub query: &'static [&'static str],
    /// How the list is paged, if the endpoint returns one.
    pub paging: Paging,
    /// Whether the endpoint accepts the `Auth0-Custom-Domain` header.
    pub custom_domain: bool,
    /// Whether the client adds its access token to the request.
    pub access_token: bool,
    /// Properties of the JSON body with the values that distinguish the operation from others of the same endpoint: `grant_type` of
    /// `POST /oauth/token`.
    pub distinguished_by: &'static [(&'static str, &'static [&'static str])],
    /// The name of the same operation in Auth0's Node SDK.
    pub node: Option<&'static str>,
}

impl Descriptor {
    /// A `GET` of the Management API: [safe](Safety::Safe), a [read](Access::Read).
    pub const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::GET, PathTemplate::new(path), Safety::Safe, Access::Read)
    }

    /// A `POST` to the Management API: [unsafe](Safety::Unsafe), a [write](Access::Write).
    pub const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::POST, PathTemplate::new(path), Safety::Unsafe, Access::Write)
    }

    /// A `PATCH` of the Management API: [unsafe](Safety::Unsafe), a [write](Access::Write).
    pub const fn patch(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::PATCH, PathTemplate::new(path), Safety::Unsafe, Access::Write)
    }

    /// A `PUT` of the Management API: [idempotent](Safety::Idempotent), a [write](Access::Write).
    pub const fn put(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::PUT, PathTemplate::new(path), Safety::Idempotent, Access::Write)
    }

    /// A `DELETE` of the Management API: [idempotent](Safety::Idempotent), a [delete](Access::Delete).
    pub const fn delete(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::DELETE, PathTemplate::new(path), Safety::Idempotent, Access::Delete)
    }

    const fn new(
        name: &'static str,
        method: Method,
        path: PathTemplate,
        safety: Safety,
        access: Access,
    ) -> Self {
        let api = Api::Management;
        Self {
            name,
            method,
            path,
            scopes: &[],
            api,
            safety,
            access,
            query: &[],
            paging: Paging::None,
            custom_domain: false,
            access_token: true,
            distinguished_by: &[],
            node: None,
        }
    }

    /// A descriptor for a path that is not modelled.
    pub(crate) fn with_template(name: &'static str, api: Api, method: Method, path: PathTemplate) -> Self {
        let (safety, access) = match method {
            Method::GET | Method::HEAD => (Safety::Safe, Access::Read),
            Method::PUT => (Safety::Idempotent, Access::Write),
            Method::DELETE => (Safety::Idempotent, Access::Delete),
            _ => (Safety::Unsafe, Access::Write),
        };
        Self::new(name, method, path, safety, access).api(api)
    }

    /// Sets the API. The Management API unless set.
    #[must_use]
    pub const fn api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// Sets the scopes: alternatives, of one of which all are required.
    #[must_use]
    pub const fn scopes(mut self, scopes: &'static [&'static [&'static str]]) -> Self {
        self.scopes = scopes;
        self
    }

    /// Sets the safety, if it is not that of the method.
    #[must_use]
    pub const fn safety(mut self, safety: Safety) -> Self {
        self.safety = safety;
        self
    }

    /// Sets the access, if it is not that of the method, such as for a `POST` that reads.
    #[must_use]
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Sets the query parameters that a call can set, except those of paging.
    #[must_use]
    pub const fn query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    /// Sets how the list is paged.
    #[must_use]
    pub const fn paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// Sets that the endpoint accepts the `Auth0-Custom-Domain` header.
    #[must_use]
    pub const fn takes_custom_domain(mut self) -> Self {
        self.custom_domain = true;
        self
    }

    /// Sets that the endpoint takes no access token, so that the client does not send its own.
    #[must_use]
    pub const fn without_access_token(mut self) -> Self {
        self.access_token = false;
        self
    }

    /// Sets properties of the JSON body, each with the values that distinguish the operation from others of the same endpoint.
    #[must_use]
    pub const fn distinguished_by(
        mut self,
        properties: &'static [(&'static str, &'static [&'static str])],
    ) -> Self {
        self.distinguished_by = properties;
        self
    }

    /// Sets the name of the same operation in Auth0's Node SDK.
    #[must_use]
    pub const fn node(mut self, name: &'static str) -> Self {
        self.node = Some(name);
        self
    }

    /// Returns all query parameters that a call can set, those of paging first.
    pub fn query_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.paging.query_parameters().iter().chain(self.query).copied()
    }

    /// Returns whether a token with these scopes may call the endpoint: it has all scopes of one alternative, or the endpoint
    /// requires none.
    ///
    /// ```
    /// use users_core::management::RevokeUserAccess;
    ///
    /// let revoke = RevokeUserAccess::DESCRIPTOR;
    /// assert!(revoke.allows(["delete:sessions", "delete:refresh_tokens", "read:users"]));
    /// assert!(!revoke.allows(["delete:sessions"]));
    /// ```
    pub fn allows<S: AsRef<str>>(&self, granted: impl IntoIterator<Item = S>) -> bool {
        let granted: Vec<S> = granted.into_iter().collect();
        let has = |scope: &&str| granted.iter().any(|granted| granted.as_ref() == *scope);
        self.scopes.is_empty() || self.scopes.iter().any(|all| all.iter().all(has))
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// One of Auth0's APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Api {
    /// `https://{domain}/api/v2`
    Management,
    /// `https://{domain}`
    Authentication,
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Management => "Management API",
            Self::Authentication => "Authentication API",
        })
    }
}

/// How a list is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Paging {
    /// It is not paged, or the endpoint returns no list.
    None,
    /// By `page`, `per_page` and `include_totals`, up to the first 1000 items.
    Offset,
    /// By `from` and `take`, without a limit.
    Checkpoint,
    /// By either.
    Any,
}

impl Paging {
    /// The query parameters of this style.
    pub const fn query_parameters(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Offset => &["page", "per_page", "include_totals"],
            Self::Checkpoint => &["from", "take"],
            Self::Any => &["page", "per_page", "include_totals", "from", "take"],
        }
    }
}

/// Whether a request may be repeated if its outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Safety {
    /// It changes nothing (GET, HEAD).
    Safe,
    /// Sending it twice has the same effect as once (DELETE, PUT, and `POST /oauth/token`).
    Idempotent,
    /// Sending it twice may have another effect than once (POST, and PATCH, which sends e-mails and writes password history).
    Unsafe,
}

/// The kind of access to the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// It reads.
    Read,
    /// It creates or changes.
    Write,
    /// It deletes.
    Delete,
}
