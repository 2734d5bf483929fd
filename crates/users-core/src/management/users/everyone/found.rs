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
    /// The number of users that match, capped at [`COUNTED`].
    pub(super) total: u64,
}

impl Listing {
    /// Reads a page. Each user must state when it was created and its id, and the page its total.
    pub(super) fn of(page: Page<User>) -> Result<Self, Error> {
        let total = page.total.ok_or_else(|| decode("the page does not state its total"))?;
        let found: Result<Vec<Found>, Error> = page.items.into_iter().map(found).collect();
        Ok(Self { found: found?, total })
    }

    /// Whether no other user matches.
    pub(super) fn is_complete(&self) -> bool {
        self.found.len() as u64 >= self.total
    }

    /// The number of users that match but are not on the page, as far as they are counted.
    pub(super) fn left(&self) -> u64 {
        self.total.saturating_sub(self.found.len() as u64)
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
