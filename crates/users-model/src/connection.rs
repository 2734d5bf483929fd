//! Connections.

use crate::Secret;
use crate::json::JsonObject;
use crate::object::{object, open_enum};

object! {
    /// A connection: a database or an identity provider from which users come.
    pub struct Connection {
        /// The id: `con_…`.
        pub id: Option<String> = "id",
        /// The unique name.
        pub name: Option<String> = "name",
        /// The display name.
        pub display_name: Option<String> = "display_name",
        /// The strategy: `auth0` for databases, or that of an identity provider.
        pub strategy: Option<String> = "strategy",
        /// The options of the strategy, which can contain secrets. They are returned only with scope `read:connections_options`.
        pub options: Option<JsonObject> = "options",
        /// The realms of the Authentication API that lead to the connection.
        pub realms: Option<Vec<String>> = "realms",
        /// Whether the connection is determined by the domain of the user's e-mail address.
        pub is_domain_connection: Option<bool> = "is_domain_connection",
        /// Whether the login page shows a button for the connection.
        pub show_as_button: Option<bool> = "show_as_button",
        /// Metadata of applications: strings of at most 255 characters.
        pub metadata: Option<JsonObject> = "metadata",
        /// Whether users can log in by the connection.
        pub authentication: Option<ConnectionPurpose> = "authentication",
        /// Whether users can connect accounts of the connection to theirs.
        pub connected_accounts: Option<ConnectionPurpose> = "connected_accounts",
        /// Whether applications request access to other ones by the connection.
        pub cross_app_access_requesting_app: Option<ConnectionPurpose> = "cross_app_access_requesting_app",
        /// Whether other applications get access by the connection.
        pub cross_app_access_resource_app: Option<CrossAppAccess> = "cross_app_access_resource_app",
        /// The ids of the applications that use the connection.
        pub enabled_clients: Option<Vec<String>> = "enabled_clients",
        /// The URL by which the connection is set up, for strategies such as `ad` and `samlp`. Anyone who knows it can use it, so
        /// `Debug` does not show it.
        pub provisioning_ticket_url: Option<Secret> = "provisioning_ticket_url",
    }
}

object! {
    /// What a connection is used for.
    pub struct ConnectionPurpose {
        /// Whether it is used for this.
        pub active: Option<bool> = "active",
        /// Whether accounts give applications access to each other.
        pub cross_app_access: Option<bool> = "cross_app_access",
        /// Whether accounts without a user id can be connected.
        pub allow_missing_user_id: Option<bool> = "allow_missing_user_id",
    }
}

open_enum! {
    /// Whether other applications get access by a connection.
    pub enum CrossAppAccessStatus {
        Enabled = "enabled",
        Disabled = "disabled",
    }
}

object! {
    /// The access of other applications by a connection.
    pub struct CrossAppAccess {
        /// Whether there is access.
        pub status: Option<CrossAppAccessStatus> = "status",
    }
}
