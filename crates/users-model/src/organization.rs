//! Organizations.

use crate::json::JsonObject;
use crate::object::{object, open_enum};

object! {
    /// An organization of the tenant, whose members are users.
    pub struct Organization {
        /// The id: `org_…`.
        pub id: Option<String> = "id",
        /// The unique name.
        pub name: Option<String> = "name",
        /// The display name.
        pub display_name: Option<String> = "display_name",
        /// The branding of the login page.
        pub branding: Option<Branding> = "branding",
        /// Metadata of applications: strings of at most 255 characters.
        pub metadata: Option<JsonObject> = "metadata",
        /// The quota of tokens for its applications.
        pub token_quota: Option<TokenQuota> = "token_quota",
        /// Whether applications of third parties have access.
        pub third_party_client_access: Option<ThirdPartyClientAccess> = "third_party_client_access",
        /// Whether only some applications can be used by its members.
        pub is_app_entitlement_active: Option<bool> = "is_app_entitlement_active",
        /// How the application that a list was requested for is associated. Set only where it is.
        pub client: Option<OrganizationClient> = "client",
    }
}

open_enum! {
    /// Whether applications of third parties have access to an organization.
    pub enum ThirdPartyClientAccess {
        Block = "block",
        Allow = "allow",
    }
}

object! {
    /// The association of an application with an organization.
    pub struct OrganizationClient {
        /// Whether it determines the access of members.
        pub use_for_member_access: Option<bool> = "use_for_member_access",
    }
}

object! {
    /// The branding of an organization's login page.
    pub struct Branding {
        /// The URL of the logo.
        pub logo_url: Option<String> = "logo_url",
        /// The colors.
        pub colors: Option<BrandingColors> = "colors",
    }
}

object! {
    /// The colors of a login page.
    pub struct BrandingColors {
        /// The color of buttons and links.
        pub primary: Option<String> = "primary",
        /// The color of the page's background.
        pub page_background: Option<String> = "page_background",
    }
}

object! {
    /// A quota of tokens.
    pub struct TokenQuota {
        /// The quota of the client credentials grant.
        pub client_credentials: Option<ClientCredentialsQuota> = "client_credentials",
    }
}

object! {
    /// The quota of tokens of the client credentials grant.
    pub struct ClientCredentialsQuota {
        /// Whether further requests are rejected, rather than only reported.
        pub enforce: Option<bool> = "enforce",
        /// The number of tokens per day.
        pub per_day: Option<u64> = "per_day",
        /// The number of tokens per hour.
        pub per_hour: Option<u64> = "per_hour",
    }
}
