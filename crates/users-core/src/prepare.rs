//! Building the request of a call: everything except the access token.

use crate::client::{CallOptions, Client};
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation::Operation;
use crate::path_template::RESERVED;
use crate::request::{check_not_framing, mark_credentials};
use crate::transport::ConnectTimeout;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use percent_encoding::utf8_percent_encode;
use users_model::JsonObject;
use users_model::json::{self, ReadError};

/// How much memory reading a request's body again may take.
const BODY_MEMORY: usize = 128 * 1024 * 1024;

/// The header that names the custom domain of e-mails and tickets.
const CUSTOM_DOMAIN: HeaderName = HeaderName::from_static("auth0-custom-domain");

impl Client {
    /// Makes the request of an operation and completes it with the client's headers and the call's options.
    pub(crate) fn prepare<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<http::Request<Bytes>, Error> {
        let descriptor = operation.descriptor();
        self.check_api(descriptor)?;
        let request = operation.request(&self.shared.base);
        let request = request.map_err(|error| error.redacted(&operation.secrets()))?;
        self.complete(descriptor, request, options)
    }

    fn check_api(&self, descriptor: &Descriptor) -> Result<(), Error> {
        if descriptor.api == self.shared.api {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "{} is an operation of the {}, and the client is one of the {}",
            descriptor.name, descriptor.api, self.shared.api
        )))
    }

    /// Checks the request of an operation, and adds the client's headers and the call's options.
    fn complete(
        &self,
        descriptor: &Descriptor,
        mut request: http::Request<Bytes>,
        options: &CallOptions,
    ) -> Result<http::Request<Bytes>, Error> {
        self.check(descriptor, &request)?;
        if !options.query.is_empty() {
            *request.uri_mut() = with_query(request.uri(), &options.query)?;
        }
        if !options.body.is_empty() {
            *request.body_mut() = with_properties(&request, &options.body)?;
            let json = HeaderValue::from_static("application/json");
            add_unless_set(request.headers_mut(), &CONTENT_TYPE, &json);
        }
        self.add_headers(descriptor, &mut request, options);
        Ok(request)
    }

    /// Refuses a request that is not the descriptor's: operations may be written outside this crate.
    fn check(&self, descriptor: &Descriptor, request: &http::Request<Bytes>) -> Result<(), Error> {
        let base = &self.shared.base;
        let refuse = |why: &str| Err(Error::invalid(format!("the request of {}: {why}", descriptor.name)));
        if request.method() != descriptor.method {
            return refuse("its method is not that of the descriptor");
        }
        if !base.is_authority_of(request.uri()) {
            return refuse("it goes to another authority than the client's base URL");
        }
        let path = request.uri().path();
        if !path.strip_prefix(base.path()).is_some_and(|path| descriptor.path.describes(path)) {
            return refuse("its path does not match the descriptor's template");
        }
        request.headers().keys().try_for_each(check_not_framing)
    }

    /// Adds the client's headers and the call's; the operation's replace the former, and the call's replace both.
    fn add_headers(
        &self,
        descriptor: &Descriptor,
        request: &mut http::Request<Bytes>,
        options: &CallOptions,
    ) {
        let domain = options.custom_domain.as_ref().or(self.shared.custom_domain.as_ref());
        let headers = request.headers_mut();
        if let (true, Some(domain)) = (descriptor.custom_domain, domain) {
            add_unless_set(headers, &CUSTOM_DOMAIN, domain);
        }
        for (name, value) in &self.shared.headers {
            add_unless_set(headers, name, value);
        }
        if !options.headers.is_empty() {
            replace(headers, options.headers.clone());
        }
        // An operation written outside this crate may not have marked its own.
        mark_credentials(headers);
        if let Some(connect) = options.connect.or(self.shared.limits.connect) {
            request.extensions_mut().insert(ConnectTimeout(connect));
        }
    }
}

fn add_unless_set(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    headers.entry(name).or_insert_with(|| value.clone());
}

/// The URI with further query parameters.
fn with_query(uri: &Uri, parameters: &[(String, String)]) -> Result<Uri, Error> {
    let mut text = uri.to_string();
    for (name, value) in parameters {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.extend(utf8_percent_encode(name, RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(value, RESERVED));
    }
    text.parse().map_err(|_| Error::invalid("the request's URI is too long with this query"))
}

/// The body with further properties, which replace those of the same name.
fn with_properties(request: &http::Request<Bytes>, properties: &JsonObject) -> Result<Bytes, Error> {
    let refuse = || Error::invalid("body_property: the body of the operation is not a JSON object");
    let mut body = match request.body() {
        body if body.is_empty() && *request.method() != Method::GET => JsonObject::new(),
        body => json::from_slice(body, BODY_MEMORY).map_err(|error| match error {
            ReadError::MemoryExceeded => Error::invalid("body_property: the body is too large to be changed"),
            _ => refuse(),
        })?,
    };
    for (name, value) in properties.iter() {
        body.insert_raw(name, value).map_err(|_| refuse())?;
    }
    Ok(body.to_json().into())
}

/// Inserts headers, replacing those of the same name.
fn replace(headers: &mut HeaderMap, others: HeaderMap) {
    let mut last = None;
    for (name, value) in others {
        match name {
            // `HeaderMap` yields the name with the first of its values only.
            Some(name) => {
                headers.insert(name.clone(), value);
                last = Some(name);
            }
            None => {
                if let Some(name) = &last {
                    headers.append(name.clone(), value);
                }
            }
        }
    }
}
