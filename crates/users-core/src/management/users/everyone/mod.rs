//! All users of a tenant, beyond the 1000 that the server returns by offset.

mod found;
mod instant;
mod lane;
mod position;
mod search;

pub use position::EveryonePosition;

use super::get_all::GetAllUsers;
use crate::call::{Call, Meta};
use crate::client::{CallOptions, Client};
use crate::error::{Error, ErrorKind};
use crate::rate_limit::server_date;
use crate::search::balance::parenthesized;
use found::{COUNTED, Found, Listing};
use futures_core::Stream;
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use futures_util::stream::StreamExt;
use http::StatusCode;
use lane::{Incomplete, Lane, LanePosition, MOST_LANES};
use search::{Search, created};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;
use users_model::{Page, Timestamp, User};

/// A stream of all users of a tenant, or of all that match a query. Created by [`Call::everyone`]. It also has methods of its own, so that
/// no other crate is required to use it.
#[must_use = "a stream does nothing until it is polled"]
pub struct Everyone {
    client: Client,
    options: CallOptions,
    /// The operation of each request, without the query of the walk.
    operation: GetAllUsers,
    /// The caller's query in parentheses.
    query: Option<String>,
    /// The number of users who match a query with a negation that stands alone, as far as they are counted.
    alone: Option<u64>,
    /// The attributes that were not asked for, but are needed.
    hidden: Vec<&'static str>,
    parallel: usize,
    state: State,
    lanes: Vec<Lane>,
    /// For each lane, where it was before its users that wait were requested, with those who were returned since.
    stored: Vec<LanePosition>,
    /// Users who were received, each with its lane.
    waiting: VecDeque<(usize, Found)>,
    report: EveryoneReport,
}

/// In milliseconds.
const A_DAY: i64 = 86_400_000;

type Received = Result<Meta<Page<User>>, Error>;

