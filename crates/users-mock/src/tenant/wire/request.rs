//! A request as the handlers see it.

use crate::encoding::pairs;
use crate::tenant::config::Config;
use crate::tenant::rules::grant::Grant;
use crate::tenant::rules::schema::Schema;
use crate::tenant::wire::answer::Failure;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::uri::Authority;
use http::{Extensions, HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use serde_json::value::RawValue;
use std::cell::OnceCell;
use std::net::IpAddr;
use users_core::model::JsonObject;

/// The largest body that Auth0 accepts, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// The longest query string of a search, in bytes as it was received.
const MAX_QUERY: usize = 8 * 1024;

/// A request whose path, query and body are decoded.
pub(crate) struct Request {
    /// The values of the path's parameters, decoded, in the order of the template.
    pub(crate) parameters: Vec<String>,
    pub(crate) grant: Grant,
    query: Vec<(String, String)>,
    query_length: usize,
    method: Method,
    target: Uri,
    headers: HeaderMap,
    /// The custom domain that links begin with.
    custom_domain: Option<String>,
    body: Bytes,
    parsed: OnceCell<Body>,
    /// The path below which the tenant is served.
    mount: String,
    ip: IpAddr,
}

/// The path below which a tenant is served, as `/t/shop`, in the extensions of a request to [`Tenant::handle`](crate::Tenant::handle). The
/// links that the tenant makes, and its issuer, begin with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPath(pub String);

/// The address that a request comes from, in the extensions of a request to [`Tenant::handle`](crate::Tenant::handle); `127.0.0.1` without
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// A parsed body.
enum Body {
    Object(JsonObject),
    /// A value of another type as JSON text; `null` if the body is empty.
    Other(String),
}

impl Request {
    pub(crate) fn new(
        method: &Method,
        uri: &Uri,
        headers: HeaderMap,
        extensions: &Extensions,
        body: Bytes,
        parameters: Vec<String>,
        grant: Grant,
    ) -> Self {
        let mount = extensions.get::<MountPath>().map(|mount| mount.0.clone()).unwrap_or_default();
        let ip = extensions.get::<ClientAddress>().map_or(IpAddr::from([127, 0, 0, 1]), |address| address.0);
        let query = uri.query().unwrap_or_default();
        let (query, query_length) = (pairs(query), query.len());
        Self {
            parameters,
            grant,
            query,
            query_length,
            method: method.clone(),
            target: uri.clone(),
            headers,
            custom_domain: None,
            body,
            parsed: OnceCell::new(),
            mount,
            ip,
        }
    }

    /// Selects the custom domain that the request names, of those of the tenant. Fails if it must name one and does not.
    pub(crate) fn select_custom_domain(&mut self, config: &Config) -> Result<(), Failure> {
        let domains = &config.custom_domains;
        match self.headers.get("auth0-custom-domain").and_then(|domain| domain.to_str().ok()) {
            None if domains.len() > 1 => Err(Failure::new(
                StatusCode::CONFLICT,
                "custom_domain_conflict",
                "The tenant has multiple verified custom domains.",
            )),
            Some(domain) if !domains.is_empty() && !domains.iter().any(|known| known == domain) => {
                Err(Failure::assumed(&config.assumptions.unknown_custom_domain, &[("domain", domain)]))
            }
            domain => {
                self.custom_domain = domain.filter(|_| !domains.is_empty()).map(ToOwned::to_owned);
                Ok(())
            }
        }
    }

    pub(crate) fn has_query(&self) -> bool {
        self.query_length > 0
    }

    /// Checks the length of the query string as it was received.
    pub(crate) fn check_query_length(&self) -> Result<(), Failure> {
        if self.query_length <= MAX_QUERY {
            return Ok(());
        }
        let message = format!("The query string is longer than {MAX_QUERY} bytes");
        Err(Failure::new(StatusCode::URI_TOO_LONG, None, message))
    }

    /// A parameter of the path; empty if the template has fewer.
    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// A parameter of the query, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The parameters of the query, decoded.
    pub(crate) fn query_pairs(&self) -> impl Iterator<Item = (String, Value)> {
        self.query.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())))
    }

    /// The values of a parameter of the query that may be repeated.
    pub(crate) fn queries<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// An integer of the query, which `check_query` has found to be one of 0 or more.
    pub(crate) fn number(&self, name: &str, default: u64) -> u64 {
        let Some(text) = self.query(name) else { return default };
        // JavaScript takes -0 and 5.0 for integers too.
        let digits = text.trim_start_matches('-').split('.').next().unwrap_or_default();
        digits.parse().unwrap_or(u64::MAX)
    }

    /// A boolean of the query, which `check_query` has found to be one.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.query(name).map_or(default, |text| text == "true")
    }

    /// Checks the query by the schema of the endpoint.
    pub(crate) fn check_query(&self, schema: &Schema) -> Result<(), Failure> {
        schema.check_query(&self.query).map_err(|violation| Failure::query(&violation.to_string()))
    }

    /// Checks a scope that a part of the request requires, in addition to those of its endpoint.
    pub(crate) fn require_scope(&self, scope: &'static str) -> Result<(), Failure> {
        if self.grant.has(scope) { Ok(()) } else { Err(Failure::insufficient_scope(&[&[scope]])) }
    }

    /// The body as it was received.
    pub(crate) fn raw_body(&self) -> &Bytes {
        &self.body
    }

    /// Checks the body by the schema of the endpoint.
    pub(crate) fn check_body(&self, schema: &Schema) -> Result<(), Failure> {
        let outcome = match self.parsed()? {
            Body::Object(object) => schema.check_body(object),
            Body::Other(json) => schema.check(json),
        };
        outcome.map_err(|violation| Failure::body(&violation.to_string()))
    }

    /// The body as an object; an empty body is an empty object.
    pub(crate) fn body(&self) -> Result<JsonObject, Failure> {
        match self.parsed()? {
            Body::Object(object) => Ok(object.clone()),
            Body::Other(json) if json == "null" => Ok(JsonObject::new()),
            Body::Other(_) => Err(Failure::body("'Expected type object but found another type'")),
        }
    }

    fn parsed(&self) -> Result<&Body, Failure> {
        match self.parsed.get() {
            Some(parsed) => Ok(parsed),
            None => self.parse().map(|parsed| self.parsed.get_or_init(|| parsed)),
        }
    }

    /// Parses the body, which is JSON, or a form, of which `true` and `false` are read as booleans.
    fn parse(&self) -> Result<Body, Failure> {
        if self.body.len() > MAX_BODY {
            let message = format!("Payload content length greater than maximum allowed: {MAX_BODY}");
            return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, None, message));
        }
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let text = std::str::from_utf8(&self.body).map_err(|_| invalid_json())?;
        if kind.starts_with("application/x-www-form-urlencoded") {
            let mut object = JsonObject::new();
            for (key, value) in pairs(text) {
                let inserted = match value.as_str() {
                    "true" | "false" => object.insert_raw(key, &value),
                    _ => object.insert(key, value),
                };
                inserted.map_err(|_| invalid_json())?;
            }
            return Ok(Body::Object(object));
        }
        if text.is_empty() {
            return Ok(Body::Other("null".to_owned()));
        }
        if text.trim_start().starts_with('{') {
            return JsonObject::from_json(text).map(Body::Object).map_err(|_| invalid_json());
        }
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| invalid_json())?;
        Ok(Body::Other(raw.get().to_owned()))
    }

    /// The bearer token of the `authorization` header.
    pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
        headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The host and port that the request was sent to.
    pub(crate) fn authority(&self) -> Option<&str> {
        self.target.authority().map(Authority::as_str).or_else(|| self.headers.get(HOST)?.to_str().ok())
    }

    /// The scheme, host and port that the request was sent to, which links in the response begin with.
    pub(crate) fn origin(&self, domain: &str) -> String {
        if let Some(domain) = &self.custom_domain {
            return format!("https://{domain}");
        }
        let authority = self.authority().unwrap_or(domain);
        let scheme = self.target.scheme_str().unwrap_or("https");
        format!("{scheme}://{authority}{}", self.mount)
    }

    /// The issuer of tokens: the address that the request was sent to, with a slash at the end.
    pub(crate) fn issuer(&self, config: &Config) -> String {
        format!("{}/", self.origin(&config.domain))
    }

    /// The path of one of the tenant's own pages, as a browser requests it.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.mount)
    }

    /// The path that cookies are for.
    pub(crate) fn cookie_path(&self) -> &str {
        if self.mount.is_empty() { "/" } else { &self.mount }
    }

    /// Whether links begin with `https`.
    pub(crate) fn is_https(&self) -> bool {
        self.target.scheme_str() != Some("http")
    }

    /// The address that the request comes from.
    pub(crate) fn ip(&self) -> IpAddr {
        self.ip
    }

    pub(crate) fn is_post(&self) -> bool {
        self.method == Method::POST
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// The URI as it was received.
    pub(crate) fn target(&self) -> &Uri {
        &self.target
    }

    pub(crate) fn user_agent(&self) -> &str {
        self.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let mut pairs =
            headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

fn invalid_json() -> Failure {
    Failure::bad_request(None, "Invalid request payload JSON format")
}
