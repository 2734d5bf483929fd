//! The attributes that can be searched, each with the conditions that Auth0 supports for its type.
//!
//! An attribute that is not here cannot be searched, such as `picture`, `last_password_reset` and `multifactor`.
//! <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>
//!
//! `email`, `name`, `given_name`, `family_name` and `nickname` are compared without regard to case, every other attribute with.

use super::condition::{self, Bound, End, date};
use super::metadata::{AppMetadataField, UserMetadataField};
use super::query::Query;
use users_model::Timestamp;

/// Metadata that the application controls; [`app_metadata`] searches a value in it.
pub const APP_METADATA: ObjectField = ObjectField("app_metadata");
/// Whether the user is blocked. Absent unless it was set once.
pub const BLOCKED: FlagField = FlagField("blocked");
/// When the user was created.
pub const CREATED_AT: DateField = DateField("created_at");
/// The e-mail address.
pub const EMAIL: TextField = TextField("email");
/// The part of the e-mail address after the `@`.
pub const EMAIL_DOMAIN: TextField = TextField("email.domain");
/// Whether the e-mail address is verified.
pub const EMAIL_VERIFIED: FlagField = FlagField("email_verified");
/// The family name.
pub const FAMILY_NAME: TextField = TextField("family_name");
/// The given name.
pub const GIVEN_NAME: TextField = TextField("given_name");
/// The list of identities.
pub const IDENTITIES: ObjectField = ObjectField("identities");
/// The connection of any identity. For several conditions on the same identity, see [`IdentityFilter`](super::IdentityFilter).
pub const IDENTITIES_CONNECTION: TextField = TextField("identities.connection");
/// Whether any identity is of a social provider.
pub const IDENTITIES_IS_SOCIAL: FlagField = FlagField("identities.isSocial");
/// The provider of any identity.
pub const IDENTITIES_PROVIDER: TextField = TextField("identities.provider");
/// The id of any identity, without the provider's prefix.
pub const IDENTITIES_USER_ID: TextField = TextField("identities.user_id");
/// The address of the last login.
pub const LAST_IP: TextField = TextField("last_ip");
/// When the user last logged in. Absent for a user who never did.
pub const LAST_LOGIN: DateField = DateField("last_login");
/// How often the user logged in. Absent for a user who never did.
pub const LOGINS_COUNT: NumberField = NumberField("logins_count");
/// The full name.
pub const NAME: TextField = TextField("name");
/// The nickname.
pub const NICKNAME: TextField = TextField("nickname");
/// The phone number, in E.164 form.
pub const PHONE_NUMBER: TextField = TextField("phone_number");
/// Whether the phone number is verified.
pub const PHONE_VERIFIED: FlagField = FlagField("phone_verified");
/// When the user was last changed.
pub const UPDATED_AT: DateField = DateField("updated_at");
/// The user's id, with the provider's prefix.
pub const USER_ID: TextField = TextField("user_id");
/// Metadata that the user controls; [`user_metadata`] searches a value in it.
pub const USER_METADATA: ObjectField = ObjectField("user_metadata");
/// The user name.
pub const USERNAME: TextField = TextField("username");

/// Returns the value at a path in `user_metadata`: keys separated by dots. Auth0 searches it by equality and existence only.
///
/// ```
/// use users_core::search::field;
///
/// let query = field::user_metadata("address.city").equals("Paris").or(field::user_metadata("age").equals(36));
/// assert_eq!(query.to_text()?, r#"user_metadata.address.city:"Paris" OR user_metadata.age:36"#);
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// A path with an empty key or with `*` or `?`, which would be wildcards, is refused when the query is sent. Every other character
/// is escaped. A list on the path stands for its items.
pub fn user_metadata(path: impl AsRef<str>) -> UserMetadataField {
    UserMetadataField::new(path.as_ref())
}

/// Returns the value at a path in `app_metadata`: keys separated by dots. Auth0 searches it by equality, existence and ranges.
///
/// ```
/// use users_core::search::field;
///
/// let query = field::app_metadata("level").at_least(3).and(field::app_metadata("beta").equals(true));
/// assert_eq!(query.to_text()?, "app_metadata.level:[3 TO *] AND app_metadata.beta:true");
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// Paths are those of [`user_metadata`].
pub fn app_metadata(path: impl AsRef<str>) -> AppMetadataField {
    AppMetadataField::new(path.as_ref())
}

/// An attribute that holds a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextField(&'static str);

impl TextField {
    /// Finds the users whose attribute is this text as a whole. It is sent as a phrase, in quotes, so no character has a meaning. An
    /// empty text is refused.
    pub fn equals(self, text: impl AsRef<str>) -> Query {
        condition::equals(self.0, condition::text(text.as_ref()))
    }

