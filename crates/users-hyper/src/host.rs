//! The connections to one server: idle ones, a shared one, those that are being opened, and the requests that wait for one.

#[cfg(feature = "http2")]
use crate::connection::Http2;
use crate::connection::{Connection, Http1};
use crate::error::ConnectError;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// A connection, and whether it was used before.
pub(crate) type Served = Result<(Connection, bool), ConnectError>;

/// The connections to one server.
#[derive(Default)]
pub(crate) struct Host {
    /// Those that became idle first come first.
    idle: Vec<Idle>,
    #[cfg(feature = "http2")]
    shared: Option<Shared>,
    /// Whether the server's last connection uses HTTP/2, so that one is opened for all requests.
    pub(crate) is_http2: bool,
    /// In the order in which they were begun.
    opening: Vec<Opening>,
    /// The last one of those that were begun for a request that has ended since. It may still serve another request.
    abandoned: Option<Opening>,
    /// Requests in the order in which they take connections. Their ids ascend.
    waiting: VecDeque<Waiting>,
}

struct Idle {
    connection: Http1,
    since: Instant,
}

#[cfg(feature = "http2")]
struct Shared {
    connection: Http2,
    last_used: Instant,
}

/// A connection that is being opened.
struct Opening {
    /// The id of the request for which it was begun.
    id: u64,
    /// Whether it is opened for all requests that waited then.
    is_shared: bool,
    /// Dropping it ends the task that opens the connection.
    _wanted: oneshot::Sender<Infallible>,
}

/// A connection that is to be opened.
pub(crate) struct ToOpen {
    pub(crate) id: u64,
    /// The request's time limit of connecting.
    pub(crate) time: Option<Duration>,
    /// Ends when the connection is not wanted any more.
    pub(crate) unwanted: oneshot::Receiver<Infallible>,
}

struct Waiting {
    id: u64,
    /// The request's time limit of connecting.
    time: Option<Duration>,
    served: oneshot::Sender<Served>,
}

impl Host {
    /// An idle or shared connection that is open, the last used one first.
    pub(crate) fn take(&mut self, idle_timeout: Duration) -> Option<Connection> {
        #[cfg(feature = "http2")]
        if let Some(shared) = &mut self.shared {
            if shared.is_usable(idle_timeout) {
                shared.last_used = Instant::now();
                return Some(Connection::Http2(shared.connection.clone()));
            }
            self.shared = None;
        }
        while let Some(idle) = self.idle.pop() {
            if idle.since.elapsed() >= idle_timeout {
                // The others have been idle for longer.
                self.idle.clear();
            } else if !idle.connection.is_closed() {
                return Some(Connection::Http1(idle.connection));
            }
        }
        None
    }

    /// Adds a request to those that wait. Its id is greater than theirs.
    pub(crate) fn wait(&mut self, id: u64, time: Option<Duration>) -> oneshot::Receiver<Served> {
        let (served, connection) = oneshot::channel();
        self.waiting.push_back(Waiting { id, time, served });
        connection
    }

    /// Removes a request that has ended. The connection that was being opened for it, which may hang, is not counted any more.
    pub(crate) fn leave(&mut self, id: u64) {
        let Some(at) = self.position(id) else { return };
        self.waiting.remove(at);
        let own = self.opening.iter().position(|opening| opening.id == id);
        let unneeded = own.or_else(|| {
            let is_unneeded = |opening: &Opening| self.position(opening.id).is_none();
            let has_unneeded = self.opening.len() > self.waiting.len();
            has_unneeded.then(|| self.opening.iter().position(is_unneeded)).flatten()
        });
        if let Some(at) = unneeded {
            self.abandoned = Some(self.opening.remove(at));
        }
    }

    /// Returns the connections that are to be opened: one for each request that waits, or one for all if they can share it.
    pub(crate) fn begin_opening(&mut self, is_shared: bool) -> Vec<ToOpen> {
        let wanted = if is_shared { self.waiting.len().min(1) } else { self.waiting.len() };
        let mut to_open = Vec::new();
        while self.opening.len() < wanted {
            let has_none = |waiting: &&Waiting| !self.opening.iter().any(|opening| opening.id == waiting.id);
            let Some(&Waiting { id, time, .. }) = self.waiting.iter().rev().find(has_none) else { break };
            let (wanted, unwanted) = oneshot::channel();
            self.opening.push(Opening { id, is_shared, _wanted: wanted });
            to_open.push(ToOpen { id, time, unwanted });
        }
        to_open
    }

    /// Records that a connection is no longer being opened.
    pub(crate) fn opened(&mut self, id: u64) {
        self.end_opening(id);
    }

    /// Passes the error of opening a connection to the requests for which it was being opened, as far as they still wait.
    pub(crate) fn failed(&mut self, id: u64, error: ConnectError) {
        if let Some(opening) = self.end_opening(id) {
            self.fail(if opening.is_shared { 0..=id } else { id..=id }, error);
        }
    }

    /// Passes an error to all requests if the task that opens this connection ended without a result. No other task can open one.
    pub(crate) fn stopped(&mut self, id: u64, error: impl FnOnce() -> ConnectError) {
        if self.end_opening(id).is_some() {
            self.fail(0..=u64::MAX, error());
        }
    }

    /// Returns the connection that was being opened, unless it was abandoned.
    fn end_opening(&mut self, id: u64) -> Option<Opening> {
        self.abandoned.take_if(|abandoned| abandoned.id == id);
        let at = self.opening.iter().position(|opening| opening.id == id)?;
        Some(self.opening.remove(at))
    }

