//! One request and the head of its response: waits for a permit, takes a connection and sends the request, within the deadline.

use crate::body::{InUse, Timer};
#[cfg(feature = "http2")]
use crate::connection::Http2;
use crate::connection::{Connection, Http1};
use crate::error;
#[cfg(feature = "http2")]
use crate::gate::{Outgoing, Sending};
use crate::pool::{Lease, Pool};
use crate::target::Target;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use users_core::TransportError;

/// What a request needs while it is sent.
pub(crate) struct Exchange {
    pub(crate) target: Target,
    pub(crate) pool: Arc<Pool>,
    /// The time limit of head and body.
    pub(crate) timeout: Option<Duration>,
    pub(crate) timer: Timer,
    /// The time limit of connecting, if it is less than the transport's and the timeout.
    pub(crate) to_connect: Option<Duration>,
}

/// The outcome of a request that did not fail.
enum Head {
    Response(Response<Incoming>, InUse),
    /// The connection was closed before it took the request.
    Unsent(Request<Full<Bytes>>, hyper::Error),
}

impl Exchange {
    /// Sends a request in origin form. A connection that was closed while it was idle is replaced by another one.
    pub(crate) async fn response_head(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, InUse), TransportError> {
        let mut permit = Some(match Arc::clone(&self.pool.in_use).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => Box::pin(self.acquire()).await?,
        });
        loop {
            let (connection, is_reused) = match self.pool.take(&self.target) {
                Some(connection) => (connection, true),
                None => Box::pin(self.open()).await?,
            };
            let head = match connection {
                Connection::Http1(connection) => self.send(request, connection, &mut permit).await?,
                #[cfg(feature = "http2")]
                Connection::Http2(connection) => {
                    // Other requests can share the connection.
                    permit = None;
                    Box::pin(self.send_on_stream(request, connection)).await?
                }
            };
            match head {
                Head::Response(response, in_use) => return Ok((response, in_use)),
                Head::Unsent(returned, _) if is_reused => request = returned,
                Head::Unsent(_, error) => return Err(error::unsent(error, &self.target)),
            }
        }
    }

    /// Waits until fewer connections are in use than are allowed.
    async fn acquire(&mut self) -> Result<OwnedSemaphorePermit, TransportError> {
        let acquiring = Arc::clone(&self.pool.in_use).acquire_owned();
        let permit = in_time(&mut self.timer, acquiring).await;
        // The semaphore is never closed.
        permit
            .and_then(Result::ok)
            .ok_or_else(|| error::no_free_connection(&self.target, self.timeout, self.pool.max_connections()))
    }

    /// Opens a connection. Returns also whether it was used before, by a request that returned it meanwhile.
    async fn open(&mut self) -> Result<(Connection, bool), TransportError> {
        let to_connect = self.to_connect;
        let opening = self.pool.wait(&self.target, to_connect.or(self.timeout));
        let opening = async {
            match to_connect {
                Some(time) => tokio::time::timeout(time, opening).await.ok(),
                None => Some(opening.await),
            }
        };
        match in_time(&mut self.timer, opening).await {
            Some(Some(opened)) => opened.map_err(TransportError::from),
            Some(None) => Err(error::not_connected(&self.target, to_connect)),
            None => Err(error::not_connected(&self.target, self.timeout)),
        }
    }

    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        mut connection: Http1,
        permit: &mut Option<OwnedSemaphorePermit>,
    ) -> Result<Head, TransportError> {
        let Some(sent) = in_time(&mut self.timer, connection.send(request)).await else {
            return Err(error::no_answer(&self.target, self.timeout));
        };
        match sent {
            Ok(response) => {
                let lease = Lease { connection, pool: Arc::clone(&self.pool), permit: permit.take() };
                Ok(Head::Response(response, InUse::Http1(lease)))
            }
            Err(mut failed) => match failed.take_message() {
                Some(request) => Ok(Head::Unsent(request, failed.into_error())),
                None => Err(error::sending(failed.into_error(), &self.target)),
            },
        }
    }

    #[cfg(feature = "http2")]
    async fn send_on_stream(
        &mut self,
        mut request: Request<Full<Bytes>>,
        mut connection: Http2,
    ) -> Result<Head, TransportError> {
        use crate::body::Ending;
        use hyper::body::Body as _;

        let path_and_query = request.uri().path_and_query().cloned();
        *request.uri_mut() = self.target.uri(path_and_query);
        let sending = Arc::new(Sending::new(connection.gate(), request.body().is_end_stream()));
        let ending = Ending(Arc::clone(&sending));
        let request = request.map(|body| Outgoing::new(body, Arc::clone(&sending)));
        let Some(sent) = in_time(&mut self.timer, connection.send(request)).await else {
            return Err(error::no_answer_on_stream(&self.target, self.timeout, &sending));
        };
        match sent {
            Ok(response) => Ok(Head::Response(response, InUse::Http2(ending))),
            Err(mut failed) => match failed.take_message() {
                Some(request) => {
                    let mut request = request.map(Outgoing::into_body);
                    Target::split_from(request.uri_mut());
                    Ok(Head::Unsent(request, failed.into_error()))
                }
                None => Err(error::sending_stream(failed.into_error(), &self.target, &sending)),
            },
        }
    }
}

/// The future's output; `None` if the timer fires first.
async fn in_time<F: Future>(timer: &mut Timer, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        match timer {
            Some(timer) => timer.as_mut().poll(context).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await
}
