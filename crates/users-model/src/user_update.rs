//! A change to a user.

use crate::object::{object, setters};
use crate::{MetadataUpdate, Patch, Secret};

object! {
    /// What `PATCH /users/{id}` takes. Only what was touched is sent.
    ///
    /// It is not a [`User`](crate::User): reading a user and sending it back would be refused, since ids and dates are
    /// Auth0's. Attributes that can be taken away have three states, see [`Patch`].
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
        /// Whether the address is known to be the user's.
        pub email_verified: Option<bool> = "email_verified",
        /// Whether the phone number is known to be the user's.
        pub phone_verified: Option<bool> = "phone_verified",
        /// Whether to send a verification mail.
        pub verify_email: Option<bool> = "verify_email",
        /// Whether to send a verification message to the phone.
        pub verify_phone_number: Option<bool> = "verify_phone_number",
        /// Whether the user is blocked.
        pub blocked: Option<bool> = "blocked",
        /// The connection whose identity is meant.
        pub connection: Option<String> = "connection",
        /// The application on whose behalf mails are sent.
        pub client_id: Option<String> = "client_id",
        /// The change to what the user may read and change.
        pub user_metadata: MetadataUpdate = "user_metadata",
        /// The change to what applications keep about the user.
        pub app_metadata: MetadataUpdate = "app_metadata",
    }
}

impl UserUpdate {
    /// A change of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes `user_metadata`.
    #[must_use]
    pub fn user_metadata(mut self, update: impl Into<MetadataUpdate>) -> Self {
        self.user_metadata = update.into();
        self
    }

    /// Changes `app_metadata`.
    #[must_use]
    pub fn app_metadata(mut self, update: impl Into<MetadataUpdate>) -> Self {
        self.app_metadata = update.into();
        self
    }
}

setters!(UserUpdate {
    /// Whether the address is known to be the user's. Not together with a password or a user name, nor for enterprise
    /// and SMS connections.
    email_verified: bool,
    /// Whether the phone number is known to be the user's.
    phone_verified: bool,
    /// Whether Auth0 sends a verification mail to a new address.
    verify_email: bool,
    /// Whether Auth0 sends a verification message to a new number.
    verify_phone_number: bool,
    /// Whether the user is blocked. `false` does not lift a block by brute-force protection.
    blocked: bool,
    /// The connection whose identity is meant; needed where a secondary identity's address, number, user name or
    /// password changes.
    connection: String,
    /// The application on whose behalf mails are sent; only with an address or a number.
    client_id: String,
});

/// For every attribute that can be taken away: a setter, and a `clear_…` that sends `null`.
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

                #[doc = concat!("Takes the attribute away: `\"", stringify!($field), "\": null`.")]
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
    /// The e-mail address. Unless `email_verified` is sent too, a new address counts as not verified.
    email, clear_email: String;
    /// The phone number: `+` and 1 to 15 digits.
    phone_number, clear_phone_number: String;
    /// The user name, 1 to 128 characters; only for a user that has one.
    username, clear_username: String;
    /// The password, 1 to 72 bytes. Not together with an address, a user name or `email_verified`.
    password, clear_password: Secret;
    /// The full name, 1 to 300 characters.
    name, clear_name: String;
    /// The nickname, 1 to 300 characters.
    nickname, clear_nickname: String;
    /// The given name, 1 to 150 characters.
    given_name, clear_given_name: String;
    /// The family name, 1 to 150 characters.
    family_name, clear_family_name: String;
    /// The URL of a picture.
    picture, clear_picture: String;
}
