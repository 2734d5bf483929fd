//! Building the request of an operation.

use crate::base_url::BaseUrl;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::path_template::RESERVED;
use crate::token::AccessToken;
use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, PROXY_AUTHORIZATION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use std::fmt::{self, Display, Write as _};
use users_model::json::{ToJson, write_object};
use users_model::{JsonObject, Secret};

/// Headers that frame a message or belong to its connection. The transport sets them; they are not taken from callers.
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

/// Room for the bytes of a path that are percent-encoded in three.
const SPARE: usize = 16;

/// The number of headers of most requests, those that the client and the transport add included.
const HEADERS: usize = 6;

/// The size of most JSON bodies, at most.
const BODY: usize = 512;

/// Builds the request of an [`Operation`](crate::Operation) from its descriptor: path, query, headers and body.
///
/// Each path parameter becomes exactly one segment, percent-encoded once. A value that would change the path (empty, blank, a dot
/// segment, a control character) is an error when the request is finished.
///
/// ```
/// use users_core::{BaseUrl, Descriptor, RequestBuilder};
///
/// const GET_HOOK: Descriptor = Descriptor::get("hooks.get", "/hooks/{id}");
/// let base = BaseUrl::parse("https://tenant.eu.auth0.com/api/v2")?;
/// let request = RequestBuilder::new(&GET_HOOK, &base).path("id", "a/b").query("fields", Some("name")).empty()?;
/// assert_eq!(request.uri(), "https://tenant.eu.auth0.com/api/v2/hooks/a%2Fb?fields=name");
/// # Ok::<(), users_core::Error>(())
/// ```
#[must_use = "a request builder builds nothing until it is finished"]
pub struct RequestBuilder<'a> {
    descriptor: &'a Descriptor,
    base: &'a BaseUrl,
    segments: Vec<(&'a str, &'a str)>,
    query: String,
    headers: HeaderMap,
    error: Option<Error>,
}

impl<'a> RequestBuilder<'a> {
    /// Begins the request of this endpoint.
    pub fn new(descriptor: &'a Descriptor, base: &'a BaseUrl) -> Self {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self { descriptor, base, segments: Vec::new(), query: String::new(), headers, error: None }
    }

    /// Sets the path parameter of this name.
    pub fn path(mut self, name: &'a str, value: &'a str) -> Self {
        self.segments.push((name, value));
        self
    }

