//! The users who remain to be deleted.

use super::report::DeleteAllCount;
use crate::call::Call;
use crate::client::{CallOptions, Client};
use crate::error::{Error, ErrorKind};
use crate::management::users::everyone::Everyone;
use crate::management::users::get_all::GetAllUsers;
use crate::paging::Items;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_model::{User, UserId};

/// The number of consecutive walks without a new user after which it ends. The index is eventually consistent, so one is not
/// enough.
const FRUITLESS_WALKS: u32 = 3;

/// The delay after a walk without a new user.
const PAUSE_FOR_THE_INDEX: Duration = Duration::from_secs(1);

/// What the walks have found.
#[derive(Default)]
pub(super) struct Walks {
    /// The error of the last one.
    pub(super) error: Option<Error>,
    /// The number of users in the last one whose id may not be a path segment.
    pub(super) nameless: usize,
}

/// The users who remain.
pub(super) struct Remaining {
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
    pub(super) fn new(client: Client, walks: Arc<Mutex<Walks>>) -> Self {
        let seen = HashSet::new();
        Self { client, walks, users: None, by_offset: false, seen, is_fruitful: false, fruitless: 0 }
    }

    pub(super) async fn next(&mut self) -> Option<UserId> {
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

/// Counts them, and changes nothing.
pub(super) async fn count(client: &Client) -> Result<DeleteAllCount, Error> {
    let mut walked = 0;
    let mut users = Users::new(client, false);
    let unwalkable = loop {
        match users.next().await {
            Some(Ok(_)) => walked += 1,
            Some(Err(error)) => break error,
            None => return Ok(DeleteAllCount { users: walked, is_exact: true }),
        }
    };
    if !is_unwalkable(&unwalkable) {
        return Err(unwalkable);
    }
    let mut listed = 0;
    let mut users = Users::new(client, true);
    loop {
        match users.next().await {
            Some(Ok(_)) => listed += 1,
            Some(Err(error)) if error.is_window_exceeded() => {
                return Ok(DeleteAllCount { users: listed.max(walked), is_exact: false });
            }
            Some(Err(error)) => return Err(error),
            None => return Ok(DeleteAllCount { users: listed, is_exact: true }),
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

fn list(client: &Client) -> Call<GetAllUsers> {
    let list = Call::from_parts(client.clone(), GetAllUsers::new(), CallOptions::default());
    list.fields(["user_id"])
}

pub(super) fn lock(walks: &Mutex<Walks>) -> MutexGuard<'_, Walks> {
    walks.lock().unwrap_or_else(PoisonError::into_inner)
}
