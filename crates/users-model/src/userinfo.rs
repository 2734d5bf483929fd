//! The profile of an access token's user.

use crate::flag::Flag;
use crate::json::{Read, Reader, Stop, ToJson};
use crate::object::object;
use crate::timestamp::Timestamp;

object! {
    /// The claims that `/userinfo` returns; the token's scopes determine which. Custom claims are in `unknown`.
    ///
    /// ```
    /// use users_model::UserInfo;
    ///
    /// let info: UserInfo = serde_json::from_str(r#"{"sub":"auth0|1","https://example.com/role":"admin"}"#)?;
    /// assert_eq!(info.sub.as_deref(), Some("auth0|1"));
    /// assert_eq!(info.unknown.get::<String>("https://example.com/role")?.as_deref(), Some("admin"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct UserInfo {
        /// The user's id.
        pub sub: Option<String> = "sub",
        /// The full name.
        pub name: Option<String> = "name",
        /// The given name.
        pub given_name: Option<String> = "given_name",
        /// The family name.
        pub family_name: Option<String> = "family_name",
        /// The middle name.
        pub middle_name: Option<String> = "middle_name",
        /// The nickname.
        pub nickname: Option<String> = "nickname",
        /// The name by which the user prefers to be addressed.
        pub preferred_username: Option<String> = "preferred_username",
        /// The URL of the profile page.
        pub profile: Option<String> = "profile",
        /// The URL of a picture.
        pub picture: Option<String> = "picture",
        /// The URL of the user's web site.
        pub website: Option<String> = "website",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// Whether the e-mail address is verified. Some providers send a string.
        pub email_verified: Option<Flag> = "email_verified",
        /// The gender. Its values are not standardized.
        pub gender: Option<String> = "gender",
        /// The birthday: `YYYY-MM-DD`, or the year alone.
        pub birthdate: Option<String> = "birthdate",
        /// The time zone, by its name in the tz database.
        pub zoneinfo: Option<String> = "zoneinfo",
        /// The language, as a BCP 47 tag.
        pub locale: Option<String> = "locale",
        /// The phone number.
        pub phone_number: Option<String> = "phone_number",
        /// Whether the phone number is verified.
        pub phone_number_verified: Option<Flag> = "phone_number_verified",
        /// When the claims were last changed: a date and time from Auth0, Unix seconds according to OpenID Connect.
        pub updated_at: Option<UpdatedAt> = "updated_at",
    }
}

/// When a user's claims were last changed. Auth0 sends a date and time; OpenID Connect specifies Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum UpdatedAt {
    /// Seconds since 1970-01-01T00:00:00Z.
    UnixSeconds(i64),
    /// A date and time.
    Timestamp(Timestamp),
}

impl ToJson for UpdatedAt {
    fn write_json(&self, text: &mut String) {
        match self {
            Self::UnixSeconds(seconds) => seconds.write_json(text),
            Self::Timestamp(time) => time.write_json(text),
        }
    }
}

impl Read for UpdatedAt {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        if reader.peek() == b'"' {
            Ok(Timestamp::read(reader)?.map(Self::Timestamp))
        } else {
            Ok(i64::read(reader)?.map(Self::UnixSeconds))
        }
    }
}
