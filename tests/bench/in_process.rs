//! Calls over a transport that answers at once: what the client itself costs.
//!
//! Count instructions by running it under callgrind with two numbers of calls; the difference of the totals is that of the calls.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::time::Duration;
use users_core::{Body, Error, HttpTransport, ManagementClient, TransportError};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const USER: &str = "auth0|64b7f3a91c2e5d0012ab34cd";

/// What a call costs on average.
#[derive(Debug)]
pub struct Row {
    pub calls: usize,
    /// Allocations and reallocations.
    pub allocations: f64,
    pub allocated_bytes: f64,
}

/// Answers every request with 204.
#[derive(Debug)]
struct NoContent;

#[async_trait]
impl HttpTransport for NoContent {
    async fn send(
        &self,
        _request: Request<Bytes>,
        _timeout: Option<Duration>,
    ) -> Result<Response<Body>, TransportError> {
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

/// Deletes a user `calls` times with a static token and every other default.
pub async fn delete(calls: usize) -> Result<Row, Error> {
    let client = ManagementClient::builder(NoContent).domain("tenant.eu.auth0.com").token("token").build()?;
    let users = client.users();
    users.delete(USER).await?;
    let region = Region::new(ALLOCATOR);
    for _ in 0..calls {
        users.delete(USER).await?;
    }
    let change = region.change();
    #[allow(clippy::cast_precision_loss)]
    let per_call = |count: usize| count as f64 / calls.max(1) as f64;
    Ok(Row {
        calls,
        allocations: per_call(change.allocations + change.reallocations),
        allocated_bytes: per_call(change.bytes_allocated),
    })
}
