//! Grants.

use crate::object::object;

object! {
    /// The consent of a user that an application may access an API on the user's behalf.
    pub struct Grant {
        /// The id.
        pub id: Option<String> = "id",
        /// The application. Auth0 spells it `clientID`.
        pub client_id: Option<String> = "clientID",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// The identifier of the API.
        pub audience: Option<String> = "audience",
        /// The scopes that the user has consented to.
        pub scope: Option<Vec<String>> = "scope",
        /// The organization in which the user has consented.
        pub organization_id: Option<String> = "organization_id",
    }
}