enum State {
    /// The error that ends the stream.
    Failed(Error),
    /// The query is to be sent without the conditions of the walk.
    Ask(String),
    /// The next requests are to be sent.
    Next,
    /// The user who was created last, after whom the walk ends.
    Newest(BoxFuture<'static, Received>),
    /// The responses to the requests of the lanes.
    Round(BoxFuture<'static, Vec<(usize, Received)>>),
    /// The query without the conditions of the walk.
    Alone(BoxFuture<'static, Result<Page<User>, Error>>),
    /// The search for users without a date.
    WithoutDate(BoxFuture<'static, Result<Page<User>, Error>>),
    Done,
}

/// What a walk has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EveryoneReport {
    /// The users who were returned.
    pub users: u64,
    /// The calls that were made. Attempts that were repeated are not counted.
    pub requests: u64,
    /// The users who were received again, and not returned again.
    pub repeated: u64,
    /// Whether the walk has ended, and every user was returned.
    pub is_complete: bool,
}

impl Call<GetAllUsers> {
    /// Streams all users, or all that match the query: any number, beyond the 1000 that [`items`](Self::items) reaches, without an
    /// export.
    ///
    /// `GET /users`, scope `read:users`. It walks by the date of creation, always at the first page: at most 1.3 requests for 100 users,
    /// unless more than 20 were created in the same millisecond. It ends at the user who was created last when it began; with fewer than
    /// 1000 users, a day later. A user who is in the search index when the walk begins, and is not deleted during it, is returned exactly once, also if others are created and deleted
    /// meanwhile. Memory holds a page for each range of time, and the ids of the users of one millisecond. The order is that of creation,
    /// unless the walk is [parallel](Everyone::parallel). One more request shows at the end whether there are users without `created_at`.
    /// So does one at the beginning of a query with `NOT`, `!` or `-`, whether the server reads it in the same way within the parentheses.
    ///
    /// Of the options of the call, `q`, `fields` and `exclude_fields`, `per_page` (100 unless set) and `connection` are respected. `created_at`
    /// and `user_id` are requested in any case, and removed again if they were not asked for.
    ///
    /// # Errors
    ///
    /// The stream ends after an error; [`position`](Everyone::position) allows to go on. If a part cannot be proved complete, the kind
    /// is [`IncompleteList`](ErrorKind::IncompleteList) and the message names the range: too many users were created in one
    /// millisecond and the server refuses to search `user_id` by ranges and by prefixes, or users have no `created_at`. A query whose
    /// parentheses are not balanced, `page` and `sort` are refused.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let mut everyone = users.get_all().q("blocked:true").fields(["user_id", "email"]).everyone();
    /// while let Some(user) = everyone.try_next().await? {
    ///     println!("{:?}", user.email);
    /// }
    /// println!("{} users", everyone.report().users);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Auth0 on the limit: <https://auth0.com/docs/manage-users/user-search/view-search-results-by-page#limitation>.
    pub fn everyone(self) -> Everyone {
        let (client, operation, options) = self.into_parts();
        let mut everyone = Everyone {
            client,
            options,
            operation: GetAllUsers::new(),
            query: None,
            alone: None,
            hidden: Vec::new(),
            parallel: 1,
            state: State::Next,
            lanes: Vec::new(),
            stored: Vec::new(),
            waiting: VecDeque::new(),
            report: EveryoneReport::default(),
        };
        match operation.and_then(|operation| everyone.adopt(operation)) {
            Ok(()) => everyone.start(vec![LanePosition::default()]),
            Err(error) => everyone.state = State::Failed(error),
        }
        everyone
    }
}

impl Everyone {
    /// Takes over the caller's options.
    fn adopt(&mut self, mut operation: GetAllUsers) -> Result<(), Error> {
        if operation.sort.is_some() || operation.paging.page.is_some() {
            return Err(Error::invalid(
                "everyone() has an order of its own: `sort` and `page` cannot be set",
            ));
        }
        let query = operation.q.take().map(|query| query.to_text()).transpose()?;
        if query.as_ref().is_some_and(|query| query.trim().is_empty()) {
            return Err(Error::invalid(
                "the query is empty, which would select everyone: leave `q` out for all users",
            ));
        }
        self.query = parenthesized(query.as_deref().unwrap_or_default())?;
        self.state = match query.filter(|query| may_negate(query)) {
            Some(query) => State::Ask(query),
            None => State::Next,
        };
        self.hidden = operation.fields.require(&["created_at", "user_id"]);
        self.operation = operation.include_totals(true);
        let per_page = self.operation.paging.per_page.unwrap_or(crate::paging::LARGEST_PAGE).max(1);
        self.operation.paging.per_page = Some(per_page);
        Ok(())
    }

    fn start(&mut self, lanes: Vec<LanePosition>) {
        self.stored.clone_from(&lanes);
        self.lanes = lanes.into_iter().map(Lane::new).collect();
    }

    /// What a walk must have in common with another one that it continues: the tenant and the users who are selected.
    fn identity(&self) -> String {
        let query = self.query.as_deref().unwrap_or_default();
        let connection = self.operation.connection.as_deref().unwrap_or_default();
        format!("{} {connection:?} {query}", self.client.shared.base.authority())
    }

    /// Continues where another walk of the same tenant with the same query stood. The number of ranges may differ.
    pub fn resume(mut self, position: EveryonePosition) -> Self {
        if let Err(error) = position.check(&self.identity()) {
            self.state = State::Failed(error);
            return self;
        }
        (self.report.users, self.report.requests) = (position.users, position.requests);
        self.start(position.lanes);
        self
    }

    /// Walks up to this number of ranges of time at once, 1 to 16; 1 unless set. The users are not in the order of creation then. The
    /// client's pacer limits the rate of all requests together.
    pub fn parallel(mut self, ranges: usize) -> Self {
        self.parallel = ranges.clamp(1, MOST_LANES);
        self
    }

    /// The next user, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<User, Error>> {
        StreamExt::next(self).await
    }

    /// The next user, or `None` at the end; transposed for `?`.
    pub async fn try_next(&mut self) -> Result<Option<User>, Error> {
        self.next().await.transpose()
    }

    /// What the walk has seen so far.
    pub fn report(&self) -> EveryoneReport {
        self.report
    }

    /// Where the walk stands: behind the user who was returned last.
    pub fn position(&self) -> EveryonePosition {
        let EveryoneReport { users, requests, .. } = self.report;
        EveryonePosition::new(&self.identity(), users, requests, self.stored.clone())
    }

    /// The requests of lanes that are not done, of as many as may be walked at once.
    fn round(&mut self) -> State {
        self.divide();
        self.store();
        let mut calls = Vec::new();
        let unfinished = self.lanes.iter().enumerate().filter(|(_, lane)| !lane.is_done());
        for (index, lane) in unfinished.take(self.parallel) {
            let call = self.call(lane.search()).with_meta();
            calls.push(call.send().map(move |result| (index, result)));
        }
        if calls.is_empty() {
            let q = "NOT _exists_:created_at".to_owned();
            self.count_requests(1);
            return State::WithoutDate(
                self.call(Search { q, sort: None, page: 0 }).per_page(1).send().boxed(),
            );
        }
        self.count_requests(calls.len());
        State::Round(join_all(calls).boxed())
    }

    fn count_requests(&mut self, count: usize) {
        self.report.requests = self.report.requests.saturating_add(count as u64);
    }

    /// The request for the user who was created last. There is one lane, as ranges are divided once the end is fixed.
    fn newest(&mut self) -> State {
        self.count_requests(1);
        let from = self.lanes.first().and_then(|lane| lane.position().from());
        let search = Search { q: created(from, None), sort: Some("created_at:-1"), page: 0 };
        State::Newest(self.call(search).per_page(1).with_meta().send().boxed())
    }

    /// Fixes the end of the walk. The dates count too, in case that the server does not sort as it is asked to.
    fn fix_end(&mut self, newest: Meta<Page<User>>) -> Result<(), Error> {
        let now = self.client.shared.clock.unix_now();
        let received = millis(server_date(&newest.headers).unwrap_or(now).max(now));
        let listing =
            Listing::of(newest.value, 1).map_err(|why| unfinished(undated(why), self.report.users))?;
        let newest = listing.found.iter().map(|found| found.created).max();
        for lane in &mut self.lanes {
            let last = lane.position().from();
            lane.set_end(received.max(newest.unwrap_or(i64::MIN)).max(last.unwrap_or(i64::MIN)));
        }
        Ok(())
    }

    fn call(&self, search: Search) -> Call<GetAllUsers> {
        let q = match &self.query {
            Some(query) => format!("{query} AND {}", search.q),
            None => search.q,
        };
        let mut operation = self.operation.clone().q(q).page(search.page);
        operation.sort = search.sort.map(ToOwned::to_owned);
        Call::from_parts(self.client.clone(), operation, self.options.clone())
    }

    /// Stores where the lanes are. One that lists an instant by id keeps what is stored of it: the users who were returned are added to
    /// that one by one, so its many users are not copied for each page.
    fn store(&mut self) {
        self.stored.resize(self.lanes.len(), LanePosition::default());
        for (lane, stored) in self.lanes.iter().zip(&mut self.stored) {
            if !(lane.has_another_way() && lane.position().is_same_range(stored)) {
                stored.clone_from(lane.position());
            }
        }
    }

    /// Divides ranges until there are as many as wanted.
    fn divide(&mut self) {
        self.lanes.retain(|lane| !lane.is_done());
        while self.lanes.len() < self.parallel {
            let longest = self.lanes.iter_mut().filter(|lane| lane.divisible().is_some());
            let longest = longest.max_by_key(|lane| lane.divisible());
            let Some(second) = longest.and_then(Lane::divide) else { return };
            self.lanes.push(second);
        }
    }

    fn receive(&mut self, index: usize, result: Received) -> Result<(), Error> {
        let users = self.report.users;
        let Some(lane) = self.lanes.get_mut(index) else { return Ok(()) };
        let failed = |incomplete| unfinished(incomplete, users);
        let page = match result {
            Ok(page) => page,
            Err(error) if is_refusal(&error) && lane.has_another_way() => {
                return lane.refused().map_err(failed);
            }
            Err(error) => return Err(error),
        };
        let now = self.client.shared.clock.unix_now();
        let received = server_date(&page.headers).unwrap_or(now).max(now);
        let asked = self.operation.paging.per_page.unwrap_or_default();
        let listing = Listing::of(page.value, asked)
            .map_err(|why| failed(Incomplete { range: lane.range(), why: why.into() }))?;
        if lane.end().is_none() && listing.counted() == 0 && self.alone > Some(0) {
            return Err(
                Error::new(ErrorKind::IncompleteList, READ_OTHERWISE).with_operation(GetAllUsers::DESCRIPTOR)
            );
        }
        if lane.end().is_none() && listing.counted() < COUNTED && self.parallel == 1 {
            // So few users are not worth a request for the newest one: nobody is created a day ahead.
            lane.set_end(millis(received).saturating_add(A_DAY));
        }
        let count = listing.found.len();
        let fresh = lane.accept(listing).map_err(failed)?;
        self.report.repeated = self.report.repeated.saturating_add((count - fresh.len()) as u64);
        self.waiting.extend(fresh.into_iter().map(|found| (index, found)));
        Ok(())
    }

    /// Hands out a user, without the attributes that were not asked for.
    fn hand_out(&mut self, index: usize, found: Found) -> User {
        if let Some(stored) = self.stored.get_mut(index) {
            stored.returned(&found.id, found.created);
        }
        self.report.users = self.report.users.saturating_add(1);
        let mut user = found.user;
        if self.hidden.contains(&"created_at") {
            user.created_at = None;
        }
        if self.hidden.contains(&"user_id") {
            user.user_id = None;
            user.unknown.remove("user_id");
        }
        user
    }
}

/// The error for a query that the server reads in another way within parentheses.
const READ_OTHERWISE: &str = "users match the query alone, and none if it is in parentheses: Lucene finds nothing for a negation that stands \
     alone in them. Put a condition before it that every user meets, `_exists_:user_id AND NOT …`, as users_core::search does";

/// Whether a query may consist of negations.
fn may_negate(query: &str) -> bool {
    query.contains("NOT") || query.contains(['!', '-'])
}

/// Whether the server does not execute the search: it cannot search by that, or the query is too long.
fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(StatusCode::BAD_REQUEST | StatusCode::URI_TOO_LONG))
}

