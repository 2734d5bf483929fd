//! The users of one response of the walk.

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
    /// Reads a page. Each user must state when it was created and its id; otherwise, says what is wrong.
    pub(super) fn of(page: Page<User>, asked: u32) -> Result<Self, String> {
        let total = page.total;
        let found: Result<Vec<Found>, String> = page.items.into_iter().map(found).collect();
        Ok(Self { found: found?, total, asked: usize::try_from(asked).unwrap_or(usize::MAX) })
    }

    /// Whether no other user matches, if `is_stale`: all users of the page were returned before. A full page may be one of a server whose
    /// total is that of the page. Without a total, a short page may be one of a server that returns fewer users than it is asked for, so
    /// it must be stale.
    pub(super) fn is_complete(&self, is_stale: bool) -> bool {
        let is_full = self.found.len() >= self.asked;
        match self.total {
            Some(total) => self.found.len() as u64 >= total && (is_stale || !is_full),
            None => is_stale && !is_full,
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

fn found(user: User) -> Result<Found, String> {
    // An id that may not be a path segment is not a `UserId`, but identifies the user nevertheless.
    let id = match &user.user_id {
        Some(id) => id.as_str().to_owned(),
        None => user
            .unknown
            .get::<String>("user_id")
            .ok()
            .flatten()
            .ok_or_else(|| "a user has no user_id".to_owned())?,
    };
    let created = user.created_at.as_ref().map(users_model::Timestamp::unix_millis);
    let created = created.ok_or_else(|| format!("the user {id} has no created_at that is a date"))?;
    Ok(Found { id, created, user })
}
