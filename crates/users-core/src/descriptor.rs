//! What is known of an endpoint.

use http::Method;
use std::borrow::Cow;
use std::fmt;

/// What is known of an endpoint without calling it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Descriptor {
    /// The operation's name: the client's member and the method, `users.get`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the API's base URL, with its parameters in braces: `/users/{id}`.
    pub path: Cow<'static, str>,
    /// The scopes of which an access token needs one.
    pub scopes: &'static [&'static str],
    /// The API that the endpoint belongs to.
    pub api: Api,
    /// How safe it is to send the request again.
    pub safety: Safety,
    /// What it does to the tenant, which is also how Auth0 groups its rate limits.
    pub access: Access,
    /// The query parameters that a call can set.
    pub query: &'static [&'static str],
    /// Whether the endpoint takes the `Auth0-Custom-Domain` header.
    pub custom_domain: bool,
}

impl Descriptor {
    pub(crate) const fn get(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::GET, path, scopes, Safety::Safe, Access::Read)
    }

    pub(crate) const fn post(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::POST, path, scopes, Safety::Unsafe, Access::Write)
    }

    pub(crate) const fn patch(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::PATCH, path, scopes, Safety::Unsafe, Access::Write)
    }

    pub(crate) const fn delete(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::DELETE, path, scopes, Safety::Idempotent, Access::Delete)
    }

    pub(crate) const fn put(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::PUT, path, scopes, Safety::Idempotent, Access::Write)
    }

    const fn new(
        name: &'static str,
        api: Api,
        method: Method,
        path: &'static str,
        scopes: &'static [&'static str],
        safety: Safety,
        access: Access,
    ) -> Self {
        Self {
            name,
            method,
            path: Cow::Borrowed(path),
            scopes,
            api,
            safety,
            access,
            query: &[],
            custom_domain: false,
        }
    }

    /// One for a path that is not modelled.
    pub(crate) fn of_path(name: &'static str, api: Api, method: Method, path: String) -> Self {
        let (safety, access) = match method {
            Method::GET | Method::HEAD => (Safety::Safe, Access::Read),
            Method::PUT => (Safety::Idempotent, Access::Write),
            Method::DELETE => (Safety::Idempotent, Access::Delete),
            _ => (Safety::Unsafe, Access::Write),
        };
        Self {
            name,
            method,
            path: Cow::Owned(path),
            scopes: &[],
            api,
            safety,
            access,
            query: &[],
            custom_domain: false,
        }
    }

    pub(crate) const fn with_query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    pub(crate) const fn takes_custom_domain(mut self) -> Self {
        self.custom_domain = true;
        self
    }

    pub(crate) const fn idempotent(mut self) -> Self {
        self.safety = Safety::Idempotent;
        self
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

/// How safe it is to send a request again when nobody knows whether the first one was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Safety {
    /// It changes nothing (GET, HEAD).
    Safe,
    /// Sending it twice has the same effect as once (DELETE, PUT, and `POST /oauth/token`).
    Idempotent,
    /// Twice is not once (POST, and PATCH, which sends mails and writes password history).
    Unsafe,
}

/// What an operation does to the tenant.
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
