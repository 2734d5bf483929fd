//! Deleting all users of a tenant.

use super::delete::DeleteUser;
use super::everyone::Everyone;
use super::get_all::GetAllUsers;
use crate::base_url::BaseUrl;
use crate::bulk::{Bulk, BulkOutcome, BulkProgress, BulkRun, BulkStatus};
use crate::call::{Call, CallFuture};
use crate::client::{CallOptions, Client};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::paging::Items;
use crate::request::RequestBuilder;
use crate::response::decode_empty;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::future::FutureExt as _;
use futures_util::stream::{self, StreamExt};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use users_model::{User, UserId};

/// Confirmation required to delete all users. It names the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm(String);

impl Confirm {
    /// Names the tenant by the authority of the client's base URL: `staging.eu.auth0.com`, `127.0.0.1:4000`.
    pub fn tenant(authority: impl Into<String>) -> Self {
        Self(authority.into())
    }
}

/// The number of consecutive walks without a new user after which it ends. The index is eventually consistent, so one is not
/// enough.
const FRUITLESS_WALKS: u32 = 3;

/// The delay after a walk without a new user.
const PAUSE_FOR_THE_INDEX: Duration = Duration::from_secs(1);

/// Deletes all users of a tenant. Awaited, it returns a [`DeleteAllReport`]; as a stream, the outcome of each user.
///
/// It walks all users, as [`everyone`](Call::everyone) does, deletes them one by one with up to 8 calls in flight, and walks again, until
/// three consecutive walks return no new user. Users who cannot be walked are listed by offset, since those who are deleted make room for
/// others. Each user is deleted once. A user who cannot be deleted is an outcome; a list that fails ends the stream with an error.
#[must_use = "nothing is deleted until it is awaited or polled"]
pub struct DeleteAll {
    client: Client,
    confirm: Confirm,
    bulk: Bulk,
    /// `None` until it is polled.
    run: Option<Run>,
}

/// The run that deletes.
struct Run {
    bulk: BulkRun<UserId, ()>,
    /// How the walks ended.
    walks: Arc<Mutex<Walks>>,
}

/// What the walks have found.
#[derive(Default)]
struct Walks {
    /// The error of the last one.
    error: Option<Error>,
    /// The number of users in the last one whose id may not be a path segment.
    nameless: usize,
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
        Self { bulk: Bulk::new(client.clone()), client, confirm, run: None }
    }

    /// Sets the number of calls in flight: 1 to 1024; 8 unless set. The client's pacer limits their rate.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.bulk = self.bulk.concurrency(calls);
        self
    }

    /// Calls a closure after each user.
    pub fn on_progress(mut self, report: impl FnMut(&BulkProgress) + Send + 'static) -> Self {
        self.bulk = self.bulk.on_progress(report);
        self
    }

    /// Counts the users who would be deleted. Sends reads only.
    ///
    /// # Errors
    ///
    /// If the confirmation names another tenant, or the walk fails.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::management::Confirm;
    ///
    /// let tenant = Confirm::tenant("staging.eu.auth0.com");
    /// println!("{} users would be deleted", users.delete_all(tenant.clone()).dry_run().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn dry_run(self) -> Result<u64, Error> {
        check(&self.client, &self.confirm)?;
        let mut everyone = list(&self.client).everyone();
        while everyone.try_next().await?.is_some() {}
        Ok(everyone.report().users)
    }

    /// The next outcome, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<DeleteOutcome, Error>> {
        StreamExt::next(self).await
    }

    /// Returns the single request `DELETE /users` instead, for servers that still implement it. Auth0 answers it with 404.
    pub fn collection_request(self) -> Call<DeleteUserCollection> {
        let operation = check(&self.client, &self.confirm).map(|()| DeleteUserCollection { _private: () });
        Call::new(self.client, operation)
    }

    fn begin(&mut self) -> Run {
        let walks = Arc::new(Mutex::new(Walks::default()));
        if let Err(error) = check(&self.client, &self.confirm) {
            lock(&walks).error = Some(error);
        }
        let has_error = lock(&walks).error.is_some();
        let remaining = Remaining {
            client: self.client.clone(),
            walks: Arc::clone(&walks),
            users: None,
            by_offset: false,
            seen: HashSet::new(),
            is_fruitful: false,
            fruitless: if has_error { FRUITLESS_WALKS } else { 0 },
        };
        // Boxed, so that its code exists once, not in each layer of the stream.
        let ids = stream::unfold(remaining, |mut remaining| {
            async move { remaining.next().await.map(|id| (id, remaining)) }.boxed()
        });
        let bulk = std::mem::replace(&mut self.bulk, Bulk::new(self.client.clone()));
        Run { bulk: bulk.delete_stream(ids), walks }
    }
}

