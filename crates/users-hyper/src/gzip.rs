//! Decompression of response bodies.

use crate::error;
use crate::target::Target;
use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures_util::future::Either;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::header::Entry;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, header};
use std::io;
use tokio_util::io::{ReaderStream, StreamReader};
use users_core::{Body, TransportError};

/// The maximum number of bytes that are decompressed ahead of the reader.
const DECODED_CHUNK: usize = 16 * 1024;

/// Requests gzip, unless the request states what it accepts. Returns whether it accepts gzip.
pub(crate) fn request(headers: &mut HeaderMap) -> bool {
    let stated = match headers.entry(header::ACCEPT_ENCODING) {
        Entry::Vacant(unstated) => {
            unstated.insert(HeaderValue::from_static("gzip"));
            return true;
        }
        Entry::Occupied(stated) => stated,
    };
    let mut codings = stated.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| {
        let name = coding.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        [&b"gzip"[..], b"x-gzip", b"*"].iter().any(|gzip| name.eq_ignore_ascii_case(gzip))
    })
}

/// Whether a response's body is compressed with gzip.
pub(crate) fn is_gzip(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let (Some(coding), None) = (codings.next(), codings.next()) else { return false };
    let coding = coding.as_bytes().trim_ascii();
    coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
}

/// A response whose body is decompressed while it is read.
pub(crate) fn response(
    mut parts: Parts,
    compressed: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    target: Target,
) -> Response<Body> {
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from_stream(decompressed(compressed, target)))
}

fn decompressed(
    compressed: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    target: Target,
) -> impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static {
    let decoding = async move {
        let mut compressed = Box::pin(compressed.peekable());
        // Servers label empty bodies as gzip, although they are not.
        if compressed.as_mut().peek().await.is_none() {
            return Either::Left(stream::empty());
        }
        let mut gzip = GzipDecoder::new(StreamReader::new(compressed.map_err(io::Error::other)));
        gzip.multiple_members(true);
        let chunks = ReaderStream::with_capacity(gzip, DECODED_CHUNK);
        Either::Right(chunks.map_err(move |error| error::decoding(error, &target)))
    };
    stream::once(decoding).flatten()
}
