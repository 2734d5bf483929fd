//! Deleting all users of a tenant.

use super::delete::DeleteUser;
use super::get_all::GetAllUsers;
use crate::base_url::BaseUrl;
use crate::call::{Call, CallFuture};
use crate::client::{CallOptions, Client};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::request::RequestBuilder;
use crate::response::decode_empty;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use users_model::UserId;

/// Confirmation required to delete all users. It names the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm(String);

impl Confirm {
    /// Names the tenant by the authority of the client's base URL: `staging.eu.auth0.com`, `127.0.0.1:4000`.
    pub fn tenant(authority: impl Into<String>) -> Self {
        Self(authority.into())
    }
}

/// The number of consecutive searches without a new user after which it ends. The index is eventually consistent, so one is not
/// enough.
const FRUITLESS_SEARCHES: u32 = 3;

/// The delay after a search without a new user.
const PAUSE_FOR_THE_INDEX: Duration = Duration::from_secs(1);

/// Deletes all users of a tenant. Awaited, it returns a [`DeleteAllReport`]; as a stream, the outcome of each user.
///
/// It searches, deletes the users that it finds one by one, and searches again, until three consecutive searches return no new
/// user. Each user is deleted once. A user who cannot be deleted is an outcome; a search that fails ends the stream with an
/// error.
#[must_use = "nothing is deleted until it is awaited or polled"]
pub struct DeleteAll {
    client: Client,
    confirm: Confirm,
    outcomes: Pin<Box<dyn Stream<Item = Result<DeleteOutcome, Error>> + Send>>,
}

/// The outcome for one user.
#[derive(Debug)]
#[non_exhaustive]
pub struct DeleteOutcome {
    /// The user.
    pub id: UserId,
    /// Whether the user was deleted, or why not.
    pub result: Result<(), Error>,
}

/// The outcome for all users.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct DeleteAllReport {
    /// The number of users that were deleted.
    pub deleted: u64,
    /// The users that were not deleted, and why.
    pub failed: Vec<(UserId, Error)>,
}

impl DeleteAll {
    // Inlined, like `into_future`, so that only programs which delete all users compile what follows.
    #[inline]
    pub(super) fn new(client: Client, confirm: Confirm) -> Self {
        let sweep = match check(&client, &confirm) {
            Ok(()) => Sweep::new(client.clone()),
            Err(error) => Sweep { last: Some(error), ..Sweep::new(client.clone()) },
        };
        let outcomes = stream::unfold(sweep, Sweep::step);
        Self { client, confirm, outcomes: Box::pin(outcomes.fuse()) }
    }

    /// The next outcome, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<DeleteOutcome, Error>> {
        self.outcomes.next().await
    }

    /// Returns the single request `DELETE /users` instead, for servers that still implement it. Auth0 answers it with 404.
    pub fn collection_request(self) -> Call<DeleteUserCollection> {
        let operation = check(&self.client, &self.confirm).map(|()| DeleteUserCollection { _private: () });
        Call::new(self.client, operation)
    }
}

fn unusable(count: usize) -> Error {
    let message = format!("{count} users are left that have no usable id");
    Error::new(ErrorKind::Decode, message).with_operation(DeleteUser::DESCRIPTOR)
}

fn check(client: &Client, confirm: &Confirm) -> Result<(), Error> {
    let tenant = client.shared.base.authority();
    if confirm.0.trim().eq_ignore_ascii_case(tenant) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "all users of {tenant} would be deleted, but the confirmation names {:?}; nothing was sent",
        confirm.0
    )))
}

/// The search for the remaining users.
struct Sweep {
    client: Client,
    /// The error that ends the stream.
    last: Option<Error>,
    seen: HashSet<UserId>,
    found: VecDeque<UserId>,
    fruitless: u32,
    /// The number of users in the last search whose id may not be a path segment.
    nameless: usize,
    done: bool,
}

impl Sweep {
    fn new(client: Client) -> Self {
        Self {
            client,
            last: None,
            seen: HashSet::new(),
            found: VecDeque::new(),
            fruitless: 0,
            nameless: 0,
            done: false,
        }
    }

    /// The next outcome, and the rest. Boxed, so that its code exists once, not in each layer of the stream.
    #[inline]
    fn step(mut self) -> BoxFuture<'static, Option<(Result<DeleteOutcome, Error>, Self)>> {
        Box::pin(async move {
            loop {
                if let Some(error) = self.last.take() {
                    self.done = true;
                    return Some((Err(error), self));
                }
                if let Some(id) = self.found.pop_front() {
                    let delete = DeleteUser::new(id.clone());
                    let result = self.client.call(delete).send().await;
                    return Some((Ok(DeleteOutcome { id, result }), self));
                }
                if self.done {
                    return None;
                }
                match self.search().await {
                    Ok(true) => self.fruitless = 0,
                    Ok(false) => {
                        self.fruitless += 1;
                        if self.fruitless < FRUITLESS_SEARCHES {
                            self.client.shared.clock.sleep(PAUSE_FOR_THE_INDEX).await;
                            continue;
                        }
                        self.done = true;
                        if self.nameless > 0 {
                            self.last = Some(unusable(self.nameless));
                        }
                    }
                    Err(error) => self.last = Some(error),
                }
            }
        })
    }

    /// Searches for users that were not seen yet, page by page; returns whether there were any.
    #[inline]
    fn search(&mut self) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move {
            let search = Call::from_parts(self.client.clone(), GetAllUsers::new(), CallOptions::default());
            let mut pages = search.fields(["user_id"]).include_totals(false).pages();
            self.nameless = 0;
            // Users that cannot be deleted stay on the first pages, so the search goes on behind them.
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => {
                        for user in page {
                            match user.user_id {
                                Some(id) if self.seen.insert(id.clone()) => self.found.push_back(id),
                                Some(_) => {}
                                None => self.nameless += 1,
                            }
                        }
                        if !self.found.is_empty() {
                            return Ok(true);
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WindowExceeded => break,
                    Err(error) => return Err(error),
                }
            }
            Ok(false)
        })
    }
}

impl Stream for DeleteAll {
    type Item = Result<DeleteOutcome, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.outcomes.as_mut().poll_next(context)
    }
}

impl IntoFuture for DeleteAll {
    type Output = Result<DeleteAllReport, Error>;
    type IntoFuture = CallFuture<DeleteAllReport>;

    #[inline]
    fn into_future(mut self) -> Self::IntoFuture {
        CallFuture::new(async move {
            let mut report = DeleteAllReport::default();
            while let Some(outcome) = self.next().await {
                let outcome = outcome?;
                match outcome.result {
                    Ok(()) => report.deleted += 1,
                    Err(error) => report.failed.push((outcome.id, error)),
                }
            }
            Ok(report)
        })
    }
}

impl fmt::Debug for DeleteAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteAll").field("confirm", &self.confirm).finish_non_exhaustive()
    }
}

/// `DELETE /users`, which Auth0 removed from its API in 2016.
#[derive(Clone, Debug)]
pub struct DeleteUserCollection {
    _private: (),
}

impl DeleteUserCollection {
    /// The endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::delete("users.delete_collection", "/users")
        .scopes(&[&["delete:users"]])
        .node("users.deleteAll");
}

impl Operation for DeleteUserCollection {
    type Output = ();

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<(), Error> {
        decode_empty(Self::DESCRIPTOR, response)
    }
}

/// The endpoints of this file.
pub(crate) const OPERATIONS: &[&Descriptor] = &[DeleteUserCollection::DESCRIPTOR];
