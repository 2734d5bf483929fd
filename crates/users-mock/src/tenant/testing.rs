//! Requests of unit tests.

use crate::tenant::{Tenant, TenantBuilder};
use bytes::Bytes;
use http::Request;
use serde_json::Value;
use std::time::Duration;
use users_core::{Clock as _, SystemClock};

const TOKEN: &str = "test";

/// A builder of tenants that [`send`] can call.
pub(crate) fn builder() -> TenantBuilder {
    Tenant::builder().token(TOKEN)
}

/// Sends a request to the Management API with every scope; returns the status and the body.
pub(crate) fn send(tenant: &Tenant, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let request = Request::builder()
        .method(method)
        .uri(format!("https://{}/api/v2{path}", tenant.domain()))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json");
    let response = tenant.handle(request.body(body).unwrap());
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
}

/// Runs a function and asserts that it takes less than a limit, which is at least ten times what it takes when the machine is idle.
pub(crate) fn assert_takes_at_most(limit: Duration, function: impl FnOnce()) {
    let clock = SystemClock::new();
    let start = clock.now();
    function();
    let time = clock.now().saturating_since(start);
    eprintln!("{time:?}");
    assert!(time < limit, "{time:?}");
}
