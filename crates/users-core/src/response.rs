//! Decoding the response of an operation.

use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind, Misfit};
use crate::redact;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use users_model::json::{self, PathStep, ReadError, Reader, Stop};
use users_model::{Model, within_memory};

/// The default size limit of a response in bytes, decompressed.
pub(crate) const RESPONSE_LIMIT: usize = 16 * 1024 * 1024;
/// Decoding allocates at most this many times the response limit …
const MEMORY: usize = 8;
/// … but this many bytes are always allowed, so that a small limit admits a page of small users.
const LEAST_MEMORY: usize = 8 * 1024 * 1024;
/// The sizes of a list element, an object entry and an object in a type outside users-model, such as `serde_json::Value`,
/// whose objects are trees.
const ELEMENT: usize = 72;
const ENTRY: usize = 64;
const OBJECT: usize = 680;

/// The size limit that applied to a response, in bytes: an extension of the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseLimit(pub(crate) usize);

/// Decodes a JSON response into any type that implements `Deserialize`.
///
/// # Errors
///
/// See [`Operation::decode`](crate::Operation::decode). The type may allocate at most eight times the response limit; the
/// estimate is made before decoding and assumes types no larger than `serde_json::Value`.
pub fn decode_json<T: DeserializeOwned>(
    descriptor: &Descriptor,
    response: http::Response<Bytes>,
) -> Result<T, Error> {
    decode_any(Some(descriptor), response)
}

/// Decodes a plain text response.
///
/// # Errors
///
/// See [`Operation::decode`](crate::Operation::decode).
pub fn decode_text(descriptor: &Descriptor, response: http::Response<Bytes>) -> Result<String, Error> {
    let response = decode_status(descriptor, response)?;
    match std::str::from_utf8(response.body()) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::undecodable(Some(descriptor), response, "the response body is not UTF-8 text")),
    }
}

/// Decodes a response without content. A body is ignored, unless it is an HTML page, which a proxy sends in place of the API.
///
/// # Errors
///
/// See [`Operation::decode`](crate::Operation::decode).
pub fn decode_empty(descriptor: &Descriptor, response: http::Response<Bytes>) -> Result<(), Error> {
    decode_unless_page(descriptor, response).map(drop)
}

/// Decodes a response in plain text, which Auth0 may declare as HTML. An HTML page is refused.
pub(crate) fn decode_message(
    descriptor: &Descriptor,
    response: http::Response<Bytes>,
) -> Result<String, Error> {
    decode_text(descriptor, decode_unless_page(descriptor, response)?)
}

/// Returns the response if its status is 2xx and its body is no HTML page, which a proxy sends in place of the API.
fn decode_unless_page(
    descriptor: &Descriptor,
    response: http::Response<Bytes>,
) -> Result<http::Response<Bytes>, Error> {
    let response = decode_status(descriptor, response)?;
    if response.body().trim_ascii_start().starts_with(b"<") {
        let message = "the response body is an HTML page, which the API does not send";
        return Err(Error::undecodable(Some(descriptor), response, message));
    }
    Ok(response)
}

/// Decodes a JSON response into a type of users-model.
pub(crate) fn decode_model<T: Model>(
    descriptor: &Descriptor,
    response: http::Response<Bytes>,
) -> Result<T, Error> {
    let mut value = None;
    decode_by(descriptor, response, &mut |reader| {
        value = Some(T::read_model(reader)?);
        Ok(())
    })?;
    // Reading has set a value, unless it failed.
    value.ok_or_else(|| Error::new(ErrorKind::Decode, "no value"))
}

