//! The bodies that the server sends. The benchmarks of decoding read the same.

use std::fmt::Write as _;

/// The id of [`USER`], with which every request for one user is answered.
pub const USER_ID: &str = "auth0|64b7f3a91c2e5d0012ab34cd";
/// A user of 1,184 bytes with two identities and both kinds of metadata.
pub const USER: &str = include_str!("../bodies/user.json");
/// Five roles, with their total.
pub const ROLES: &str = include_str!("../bodies/roles.json");
/// Ten sessions, with a checkpoint.
pub const SESSIONS: &str = include_str!("../bodies/sessions.json");
/// Fifty log events.
pub const LOG_EVENTS: &str = include_str!("../bodies/log_events.json");
/// The body of a 404.
pub const ERROR: &str = include_str!("../bodies/error.json");

/// A listed user of about 950 bytes; six zeros stand for its number.
const LISTED_USER: &str = include_str!("../bodies/listed_user.json");

/// A page of a tenant with `total` users and their total, and the number of users on the page.
pub fn page(number: usize, per_page: usize, total: usize) -> (String, usize) {
    let start = number.saturating_mul(per_page);
    let users = start..total.min(start.saturating_add(per_page));
    let length = users.len();
    let mut body =
        format!(r#"{{"start":{start},"limit":{per_page},"length":{length},"total":{total},"users":["#);
    for user in users {
        let comma = if user == start { "" } else { "," };
        let _ = write!(body, "{comma}{}", LISTED_USER.replace("000000", &format!("{user:06}")));
    }
    body.push_str("]}");
    (body, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_size_that_the_figures_are_stated_for() {
        assert_eq!(USER.len(), 1184);
        assert!(USER.contains(USER_ID));
    }

    #[test]
    fn pages_contain_each_user_once() {
        let pages = [page(0, 100, 250), page(1, 100, 250), page(2, 100, 250), page(3, 100, 250)];
        assert_eq!(pages.each_ref().map(|(_, length)| *length), [100, 100, 50, 0]);
        assert!(pages[2].0.contains(r#""email":"member-000249@example.org""#));
        assert_eq!(pages[3].0, r#"{"start":300,"limit":100,"length":0,"total":250,"users":[]}"#);
        assert!((90_000..100_000).contains(&pages[0].0.len()), "{}", pages[0].0.len());
    }
}
