//! The users of one response of the walk.

use crate::error::{Error, ErrorKind};
use users_model::{Page, User};

/// The number of users that a search counts at most.
pub(super) const COUNTED: u64 = 1000;

/// A user with the attributes that the walk is ordered by.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: String,
    /// In milliseconds since 1970.
    pub(super) created: i64,
    pub(super) user: User,
}

/// One response.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) found: Vec<Found>,
    /// The number of users that match, capped at [`COUNTED`]; `None` if the server does not state it.
    pub(super) total: Option<u64>,
    /// The number of users that were asked for.
    pub(super) asked: usize,
}

impl Listing {
    /// Reads a page. Each user must state when it was created and its id.
    pub(super) fn of(page: Page<User>, asked: u32) -> Result<Self, Error> {
        let total = page.total;
        let found: Result<Vec<Found>, Error> = page.items.into_iter().map(found).collect();
        Ok(Self { found: found?, total, asked: usize::try_from(asked).unwrap_or(usize::MAX) })
    }

    /// Whether no other user matches, if `is_stale`: all users of the page were returned before. Without a total, a short page may be one of a
    /// server that returns fewer users than it is asked for, so it must be stale.
    pub(super) fn is_complete(&self, is_stale: bool) -> bool {
        match self.total {
            Some(total) => self.found.len() as u64 >= total,
            None => is_stale && self.found.len() < self.asked,
        }
    }

    /// Whether there may be others of the page's last millisecond. Without a total, a page that is not full shows them if it is requested again.
    pub(super) fn may_hide_others(&self) -> bool {
        self.total.is_some() || self.found.len() >= self.asked
    }

    /// The number of users that match, as far as it is known.
    pub(super) fn counted(&self) -> u64 {
        self.total.unwrap_or(COUNTED)
    }

    /// The number of users that match but are not on the page, as far as they are counted.
    pub(super) fn left(&self) -> u64 {
        self.counted().saturating_sub(self.found.len() as u64)
    }
}

fn found(user: User) -> Result<Found, Error> {
    // An id that may not be a path segment is not a `UserId`, but identifies the user nevertheless.
    let id = match &user.user_id {
        Some(id) => id.as_str().to_owned(),
        None => user
            .unknown
            .get::<String>("user_id")
            .ok()
            .flatten()
            .ok_or_else(|| decode("a user has no user_id"))?,
    };
    let created = user.created_at.as_ref().map(users_model::Timestamp::unix_millis);
    let created =
        created.ok_or_else(|| decode(&format!("the user {id} has no created_at that is a date")))?;
    Ok(Found { id, created, user })
}

fn decode(message: &str) -> Error {
    Error::new(ErrorKind::Decode, message.to_owned())
}