/// Decodes a JSON response by a function that reads it. Not generic over what it reads, so that its code exists once.
fn decode_by(
    descriptor: &Descriptor,
    response: http::Response<Bytes>,
    read: &mut dyn FnMut(&mut Reader<'_>) -> Result<(), Stop>,
) -> Result<(), Error> {
    let response = decode_status(descriptor, response)?;
    json::read_slice(response.body(), memory(&response), read)
        .map_err(|error| undecodable(descriptor, response, error))
}

/// The error of a response that is not the model that it should be.
fn undecodable(descriptor: &Descriptor, response: http::Response<Bytes>, error: ReadError) -> Error {
    let misfit = match error {
        ReadError::MemoryExceeded => return Error::too_large(Some(descriptor), response),
        // Keys on the way to a list and its items come from the model.
        ReadError::Shape { path, reason, .. } => {
            let path = path_text(&path, true);
            Misfit { reason: redact::data_error(&reason), shown_path: path.clone(), path }
        }
        // Syntax errors quote nothing.
        error => Misfit { reason: error.to_string(), path: String::new(), shown_path: String::new() },
    };
    Error::decode(Some(descriptor), response, misfit)
}

/// Decodes a JSON response into any type.
pub(crate) fn decode_any<T: DeserializeOwned>(
    descriptor: Option<&Descriptor>,
    response: http::Response<Bytes>,
) -> Result<T, Error> {
    let response = check_status(descriptor, response)?;
    let memory = memory(&response);
    if size_of_values(response.body()) > memory {
        return Err(Error::too_large(descriptor, response));
    }
    match within_memory(memory, || serde_json::from_slice(response.body())) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let misfit = misfit(response.body(), &error);
            Err(Error::decode(descriptor, response, misfit))
        }
        Err(_) => Err(Error::too_large(descriptor, response)),
    }
}

/// Why a body cannot be decoded by serde, and where.
fn misfit(body: &[u8], error: &serde_json::Error) -> Misfit {
    if !error.is_data() {
        // Syntax errors quote nothing.
        return Misfit { reason: error.to_string(), path: String::new(), shown_path: String::new() };
    }
    let path = json::path_at(&String::from_utf8_lossy(body), offset(body, error.line(), error.column()));
    let reason = error.to_string();
    let (place, reason) = split_place(&reason);
    // The key of the list may come from the body.
    let shown_place = place.find('[').and_then(|index| place.get(index..)).unwrap_or_default();
    Misfit {
        reason: redact::data_error(reason),
        path: format!("{}{place}", path_text(&path, true)),
        shown_path: format!("{}{shown_place}", path_text(&path, false)),
    }
}

/// The offset of a line and column of serde_json, both from 1, in bytes.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum::<usize>() + column
}

/// The path of the item with which the error of a page begins, which is decoded as a whole, and the reason.
fn split_place(reason: &str) -> (&str, &str) {
    match reason.split_once(": ") {
        Some((place, reason)) if place.ends_with(']') && !place.contains(' ') => (place, reason),
        _ => ("", reason),
    }
}

/// Returns the response if its status is 2xx.
pub(crate) fn decode_status(
    descriptor: &Descriptor,
    response: http::Response<Bytes>,
) -> Result<http::Response<Bytes>, Error> {
    check_status(Some(descriptor), response)
}

fn check_status(
    descriptor: Option<&Descriptor>,
    response: http::Response<Bytes>,
) -> Result<http::Response<Bytes>, Error> {
    if response.status().is_success() { Ok(response) } else { Err(Error::status_of(descriptor, response)) }
}

fn memory(response: &http::Response<Bytes>) -> usize {
    memory_within(response.extensions().get::<ResponseLimit>().map_or(RESPONSE_LIMIT, |limit| limit.0))
}

/// The memory that decoding a text of up to this many bytes may allocate.
pub(crate) fn memory_within(limit: usize) -> usize {
    limit.saturating_mul(MEMORY).max(LEAST_MEMORY)
}

/// An upper bound of the memory of a JSON text's values in a type outside users-model.
fn size_of_values(text: &[u8]) -> usize {
    let (mut is_text, mut is_escaped, mut size) = (false, false, ELEMENT);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b',' => size += ELEMENT,
            b':' => size += ENTRY,
            b'{' => size += OBJECT,
            _ => {}
        }
    }
    size
}

/// The text of a path, with all keys or without those that may come from the body.
fn path_text(path: &[PathStep], with_keys: bool) -> String {
    let mut text = String::new();
    for step in path {
        let key = match step {
            // Writing into a string does not fail.
            PathStep::Index(index) => {
                let _ = write!(text, "[{index}]");
                continue;
            }
            PathStep::Key(key) if with_keys => key,
            PathStep::Key(_) => "…",
        };
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(key);
    }
    text
}
