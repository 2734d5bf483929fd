//! Updating a user in several requests.

use super::update::UpdateUser;
use crate::client::Client;
use crate::error::Error;
use std::error::Error as StdError;
use std::fmt;
use users_model::{User, UserId, UserUpdate};

/// The error of [`update_split`](crate::management::UsersManager::update_split): which updates were applied, and which were not.
///
/// There is no conversion into an [`Error`], which could not report that a part was applied.
#[derive(Debug)]
#[non_exhaustive]
pub struct SplitUpdateError {
    /// The error of the update that failed.
    pub error: Error,
    /// The updates that were applied, in order.
    pub applied: Vec<UserUpdate>,
    /// The update that failed. It may have been applied all the same:
    /// [`error.may_have_been_applied()`](Error::may_have_been_applied).
    pub failed: Option<UserUpdate>,
    /// The updates that were not sent, in order.
    pub not_sent: Vec<UserUpdate>,
    /// The user after the last update that was applied.
    pub user: Option<Box<User>>,
}

impl fmt::Display for SplitUpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let applied = self.applied.len();
        let all = applied + usize::from(self.failed.is_some()) + self.not_sent.len();
        write!(f, "{applied} of {all} updates were applied")?;
        if self.error.may_have_been_applied() { f.write_str(", and perhaps the next one") } else { Ok(()) }
    }
}

impl StdError for SplitUpdateError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.error)
    }
}

/// Sends the parts of an update in order, and stops at the first that fails.
pub(super) async fn update_split(
    client: Client,
    id: Result<UserId, Error>,
    update: UserUpdate,
) -> Result<User, SplitUpdateError> {
    let parts = update.split();
    let id = match id.and_then(|id| check(&client, &id, &parts).map(|()| id)) {
        Ok(id) => id,
        Err(error) => return Err(failure(error, Vec::new(), None, parts, None)),
    };
    let mut applied = Vec::new();
    let mut user = None;
    let mut rest = parts.into_iter();
    while let Some(part) = rest.next() {
        match client.call(UpdateUser::new(&id, part.clone())).send().await {
            Ok(updated) => {
                user = Some(updated);
                applied.push(part);
            }
            Err(error) => return Err(failure(error, applied, Some(part), rest.collect(), user)),
        }
    }
    user.ok_or_else(|| failure(Error::invalid("the update changes nothing"), applied, None, Vec::new(), None))
}

/// Checks every part before the first is sent.
fn check(client: &Client, id: &UserId, parts: &[UserUpdate]) -> Result<(), Error> {
    parts
        .iter()
        .try_for_each(|part| client.call(UpdateUser::new(id, part.clone())).into_request().map(|_| ()))
}

fn failure(
    error: Error,
    applied: Vec<UserUpdate>,
    failed: Option<UserUpdate>,
    not_sent: Vec<UserUpdate>,
    user: Option<User>,
) -> SplitUpdateError {
    SplitUpdateError { error, applied, failed, not_sent, user: user.map(Box::new) }
}