fn list(client: &Client) -> Call<GetAllUsers> {
    let list = Call::from_parts(client.clone(), GetAllUsers::new(), CallOptions::default());
    list.fields(["user_id"])
}

fn lock(walks: &Mutex<Walks>) -> MutexGuard<'_, Walks> {
    walks.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The users who remain.
struct Remaining {
    client: Client,
    walks: Arc<Mutex<Walks>>,
    users: Option<Users>,
    /// Whether the users are listed by offset, because they cannot be walked. Those who are deleted make room for others.
    by_offset: bool,
    /// Hashes of the ids of those who were found.
    seen: HashSet<[u8; 16]>,
    /// Whether the current walk has found a user.
    is_fruitful: bool,
    fruitless: u32,
}

impl Remaining {
    async fn next(&mut self) -> Option<UserId> {
        while self.fruitless < FRUITLESS_WALKS {
            let (client, by_offset) = (&self.client, self.by_offset);
            let users = self.users.get_or_insert_with(|| Users::new(client, by_offset));
            match users.next().await {
                Some(Ok(user)) => match user.user_id {
                    Some(id) if self.seen.insert(hash(&id)) => {
                        self.is_fruitful = true;
                        return Some(id);
                    }
                    Some(_) => {}
                    None => lock(&self.walks).nameless += 1,
                },
                Some(Err(error)) if error.kind() == ErrorKind::WindowExceeded => self.begin_anew().await,
                Some(Err(error)) if !by_offset && is_unwalkable(&error) => {
                    self.by_offset = true;
                    self.users = None;
                }
                Some(Err(error)) => {
                    lock(&self.walks).error = Some(error);
                    self.fruitless = FRUITLESS_WALKS;
                }
                None => self.begin_anew().await,
            }
        }
        None
    }

    /// Begins another walk, unless the last ones were fruitless.
    async fn begin_anew(&mut self) {
        self.users = None;
        self.fruitless = if self.is_fruitful { 0 } else { self.fruitless + 1 };
        self.is_fruitful = false;
        if self.fruitless < FRUITLESS_WALKS {
            self.client.shared.clock.sleep(PAUSE_FOR_THE_INDEX).await;
            lock(&self.walks).nameless = 0;
        }
    }
}

/// Users without dates, or too many of one millisecond.
fn is_unwalkable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::IncompleteList | ErrorKind::Decode)
}

/// A list of users.
enum Users {
    Walked(Box<Everyone>),
    ByOffset(Items<User>),
}

impl Users {
    fn new(client: &Client, by_offset: bool) -> Self {
        if by_offset {
            Self::ByOffset(list(client).items())
        } else {
            Self::Walked(Box::new(list(client).everyone()))
        }
    }

    async fn next(&mut self) -> Option<Result<User, Error>> {
        match self {
            Self::Walked(everyone) => everyone.next().await,
            Self::ByOffset(items) => items.next().await,
        }
    }
}

/// A hash that no two ids share, in less memory.
fn hash(id: &UserId) -> [u8; 16] {
    let digest = Sha256::digest(id.as_str());
    digest.first_chunk().copied().unwrap_or_default()
}

impl Stream for DeleteAll {
    type Item = Result<DeleteOutcome, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.run.is_none() {
            this.run = Some(this.begin());
        }
        let Some(run) = &mut this.run else { return Poll::Ready(None) };
        let outcome = match ready!(run.bulk.poll_next_unpin(context)) {
            Some(Ok(BulkOutcome { input, status, .. })) => {
                Some(Ok(DeleteOutcome { id: input, result: result(status) }))
            }
            Some(Err(error)) => Some(Err(error)),
            None => {
                let mut walks = lock(&run.walks);
                let nameless = std::mem::take(&mut walks.nameless);
                walks.error.take().or_else(|| (nameless > 0).then(|| unusable(nameless))).map(Err)
            }
        };
        Poll::Ready(outcome)
    }
}

fn result(status: BulkStatus<()>) -> Result<(), Error> {
    match status {
        BulkStatus::NotApplied(error) | BulkStatus::MayHaveBeenApplied(Some(error)) => Err(error),
        // There is no journal of an earlier run.
        _ => Ok(()),
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