    fn fail(&mut self, ids: RangeInclusive<u64>, error: ConnectError) {
        let from = self.waiting.partition_point(|waiting| waiting.id < *ids.start());
        let to = self.waiting.partition_point(|waiting| waiting.id <= *ids.end());
        let mut failed = self.waiting.drain(from..to);
        // The last one is the one for which the connection was begun.
        let last = failed.next_back();
        for waiting in failed {
            let _ = waiting.served.send(Err(error.without_source()));
        }
        if let Some(waiting) = last {
            let _ = waiting.served.send(Err(error));
        }
    }

    /// Passes a connection to the first request that waits, or returns it.
    fn serve(&mut self, connection: Connection, is_reused: bool) -> Option<Connection> {
        let mut served = Ok((connection, is_reused));
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting.served.send(served) {
                Ok(()) => return None,
                Err(returned) => served = returned,
            }
        }
        served.ok().map(|(connection, _)| connection)
    }

    /// Passes a connection to the requests that wait, and keeps it if it is idle or shared. With a maximum of 0, each request has a
    /// connection of its own.
    pub(crate) fn keep(&mut self, connection: Connection, is_reused: bool, max_idle: usize) {
        if max_idle == 0 {
            if !is_reused {
                drop(self.serve(connection, is_reused));
            }
            return;
        }
        match connection {
            Connection::Http1(_) => {
                if let Some(Connection::Http1(connection)) = self.serve(connection, is_reused) {
                    if self.idle.len() < max_idle {
                        self.idle.push(Idle { connection, since: Instant::now() });
                    }
                }
            }
            #[cfg(feature = "http2")]
            Connection::Http2(connection) => {
                while self.serve(Connection::Http2(connection.clone()), is_reused).is_none() {}
                self.shared = Some(Shared { connection, last_used: Instant::now() });
            }
        }
    }

    pub(crate) fn close_expired(&mut self, idle_timeout: Duration) {
        self.idle.retain(|idle| idle.since.elapsed() < idle_timeout && !idle.connection.is_closed());
        #[cfg(feature = "http2")]
        self.shared.take_if(|shared| !shared.is_usable(idle_timeout));
    }

    pub(crate) fn has_idle(&self) -> bool {
        #[cfg(feature = "http2")]
        let has_shared = self.shared.is_some();
        #[cfg(not(feature = "http2"))]
        let has_shared = false;
        has_shared || !self.idle.is_empty()
    }

    pub(crate) fn is_unused(&self) -> bool {
        self.waiting.is_empty() && self.opening.is_empty() && self.abandoned.is_none() && !self.has_idle()
    }

    fn position(&self, id: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&id, |waiting| waiting.id).ok()
    }
}

#[cfg(feature = "http2")]
impl Shared {
    fn is_usable(&self, idle_timeout: Duration) -> bool {
        self.last_used.elapsed() < idle_timeout && !self.connection.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot::error::TryRecvError;
    use users_core::TransportErrorKind;

    fn error() -> ConnectError {
        ConnectError::new(TransportErrorKind::Connect, "refused")
    }

    /// Adds a request, and returns the ids of the requests for which connections are then opened.
    fn wait(host: &mut Host, id: u64, is_shared: bool) -> (oneshot::Receiver<Served>, Vec<ToOpen>) {
        let connection = host.wait(id, None);
        (connection, host.begin_opening(is_shared))
    }

    fn ids(to_open: &[ToOpen]) -> Vec<u64> {
        to_open.iter().map(|to_open| to_open.id).collect()
    }

    #[test]
    fn requests_that_end_while_their_connections_hang_leave_one_of_them() {
        for is_shared in [false, true] {
            let mut host = Host::default();
            let mut opening = Vec::new();
            for id in 0..1000 {
                let (_connection, mut begun) = wait(&mut host, id, is_shared);
                assert_eq!(ids(&begun), [id]);
                opening.append(&mut begun);
                host.leave(id);
            }
            assert!(host.waiting.is_empty() && host.opening.is_empty());
            opening.retain_mut(|begun| begun.unwanted.try_recv() == Err(TryRecvError::Empty));
            assert_eq!(ids(&opening), [999]);
            host.failed(999, error());
            assert!(host.is_unused());
        }
    }

    #[test]
    fn an_error_is_passed_to_the_request_for_which_the_connection_was_opened() {
        let mut host = Host::default();
        let (mut first, _) = wait(&mut host, 1, false);
        let (mut second, _) = wait(&mut host, 2, false);
        host.failed(2, error());
        assert!(first.try_recv().is_err() && second.try_recv().unwrap().is_err());
        assert!(host.begin_opening(false).is_empty());
        host.failed(1, error());
        assert!(first.try_recv().unwrap().is_err() && host.is_unused());
    }

    #[test]
    fn an_error_of_a_shared_connection_is_passed_to_all_that_waited_for_it() {
        let mut host = Host::default();
        let (mut first, begun) = wait(&mut host, 1, true);
        assert_eq!(ids(&begun), [1]);
        let (mut second, _) = wait(&mut host, 2, true);
        host.leave(1);
        assert_eq!(ids(&host.begin_opening(true)), [2]);
        let (mut third, begun) = wait(&mut host, 3, true);
        assert!(begun.is_empty());
        host.failed(2, error());
        assert!(first.try_recv().is_err() && second.try_recv().unwrap().is_err());
        // It waited for less time than connecting takes.
        assert!(third.try_recv().is_err());
        assert_eq!(ids(&host.begin_opening(true)), [3]);
        host.stopped(3, error);
        assert!(third.try_recv().unwrap().is_err());
        host.failed(1, error());
        assert!(host.is_unused());
    }
}
