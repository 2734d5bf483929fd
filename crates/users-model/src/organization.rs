//! Organizations.

use crate::json::JsonObject;
use crate::object::{object, open_enum, setters};
use crate::patch::Patch;

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
        /// The connections by which members log in. Only the response to a creation has them.
        pub enabled_connections: Option<Vec<EnabledConnection>> = "enabled_connections",
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

object! {
    /// A connection by which the members of an organization log in.
    pub struct EnabledConnection {
        /// The id of the connection: `con_…`.
        pub connection_id: Option<String> = "connection_id",
        /// Whether a user who logs in by this connection becomes a member. `false` unless set.
        pub assign_membership_on_login: Option<bool> = "assign_membership_on_login",
        /// Whether the login page of the organization shows the connection. `true` unless set.
        pub show_as_button: Option<bool> = "show_as_button",
        /// Whether users can sign up. `false` unless set.
        pub is_signup_enabled: Option<bool> = "is_signup_enabled",
    }
}

impl EnabledConnection {
    /// Enables the connection with this id: `con_…`.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self { connection_id: Some(connection_id.into()), ..Self::default() }
    }
}

setters!(EnabledConnection {
    /// Sets whether a user who logs in by this connection becomes a member.
    assign_membership_on_login: bool,
    /// Sets whether the login page of the organization shows the connection.
    show_as_button: bool,
    /// Sets whether users can sign up.
    is_signup_enabled: bool,
});

object! {
    /// An organization to create.
    pub struct NewOrganization {
        /// The unique name: 1 to 50 lower-case letters, digits, `-` and `_`.
        pub name: Option<String> = "name",
        /// The display name: 1 to 255 characters.
        pub display_name: Option<String> = "display_name",
        /// The branding of the login page.
        pub branding: Option<Branding> = "branding",
        /// Metadata of applications: at most 25 strings of at most 255 characters.
        pub metadata: Option<JsonObject> = "metadata",
        /// The connections by which members log in: at most 10. They require the scope `create:organization_connections`.
        pub enabled_connections: Option<Vec<EnabledConnection>> = "enabled_connections",
        /// The quota of tokens for its applications.
        pub token_quota: Option<TokenQuota> = "token_quota",
        /// Whether applications of third parties have access.
        pub third_party_client_access: Option<ThirdPartyClientAccess> = "third_party_client_access",
        /// Whether only some applications can be used by its members.
        pub is_app_entitlement_active: Option<bool> = "is_app_entitlement_active",
    }
}

impl NewOrganization {
    /// Creates an organization with this name: 1 to 50 lower-case letters, digits, `-` and `_`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// Sets the connections by which members log in.
    #[must_use]
    pub fn enabled_connections(mut self, connections: impl IntoIterator<Item = EnabledConnection>) -> Self {
        self.enabled_connections = Some(connections.into_iter().collect());
        self
    }
}

setters!(NewOrganization {
    /// Sets the display name.
    display_name: String,
    /// Sets the branding of the login page.
    branding: Branding,
    /// Sets the metadata.
    metadata: JsonObject,
    /// Sets the quota of tokens.
    token_quota: TokenQuota,
    /// Sets whether applications of third parties have access.
    third_party_client_access: ThirdPartyClientAccess,
    /// Sets whether only some applications can be used by its members.
    is_app_entitlement_active: bool,
});

object! {
    /// An update of an organization. What is not set remains.
    pub struct OrganizationUpdate {
        /// The unique name: 1 to 50 lower-case letters, digits, `-` and `_`.
        pub name: Option<String> = "name",
        /// The display name: 1 to 255 characters.
        pub display_name: Option<String> = "display_name",
        /// The branding of the login page, which is replaced as a whole.
        pub branding: Option<Branding> = "branding",
        /// Metadata of applications, which is replaced as a whole: an empty object deletes all.
        pub metadata: Option<JsonObject> = "metadata",
        /// The quota of tokens for its applications.
        pub token_quota: Patch<TokenQuota> = "token_quota",
        /// Whether applications of third parties have access.
        pub third_party_client_access: Option<ThirdPartyClientAccess> = "third_party_client_access",
        /// Whether only some applications can be used by its members.
        pub is_app_entitlement_active: Option<bool> = "is_app_entitlement_active",
    }
}

impl OrganizationUpdate {
    /// Creates an update that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the quota of tokens.
    #[must_use]
    pub fn token_quota(mut self, quota: TokenQuota) -> Self {
        self.token_quota = Patch::Set(quota);
        self
    }

    /// Removes the quota of tokens.
    #[must_use]
    pub fn clear_token_quota(mut self) -> Self {
        self.token_quota = Patch::Clear;
        self
    }
}

setters!(OrganizationUpdate {
    /// Sets the name.
    name: String,
    /// Sets the display name.
    display_name: String,
    /// Replaces the branding of the login page.
    branding: Branding,
    /// Replaces the metadata. An empty object deletes all.
    metadata: JsonObject,
    /// Sets whether applications of third parties have access.
    third_party_client_access: ThirdPartyClientAccess,
    /// Sets whether only some applications can be used by its members.
    is_app_entitlement_active: bool,
});

object! {
    /// A member of an organization.
    pub struct OrganizationMember {
        /// The user's id.
        pub user_id: Option<crate::id::UserId> = "user_id",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// The full name.
        pub name: Option<String> = "name",
        /// The roles in the organization, each with its id and name. Returned only if `fields` names them.
        pub roles: Option<Vec<crate::role::Role>> = "roles",
    }
}
