//! Passwords, user names and ids.

use crate::tenant::rules::schema::is_email;
use crate::tenant::wire::answer::Failure;
use std::ops::RangeInclusive;

/// Checks a user name: letters, digits and some punctuation, of a length in this range, and not an e-mail address.
pub(crate) fn check_username(username: &str, length: &RangeInclusive<usize>) -> Result<(), Failure> {
    let is_valid = length.contains(&username.chars().count())
        && username.chars().all(|c| c.is_ascii_alphanumeric() || "@^$.!`-#+'~_".contains(c))
        && !is_email(username);
    if is_valid {
        return Ok(());
    }
    Err(Failure::body(&format!(
        "'Username can only contain alphanumeric characters and @^$.!`-#+'~_, {} to {} of them' on property username",
        length.start(),
        length.end()
    )))
}

/// Checks the id of a user in a path.
pub(crate) fn check_user_id(id: &str) -> Result<(), Failure> {
    if id.contains('|') {
        return Ok(());
    }
    Err(Failure::bad_request(
        "invalid_uri",
        format!("Object didn't pass validation for format user-id: {id}"),
    ))
}
