//! Bodies of responses, complete or streamed.

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use users_core::{Body, TransportError};

/// The body as bytes if all of it is there, otherwise as a stream.
pub(crate) fn whole_body(mut body: Body) -> Result<Bytes, Body> {
    let first = match body.next_chunk().now_or_never() {
        None => return Err(body),
        Some(None) => return Ok(Bytes::new()),
        Some(Some(first)) => first,
    };
    match (first, body.next_chunk().now_or_never()) {
        (Ok(whole), Some(None)) => Ok(whole),
        (first, second) => {
            let begun = [Some(first), second.flatten()].into_iter().flatten();
            Err(Body::from_stream(stream::iter(begun).chain(chunks(body))))
        }
    }
}

/// The chunks of a body.
pub(crate) fn chunks(body: Body) -> impl Stream<Item = Result<Bytes, TransportError>> {
    stream::unfold(body, async |mut body| Some((body.next_chunk().await?, body)))
}
