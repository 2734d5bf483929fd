//! What is done with each user of a run.

use serde::{Deserialize, Serialize};
use users_hyper::model::UserUpdate;

/// One change, which a run makes for each of its users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(crate) enum Action {
    Block,
    Unblock,
    Delete,
}

impl Action {
    /// The command: `block`.
    pub(crate) fn command(&self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Delete => "delete",
        }
    }

    /// What is printed of a user who is done: `blocked`.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Self::Block => "blocked",
            Self::Unblock => "unblocked",
            Self::Delete => "deleted",
        }
    }

    /// The update of each user, if the change is one.
    pub(crate) fn update(&self) -> Option<UserUpdate> {
        match self {
            Self::Block => Some(UserUpdate::new().blocked(true)),
            Self::Unblock => Some(UserUpdate::new().blocked(false)),
            Self::Delete => None,
        }
    }
}
