//! Blocks by brute-force protection, and what is known of an account's risk.

use crate::object::{object, open_enum};

object! {
    /// What brute-force protection has blocked of a user.
    pub struct UserBlocks {
        /// What is blocked: an identifier, from an address.
        pub blocked_for: Option<Vec<UserBlock>> = "blocked_for",
    }
}

object! {
    /// One block.
    pub struct UserBlock {
        /// The address, name or number that was used to log in.
        pub identifier: Option<String> = "identifier",
        /// The address that is blocked; absent where every address is.
        pub ip: Option<String> = "ip",
        /// The connection, by name.
        pub connection: Option<String> = "connection",
    }
}

open_enum! {
    /// A risk assessor whose memory of a user can be cleared.
    pub enum Assessor {
        NewDevice = "new-device",
    }
}

object! {
    /// What `risk-assessments/clear` takes.
    pub struct RiskAssessmentClearance {
        /// The connection, by name.
        pub connection: Option<String> = "connection",
        /// The assessors whose memory is cleared.
        pub assessors: Option<Vec<Assessor>> = "assessors",
    }
}

impl RiskAssessmentClearance {
    /// Clears what these assessors remember of the user in this connection.
    pub fn new(
        connection: impl Into<String>,
        assessors: impl IntoIterator<Item = impl Into<Assessor>>,
    ) -> Self {
        Self {
            connection: Some(connection.into()),
            assessors: Some(assessors.into_iter().map(Into::into).collect()),
            ..Self::default()
        }
    }
}
