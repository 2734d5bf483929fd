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
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use users_core::TransportError;

/// A request in origin form, and what it needs while it is sent.
pub(crate) struct Exchange {
    pub(crate) target: Target,
    /// Empty while hyper has it.
    pub(crate) request: Request<Full<Bytes>>,
    /// The time limit of head and body.
    pub(crate) timeout: Option<Duration>,
    /// Runs from the beginning to the end of the body.
    pub(crate) timer: Timer,
    /// The time limit of connecting, if it is less than the transport's and the timeout.
    pub(crate) to_connect: Option<Duration>,
}

/// The head of a response, or the error of a connection that was closed before it took the request.
type Head = Result<(Response<Incoming>, InUse), hyper::Error>;

impl Exchange {
    /// Sends the request and waits for the head of its response. A connection that was closed while it was idle is replaced by
    /// another one.
    pub(crate) async fn response_head(
        &mut self,
        pool: &Arc<Pool>,
    ) -> Result<(Response<Incoming>, InUse), TransportError> {
        self.timer = self.timeout.map(|time| Box::pin(tokio::time::sleep(time)));
        let mut permit = None;
        loop {
            // A request that an HTTP/2 connection returned has none any more.
            if permit.is_none() {
                permit = Some(match Arc::clone(&pool.in_use).try_acquire_owned() {
                    Ok(permit) => permit,
                    Err(_) => Box::pin(self.acquire(pool)).await?,
                });
            }
            let (connection, is_reused) = match pool.take(&self.target) {
                Some(connection) => (connection, true),
                None => Box::pin(self.connection(pool)).await?,
            };
            let head = match connection {
                Connection::Http1(connection) => self.send(connection, pool, &mut permit).await?,
                #[cfg(feature = "http2")]
                Connection::Http2(connection) => {
                    // Other requests can share a connection that is kept.
                    let permit = permit.take().filter(|_| !pool.keeps_connections());
                    Box::pin(self.send_on_stream(connection, pool, permit)).await?
                }
            };
            match head {
                Ok(head) => return Ok(head),
                Err(_) if is_reused => {}
                Err(error) => return Err(error::unsent(error, &self.target)),
            }
        }
    }

    /// Waits until fewer connections are in use than are allowed.
    async fn acquire(&mut self, pool: &Pool) -> Result<OwnedSemaphorePermit, TransportError> {
        let acquiring = pin!(Arc::clone(&pool.in_use).acquire_owned());
        let permit = in_time(&mut self.timer, acquiring).await;
        // The semaphore is never closed.
        permit
            .and_then(Result::ok)
            .ok_or_else(|| error::no_free_connection(&self.target, self.timeout, pool.max_connections()))
    }

    /// Waits for a connection. Returns also whether it was used before.
    async fn connection(&mut self, pool: &Arc<Pool>) -> Result<(Connection, bool), TransportError> {
        let to_connect = self.to_connect;
        let waiting = pool.wait(&self.target, to_connect.or(self.timeout));
        let waiting = pin!(async {
            match to_connect {
                Some(time) => tokio::time::timeout(time, waiting).await.ok(),
                None => Some(waiting.await),
            }
        });
        match in_time(&mut self.timer, waiting).await {
            Some(Some(connection)) => connection.map_err(TransportError::from),
            Some(None) => Err(error::not_connected(&self.target, to_connect)),
            None => Err(error::not_connected(&self.target, self.timeout)),
        }
    }

    async fn send(
        &mut self,
        connection: Http1,
        pool: &Arc<Pool>,
        permit: &mut Option<OwnedSemaphorePermit>,
    ) -> Result<Head, TransportError> {
        let (sending, connection) = connection.send(mem::take(&mut self.request));
        match in_time(&mut self.timer, pin!(sending)).await {
            Some(Ok(response)) => {
                let lease = Lease { connection, pool: Arc::clone(pool), permit: permit.take() };
                Ok(Ok((response, InUse::Http1(lease))))
            }
            Some(Err(mut failed)) => match failed.take_message() {
                Some(request) => {
                    self.request = request;
                    Ok(Err(failed.into_error()))
                }
                None => Err(error::sending(failed.into_error(), &self.target)),
            },
            None => Err(error::no_answer(&self.target, self.timeout)),
        }
    }

    #[cfg(feature = "http2")]
    async fn send_on_stream(
        &mut self,
        connection: Http2,
        pool: &Pool,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Head, TransportError> {
        use crate::body::Ending;
        use hyper::body::Body as _;

        let mut request = mem::take(&mut self.request);
        let path_and_query = request.uri().path_and_query().cloned();
        *request.uri_mut() = self.target.uri(path_and_query);
        let sending = Arc::new(Sending::new(connection.gate(), request.body().is_end_stream()));
        let ending = Ending { sending: Arc::clone(&sending), _permit: permit };
        let request = request.map(|body| Outgoing::new(body, Arc::clone(&sending)));
        let (answering, is_closed) = connection.send(request);
        if is_closed {
            pool.remove_closed(&self.target);
        }
        match in_time(&mut self.timer, pin!(answering)).await {
            Some(Ok(response)) => Ok(Ok((response, InUse::Http2(ending)))),
            Some(Err(mut failed)) => match failed.take_message() {
                Some(request) => {
                    self.request = request.map(Outgoing::into_body);
                    Target::split_from(self.request.uri_mut());
                    Ok(Err(failed.into_error()))
                }
                None => Err(error::sending_stream(failed.into_error(), &self.target, &sending)),
            },
            None => Err(error::no_answer_on_stream(&self.target, self.timeout, &sending)),
        }
    }
}

/// The future's output; `None` if the timer fires first.
fn in_time<'a, F: Future>(
    timer: &'a mut Timer,
    mut future: Pin<&'a mut F>,
) -> impl Future<Output = Option<F::Output>> + use<'a, F> {
    poll_fn(move |context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        match timer {
            Some(timer) => timer.as_mut().poll(context).map(|()| None),
            None => Poll::Pending,
        }
    })
}
