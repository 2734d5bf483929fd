//! Making an endpoint's request.

use crate::base_url::BaseUrl;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::token::AccessToken;
use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::fmt::Display;
use users_model::{InvalidId, Secret};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Headers by which a transport frames a message and leads it: they are not taken from callers.
const FRAMING: [HeaderName; 9] = [
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONNECTION,
    TE,
    TRAILER,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Fills an endpoint's path template and gathers its query, headers and body.
///
/// Each path parameter becomes exactly one segment, percent-encoded once; one that is empty, blank, a dot segment or
/// holds a control character is refused.
#[derive(Debug)]
pub(crate) struct RequestBuilder<'a> {
    descriptor: &'a Descriptor,
    base: &'a BaseUrl,
    segments: Vec<(&'a str, &'a str)>,
    query: String,
    headers: HeaderMap,
    problem: Option<Error>,
}

impl<'a> RequestBuilder<'a> {
    pub(crate) fn new(descriptor: &'a Descriptor, base: &'a BaseUrl) -> Self {
        Self {
            descriptor,
            base,
            segments: Vec::new(),
            query: String::new(),
            headers: HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]),
            problem: None,
        }
    }

    /// Fills the path parameter of this name.
    pub(crate) fn segment(mut self, name: &'a str, value: &'a str) -> Self {
        if let Err(invalid) = InvalidId::check(value) {
            self.problem.get_or_insert_with(|| Error::invalid(format!("{name}: {invalid}")));
        }
        self.segments.push((name, value));
        self
    }

    /// Adds a query parameter, if it has a value.
    pub(crate) fn query(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.query.push(if self.query.is_empty() { '?' } else { '&' });
            self.query.extend(utf8_percent_encode(name, RESERVED));
            self.query.push('=');
            self.query.extend(utf8_percent_encode(&value.to_string(), RESERVED));
        }
        self
    }

    /// Sends this token instead of the client's own.
    pub(crate) fn bearer(mut self, token: &Secret) -> Self {
        let checked = AccessToken::new(token).check().map_err(|error| Error::invalid(error.message()));
        match checked.and_then(|()| bearer(token)) {
            Ok(value) => {
                self.headers.insert(AUTHORIZATION, value);
            }
            Err(error) => {
                self.problem.get_or_insert(error);
            }
        }
        self
    }

    /// The request, without a body.
    pub(crate) fn empty(self) -> Result<http::Request<Bytes>, Error> {
        self.build(Bytes::new())
    }

    /// The request with a JSON body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<http::Request<Bytes>, Error> {
        let body = serde_json::to_vec(body)
            // What serde_json reports of it may quote a value.
            .map_err(|_| Error::invalid("the body has no JSON form"))?;
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.build(body.into())
    }

    /// The request with a form of fields and one JSON file (`multipart/form-data`).
    pub(crate) fn multipart(
        mut self,
        fields: &[(&str, String)],
        (name, file, json): (&str, &str, &Bytes),
    ) -> Result<http::Request<Bytes>, Error> {
        // Compact JSON has no line ends, so no boundary can stand in it; a field that has one is refused.
        const BOUNDARY: &str = "users-form-boundary";
        if let Some((name, _)) = fields.iter().find(|(_, value)| value.contains(['\r', '\n'])) {
            return Err(Error::invalid(format!("{name} holds a line end")));
        }
        let mut body = Vec::with_capacity(json.len() + 512);
        for (name, value) in fields {
            let part =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: application/json\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(json);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = HeaderValue::from_static("multipart/form-data; boundary=users-form-boundary");
        self.headers.insert(CONTENT_TYPE, kind);
        self.build(body.into())
    }

    fn build(self, body: Bytes) -> Result<http::Request<Bytes>, Error> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let path = fill(&self.descriptor.path, &self.segments)?;
        let mut request = http::Request::new(body);
        *request.method_mut() = self.descriptor.method.clone();
        *request.uri_mut() = self.base.join(&format!("{path}{}", self.query))?;
        *request.headers_mut() = self.headers;
        Ok(request)
    }
}

/// A path template with its parameters in place: as many segments as the template has, none of them empty.
fn fill(template: &str, values: &[(&str, &str)]) -> Result<String, Error> {
    let mut path = String::with_capacity(template.len() + 32);
    for segment in template.split('/').skip(1) {
        path.push('/');
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            path.push_str(segment);
            continue;
        };
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => path.extend(utf8_percent_encode(value, RESERVED)),
            None => return Err(Error::invalid(format!("{name} is missing: {template} cannot be filled"))),
        }
    }
    Ok(path)
}

/// The value of an `Authorization` header, marked so that nothing prints it.
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| Error::invalid("the access token holds characters that no header may hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads a header's name and value, which may come from a caller.
pub(crate) fn header(
    name: impl TryInto<HeaderName>,
    value: impl TryInto<HeaderValue>,
) -> Result<(HeaderName, HeaderValue), Error> {
    let name = name.try_into().map_err(|_| Error::invalid("a header's name is not valid"))?;
    let mut value: HeaderValue =
        value.try_into().map_err(|_| Error::invalid(format!("the value of header {name} is not valid")))?;
    if FRAMING.contains(&name) {
        return Err(Error::invalid(format!(
            "header {name} belongs to the transport, which frames the message"
        )));
    }
    if matches!(name, AUTHORIZATION | http::header::PROXY_AUTHORIZATION | http::header::COOKIE) {
        value.set_sensitive(true);
    }
    Ok((name, value))
}
