//! Organizations that users belong to.

use crate::JsonObject;
use crate::object::object;

object! {
    /// An organization: a customer of the tenant's, with members of its own.
    pub struct Organization {
        /// The id: `org_…`.
        pub id: Option<String> = "id",
        /// The name, for machines.
        pub name: Option<String> = "name",
        /// The name, for people.
        pub display_name: Option<String> = "display_name",
        /// How its login page looks.
        pub branding: Option<Branding> = "branding",
        /// What applications keep about it: texts of at most 255 characters.
        pub metadata: Option<JsonObject> = "metadata",
        /// How many tokens its applications may fetch.
        pub token_quota: Option<TokenQuota> = "token_quota",
    }
}

object! {
    /// How an organization's login page looks.
    pub struct Branding {
        /// The URL of the logo.
        pub logo_url: Option<String> = "logo_url",
        /// The colours.
        pub colors: Option<BrandingColors> = "colors",
    }
}

object! {
    /// The colours of a login page.
    pub struct BrandingColors {
        /// The colour of buttons and links.
        pub primary: Option<String> = "primary",
        /// The colour behind the page.
        pub page_background: Option<String> = "page_background",
    }
}

object! {
    /// How many tokens may be fetched.
    pub struct TokenQuota {
        /// By client credentials.
        pub client_credentials: Option<ClientCredentialsQuota> = "client_credentials",
    }
}

object! {
    /// How many tokens may be fetched by client credentials.
    pub struct ClientCredentialsQuota {
        /// Whether more are refused, rather than only reported.
        pub enforce: Option<bool> = "enforce",
        /// How many a day.
        pub per_day: Option<u64> = "per_day",
        /// How many an hour.
        pub per_hour: Option<u64> = "per_hour",
    }
}
