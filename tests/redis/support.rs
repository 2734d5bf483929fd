//! Clients and responses of the stories.

use bytes::Bytes;
use http::StatusCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use users_core::{Body, HttpTransport, ManagementClient, Pacer};

pub(crate) use users_redis::redis;

pub(crate) fn client(transport: impl HttpTransport, pacer: impl Pacer) -> ManagementClient {
    let builder = ManagementClient::builder(transport).domain("tenant.eu.auth0.com").token("token");
    builder.pacer(pacer).build().unwrap()
}

pub(crate) fn response(
    status: StatusCode,
    headers: &[(&str, &str)],
    body: &'static str,
) -> http::Response<Body> {
    let mut response = http::Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(Bytes::from_static(body.as_bytes()))).unwrap()
}

/// The processes of two tests would compete for the processor.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
