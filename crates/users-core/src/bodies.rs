//! The bodies of operations, decoded and encoded again: for the check against Auth0's contract.

use crate::descriptor::Descriptor;
use crate::operation::Operation;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use users_model::json::ToJson;

/// How the bodies of an operation are decoded and encoded again.
#[derive(Clone, Copy, Debug)]
pub struct Bodies {
    /// The endpoint.
    pub descriptor: &'static Descriptor,
    /// Decodes and encodes a request; `None` if it has no JSON body.
    pub request: Option<RoundTrip>,
    /// Decodes and encodes a response with status 200.
    pub response: RoundTrip,
}

/// Decodes JSON into a type, and encodes it again.
pub type RoundTrip = fn(&str) -> Result<Decoded, String>;

/// A body that was decoded.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The value encoded again.
    pub json: String,
    /// The `Debug` output of the value, which names what was not understood.
    pub debug: String,
}

/// Decodes and encodes the body of a request. Both ways to encode it must agree.
pub(crate) fn request<T: DeserializeOwned + Serialize + ToJson + Debug>(
    json: &str,
) -> Result<Decoded, String> {
    let body = serde_json::from_str::<T>(json).map_err(|error| error.to_string())?;
    let mut sent = String::new();
    body.write_json(&mut sent);
    let decoded = decoded(&body)?;
    if sent == decoded.json { Ok(decoded) } else { Err(format!("it is sent as {sent}")) }
}

/// Decodes and encodes a response with status 200.
pub(crate) fn response<O>(json: &str) -> Result<Decoded, String>
where
    O: Operation,
    O::Output: Serialize + Debug,
{
    let response = http::Response::new(Bytes::copy_from_slice(json.as_bytes()));
    decoded(&O::decode(response).map_err(|error| error.to_string())?)
}

fn decoded<T: Serialize + Debug>(value: &T) -> Result<Decoded, String> {
    let json = serde_json::to_string(value).map_err(|error| error.to_string())?;
    Ok(Decoded { json, debug: format!("{value:?}") })
}
