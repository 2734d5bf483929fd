//! What is done with each user of a run.

use serde::{Deserialize, Serialize};

/// One change, which a run makes for each of its users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(crate) enum Action {
    Block,
    Unblock,
    Delete,
    Update {
        /// The body of each request.
        changes: String,
    },
    AddRoles {
        roles: Vec<String>,
    },
    RemoveRoles {
        roles: Vec<String>,
    },
    RevokeSessions,
}

impl Action {
    /// The command: `block`.
    pub(crate) fn command(&self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Delete => "delete",
            Self::Update { .. } => "update",
            Self::AddRoles { .. } => "roles add",
            Self::RemoveRoles { .. } => "roles remove",
            Self::RevokeSessions => "sessions revoke",
        }
    }

    /// What is printed of a user who is done: `blocked`.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Self::Block => "blocked",
            Self::Unblock => "unblocked",
            Self::Delete => "deleted",
            Self::Update { .. } => "updated",
            Self::AddRoles { .. } => "added the roles of",
            Self::RemoveRoles { .. } => "removed the roles of",
            Self::RevokeSessions => "revoked the sessions of",
        }
    }
}