    /// Adds a query parameter, if it has a value.
    pub fn query(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            if push_parameter(&mut self.query, name, &value).is_err() {
                self.error
                    .get_or_insert_with(|| Error::invalid(format!("{name} cannot be formatted as text")));
            }
        }
        self
    }

    /// Adds a query parameter that narrows the request. A blank one is refused: without it, a deletion could concern everything.
    pub(crate) fn required(self, name: &str, value: &str) -> Self {
        self.not_blank(name, value).query(name, Some(value))
    }

    /// Refuses an argument without a value.
    pub(crate) fn not_blank(mut self, name: &str, value: &str) -> Self {
        if value.trim().is_empty() {
            self.error.get_or_insert_with(|| Error::invalid(format!("{name} is blank")));
        }
        self
    }

    /// Sets a header. A header that frames the message is an error when the request is finished.
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match header(name, value) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
        self
    }

    /// Authorizes the request with this token instead of the client's.
    pub fn bearer(mut self, token: &Secret) -> Self {
        let token = AccessToken::new(token);
        let checked = token.check().map_err(|error| Error::invalid(error.message()));
        match checked.and_then(|()| token.bearer()) {
            Ok(value) => {
                self.headers.insert(AUTHORIZATION, value);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
        self
    }

    /// Finishes the request without a body.
    ///
    /// # Errors
    ///
    /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for the first value that may not be sent.
    pub fn empty(self) -> Result<http::Request<Bytes>, Error> {
        self.build(Bytes::new())
    }

    /// Finishes the request with a JSON body.
    ///
    /// # Errors
    ///
    /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for the first value that may not be sent, and
    /// where the body cannot be serialized.
    pub fn json(mut self, body: &impl Serialize) -> Result<http::Request<Bytes>, Error> {
        let mut text = Vec::with_capacity(BODY);
        serde_json::to_writer(&mut text, body)
            // serde_json's error may quote a value.
            .map_err(|_| Error::invalid("the body cannot be serialized as JSON"))?;
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.build(text.into())
    }

    /// Finishes the request with a body of users-model or of this crate.
    pub(crate) fn body(mut self, body: &dyn ToJson) -> Result<http::Request<Bytes>, Error> {
        let mut text = String::with_capacity(BODY);
        body.write_json(&mut text);
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.build(text.into())
    }

    /// Finishes the request with a JSON object of these properties.
    pub(crate) fn properties(self, properties: &[Property<'_>]) -> Result<http::Request<Bytes>, Error> {
        self.body(&Properties(properties))
    }

    /// Finishes the request with a form of fields and one JSON file (`multipart/form-data`).
    pub(crate) fn multipart(
        mut self,
        fields: &[(&str, String)],
        (name, file, json): (&str, &str, &Bytes),
    ) -> Result<http::Request<Bytes>, Error> {
        // Compact JSON has no line ends, so it cannot contain a boundary; a field with a line end is refused.
        const BOUNDARY: &str = "users-form-boundary";
        if let Some((name, _)) = fields.iter().find(|(_, value)| value.contains(['\r', '\n'])) {
            return Err(Error::invalid(format!("{name} contains a line end")));
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
        if let Some(error) = self.error {
            return Err(error);
        }
        let template = &self.descriptor.path;
        let length: usize = self.segments.iter().map(|(_, value)| value.len()).sum();
        let mut path = String::with_capacity(
            self.base.path().len() + template.as_str().len() + length + SPARE + self.query.len(),
        );
        path.push_str(self.base.path());
        template.fill_into(&mut path, &self.segments)?;
        path.push_str(&self.query);
        let mut request = http::Request::new(body);
        *request.method_mut() = self.descriptor.method.clone();
        *request.uri_mut() = self.base.uri(path)?;
        *request.headers_mut() = self.headers;
        Ok(request)
    }
}

impl fmt::Debug for RequestBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets: only the endpoint and the headers' names are shown.
        f.debug_struct("RequestBuilder")
            .field("endpoint", &self.descriptor.to_string())
            .field("headers", &self.headers.keys().collect::<Vec<&HeaderName>>())
            .finish_non_exhaustive()
    }
}

/// The name and the value of a property of a body, if it has a value.
pub(crate) type Property<'a> = (&'static str, Option<&'a dyn ToJson>);

/// A property that is always sent.
pub(crate) fn property<'a, T: ToJson>(name: &'static str, value: &'a T) -> Property<'a> {
    (name, Some(value))
}

/// A property that is sent if it has a value.
pub(crate) fn optional_property<'a, T: ToJson>(name: &'static str, value: Option<&'a T>) -> Property<'a> {
    (name, value.map(|value| value as &dyn ToJson))
}

/// A JSON object of properties.
struct Properties<'a>(&'a [Property<'a>]);

impl ToJson for Properties<'_> {
    fn write_json(&self, text: &mut String) {
        write_object(text, self.0, &JsonObject::new());
    }
}

/// Appends a query parameter, percent-encoded. The query is empty or begins with `?`.
fn push_parameter(query: &mut String, name: &str, value: &dyn Display) -> fmt::Result {
    query.push(if query.is_empty() { '?' } else { '&' });
    query.extend(utf8_percent_encode(name, RESERVED));
    query.push('=');
    write!(Encoded(query), "{value}")
}

/// Percent-encodes what is written to it.
struct Encoded<'a>(&'a mut String);

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, RESERVED));
        Ok(())
    }
}

/// Reads a header's name and value, which may come from a caller.
pub(crate) fn header(
    name: impl TryInto<HeaderName>,
    value: impl TryInto<HeaderValue>,
) -> Result<(HeaderName, HeaderValue), Error> {
    let name = name.try_into().map_err(|_| Error::invalid("a header's name is not valid"))?;
    let mut value: HeaderValue =
        value.try_into().map_err(|_| Error::invalid(format!("the value of header {name} is not valid")))?;
    check_not_framing(&name)?;
    if is_credential(&name) {
        value.set_sensitive(true);
    }
    Ok((name, value))
}

/// Marks the values of headers that hold credentials, so that nothing prints them.
pub(crate) fn mark_credentials(headers: &mut HeaderMap) {
    headers
        .iter_mut()
        .filter(|(name, _)| is_credential(name))
        .for_each(|(_, value)| value.set_sensitive(true));
}

fn is_credential(name: &HeaderName) -> bool {
    matches!(*name, AUTHORIZATION | PROXY_AUTHORIZATION | COOKIE)
}

/// Refuses a header that frames the message.
pub(crate) fn check_not_framing(name: &HeaderName) -> Result<(), Error> {
    if FRAMING.contains(name) {
        return Err(Error::invalid(format!(
            "header {name} cannot be set: the transport sets it to frame the message"
        )));
    }
    Ok(())
}
