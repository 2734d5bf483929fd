//! Blocks by brute-force protection, and risk assessments.

use crate::object::{object, open_enum};

object! {
    /// The blocks of a user by brute-force protection.
    pub struct UserBlocks {
        /// The blocks, each of an identifier and an IP address.
        pub blocked_for: Option<Vec<UserBlock>> = "blocked_for",
    }
}

object! {
    /// A block of brute-force protection.
    pub struct UserBlock {
        /// The e-mail address, user name or phone number that was used to log in.
        pub identifier: Option<String> = "identifier",
        /// The blocked IP address; absent if all are blocked.
        pub ip: Option<String> = "ip",
        /// The name of the connection.
        pub connection: Option<String> = "connection",
    }
}

open_enum! {
    /// A risk assessor whose data about a user can be cleared.
    pub enum Assessor {
        NewDevice = "new-device",
    }
}

object! {
    /// The body of `risk-assessments/clear`.
    pub struct RiskAssessmentClearance {
        /// The name of the connection.
        pub connection: Option<String> = "connection",
        /// The assessors whose data is cleared.
        pub assessors: Option<Vec<Assessor>> = "assessors",
    }
}

impl RiskAssessmentClearance {
    /// Clears the data of these assessors about the user in this connection.
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
