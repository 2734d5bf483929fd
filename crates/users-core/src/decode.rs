//! Reading a response.

use crate::descriptor::Descriptor;
use crate::error::{Error, Misfit};
use crate::redact;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use std::fmt::Write as _;
use users_model::within_memory;

/// How many bytes a response may have, decoded, unless the client says otherwise.
pub(crate) const RESPONSE_LIMIT: usize = 16 * 1024 * 1024;
/// Decoding allocates at most so many times the response limit …
const MEMORY: usize = 8;
/// … and this much in any case: a small limit still admits a page of small users.
const LEAST_MEMORY: usize = 8 * 1024 * 1024;
/// What an element of a list, an entry of an object and an object take in a type that is not of ours, such as `serde_json::Value`,
/// whose objects are trees.
const ELEMENT: usize = 72;
const ENTRY: usize = 64;
const OBJECT: usize = 680;

/// How many bytes the response was allowed to have: an extension of the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseLimit(pub(crate) usize);

/// Reads a JSON response of an endpoint.
pub(crate) fn decode_json<T: DeserializeOwned>(
    descriptor: Option<&Descriptor>,
    response: http::Response<Bytes>,
) -> Result<T, Error> {
    let response = decode_status(descriptor, response)?;
    read(descriptor, response, |path, reason| {
        // A page reads its items one by one, and names the one that does not fit.
        let (place, reason) = match reason.split_once(": ") {
            Some((place, reason)) if !place.contains(' ') => (place, reason),
            _ => ("", reason),
        };
        let path = format!("{}{place}", spelled(path, true));
        Misfit { reason: redact::data_error(reason), shown_path: path.clone(), path }
    })
}

/// Reads a JSON response as a type of the caller's own.
pub(crate) fn decode_any<T: DeserializeOwned>(response: http::Response<Bytes>) -> Result<T, Error> {
    let response = decode_status(None, response)?;
    if size_of_values(response.body()) > memory(&response) {
        return Err(Error::too_large(None, response));
    }
    read(None, response, |path, reason| Misfit {
        reason: redact::data_error(reason),
        path: spelled(path, true),
        shown_path: spelled(path, false),
    })
}

fn read<T: DeserializeOwned>(
    descriptor: Option<&Descriptor>,
    response: http::Response<Bytes>,
    misfit: impl FnOnce(&Path, &str) -> Misfit,
) -> Result<T, Error> {
    let read = within_memory(memory(&response), || {
        let mut deserializer = serde_json::Deserializer::from_slice(response.body());
        serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| (Some(error.path().clone()), error.into_inner()))
            .and_then(|value| deserializer.end().map(|()| value).map_err(|error| (None, error)))
    });
    let Ok(read) = read else { return Err(Error::too_large(descriptor, response)) };
    read.map_err(|(path, error)| {
        let misfit = if let Some(path) = path.filter(|_| error.is_data()) {
            misfit(&path, &error.to_string())
        } else {
            // The parser's own errors quote nothing.
            Misfit { reason: error.to_string(), path: String::new(), shown_path: String::new() }
        };
        Error::decode(descriptor, response, misfit)
    })
}

fn memory(response: &http::Response<Bytes>) -> usize {
    let limit = response.extensions().get::<ResponseLimit>().map_or(RESPONSE_LIMIT, |limit| limit.0);
    limit.saturating_mul(MEMORY).max(LEAST_MEMORY)
}

/// What the values of a text take at most where they are read into a type that is not of ours.
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

/// A path with all of its keys, or without those that may come from the body.
fn spelled(path: &Path, with_keys: bool) -> String {
    let mut spelled = String::new();
    for segment in path {
        let key = match segment {
            // Writing into a string does not fail.
            Segment::Seq { index } => {
                let _ = write!(spelled, "[{index}]");
                continue;
            }
            Segment::Map { key } | Segment::Enum { variant: key } if with_keys => key,
            _ => "…",
        };
        if !spelled.is_empty() {
            spelled.push('.');
        }
        spelled.push_str(key);
    }
    spelled
}

/// Reads a response without content. Its body does not matter, unless it is a page that a proxy has answered with.
pub(crate) fn decode_empty(
    descriptor: Option<&Descriptor>,
    response: http::Response<Bytes>,
) -> Result<(), Error> {
    let response = decode_status(descriptor, response)?;
    if response.body().trim_ascii_start().starts_with(b"<") {
        let message = "the response body is a page, which the API does not send";
        return Err(Error::undecodable(descriptor, response, message));
    }
    Ok(())
}

/// Reads a response that is plain text.
pub(crate) fn decode_text(
    descriptor: Option<&Descriptor>,
    response: http::Response<Bytes>,
) -> Result<String, Error> {
    let response = decode_status(descriptor, response)?;
    match std::str::from_utf8(response.body()) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::undecodable(descriptor, response, "the response body is not UTF-8 text")),
    }
}

/// A response with a status of success.
pub(crate) fn decode_status(
    descriptor: Option<&Descriptor>,
    response: http::Response<Bytes>,
) -> Result<http::Response<Bytes>, Error> {
    if response.status().is_success() { Ok(response) } else { Err(Error::status_of(descriptor, response)) }
}
