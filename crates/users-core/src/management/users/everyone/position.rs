//! Where a walk stands, to be stored.

use super::lane::{LanePosition, MOST_LANES};
use crate::error::Error;
use flate2::Crc;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The version of the format.
const VERSION: u32 = 1;

/// Where an [`Everyone`](super::Everyone) stands: the users who were returned are not returned again by one that
/// [resumes](super::Everyone::resume) there.
///
/// It is stored as JSON, with serde or by `to_string` and `parse`. It contains the ids of the users who were returned last, and no other
/// attribute of theirs.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// use users_core::management::EveryonePosition;
///
/// let mut everyone = users.get_all().q("blocked:true").everyone();
/// let _ = everyone.try_next().await?;
/// let stored = everyone.position().to_string();
///
/// let position: EveryonePosition = stored.parse()?;
/// let mut rest = users.get_all().q("blocked:true").everyone().resume(position);
/// # let _ = rest.try_next().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EveryonePosition {
    version: u32,
    /// The checksum of the tenant and the query, which must be the same.
    walk: u32,
    pub(super) users: u64,
    pub(super) requests: u64,
    pub(super) lanes: Vec<LanePosition>,
}

impl EveryonePosition {
    /// `identity` is what a walk that resumes must have in common.
    pub(super) fn new(identity: &str, users: u64, requests: u64, lanes: Vec<LanePosition>) -> Self {
        Self { version: VERSION, walk: checksum(identity), users, requests, lanes }
    }

    /// Checks that it can be resumed by a walk with this identity.
    pub(super) fn check(&self, identity: &str) -> Result<(), Error> {
        if self.version != VERSION {
            let version = self.version;
            return Err(Error::invalid(format!(
                "the position has the format {version}; this version reads {VERSION}"
            )));
        }
        if self.walk != checksum(identity) {
            return Err(Error::invalid("the position is of a walk of another tenant, or with another query"));
        }
        let are_apart = || {
            let mut lanes: Vec<&LanePosition> = self.lanes.iter().collect();
            lanes.sort_by_key(|lane| lane.from());
            lanes.windows(2).all(|pair| matches!(pair, [one, other] if one.is_before(other)))
        };
        if self.lanes.len() > MOST_LANES || !are_apart() {
            return Err(Error::invalid(
                "the position was changed: its ranges of time overlap, or there are too many",
            ));
        }
        Ok(())
    }

    /// The number of users who were returned.
    pub fn users(&self) -> u64 {
        self.users
    }
}

fn checksum(text: &str) -> u32 {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    crc.sum()
}

/// Writes it as one line of JSON.
impl fmt::Display for EveryonePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for EveryonePosition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map_err(|error| Error::invalid(format!("the position cannot be read: {error}")))
    }
}