    /// Finds the users whose attribute is one of these texts. An empty list is refused.
    ///
    /// ```
    /// use users_core::search::field;
    ///
    /// let query = field::USER_ID.one_of(["auth0|1", "auth0|2"]);
    /// assert_eq!(query.to_text()?, r#"user_id:("auth0|1" OR "auth0|2")"#);
    /// # Ok::<(), users_core::Error>(())
    /// ```
    pub fn one_of(self, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Query {
        condition::one_of(self.0, texts.into_iter().map(|text| condition::text(text.as_ref())))
    }

    /// Finds the users whose attribute begins with this text. An empty text is refused.
    pub fn starts_with(self, text: impl AsRef<str>) -> Query {
        condition::starts_with(self.0, text.as_ref())
    }

    /// Finds the users whose attribute ends with this text. A text of fewer than three characters is refused, as Auth0 does.
    pub fn ends_with(self, text: impl AsRef<str>) -> Query {
        condition::ends_with(self.0, text.as_ref())
    }

    /// Finds the users whose attribute contains this text. A text of fewer than three characters is refused, as Auth0 does.
    pub fn contains(self, text: impl AsRef<str>) -> Query {
        condition::contains(self.0, text.as_ref())
    }

    /// Finds the users who have the attribute.
    pub fn exists(self) -> Query {
        condition::exists(self.0)
    }
}

/// An attribute that holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NumberField(&'static str);

impl NumberField {
    /// Finds the users whose attribute is this number.
    pub fn equals(self, number: u64) -> Query {
        condition::equals(self.0, Ok(number.to_string()))
    }

    /// Finds the users whose attribute is this number or a larger one.
    pub fn at_least(self, number: u64) -> Query {
        condition::range(self.0, End::Including(Ok(number.to_string())), End::Open)
    }

    /// Finds the users whose attribute is this number or a smaller one.
    pub fn at_most(self, number: u64) -> Query {
        condition::range(self.0, End::Open, End::Including(Ok(number.to_string())))
    }

    /// Finds the users whose attribute is larger than this number.
    pub fn more_than(self, number: u64) -> Query {
        condition::range(self.0, End::Excluding(Ok(number.to_string())), End::Open)
    }

    /// Finds the users whose attribute is smaller than this number.
    pub fn less_than(self, number: u64) -> Query {
        condition::range(self.0, End::Open, End::Excluding(Ok(number.to_string())))
    }

    /// Finds the users whose attribute is one of these numbers or between them. Refused if the first is the larger one.
    pub fn between(self, from: u64, to: u64) -> Query {
        condition::between(self.0, Bound::integer(from), Bound::integer(to))
    }

    /// Finds the users who have the attribute.
    pub fn exists(self) -> Query {
        condition::exists(self.0)
    }
}

/// An attribute that holds a date. Dates are compared to the millisecond, which is how Auth0 stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateField(&'static str);

impl DateField {
    /// Finds the users whose attribute is this date or a later one.
    pub fn since(self, from: impl Into<Timestamp>) -> Query {
        condition::range(self.0, End::Including(date(&from.into())), End::Open)
    }

    /// Finds the users whose attribute is this date or an earlier one.
    pub fn until(self, to: impl Into<Timestamp>) -> Query {
        condition::range(self.0, End::Open, End::Including(date(&to.into())))
    }

    /// Finds the users whose attribute is later than this date.
    pub fn after(self, from: impl Into<Timestamp>) -> Query {
        condition::range(self.0, End::Excluding(date(&from.into())), End::Open)
    }

    /// Finds the users whose attribute is earlier than this date.
    pub fn before(self, to: impl Into<Timestamp>) -> Query {
        condition::range(self.0, End::Open, End::Excluding(date(&to.into())))
    }

    /// Finds the users whose attribute is one of these dates or between them. Refused if the first is the later one.
    ///
    /// ```
    /// use users_core::model::Timestamp;
    /// use users_core::search::field;
    ///
    /// let (from, to): (Timestamp, Timestamp) = ("2026-01-01T00:00:00Z".parse()?, "2026-01-31T23:59:59.999Z".parse()?);
    /// let query = field::CREATED_AT.between(from, to);
    /// assert_eq!(query.to_text()?, "created_at:[2026-01-01T00:00:00.000Z TO 2026-01-31T23:59:59.999Z]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn between(self, from: impl Into<Timestamp>, to: impl Into<Timestamp>) -> Query {
        condition::between(self.0, Bound::date(&from.into()), Bound::date(&to.into()))
    }

    /// Finds the users who have the attribute.
    pub fn exists(self) -> Query {
        condition::exists(self.0)
    }
}

/// An attribute that is true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlagField(&'static str);

impl FlagField {
    /// Finds the users whose attribute has this value. `is(false)` does not find those who do not have the attribute; `is(true).not()`
    /// does.
    pub fn is(self, value: bool) -> Query {
        condition::equals(self.0, Ok(value.to_string()))
    }

    /// Finds the users who have the attribute.
    pub fn exists(self) -> Query {
        condition::exists(self.0)
    }
}

/// An attribute that holds an object or a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectField(&'static str);

impl ObjectField {
    /// Finds the users who have the attribute with any value in it.
    pub fn exists(self) -> Query {
        condition::exists(self.0)
    }
}
