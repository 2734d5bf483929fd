//! Invitations to organizations.

use crate::json::JsonObject;
use crate::object::{object, setters};
use crate::{Secret, Timestamp};

object! {
    /// An invitation to become a member of an organization.
    pub struct Invitation {
        /// The id: `uinv_…`.
        pub id: Option<String> = "id",
        /// The id of the organization: `org_…`.
        pub organization_id: Option<String> = "organization_id",
        /// Who invites.
        pub inviter: Option<Inviter> = "inviter",
        /// Who is invited.
        pub invitee: Option<Invitee> = "invitee",
        /// The link that accepts the invitation. Anyone who knows it can use it, so `Debug` does not show it.
        pub invitation_url: Option<Secret> = "invitation_url",
        /// The parameter `invitation` of the link.
        pub ticket_id: Option<Secret> = "ticket_id",
        /// The time of the invitation.
        pub created_at: Option<Timestamp> = "created_at",
        /// The time at which it expires.
        pub expires_at: Option<Timestamp> = "expires_at",
        /// The application in which the invited person logs in.
        pub client_id: Option<String> = "client_id",
        /// The connection by which the invited person logs in: `con_…`.
        pub connection_id: Option<String> = "connection_id",
        /// The `user_metadata` of the invited person.
        pub user_metadata: Option<JsonObject> = "user_metadata",
        /// The `app_metadata` of the invited person.
        pub app_metadata: Option<JsonObject> = "app_metadata",
        /// The ids of the roles that the invited person gets in the organization: `rol_…`.
        pub roles: Option<Vec<String>> = "roles",
    }
}

object! {
    /// Who invites.
    pub struct Inviter {
        /// The name that the e-mail shows: 1 to 300 characters.
        pub name: Option<String> = "name",
    }
}

object! {
    /// Who is invited.
    pub struct Invitee {
        /// The e-mail address.
        pub email: Option<String> = "email",
    }
}

object! {
    /// An invitation to create.
    pub struct NewInvitation {
        /// Who invites.
        pub inviter: Option<Inviter> = "inviter",
        /// Who is invited.
        pub invitee: Option<Invitee> = "invitee",
        /// The application in which the invited person logs in.
        pub client_id: Option<String> = "client_id",
        /// The connection by which the invited person logs in: `con_…`.
        pub connection_id: Option<String> = "connection_id",
        /// The `user_metadata` of the invited person.
        pub user_metadata: Option<JsonObject> = "user_metadata",
        /// The `app_metadata` of the invited person.
        pub app_metadata: Option<JsonObject> = "app_metadata",
        /// The ids of the roles that the invited person gets in the organization: `rol_…`.
        pub roles: Option<Vec<String>> = "roles",
        /// Whether Auth0 sends the invitation by e-mail.
        pub send_invitation_email: Option<bool> = "send_invitation_email",
        /// The lifetime of the invitation in seconds.
        pub ttl_sec: Option<u64> = "ttl_sec",
    }
}

impl NewInvitation {
    /// Creates an invitation of the person with an e-mail address to an application, in the name of the inviter.
    pub fn new(inviter: impl Into<String>, email: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            inviter: Some(Inviter { name: Some(inviter.into()), ..Inviter::default() }),
            invitee: Some(Invitee { email: Some(email.into()), ..Invitee::default() }),
            client_id: Some(client_id.into()),
            ..Self::default()
        }
    }

    /// Sets the roles that the invited person gets in the organization, by their ids.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = Some(roles.into_iter().map(Into::into).collect());
        self
    }
}

setters!(NewInvitation {
    /// Sets the connection by which the invited person logs in: `con_…`.
    connection_id: String,
    /// Sets the `user_metadata` of the invited person.
    user_metadata: JsonObject,
    /// Sets the `app_metadata` of the invited person.
    app_metadata: JsonObject,
    /// Sets whether Auth0 sends the invitation by e-mail. `true` unless set.
    send_invitation_email: bool,
} numbers {
    /// Sets the lifetime of the invitation in seconds, up to 2,592,000 (30 days). 7 days unless set.
    ttl_sec: u64,
});
