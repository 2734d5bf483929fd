//! Updating a user.

use crate::object::{object, setters};
use crate::{MetadataUpdate, Patch, Secret};

object! {
    /// The body of `PATCH /users/{id}`. Only the fields that are set or cleared are sent.
    ///
    /// It is not a [`User`](crate::User): Auth0 rejects a user that is read and sent back, since ids and dates cannot be changed.
    /// Attributes that can be deleted have three states, see [`Patch`].
    ///
    /// ```
    /// use users_model::{MetadataUpdate, UserUpdate};
    ///
    /// let update = UserUpdate::new()
    ///     .nickname("Ada")
    ///     .clear_picture()
    ///     .app_metadata(MetadataUpdate::new().set("plan", "gold"));
    /// assert_eq!(
    ///     serde_json::to_string(&update)?,
    ///     r#"{"nickname":"Ada","picture":null,"app_metadata":{"plan":"gold"}}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct UserUpdate {
        /// The e-mail address.
        pub email: Patch<String> = "email",
        /// The phone number, in E.164 form.
        pub phone_number: Patch<String> = "phone_number",
        /// The user name.
        pub username: Patch<String> = "username",
        /// The password.
        pub password: Patch<Secret> = "password",
        /// The full name.
        pub name: Patch<String> = "name",
        /// The nickname.
        pub nickname: Patch<String> = "nickname",
        /// The given name.
        pub given_name: Patch<String> = "given_name",
        /// The family name.
        pub family_name: Patch<String> = "family_name",
        /// The URL of a picture.
        pub picture: Patch<String> = "picture",
        /// Whether the e-mail address is verified.
        pub email_verified: Option<bool> = "email_verified",
        /// Whether the phone number is verified.
        pub phone_verified: Option<bool> = "phone_verified",
        /// Whether to send a verification e-mail.
        pub verify_email: Option<bool> = "verify_email",
        /// Whether to send a verification message to the phone.
        pub verify_phone_number: Option<bool> = "verify_phone_number",
        /// Whether the user is blocked.
        pub blocked: Option<bool> = "blocked",
        /// The connection of the identity to update.
        pub connection: Option<String> = "connection",
        /// The application on whose behalf e-mails are sent.
        pub client_id: Option<String> = "client_id",
        /// The update of the metadata that the user may read and change.
        pub user_metadata: MetadataUpdate = "user_metadata",
        /// The update of the metadata of applications.
        pub app_metadata: MetadataUpdate = "app_metadata",
    }
}

impl UserUpdate {
    /// Creates an empty update.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether the update changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Splits the update into ones that Auth0 accepts: the user name, the password, and the e-mail address with its verification are
    /// sent in an update each. Returns the update itself if at most one of them changes.
    ///
    /// Sent in this order, what is refused most often comes first, and all other attributes come last. A user who is to be blocked is
    /// blocked by the first update, one who is to be unblocked by the last. `connection` is in each.
    ///
    /// ```
    /// use users_model::UserUpdate;
    ///
    /// let update = UserUpdate::new().nickname("Ada").email("ada@example.com").email_verified(true).password("correct horse");
    /// let [password, others] = &update.split()[..] else { unreachable!() };
    /// assert_eq!(password, &UserUpdate::new().password("correct horse"));
    /// assert_eq!(others, &UserUpdate::new().nickname("Ada").email("ada@example.com").email_verified(true));
    /// ```
    pub fn split(mut self) -> Vec<Self> {
        let has_email = !self.email.is_keep() || self.email_verified.is_some();
        let exclusive = [!self.username.is_keep(), !self.password.is_keep(), has_email];
        let mut left = exclusive.iter().filter(|changes| **changes).count();
        let mut parts = Vec::new();
        // The last of them stays with the other attributes.
        if left > 1 && !self.username.is_keep() {
            let username = std::mem::take(&mut self.username);
            parts.push(Self { username, connection: self.connection.clone(), ..Self::default() });
            left -= 1;
        }
        if left > 1 {
            let password = std::mem::take(&mut self.password);
            parts.push(Self { password, connection: self.connection.clone(), ..Self::default() });
        }
        if let Some(first) = parts.first_mut().filter(|_| self.blocked == Some(true)) {
            first.blocked = self.blocked.take();
        }
        parts.push(self);
        parts
    }

    /// Sets the update of `user_metadata`.
    #[must_use]
    pub fn user_metadata(mut self, update: impl Into<MetadataUpdate>) -> Self {
        self.user_metadata = update.into();
        self
    }

    /// Sets the update of `app_metadata`.
    #[must_use]
    pub fn app_metadata(mut self, update: impl Into<MetadataUpdate>) -> Self {
        self.app_metadata = update.into();
        self
    }
}

setters!(UserUpdate {
    /// Sets whether the e-mail address is verified. Cannot be combined with a password or a user name, and is not available for
    /// enterprise and SMS connections.
    email_verified: bool,
    /// Sets whether the phone number is verified.
    phone_verified: bool,
    /// Sets whether Auth0 sends a verification e-mail to a new address.
    verify_email: bool,
    /// Sets whether Auth0 sends a verification message to a new phone number.
    verify_phone_number: bool,
    /// Sets whether the user is blocked. `false` does not remove a block by brute-force protection.
    blocked: bool,
    /// Sets the connection of the identity to update. Required to change the e-mail address, phone number, user name or password
    /// of a secondary identity.
    connection: String,
    /// Sets the application on whose behalf e-mails are sent. Allowed only with an e-mail address or phone number.
    client_id: String,
});

/// Adds two methods per attribute that can be deleted: a setter, and a `clear_…` that sends `null`.
macro_rules! patches {
    ($( $(#[$meta:meta])* $field:ident, $clear:ident : $type:ty; )*) => {
        impl UserUpdate {
            $(
                $(#[$meta])*
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = Patch::Set($field.into());
                    self
                }

                #[doc = concat!("Deletes the attribute: `\"", stringify!($field), "\": null`.")]
                #[must_use]
                pub fn $clear(mut self) -> Self {
                    self.$field = Patch::Clear;
                    self
                }
            )*
        }
    };
}

patches! {
    /// Sets the e-mail address. A new address counts as not verified, unless `email_verified` is sent too.
    email, clear_email: String;
    /// Sets the phone number: `+` and 1 to 15 digits.
    phone_number, clear_phone_number: String;
    /// Sets the user name, 1 to 128 characters. Allowed only for a user that has one.
    username, clear_username: String;
    /// Sets the password, 1 to 72 bytes. Cannot be combined with an e-mail address, a user name or `email_verified`.
    password, clear_password: Secret;
    /// Sets the full name, 1 to 300 characters.
    name, clear_name: String;
    /// Sets the nickname, 1 to 300 characters.
    nickname, clear_nickname: String;
    /// Sets the given name, 1 to 150 characters.
    given_name, clear_given_name: String;
    /// Sets the family name, 1 to 150 characters.
    family_name, clear_family_name: String;
    /// Sets the URL of a picture.
    picture, clear_picture: String;
}