fn millis(time: SystemTime) -> i64 {
    Timestamp::from(time).unix_millis()
}

/// The part of the walk that has no range of time.
fn undated(why: String) -> Incomplete {
    Incomplete { range: "NOT _exists_:created_at".to_owned(), why: why.into() }
}

fn unfinished(Incomplete { range, why }: Incomplete, users: u64) -> Error {
    let message = format!(
        "the users of {range} cannot be listed completely: {why}; {users} users were returned. \
         Export all users with jobs().export(…), or walk around the range with `q`"
    );
    Error::new(ErrorKind::IncompleteList, message).with_operation(GetAllUsers::DESCRIPTOR)
}

impl Stream for Everyone {
    type Item = Result<User, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some((index, found)) = this.waiting.pop_front() {
                return Poll::Ready(Some(Ok(this.hand_out(index, found))));
            }
            match &mut this.state {
                State::Ask(query) => {
                    let mut operation = this.operation.clone().q(std::mem::take(query)).page(0).per_page(1);
                    operation.sort = None;
                    this.count_requests(1);
                    let call = Call::from_parts(this.client.clone(), operation, this.options.clone());
                    this.state = State::Alone(call.send().boxed());
                }
                State::Alone(search) => {
                    let page = ready!(search.as_mut().poll(context));
                    this.state = match page {
                        Ok(page) => {
                            this.alone = Some(page.total.unwrap_or(page.len() as u64));
                            State::Next
                        }
                        Err(error) => State::Failed(error),
                    };
                }
                State::Next => {
                    let is_open = |lane: &Lane| !lane.is_done() && lane.end().is_none() && lane.is_begun();
                    this.state = if this.lanes.iter().any(is_open) { this.newest() } else { this.round() };
                }
                State::Newest(search) => {
                    let newest = ready!(search.as_mut().poll(context));
                    this.state = match newest.and_then(|newest| this.fix_end(newest)) {
                        Ok(()) => State::Next,
                        Err(error) => State::Failed(error),
                    };
                }
                State::Round(round) => {
                    let received = ready!(round.as_mut().poll(context));
                    this.state = State::Next;
                    for (index, result) in received {
                        if let Err(error) = this.receive(index, result) {
                            // What other ranges returned is handed out first.
                            this.state = State::Failed(error);
                        }
                    }
                }
                State::WithoutDate(search) => {
                    let searched = ready!(search.as_mut().poll(context));
                    let count = searched.map(|page| page.total.unwrap_or(page.len() as u64));
                    this.state = match count {
                        Ok(0) => State::Done,
                        Ok(count) => {
                            let why = if count == 1 {
                                "a user has no created_at"
                            } else {
                                "users have no created_at"
                            };
                            State::Failed(unfinished(undated(why.to_owned()), this.report.users))
                        }
                        Err(error) => State::Failed(error),
                    };
                    this.report.is_complete = matches!(this.state, State::Done);
                }
                State::Done => return Poll::Ready(None),
                State::Failed(_) => {
                    if let State::Failed(error) = std::mem::replace(&mut this.state, State::Done) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Everyone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Everyone").field("report", &self.report).finish_non_exhaustive()
    }
}
