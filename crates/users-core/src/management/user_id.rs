//! User ids as callers pass them.

use crate::error::Error;
use users_model::UserId;

/// A value that names a user: a [`UserId`], or text that is checked when the call is made.
///
/// It is implemented for `UserId`, `&UserId`, `&str`, `String` and `&String`, and cannot be implemented elsewhere.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
/// let user = users.get("auth0|507f1f77bcf86cd799439020").await?;
/// if let Some(id) = &user.user_id {
///     users.roles(id).list().await?;
/// }
/// # Ok(())
/// # }
/// ```
pub trait IntoUserId: sealed::Sealed {
    /// The id, or an error where the text may not be a path segment.
    #[doc(hidden)]
    fn into_user_id(self) -> Result<UserId, Error>;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for UserId {}
impl IntoUserId for UserId {
    fn into_user_id(self) -> Result<UserId, Error> {
        Ok(self)
    }
}

impl sealed::Sealed for &UserId {}
impl IntoUserId for &UserId {
    fn into_user_id(self) -> Result<UserId, Error> {
        Ok(self.clone())
    }
}

impl sealed::Sealed for &str {}
impl IntoUserId for &str {
    fn into_user_id(self) -> Result<UserId, Error> {
        Ok(UserId::new(self)?)
    }
}

impl sealed::Sealed for String {}
impl IntoUserId for String {
    fn into_user_id(self) -> Result<UserId, Error> {
        Ok(UserId::new(self)?)
    }
}

impl sealed::Sealed for &String {}
impl IntoUserId for &String {
    fn into_user_id(self) -> Result<UserId, Error> {
        Ok(UserId::new(self.as_str())?)
    }
}
