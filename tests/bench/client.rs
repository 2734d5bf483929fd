//! Calls of a client over a transport that answers at once: what the client itself costs.

use crate::encode::example;
use crate::{Outcome, Run};
use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use http::{Request, Response, StatusCode};
use std::time::Duration;
use users_bench_server::{USER, USER_ID, page};
use users_core::management::UsersManager;
use users_core::{Body, HttpTransport, ManagementClient, TransportError};

/// Answers every request with the same status; a list with the page that it asks for.
#[derive(Debug)]
struct AtOnce {
    status: StatusCode,
    body: Bytes,
    pages: Vec<Bytes>,
}

#[async_trait]
impl HttpTransport for AtOnce {
    async fn send(
        &self,
        request: Request<Bytes>,
        _timeout: Option<Duration>,
    ) -> Result<Response<Body>, TransportError> {
        let query = request.uri().query().unwrap_or_default();
        // A list that states no page asks for the first.
        let number = query.split('&').find_map(|pair| pair.strip_prefix("page=")).unwrap_or("0");
        let page = number.parse::<usize>().ok().and_then(|number| self.pages.get(number));
        let body = page.unwrap_or(&self.body);
        let body = if body.is_empty() { Body::default() } else { Body::from(body.clone()) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        Ok(response)
    }
}

/// A client with a static token and every other default.
#[derive(Clone, Debug)]
pub struct Client(UsersManager);

impl Client {
    /// Answers every call with 204.
    pub fn responding_with_no_content() -> Outcome<Self> {
        Self::new(StatusCode::NO_CONTENT, "", 0)
    }

    fn new(status: StatusCode, body: &'static str, users: usize) -> Outcome<Self> {
        let pages = (0..users.div_ceil(100)).map(|number| Bytes::from(page(number, 100, users).0));
        let transport = AtOnce { status, body: Bytes::from_static(body.as_bytes()), pages: pages.collect() };
        let client =
            ManagementClient::builder(transport).domain("tenant.eu.auth0.com").token("token").build()?;
        Ok(Self(client.users()))
    }

    /// Deletes a user.
    ///
    /// # Panics
    ///
    /// If the call fails.
    pub fn delete(&self) {
        assert!(block_on(self.0.delete(USER_ID).into_future()).is_ok());
    }
}

pub(crate) fn get() -> Outcome<Run> {
    let client = Client::new(StatusCode::OK, USER, 0)?;
    Ok(Box::new(move || assert!(block_on(client.0.get(USER_ID).into_future()).is_ok())))
}

pub(crate) fn create() -> Outcome<Run> {
    let client = Client::new(StatusCode::CREATED, USER, 0)?;
    Ok(Box::new(move || assert!(block_on(client.0.create(example()).into_future()).is_ok())))
}

pub(crate) fn delete() -> Outcome<Run> {
    let client = Client::responding_with_no_content()?;
    Ok(Box::new(move || client.delete()))
}

/// Lists a thousand users in pages of 100. What follows is an error, because Auth0 lists no more.
pub(crate) fn paging() -> Outcome<Run> {
    let client = Client::new(StatusCode::OK, "[]", 1000)?;
    Ok(Box::new(move || {
        let mut users = client.0.get_all().items();
        for _ in 0..1000 {
            assert!(block_on(users.try_next()).is_ok_and(|user| user.is_some()));
        }
    }))
}
